"""Regions and α: against the table's own text, read here in another way, and against figures printed in the paper."""

from __future__ import annotations

from importlib import resources

import pytest

from ggez_core.errors import RegionError
from ggez_core.regions import COUNTRIES, ISO3, REGIONS, alpha, country, region, region_of

TABLE = [
    line.split(",")
    for line in (resources.files("ggez_core.regions") / "data/kof_interpersonal_by_region.csv").read_text().split()
]


def test_alpha_of_every_region_and_year_is_its_index_over_a_hundred_to_two_digits() -> None:
    header, *rows = TABLE
    assert header == ["year", *REGIONS]
    assert [int(row[0]) for row in rows] == list(range(1993, 2024))
    for year, *indices in rows:
        for code, index in zip(header[1:], indices, strict=True):
            found = alpha(code, int(year))
            assert (found.region, found.year, found.index) == (code, int(year), float(index))
            assert abs(found.value - float(index) / 100) <= 0.005 + 1e-12
            assert len(f"{found.value!r}") <= len("0.43")
            assert 0 < found.value < 1


@pytest.mark.parametrize(
    ("code", "year", "value", "index"),
    [("SEA", 2023, 0.43, 43.40), ("SEA", 1993, 0.36, 36.04), ("NA", 1993, 0.69, 68.59), ("World", 1994, 0.49, 49.15)],
)
def test_printed_figures(code: str, year: int, value: float, index: float) -> None:
    found = alpha(code, year)
    assert (found.value, found.index) == (value, index)
    assert "KOF" in found.source
    assert "2604.11490" in found.source


def test_the_last_year_is_the_default_and_case_does_not_matter() -> None:
    assert alpha("sea") == alpha("SEA", 2023) == alpha(" Sea ")


@pytest.mark.parametrize(
    ("code", "hint"),
    [("SEE", "did you mean SEA?"), ("MEMA", "did you mean MENA?"), ("Wrold", "did you mean World?"), ("wrold", "World"),
     ("", "known regions: EAP, ECA"), ("qqqq", "known regions: EAP, ECA")],
)  # fmt: skip
def test_an_unknown_region_is_told_with_the_nearest(code: str, hint: str) -> None:
    with pytest.raises(RegionError, match=f"unknown region {code!r}; .*") as caught:
        alpha(code)
    assert hint in str(caught.value)


@pytest.mark.parametrize("year", [1992, 2024, 0, -1])
def test_a_year_outside_the_table_is_told_with_its_range(year: int) -> None:
    with pytest.raises(RegionError, match=f"SEA in {year}; the table covers 1993 to 2023"):
        alpha("SEA", year)


def test_southeast_asia_has_its_eleven_countries_and_their_languages() -> None:
    sea = region("SEA")
    assert {c.code for c in sea.countries} == {"SG", "ID", "MY", "BN", "TH", "PH", "VN", "MM", "KH", "LA", "TL"}
    assert {"id", "ms", "th", "vi", "fil", "km", "lo", "my", "ta", "zh", "en"} <= set(sea.languages)
    assert len(set(sea.languages)) == len(sea.languages)
    assert {code: country.name for code, country in COUNTRIES.items()}["TL"] == "East Timor"


def test_every_country_is_in_one_region_of_the_world_bank_and_only_southeast_asia_overlaps() -> None:
    parts = [REGIONS[code] for code in ("EAP", "ECA", "LAC", "MENA", "NA", "SA", "SSA")]
    assert sorted(c.code for part in parts for c in part.countries) == sorted(COUNTRIES)
    assert {c.code for c in REGIONS["SEA"].countries} < {c.code for c in REGIONS["EAP"].countries}
    assert len(REGIONS["World"].countries) == len(COUNTRIES) == len(ISO3) == 217
    assert {"US", "CA", "BM"} == {c.code for c in REGIONS["NA"].countries}
    assert [region_of(code, REGIONS["SEA"]) for code in ("TH", "JP", "BR")] == ["SEA", "EAP", "LAC"]
    assert region_of("TH", REGIONS["EAP"]) == "EAP"
    assert "NA" in REGIONS["SSA"]  # Namibia, whose code is also North America's


def test_countries_are_a_region_of_their_own() -> None:
    found = region("id, Thailand+VNM+ID")
    assert (found.code, found.name) == ("ID+TH+VN", "Indonesia, Thailand, Vietnam")
    assert found.languages == ("id", "th", "vi")
    assert not found.indexed
    assert region("TH").countries == (COUNTRIES["TH"],)
    assert region("NA").name == "North America"


@pytest.mark.parametrize("name", ["South_Korea", "south korea", "KR", "kor", "Republic of Korea"])
def test_a_country_goes_by_several_names(name: str) -> None:
    assert country(name).code == "KR"


def test_an_unknown_country_is_told_with_the_nearest() -> None:
    with pytest.raises(RegionError, match=r"unknown country 'Indonesai'; did you mean Indonesia \(ID\)\?"):
        country("Indonesai")
    with pytest.raises(RegionError, match="unknown country 'qqqq'; write its ISO 3166 code"):
        region("TH+qqqq")
