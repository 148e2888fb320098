"""XM3600, XTD10 and Multi30K on files of their exact schemas, against recall counted plainly here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ggez_core.errors import DataError
from ggez_core.evaluation.forms.retrieval import KS, CaptionRow
from ggez_core.evaluation.task import Answer
from ggez_core.evaluation.tasks import task
from ggez_core.families.family import at_base
from ggez_core.families.kept import Kept
from tests import schemas
from tests.data_sets import cell, picture, write_jsonl, write_parquet
from tests.fake_models import RandomEmbedding

LANGUAGES = ("en", "th", "fil", "quz")


def xm3600(folder: Path, count: int = 30) -> Path:
    for language in LANGUAGES:
        file = folder / "data" / f"{language}-00000-of-00001.parquet"
        write_parquet(file, schemas.xm3600(language, count), schemas.XM3600)
    return folder


def asked(examples: Any, model: RandomEmbedding, start: int = 0) -> list[Answer]:
    asker = examples.prepare(model, Kept())
    found = [answer for batch in asker.ask(model, at_base, start=start) for answer in batch]
    assert len(found) + start == len(asker)
    return found


def plain_recalls(examples: Any, model: RandomEmbedding, language: str) -> dict[str, float]:
    """recall@k and MRR@10 of one language: every score computed, sorted, looked through."""
    rows: list[CaptionRow] = [row for row in examples.rows if row.where.language == language]
    names = list(dict.fromkeys(row.picture for row in rows))
    shown = {row.picture: image for row, image in zip(examples.rows, examples.images, strict=True)}
    images = model.encode_images([examples.pictures[shown[name]] for name in names]).numpy()
    texts = model.encode_texts([row.text for row in rows]).numpy()
    right = [[row.picture == name for name in names] for row in rows]
    scores = texts @ images.T
    found = {}
    for way, table, positive in (
        ("text_to_image", scores, np.array(right)), ("image_to_text", scores.T, np.array(right).T),
    ):  # fmt: skip
        ranks = []
        for line, good in zip(table, positive, strict=True):
            order = sorted(range(len(line)), key=lambda i: -line[i])
            ranks.append(1 + min(order.index(i) for i in np.flatnonzero(good)))
        for k in KS:
            found[f"{way}_recall@{k}"] = float(np.mean([rank <= k for rank in ranks]))
        found[f"{way}_mrr@10"] = float(np.mean([1 / rank if rank <= 10 else 0 for rank in ranks]))
    return found


def means(answers: list[Answer]) -> dict[str, float]:
    metrics = dict.fromkeys(m for a in answers for m in a.values)
    return {m: float(np.mean([a.values[m] for a in answers if m in a.values])) for m in metrics}


@pytest.mark.parametrize("protocol", ["first", "any"])
def test_xm3600_by_both_protocols(protocol: str, tmp_path: Path, seed: int) -> None:
    examples: Any = task(f"xm3600:protocol={protocol}").load("test", data=xm3600(tmp_path))
    assert not examples.problems
    assert len(examples) == 4 * (30 if protocol == "first" else 75)
    assert len(examples.pictures) == 30  # one picture an image, whatever the languages
    model = RandomEmbedding(seed)
    answers = asked(examples, model)
    assert model.images_embedded == 30
    for language in LANGUAGES:
        mine = [a for a in answers if a.language == language and a.side == "global"]
        assert means(mine) == pytest.approx(plain_recalls(examples, model, language))
    regional = [a for a in answers if a.side == "regional"]
    assert {a.language for a in regional} == {"th", "fil"}
    assert {a.region for a in regional} == {"SEA"}
    assert {(a.cluster, a.country) for a in answers if a.cluster in ("im0", "im1", "im2", "im3")} == {
        ("im0", "TH"), ("im1", None), ("im2", "PH"), ("im3", "PE"),
    }  # fmt: skip
    assert len({a.id for a in answers}) == len(answers)


def test_a_random_model_finds_by_chance(tmp_path: Path, seed: int) -> None:
    examples: Any = task("xm3600").load("test", data=xm3600(tmp_path))
    found = means([a for a in asked(examples, RandomEmbedding(seed)) if a.side == "global"])
    for way in ("text_to_image", "image_to_text"):
        for k in KS:
            chance = k / 30
            assert abs(found[f"{way}_recall@{k}"] - chance) <= 5 * np.sqrt(chance * (1 - chance) / 30)  # images cluster


def test_the_two_protocols_differ_as_defined(tmp_path: Path) -> None:
    first: Any = task("xm3600:languages=th").load("test", data=xm3600(tmp_path))
    any_: Any = task("xm3600:languages=th,protocol=any").load("test", data=tmp_path)
    assert [row.text for row in first.rows] == [f"th caption {i} 0" for i in range(30)]
    assert [row.text for row in any_.rows] == [f"th caption {i} {k}" for i in range(30) for k in range(2 + i % 2)]
    assert task("xm3600:protocol=any").info.name == "xm3600:protocol=any"  # its rows are never mixed with the other's


def test_languages_and_limits(tmp_path: Path, seed: int) -> None:
    data = xm3600(tmp_path)
    few: Any = task("xm3600:languages=th+en").load("test", data=data, limit=6)
    assert [row.where.language for row in few.rows] == ["th"] * 6 + ["en"] * 6
    assert len({row.picture for row in few.rows}) == len(few.pictures) == 6
    with pytest.raises(DataError, match="no file of rows for split vi"):
        task("xm3600:languages=vi").load("test", data=data)
    with pytest.raises(DataError, match="languages=klingon isn't known"):
        task("xm3600:languages=klingon")
    with pytest.raises(DataError, match="has no file of a language"):
        task("xm3600").load("test", data=tmp_path / "data" / "th-00000-of-00001.parquet")
    other: Any = task("xm3600:region=PE").load("test", data=data)
    assert {row.where.language for row in other.rows if "regional" in row.where.sides} == {"quz"}


def test_an_interrupted_retrieval_goes_on_anywhere(tmp_path: Path, seed: int) -> None:
    examples: Any = task("xm3600:protocol=any").load("test", data=xm3600(tmp_path, 8))
    model = RandomEmbedding(seed)
    whole = asked(examples, model)
    for start in (0, 1, 17, len(whole) // 2, len(whole) - 1, len(whole)):
        assert asked(examples, model, start=start) == whole[start:]


def test_xm3600_rows_that_can_not_be_used_are_named(tmp_path: Path) -> None:
    rows = schemas.xm3600("th", 8)
    rows[1]["captions"] = []
    rows[2]["captions"] = None
    rows[3]["image"] = {"bytes": b"broken", "path": "x"}
    write_parquet(tmp_path / "th.parquet", rows, schemas.XM3600)
    english = schemas.xm3600("en", 8)  # its images are looked at first, and one does for all languages
    english[3]["image"] = {"bytes": b"broken", "path": "x"}
    write_parquet(tmp_path / "en.parquet", english, schemas.XM3600)
    examples: Any = task("xm3600").load("test", data=tmp_path)
    said = [(p.row, p.why.partition("(")[0].strip()) for p in examples.problems]
    assert ("im1", "has no caption") in said
    assert any(row == "im2" and "not a list" in why for row, why in said)
    assert ("im3 th 0", "its image doesn't open") in said
    del rows[0]["image"]
    write_jsonl(tmp_path / "more" / "th.jsonl", [{k: v for k, v in row.items() if k != "image"} for row in rows])
    write_jsonl(tmp_path / "more" / "en.jsonl", [])
    with pytest.raises(DataError, match=r"th.jsonl: lacks the column 'image'|en.jsonl: lacks"):
        task("xm3600").load("test", data=tmp_path / "more")


def test_multi30k(tmp_path: Path, seed: int) -> None:
    rows = schemas.multi30k(20)
    rows[3]["cs"] = ""
    write_parquet(tmp_path / "data" / "test-00000-of-00001.parquet", rows, schemas.MULTI30K)
    write_parquet(tmp_path / "data" / "validation-00000-of-00001.parquet", schemas.multi30k(5), schemas.MULTI30K)
    examples: Any = task("multi30k").load("test", data=tmp_path)
    assert [(p.row, p.why) for p in examples.problems] == [
        ("test-00000-of-00001.parquet, row 3", "has no caption in cs")
    ]
    model = RandomEmbedding(seed)
    answers = asked(examples, model)
    assert Counter(a.language for a in answers) == {"en": 40, "cs": 38, "de": 40, "fr": 40}
    assert {a.side for a in answers} == {"global"}
    for language in ("cs", "fr"):
        mine = [a for a in answers if a.language == language]
        assert means(mine) == pytest.approx(plain_recalls(examples, model, language))
    assert len({a.cluster for a in answers}) == 20
    assert len(task("multi30k:languages=de").load("validation", data=tmp_path)) == 5
    (tmp_path / "data" / "test-00000-of-00001.parquet").rename(tmp_path / "data" / "other.parquet")
    with pytest.raises(DataError, match="no file of rows for split test"):
        task("multi30k").load("test", data=tmp_path)


def test_xtd10(tmp_path: Path, seed: int) -> None:
    data = schemas.write_xtd10(tmp_path / "xtd", 12)
    broken = next((data / "val2014").glob("*_000000000004.jpg"))
    broken.unlink()
    examples: Any = task("xtd10").load("test", data=data)
    assert len(examples.pictures) == 11
    assert len(examples) == 11 * 11
    assert Counter("can't be read" in p.why for p in examples.problems) == {True: 11}
    answers = asked(examples, RandomEmbedding(seed))
    assert {a.language for a in answers} == {"en", "es", "it", "ko", "pl", "ru", "tr", "zh", "de", "fr", "ja"}
    assert next(r.text for r in examples.rows if r.where.language == "ja") == "jp caption 0"
    (data / "MIC" / "test_1kcaptions_de.txt").write_text("only one\n")
    with pytest.raises(DataError, match="has 1 captions for 12 images"):
        task("xtd10").load("test", data=data)
    assert len(task("xtd10:languages=en").load("test", data=data, limit=4)) <= 4
    (data / "XTD10" / "test_1kcaptions_en.txt").unlink()
    with pytest.raises(DataError, match=r"has no file test_1kcaptions_en\.txt"):
        task("xtd10").load("test", data=data)


def test_xtd10_from_its_repository_needs_images_to_be_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = schemas.write_xtd10(tmp_path / "xtd", 3)
    asked_for: list[str] = []

    def fetched(self: Any, url: str) -> Path:
        asked_for.append(url)
        name = url.rpartition("/")[2]
        return next(data.rglob(name))

    monkeypatch.setattr("ggez_core.data.fetch.Fetch.__call__", fetched)
    without = task("xtd10:languages=en").load("test")
    assert len(without) == 0
    assert all("fetch=yes" in p.why for p in without.problems)
    repository = "https://raw.githubusercontent.com/adobe-research/Cross-lingual-Test-Dataset-XTD10"
    assert asked_for[0].startswith(f"{repository}/d77ff16148468c84287f3efcbf602a015c5e4954/")
    with_images = task("xtd10:languages=en,fetch=yes").load("test")
    assert len(with_images) == 3
    assert asked_for[-1].startswith("https://s3.amazonaws.com/images.cocodataset.org/")


def test_pictures_of_the_same_bytes_are_embedded_once(tmp_path: Path, seed: int) -> None:
    rows = [{**row, "image": cell(0)} for row in schemas.multi30k(6)]
    write_parquet(tmp_path / "test.parquet", rows, schemas.MULTI30K)
    examples: Any = task("multi30k:languages=en").load("test", data=tmp_path)
    model = RandomEmbedding(seed)
    found = means(asked(examples, model))
    assert model.images_embedded == 1
    assert found["text_to_image_recall@1"] == 1.0  # there is only one candidate
    assert picture(0)
