"""To which country a row belongs: the rule against its formula, and what each regional signal takes for evidence."""

from __future__ import annotations

import io
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from ggez_core.curation.geography import country_at
from ggez_core.curation.languages import language_of
from ggez_core.curation.pictures import picture
from ggez_core.curation.region import NOWHERE, Told, combine, combined
from ggez_core.curation.signal import Batch, Evidence
from ggez_core.curation.signals import signal
from ggez_core.curation.signals.gazetteer import names_in
from ggez_core.demo.world.dataset import caption_rows
from ggez_core.errors import DataError

SEA = {"SG", "ID", "MY", "BN", "TH", "PH", "VN", "MM", "KH", "LA", "TL"}
Pair = tuple[str, float]


def told(**signals: list[Pair]) -> dict[str, list[Evidence]]:
    return {name: [Evidence(code, p, "") for code, p in pairs] for name, pairs in signals.items()}


def test_one_signal_is_believed_as_it_is() -> None:
    assert combined(told(language=[("ID", 0.3), ("MY", 0.2)]), SEA) == ("ID", 0.3, 0.5)


def test_signals_that_agree_add_up_and_those_that_dont_share() -> None:
    assert combined(told(url=[("TH", 0.5)], language=[("TH", 0.5)]), SEA) == ("TH", 0.75, 0.75)
    country, belief, sea = combined(told(stated=[("FR", 0.9)], gazetteer=[("TH", 0.99)]), SEA)
    assert (country, round(belief, 3), round(sea, 3)) == ("TH", 0.908, 0.908)  # odds 99 : 9 : 1
    _, _, doubted = combined(told(stated=[("TH", 0.9)], similarity=[(NOWHERE, 0.9)]), SEA)
    assert doubted == pytest.approx(9 / 19)


def test_nothing_is_of_no_country() -> None:
    assert combined({}, SEA) == (None, 0.0, 0.0)
    assert combined(told(similarity=[(NOWHERE, 0.8)]), SEA) == (None, 0.0, 0.0)


@given(
    st.lists(st.dictionaries(st.sampled_from(["TH", "VN", "FR", NOWHERE]), st.integers(0, 30), max_size=4), max_size=4)
)
def test_the_rule_is_its_formula_whatever_the_order(signals: list[dict[str, int]]) -> None:
    """In fractions, worked out as the module's documentation writes it."""
    odds: dict[str, Fraction] = {}
    for one in signals:
        left = 1 - Fraction(sum(one.values()), 130)
        for code, parts in one.items():
            odds[code] = (1 + odds.get(code, Fraction(0))) * (1 + Fraction(parts, 130) / left) - 1
    whole = 1 + sum(odds.values())
    evidence = {str(at): [Evidence(c, n / 130, "") for c, n in one.items()] for at, one in enumerate(signals)}
    country, belief, sea = combined(evidence, SEA)
    assert sea == pytest.approx(float(sum(o for c, o in odds.items() if c in SEA) / whole), abs=1e-9)
    known = {c: o / whole for c, o in odds.items() if c != NOWHERE and o}
    assert belief == pytest.approx(float(max(known.values(), default=Fraction(0))), abs=1e-9)
    assert (country is None) == (not known)
    again = combined(dict(reversed(evidence.items())), SEA)
    assert again[1:] == pytest.approx((belief, sea), abs=1e-9)


def test_many_rows_are_each_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, codes, p = rng.integers(0, 50, 200), rng.integers(-1, 5, 200).astype(np.int16), rng.random(200) * 0.2
    inside = np.array([True, False, True, False, False])
    found = combine(50, [Told(rows[:90], codes[:90], p[:90]), Told(rows[90:], codes[90:], p[90:])], inside)
    for row in range(50):
        some = [np.flatnonzero(rows[:90] == row), 90 + np.flatnonzero(rows[90:] == row)]
        parts = [Told(np.zeros(len(at), np.int64), codes[at], p[at]) for at in some]
        alone = combine(1, parts, inside)
        assert found.country[row] == alone.country[0]
        assert found.region_belief[row] == pytest.approx(alone.region_belief[0])


@pytest.mark.parametrize(
    ("url", "country", "sure"),
    [
        ("https://www.moe.go.th/a.jpg", "TH", True),
        ("http://tempo.co.id/x?to=fr", "ID", True),
        ("https://nhandan.vn/", "VN", True),
        ("https://cdn.example.com/a.th.jpg", None, False),
        ("https://dine.la/menu", "LA", False),  # Los Angeles
        ("https://bit.tl/x", "TL", False),
        ("https://www.bbc.co.uk/a", "GB", True),
        ("not a url", None, False),
        ("https://[::1/x", None, False),
        ("https://192.168.0.1/x.my", None, False),
    ],
)
def test_addresses(url: str, country: str | None, sure: bool) -> None:
    (found,) = signal("url").measure(Batch(["a"], [""], [None], {"url": [url]}))["url_evidence"]
    assert [e.country for e in found] == ([country] if country else [])
    assert not found or (found[0].confidence >= 0.75) == sure


def test_stated_places() -> None:
    columns = {
        "country": ["Viet Nam", "khm", None, "Atlantis", None, ""],
        "region": [None, None, "SEA", None, None, ""],
    }
    found = signal("stated").measure(Batch(list("abcdef"), [None] * 6, [None] * 6, columns))
    assert found["stated_country"] == ["VN", "KH", None, None, None, None]
    assert found["stated_unknown"] == [None, None, None, "Atlantis", None, None]
    assert {e.country for e in found["stated_evidence"][2]} == SEA
    assert sum(e.confidence for e in found["stated_evidence"][2]) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("lat", "lon", "country"),
    [
        (13.75, 100.5, "TH"), (-6.2, 106.8, "ID"), (1.35, 103.82, "SG"), (4.9, 114.93, "BN"), (-8.56, 125.57, "TL"),
        (17.97, 102.6, "LA"), (11.56, 104.92, "KH"), (16.8, 96.15, "MM"), (10.1, 99.84, "TH"),  # Ko Tao
        (48.85, 2.35, "FR"), (0.0, -140.0, None), (-77.0, 0.0, None),
    ],
)  # fmt: skip
def test_points(lat: float, lon: float, country: str | None) -> None:
    found = country_at(lat, lon)
    assert (found and found[0]) == country


def test_a_border_is_less_sure_than_a_capital() -> None:
    border, capital = country_at(1.46, 103.76), country_at(3.14, 101.69)  # Johor Bahru, Kuala Lumpur
    assert border is not None
    assert capital is not None
    assert border[1] < capital[1]


def test_where_the_camera_was() -> None:
    """EXIF as cameras write it, against coordinates that the input states."""
    image, exif = Image.new("RGB", (60, 40)), Image.Exif()
    gps = {ExifTags.GPS.GPSLatitudeRef: "S", ExifTags.GPS.GPSLatitude: (8.0, 30.0, 36.0),
           ExifTags.GPS.GPSLongitudeRef: "E", ExifTags.GPS.GPSLongitude: (115.0, 15.0, 36.0)}  # fmt: skip
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    seen = picture(file.getvalue(), Path())
    assert (seen.lat, seen.lon) == (pytest.approx(-8.51), pytest.approx(115.26))
    assert (seen.width, seen.height) == (40, 60)  # upright
    columns = {"exif_lat": [seen.lat] * 2, "exif_lon": [seen.lon] * 2, "lat": [None, 48.85], "lon": [None, 2.35]}
    sure, torn = signal("coordinates").measure(Batch(["a", "b"], [None] * 2, [None] * 2, columns))[
        "coordinates_evidence"
    ]
    assert [(e.country, e.confidence > 0.9) for e in sure] == [("ID", True)]
    assert {(e.country, e.confidence < 0.5) for e in torn} == {("ID", True), ("FR", True)}


@pytest.mark.parametrize(
    ("caption", "countries"),
    [
        ("a jeepney in Manila", {"PH"}),
        ("ภาพนี้แสดงตุ๊กตุ๊กที่เชียงใหม่", {"TH"}),
        ("វត្តភ្នំ", {"KH"}),
        ("这里有鱼尾狮", {"SG"}),
        ("bánh mì ngon", {"VN"}),
        ("a phone on a table", set()),  # not phở, whose name is pho
        ("the pattern is nice", set()),  # not Nice
        ("a Nice day", set()),
        ("angkorwatt", set()),
        ("new york at night", {"US"}),  # lower case throughout: a place all the same
        ("A sausage made in mandalay style", set()),  # a caption with capitals, a place without
    ],
)
def test_names_are_whole(caption: str, countries: set[str]) -> None:
    assert {code for name in names_in(caption) for code in name.countries} == countries


def test_names_add_up_and_long_captions_are_read_in_part() -> None:
    (one, two, long) = signal("gazetteer").measure(
        Batch(list("abc"), ["phở", "phở in Hanoi", "a " * 5_000_000 + "jeepney"], [None] * 3)
    )["gazetteer_evidence"]
    assert one[0].country == two[0].country == "VN"
    assert one[0].confidence < two[0].confidence < 1
    assert long == []


LEAST = {"id": 0.8, "ms": 0.65, "jv": 0.4, "su": 0.4, "en": 0.95, "pt": 0.95}


def test_languages_of_held_out_captions() -> None:
    """The small world's test captions; its sentences aren't those that telling words were taken from."""
    right: dict[str, list[bool]] = {}
    either: dict[str, list[bool]] = {}
    for row in caption_rows("test"):
        found = language_of(row.text)
        right.setdefault(row.language, []).append(found.code == row.language)
        either.setdefault(row.language, []).append(row.language in (found.code, found.other))
    shares = {language: sum(hits) / len(hits) for language, hits in right.items()}
    print({language: round(share, 3) for language, share in sorted(shares.items())})  # noqa: T201
    assert {language: share for language, share in shares.items() if share < LEAST.get(language, 0.99)} == {}
    assert all(sum(either[x]) / len(either[x]) >= 0.95 for x in ("id", "ms")), "neither right nor called ambiguous"


def test_indonesian_and_malay_are_ambiguous_until_a_word_tells() -> None:
    assert language_of("gambar ikan di sini").other in ("id", "ms")
    assert (language_of("kereta basikal kerana awak").code, language_of("mobil sepeda karena kamu").code) == (
        "ms",
        "id",
    )
    assert language_of("kereta basikal kerana awak").other == ""


def test_a_language_alone_decides_nothing() -> None:
    captions = [row.text for row in caption_rows("test")]
    batch = Batch(captions, list(captions), [None] * len(captions))
    beliefs = [combined({"language": e}, SEA)[2] for e in signal("language").measure(batch)["language_evidence"]]
    assert max(beliefs) < 0.5
    assert max(beliefs) > 0.3
    assert not any(math.isnan(belief) for belief in beliefs)


def test_settings_that_cant_be() -> None:
    for wrong in ("stated:confidence=1", "language:most=1.5", "gazetteer:places=no,terms=no", "similarity"):
        with pytest.raises(DataError, match=r"confidence|most|places|references"):
            signal(wrong)
