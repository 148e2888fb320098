"""Quality signals: text rules in every script, size, sharpness and the perceptual hash beside imagehash's."""

from __future__ import annotations

import io
import pickle

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageFilter

from ggez_core.curation.near import hamming_pairs
from ggez_core.curation.quality import QUALITY, quality_limits
from ggez_core.curation.scripts import graphemes, words
from ggez_core.curation.signal import Batch
from ggez_core.curation.signals import FILES, signal
from ggez_core.curation.signals.phash import phashes
from ggez_core.curation.signals.text import READ
from ggez_core.demo.world.dataset import caption_rows, pictures
from ggez_core.demo.world.templates import LANGUAGES

OURS = ("text", "picture", "sharpness", "phash")


def _batch(texts: list[str | None] | None = None, images: list[Image.Image | None] | None = None) -> Batch:
    count = len(texts or images or [])
    return Batch([str(i) for i in range(count)], texts or [None] * count, images or [None] * count)


def _picture(seed: int, size: tuple[int, int] = (300, 200)) -> Image.Image:
    """A smooth scene with some edges, as photographs are."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    fine = Image.fromarray(rng.integers(0, 256, (size[1] // 4, size[0] // 4, 3)).astype(np.uint8))
    return Image.blend(coarse, fine.resize(size, Image.Resampling.NEAREST), 0.3)


def test_a_grapheme_is_what_a_reader_counts() -> None:
    assert [len(graphemes(text)) for text in ("น้ำ", "ទឹក", "ນ້ຳ", "ရေ", "நீர்", "nước", "水")] == [1, 2, 1, 1, 2, 4, 1]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("nasi goreng di Jakarta", 4, 4),
        ("it's a well-known dish", 4, 4),
        ("ข้าวผัดที่ตลาดน้ำในกรุงเทพ", 5, 9),  # ข้าว ผัด ที่ ตลาด น้ำ ใน กรุงเทพ
        ("ນີ້ແມ່ນຕະຫຼາດເຊົ້າ", 3, 6),  # ນີ້ ແມ່ນ ຕະຫຼາດ ເຊົ້າ
        ("នេះគឺប្រាសាទអង្គរវត្ត", 3, 7),
        ("ရွှေတိဂုံဘုရား", 2, 4),
        ("这是一张照片", 3, 5),
        ("இது ஒரு கோயில்", 3, 3),
        ("มัสยิด in Bangkok 2019", 4, 5),
        ("", 0, 0),
        ("!!! ---", 0, 0),
    ],
)
def test_words_are_counted_in_every_script(text: str, low: int, high: int) -> None:
    assert low <= words(text) <= high


def test_no_caption_of_the_small_world_is_taken_for_junk_in_any_language() -> None:
    rows = [row for row in caption_rows("train") if " " in row.text or row.language in {"th", "lo", "km", "my", "zh"}]
    assert {row.language for row in rows} == set(LANGUAGES)
    found = signal("text").measure(_batch([row.text for row in rows]))
    wrong = [(row.text, why) for row, why in zip(rows, found["text_problem"], strict=True) if why]
    assert not wrong
    assert min(found["text_letters"]) > 0.6
    assert max(found["text_repeated"]) < 0.5


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("IMG_2034.JPG", "file name"), ("DSC 0012", "camera"), ("foto 3", "placeholder"), ("รูปภาพ", "placeholder"),
        ("图片1", "placeholder"), ("https://example.com/a?b=c", "address"), ("visit www.shop.co.id today", "address"),
        ("Nasi goreng &amp; sate", "markup"), ("<b>sale</b> now", "markup"), ("Click here to enlarge", "boilerplate"),
        ("คลิกเพื่อดูภาพใหญ่", "boilerplate"), ("CafÃ© in Hanoi", "garbled"), ("à¸\u0082à¹\u0089à¸²à¸§", "garbled"),
        ("caf\ufffd in Hanoi", "garbled"), ("", "empty"), (None, "empty"),
    ],
)  # fmt: skip
def test_what_is_no_caption_is_named_with_the_place(text: str | None, why: str) -> None:
    assert signal("text").measure(_batch([text]))["text_problem"][0].startswith(why)


def test_make_up_of_a_caption() -> None:
    found = signal("text").measure(_batch(["haha haha haha haha haha haha", "WOW BIG SALE", "12 + 30 = 42", "ภาพวัด"]))
    assert found["text_repeated"][0] > 0.5
    assert found["text_upper"] == [0.0, 1.0, None, None]
    assert found["text_letters"][2] == 0
    assert found["text_letters"][3] == 1


def test_a_caption_of_ten_megabytes_takes_no_time_and_is_told_by_its_length() -> None:
    import time

    started = time.perf_counter()
    found = signal("text").measure(_batch(["นี่คือวัดพระแก้ว " * 700_000]))
    assert time.perf_counter() - started < 1
    assert found["text_length"][0] > 10_000_000 - READ
    dropped = [limit.name for limit in QUALITY if limit.column == "text_length" and not limit.kept(
        {"text_length": np.array([float(found["text_length"][0])])}
    )[0]]  # fmt: skip
    assert dropped == ["caption is a document"]


def test_hashes_are_those_of_imagehash(seed: int) -> None:
    images = [_picture(seed + i, (200 + 40 * i, 150)) for i in range(12)]
    images += [p.image for p in pictures("test")[::8]]
    expected = [int(str(imagehash.phash(image)), 16) for image in images]
    differing = np.bitwise_count(phashes(images) ^ np.array(expected, np.uint64))
    assert (differing[:12] == 0).all()
    assert np.median(differing) == 0  # flat or symmetrical drawings: what imagehash gives there is noise of rounding
    assert phashes([]).shape == (0,)


def test_a_flat_picture_has_no_noise_in_its_hash() -> None:
    hashes = phashes(
        [Image.new("RGB", (size, size), (value, value, value)) for size in (40, 64, 99) for value in (7, 200)]
    )
    assert len(set(hashes.tolist())) == 1


def test_scaled_and_encoded_again_a_picture_is_a_near_duplicate_and_another_is_not(seed: int) -> None:
    original = _picture(seed)
    file = io.BytesIO()
    original.resize((180, 120)).save(file, "JPEG", quality=40)
    hashes = phashes([original, _picture(seed + 1), Image.open(file), original.convert("L").convert("RGB")])
    assert {(0, 2), (0, 3), (2, 3)} == set(map(tuple, hamming_pairs(hashes, 8).tolist()))


def test_blur_and_blankness_are_told_from_sharpness() -> None:
    sharp = _picture(3)
    blurred, blank = sharp.filter(ImageFilter.GaussianBlur(4)), Image.new("RGB", (64, 64), "teal")
    found = signal("sharpness").measure(_batch(images=[sharp, blurred, blank, None, Image.new("RGB", (2, 9))]))
    assert found["sharpness"][0] > 10 * found["sharpness"][1] > 0
    assert found["sharpness"][2:] == [0, None, None]
    assert found["sharpness_contrast"][2:4] == [0, None]


def test_the_laplacian_is_the_one_of_the_formula(seed: int) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (9, 11)).astype(np.uint8)
    values = grey.astype(float)
    expected = [
        values[y - 1, x] + values[y + 1, x] + values[y, x - 1] + values[y, x + 1] - 4 * values[y, x]
        for y in range(1, 8)
        for x in range(1, 10)
    ]
    found = signal("sharpness").measure(_batch(images=[Image.fromarray(grey).convert("RGB")]))
    assert found["sharpness"][0] == pytest.approx(np.var(expected))


def test_sizes_and_shape() -> None:
    found = signal("picture").measure(_batch(images=[Image.new("RGB", (300, 100)), None, Image.new("RGB", (50, 80))]))
    assert found == {
        "picture_width": [300, None, 50], "picture_height": [100, None, 80], "picture_side": [100, None, 50],
        "picture_aspect": [3.0, None, 1.6],
    }  # fmt: skip
    told = {"image_width": [3000], "image_height": [1000]}
    scaled = signal("picture").measure(Batch(["a"], [None], [Image.new("RGB", (1500, 500))], told))
    assert (scaled["picture_side"], scaled["picture_aspect"]) == ([1000], [3.0])


@pytest.mark.parametrize("name", OURS)
def test_a_signal_gives_its_columns_and_travels(name: str) -> None:
    assert name in FILES
    made = pickle.loads(pickle.dumps(signal(name)))
    found = made.measure(_batch(["a cat", None], [Image.new("RGB", (40, 40)), None]))
    assert list(found) == [column.name for column in made.columns]
    assert all(len(values) == 2 for values in found.values())
    assert all(column.name.startswith(name) for column in made.columns)
    assert made.fingerprint


def test_every_limit_is_on_a_column_that_is_measured_and_can_be_moved() -> None:
    columns = {column.name for name in OURS for column in signal(name).columns}
    assert {limit.column for limit in QUALITY} <= columns
    moved = quality_limits(picture_side=10, picture_aspect=5)
    by_name = {limit.name: limit for limit in moved}
    assert by_name["picture too small"].at_least == 10
    assert by_name["picture too long"].at_most == 5
    with pytest.raises(KeyError):
        quality_limits(picture_colour=3)
