"""From a curation to a data set: kept captions translated through a server, pictures taken along, a card written."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
import yaml
from PIL import Image

from ggez_core.curation.curate import curate
from ggez_core.curation.cut import Cut
from tests.fake_endpoint import Answer, question, served

ROWS = (
    ("a", "a photo of Angkor Wat", "KH"), ("b", "รูปวัด", "TH"), ("c", "a picture of nasi lemak", "MY"),
    ("d", "a picture of a bicycle", "FR"), ("e", "this is durian", "TH"), ("f", "we can see a jeepney here", "PH"),
)  # fmt: skip
THAI = {
    "a photo of Angkor Wat": "ภาพถ่ายนครวัด", "a picture of nasi lemak": "ภาพนาซิเลอมะก์", "this is durian": "นี่คือทุเรียน",
    "we can see a jeepney here": "I can't do that",
}  # fmt: skip
ASKED = {"question": "What is this?", "answer": "Angkor Wat", "options": ["Bayon", "Angkor Wat"]}
Ggez = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A curation of six rows with pictures in files, five of Southeast Asia."""
    root = tmp_path_factory.mktemp("published")
    (root / "data" / "img").mkdir(parents=True)
    lines = []
    for number, (name, text, country) in enumerate(ROWS):
        Image.new("RGB", (64, 48), (40 * number, 90, 20)).save(root / "data" / "img" / f"{name}.png")
        asked = ASKED if name == "a" else {}
        lines.append(json.dumps({"id": name, "text": text, "country": country, "image": f"img/{name}.png", **asked}))
    (root / "data" / "rows.jsonl").write_text("\n".join(lines))
    signals = ("stated", "language", "text", "picture")
    found = curate([root / "data"], root / "curation", signals=signals, cut=Cut("SEA", distance=None), workers=1)
    assert found.summary.kept == 5
    return root / "curation"


@pytest.fixture(scope="module")
def translated(folder: Path) -> dict[str, Any]:
    """Its captions in Thai, by a server that refuses one."""
    from ggez_core.curation.translation import read_config
    from ggez_core.curation.translation.kept import translate_kept

    def answer(request: dict[str, Any], before: int) -> Answer:
        return Answer(THAI[question(request).rpartition("\n\n")[2]])

    with served(answer) as server:
        config = folder.parent / "translate.yaml"
        config.write_text(
            yaml.safe_dump({"languages": {"th": {"through": "endpoint", "url": server.url, "model": "m"}}})
        )
        done = translate_kept(folder, read_config(config), cache=folder.parent / "said.sqlite")
    assert (done.originals, done.others) == (4, 1)
    return {"done": done, "config": config}


def test_good_translations_and_failures_are_told_apart(folder: Path, translated: dict[str, Any]) -> None:
    good = parquet.read_table(folder / "translations.parquet").to_pylist()
    assert {row["text_en"]: row["text"] for row in good} == {k: v for k, v in THAI.items() if "jeepney" not in k}
    assert {(row["original_id"], row["id"], row["language"], row["by"]) for row in good} == {
        (name, f"{name}@th", "th", "m") for name in "ace"
    }
    failed = parquet.read_table(folder / "translations_failed.parquet").to_pylist()
    assert [(row["original_id"], row["said"]) for row in failed] == [("f", "I can't do that")]
    assert "script of Thai" in failed[0]["why"]


def test_a_published_set_has_originals_translations_pictures_and_a_card(
    folder: Path, translated: dict[str, Any], tmp_path: Path, ggez: Ggez
) -> None:
    status, out, err = ggez("curate", "publish", folder, "-o", tmp_path / "set", "--name", "Mine", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["rows"] == 8
    rows = parquet.read_table(tmp_path / "set" / "train-00000.parquet").to_pylist()
    by_id = {row["id"]: row for row in rows}
    assert set(by_id) == {"a", "b", "c", "e", "f", "a@th", "c@th", "e@th"}
    for row in rows:
        name = row["id"].partition("@")[0]
        assert row["image"]["bytes"] == (folder.parent / "data" / "img" / f"{name}.png").read_bytes()
        assert row["image"]["path"] == f"img/{name}.png"
        assert (row["translated_by"] == "m") == ("@" in row["id"])
    assert (by_id["a@th"]["text"], by_id["a@th"]["language"]) == ("ภาพถ่ายนครวัด", "th")
    assert by_id["a"]["text"] == "a photo of Angkor Wat"
    for name, row in by_id.items():  # what the input asked is asked of the original alone, in its own language
        assert {key: row[key] for key in ASKED} == (ASKED if name == "a" else dict.fromkeys(ASKED))
    card = (tmp_path / "set" / "README.md").read_text()
    assert yaml.safe_load(card.split("---")[1])["pretty_name"] == "Mine"
    assert "5 of 6 rows" in card


def test_a_picture_that_is_gone_is_named(folder: Path, tmp_path: Path, ggez: Ggez) -> None:
    lost = folder.parent / "data" / "img" / "e.png"
    content = lost.read_bytes()
    lost.unlink()
    try:
        status, out, _ = ggez("curate", "publish", folder, "-o", tmp_path / "set", "--json")
        assert (status, json.loads(out)["lost"]) == (0, ["data/rows.jsonl#4"])
    finally:
        lost.write_bytes(content)
    assert Image.open(io.BytesIO(content)).size == (64, 48)


def test_the_command_translates_again_from_what_was_said(
    folder: Path, translated: dict[str, Any], monkeypatch: pytest.MonkeyPatch, ggez: Ggez
) -> None:
    monkeypatch.setenv("GGEZ_CACHE", str(folder.parent / "cache"))
    (folder.parent / "cache").mkdir()
    (folder.parent / "cache" / "translations.sqlite").write_bytes((folder.parent / "said.sqlite").read_bytes())
    status, out, _ = ggez("curate", "translate", folder, translated["config"], "--json")
    assert status == 0
    assert json.loads(out)["computed"] == 0
    assert json.loads(out)["languages"] == {"th": {"good": 3, "failed": 1}}


def test_the_report_shows_figures_tables_rows_and_a_card(folder: Path, tmp_path: Path, ggez: Ggez) -> None:
    for _ in range(2):  # the second takes the first's place
        status, out, _ = ggez("curate", "report", folder, "-o", tmp_path / "report", "--json")
        assert (status, json.loads(out)) == (0, {"report": str(tmp_path / "report")})
    page = (tmp_path / "report" / "index.html").read_text()
    assert "5 of 6 rows are kept" in page
    for _, text, _ in ROWS:
        assert text in page
    assert page.count("<img src=") == 6
    assert "not of the region (believed" in page
    dropped = (tmp_path / "report" / "dropped.csv").read_text().splitlines()
    assert dropped[-1].startswith("not of the region,1,1,5")
    assert {"README.md", "country.csv", "language.json"} <= {path.name for path in (tmp_path / "report").iterdir()}
    (tmp_path / "mine").mkdir()
    status, _, err = ggez("curate", "report", folder, "-o", tmp_path / "mine")
    assert status == 2
    assert "is no report" in err


@pytest.mark.parametrize("verb", ["translate", "publish", "report"])
def test_what_isnt_a_curation_is_refused_in_one_line(
    tmp_path: Path, translated: dict[str, Any], verb: str, ggez: Ggez
) -> None:
    rest = (translated["config"],) if verb == "translate" else ("-o", tmp_path / "set")
    status, _, err = ggez("curate", verb, tmp_path, *rest)
    assert status == 2
    assert err.count("\n") == 1
    assert "ggez curate INPUT" in err
    assert not (tmp_path / "set").exists()
