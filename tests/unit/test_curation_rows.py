"""Rows as they come: every format, every kind of damage, counted and named; what is measured, and cut, from them."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from PIL import Image

from ggez_core.curation import curate as curate_module
from ggez_core.curation import streaming
from ggez_core.curation.curate import Curation, curate, default_cut, recut
from ggez_core.curation.cut import Cut
from ggez_core.curation.limits import Limit
from ggez_core.curation.measure import Work, measured_under
from ggez_core.curation.pieces import Piece, pieces_of
from ggez_core.curation.reading import rows_of as read_rows
from ggez_core.curation.signal import Batch, Column
from ggez_core.curation.signals import signal
from ggez_core.errors import DataError, OutputError
from tests import fake_data_hub
from tests.conftest import Ggez
from tests.data_sets import picture, write_jsonl, write_parquet, write_shard, write_tsv

Rows = list[dict[str, Any]]
SIGNALS = ("stated", "url", "language", "gazetteer", "text", "picture", "sharpness", "phash")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pieces measured in this process: what becomes of rows doesn't depend on where."""

    def measure_all(work: Work, pieces: Sequence[Any], runner: str, workers: int, done: Any) -> None:
        for piece in pieces:
            done(work.measure(piece))

    monkeypatch.setattr(curate_module, "measure_all", measure_all)


def rows_of(found: Curation, dropped: bool = False) -> Rows:
    files = [found.dropped] if dropped else found.kept
    return [row for file in files for row in parquet.read_table(file).to_pylist()]


def all_rows(found: Curation) -> dict[str, dict[str, Any]]:
    """Every row by its place, kept or not; none is in both and none is missing."""
    rows = [*rows_of(found), *rows_of(found, dropped=True)]
    by_place = {row["place"]: row for row in rows}
    assert len(by_place) == len(rows) == found.summary.rows
    return by_place


def sample(count: int) -> Rows:
    return [
        {"image": {"bytes": picture(at, side=64), "path": f"{at}.png"}, "text": f"a jeepney in Manila, number {at}",
         "country": "PH", "id": f"row {at}", "mood": {"sunny": at % 2 == 0}}
        for at in range(count)
    ]  # fmt: skip


def everything() -> Cut:
    """A cut that keeps what can be read."""
    return Cut(None, limits=default_cut().limits[:3], distance=None)


@pytest.mark.usefixtures("here")
def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    rows, types = sample(7), {"image": "STRUCT(bytes BLOB, path VARCHAR)", "text": "VARCHAR", "country": "VARCHAR",
                              "id": "VARCHAR", "mood": "STRUCT(sunny BOOLEAN)"}  # fmt: skip
    inputs = [
        write_parquet(tmp_path / "a" / "rows.parquet", rows, types, group=3),
        write_jsonl(tmp_path / "b" / "rows.jsonl", rows),
        write_tsv(tmp_path / "c" / "rows.tsv", [{**row, "mood": json.dumps(row["mood"])} for row in rows]),
        write_shard(tmp_path / "d" / "rows.tar", rows),
    ]
    found = []
    for at, path in enumerate(inputs):
        done = curate([path], tmp_path / f"out{at}", signals=SIGNALS, cut=everything(), rows=2)
        kept = rows_of(done)
        for row in kept:
            mood = json.loads(row.pop("other"))["mood"]
            row["other"] = json.loads(mood) if isinstance(mood, str) else mood
            row["image"] = None
            row["place"] = row["place"].rpartition("#")[2]
        found.append(kept)
    assert [row["id"] for row in found[0]] == [row["id"] for row in rows]
    assert found[0][3]["region_country"] == "PH"
    assert found[0] == found[1] == found[2] == found[3]


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is huge, in a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.usefixtures("here")
def test_damaged_rows_are_named_and_the_others_kept(tmp_path: Path) -> None:
    good = picture(1, side=64)
    images = {
        "good": good, "cut off": good[: len(good) // 2], "no image": None, "not an image": b"<html>404</html>",
        "bomb": bomb(60_000, 60_000), "long": good,
    }  # fmt: skip
    lines = [
        {"id": name, "image": {"bytes": data, "path": None}, "text": "a jeepney in Manila"}
        for name, data in images.items()
    ]
    lines[-1]["text"] = "phở " * 2_500_000  # 10 MB
    lines += [{"id": "good", "image": {"bytes": picture(2, side=64), "path": None}, "text": None}]
    path = tmp_path / "rows.parquet"
    parquet.write_table(arrow.Table.from_pylist(lines), path, row_group_size=2)
    found = curate([path], tmp_path / "out", signals=SIGNALS)
    rows = all_rows(found)
    errors = {row["id"]: row["image_error"] for row in rows.values()}
    assert rows["rows.parquet#0"]["id"] == rows["rows.parquet#6"]["id"] == "good"
    assert found.summary.duplicate_ids == 1
    assert "truncated" in errors["cut off"]
    assert errors["no image"] == "has no image"
    assert "identify" in errors["not an image"]
    assert "3" in errors["bomb"]
    assert "pixels" in errors["bomb"]
    assert rows["rows.parquet#6"]["text_error"] == "has no caption"
    assert rows["rows.parquet#5"]["text"] == lines[5]["text"]
    assert rows["rows.parquet#5"]["reason"] == "caption is a document"
    assert [row["id"] for row in rows_of(found)] == ["good"]
    assert {row["reason"] for row in rows_of(found, dropped=True)} >= {"no picture", "no caption, or a damaged one"}
    assert found.summary.dropped["no picture"] == 4
    assert sum(found.summary.dropped.values()) + found.summary.kept == found.summary.rows == 7
    assert sum("image_error" in name and count for name, count in found.summary.problems.items()) == 4


@pytest.mark.usefixtures("here")
def test_encodings_of_lines(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(picture(3, side=64))
    row = {"image": "images/a.png", "text": "phở bò Hà Nội", "country": "VN"}
    text = json.dumps(row, ensure_ascii=False)
    lines = [text.encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("cp1258", "replace").replace(b"?", b"\xf2"),
             b"{not json", b'["a", "list"]', b"", json.dumps({**row, "text": "half \ud83d"}).encode(),
             json.dumps({**row, "image": "../../etc/passwd"}).encode(), text.encode()]  # fmt: skip
    (tmp_path / "mixed.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    (tmp_path / "wide.jsonl").write_bytes(f"{text}\n{text}\n".encode("utf-16"))
    found = curate(
        [tmp_path / "mixed.jsonl", tmp_path / "wide.jsonl"], tmp_path / "out", signals=SIGNALS, cut=everything(), rows=3
    )
    rows = all_rows(found)
    assert rows["wide.jsonl#1"]["text"] == rows["mixed.jsonl#1"]["text"] == rows["mixed.jsonl#8"]["text"] == row["text"]
    assert "isn't UTF-8" in rows["mixed.jsonl#2"]["text_error"]
    assert "no JSON" in rows["mixed.jsonl#3"]["row_error"]
    assert "not an object" in rows["mixed.jsonl#4"]["row_error"]
    assert "outside" in rows["mixed.jsonl#7"]["image_error"]
    assert rows["mixed.jsonl#6"]["text"].startswith("half")
    assert found.summary.kept == 6


@pytest.mark.usefixtures("here")
def test_a_tar_that_breaks_off(tmp_path: Path) -> None:
    whole = write_shard(tmp_path / "whole.tar", sample(9)).read_bytes()
    with tarfile.open(tmp_path / "whole.tar") as tar:
        places = [member.offset_data for member in tar if member.name.endswith("png")]
    (tmp_path / "middle.tar").write_bytes(whole[: places[6] + 40])  # in a picture
    (tmp_path / "header.tar").write_bytes(whole[: places[6] - 200])  # in a header
    (tmp_path / "none.tar").write_bytes(b"\x00\x01 no tar" * 200)
    (tmp_path / "parquet.parquet").write_bytes(b"PAR1 and nothing else")
    names = ("whole", "middle", "header", "none")
    inputs = [*(tmp_path / f"{name}.tar" for name in names), tmp_path / "parquet.parquet"]
    found = curate(inputs, tmp_path / "out", signals=SIGNALS, cut=everything(), rows=4)
    rows = all_rows(found)
    good = {name: sum(row["place"].startswith(name) for row in rows_of(found)) for name in names}
    assert good == {"whole": 9, "middle": 6, "header": 6, "none": 0}
    broken = {place.partition(".")[0]: row["row_error"] for place, row in rows.items() if row["row_error"]}
    assert set(broken) == {"middle", "header", "none", "parquet"}
    assert "can't be read as parquet" in broken["parquet"]
    assert found.summary.dropped["row can't be read"] == sum(bool(row["row_error"]) for row in rows.values())


@pytest.mark.usefixtures("here")
def test_columns_that_are_missing_or_have_other_names(tmp_path: Path) -> None:
    rows = [{"photo": row["image"], "caption": [row["text"], "another"], "nation": "PH"} for row in sample(3)]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "rows.parquet")
    with pytest.raises(DataError, match=r"no column image \(it has photo, caption, nation\); rename one with --map"):
        curate([tmp_path / "rows.parquet"], tmp_path / "out", signals=SIGNALS)
    names = {"image": "photo", "text": "caption", "country": "nation"}
    parquet.write_table(arrow.Table.from_pylist([{"else": 1}]), tmp_path / "other.parquet")
    found = curate([tmp_path], tmp_path / "out", signals=SIGNALS, names=names, cut=everything())
    assert found.summary.rows == 4
    assert found.summary.kept == 3
    assert rows_of(found)[0]["text"] == "a jeepney in Manila, number 0"
    assert "no column image (it has else)" in rows_of(found, dropped=True)[0]["image_error"]


@dataclass(frozen=True)
class Fragile:
    """A signal that fails on some rows, and counts how often it is asked."""

    version: str = "1"

    name = "fragile"
    columns = (Column("fragile", "int"),)
    asked = []  # type: ignore[var-annotated]  # noqa: RUF012

    @property
    def fingerprint(self) -> str:
        return self.version

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        if any("number 2" in (text or "") for text in batch.texts):
            raise ZeroDivisionError("two is too many")
        self.asked.extend(batch.ids)
        return {"fragile": [len(text or "") for text in batch.texts]}


@pytest.mark.usefixtures("here")
def test_a_signal_that_fails_on_a_row_and_one_that_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = "1"
    monkeypatch.setattr(
        "ggez_core.curation.measure.signal", lambda text: Fragile(version) if text == "fragile" else signal(text)
    )
    monkeypatch.setitem(curate_module.FILES, "fragile", "fragile")  # type: ignore[arg-type]
    path = tmp_path / "rows.parquet"
    parquet.write_table(arrow.Table.from_pylist(sample(5)), path)
    asked: dict[str, int] = {"fragile": 0, "text": 0}
    Fragile.asked.clear()
    found = curate([path], tmp_path / "out", signals=["text", "fragile"], cut=everything())
    rows = rows_of(found)
    assert [row["signal_errors"] for row in rows] == [
        None,
        None,
        "fragile: ZeroDivisionError: two is too many",
        None,
        None,
    ]
    assert [row["fragile"] is None for row in rows] == [False, False, True, False, False]
    asked["fragile"] = len(Fragile.asked)
    curate([path], tmp_path / "out", signals=["text", "fragile"], cut=everything())
    assert len(Fragile.asked) == asked["fragile"], "measured again though nothing changed"
    version = "2"
    monkeypatch.setattr("ggez_core.curation.signals.text.Text.measure", None)  # must not be asked again
    again = curate([path], tmp_path / "out", signals=["text", "fragile"], cut=everything())
    assert len(Fragile.asked) > asked["fragile"]
    assert [row["text_length"] for row in rows_of(again)] == [row["text_length"] for row in rows]
    (file,) = (tmp_path / "out" / "measured").glob("*.parquet")
    assert measured_under(file)["fragile"] == "2"


@pytest.mark.usefixtures("here")
def test_files_of_an_earlier_call_with_more_signals(tmp_path: Path) -> None:
    """What isn't asked for any more decides nothing and is written nowhere, and pieces measured since fit."""
    parquet.write_table(arrow.Table.from_pylist(sample(2)), tmp_path / "a.parquet")
    rows = [{**row, "country": None} for row in sample(4)]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "b.parquet")
    more = curate([tmp_path / "a.parquet"], tmp_path / "out", signals=["stated", "gazetteer"], cut=Cut("SEA"))
    assert more.summary.kept == 2
    both = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    less = curate(both, tmp_path / "out", signals=["stated"], cut=Cut("SEA"))
    assert (less.summary.rows, less.summary.kept) == (6, 2)
    assert "gazetteer_evidence" not in rows_of(less)[0]
    again = curate(both, tmp_path / "out", signals=["gazetteer"], cut=Cut("SEA"))
    assert (again.summary.kept, again.measured) == (6, 4)


@pytest.mark.usefixtures("here")
def test_thresholds_move_without_measuring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = sample(6)
    lines[1]["country"], lines[1]["text"] = "FR", "the Eiffel tower in Paris"
    lines[2]["image"] = lines[0]["image"]
    lines[4]["country"] = "TH"
    parquet.write_table(arrow.Table.from_pylist(lines), tmp_path / "rows.parquet")
    found = curate([tmp_path / "rows.parquet"], tmp_path / "out", signals=SIGNALS, cut=Cut("SEA"))
    assert [row["id"] for row in rows_of(found)] == ["row 0", "row 3", "row 4", "row 5"]
    why = {row["id"]: (row["reason"], row["reasons"]) for row in rows_of(found, dropped=True)}
    assert why["row 1"][0] == "not of the region"
    assert "most likely FR" in why["row 1"][1][0]
    assert why["row 2"][0] == "near-duplicate"
    monkeypatch.setattr(Work, "measure", None)
    wider = recut(tmp_path / "out", replace(Cut("SEA"), distance=None))
    assert wider.summary.kept == 5
    europe = recut(tmp_path / "out", Cut("ECA", distance=None))
    assert [row["id"] for row in rows_of(europe)] == ["row 1"]
    only = recut(tmp_path / "out", Cut("PH", distance=None, trust={"stated": 0, "gazetteer": 0}))
    assert only.summary.kept == 0
    two = recut(tmp_path / "out", Cut(None, limits=(Limit("a", "text_length", at_least=26),)))
    dropped = rows_of(two, dropped=True)
    assert {row["reason"] for row in dropped} == {"a", "near-duplicate"}
    assert next(row for row in dropped if row["reason"] == "a")["reasons"][0].startswith("a: text_length ")
    with pytest.raises(DataError, match="no column 'reward' was measured"):
        recut(tmp_path / "out", Cut("SEA", limits=(Limit("low reward", "reward", at_least=3),)))
    assert rows_of(two, dropped=True) == dropped, "what was there was touched by a cut that can't be"


@pytest.mark.usefixtures("here")
def test_an_interrupted_cut_keeps_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet.write_table(arrow.Table.from_pylist(sample(3)), tmp_path / "rows.parquet")
    found = curate([tmp_path / "rows.parquet"], tmp_path / "out", signals=SIGNALS, cut=everything())
    before = rows_of(found)
    monkeypatch.setattr("ggez_core.curation.cut._told_why", None)
    with pytest.raises(TypeError):
        recut(tmp_path / "out", Cut("FR"))
    assert rows_of(found) == before
    assert not list((tmp_path / "out").glob(".cut-*"))


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "curation.json").write_text("{}")
    with curate_module._alone(tmp_path), pytest.raises(OutputError, match="another curation is writing here"):
        recut(tmp_path, Cut())


def test_pieces_cover_every_row_once(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(40, 120))
    rows = sample(count)
    types = {"image": "STRUCT(bytes BLOB, path VARCHAR)", "text": "VARCHAR", "id": "VARCHAR"}
    files = [
        write_parquet(tmp_path / "a.parquet", rows, types, group=int(rng.integers(1, 50))),
        write_jsonl(tmp_path / "b.jsonl", rows), write_shard(tmp_path / "c.tar", rows),
    ]  # fmt: skip
    for file in files:
        pieces = pieces_of([file], int(rng.integers(1, 40)))
        reads = [row for piece in pieces for row in read_rows(piece, {})]
        assert [row.number for row in reads] == list(range(count)), file
        assert [row.columns["id"] for row in reads] == [row["id"] for row in rows], file
        assert len({piece.key for piece in pieces}) == len(pieces)
        assert sum(piece.rows or 0 for piece in pieces) == count


@pytest.mark.usefixtures("here")
def test_the_command(tmp_path: Path, ggez: Ggez) -> None:
    lines = sample(4)
    lines[1]["text"], lines[1]["country"] = "the Eiffel tower in Paris", "FR"
    parquet.write_table(arrow.Table.from_pylist(lines), tmp_path / "rows.parquet")
    status, out, err = ggez(
        "curate", tmp_path / "rows.parquet", "-o", tmp_path / "out", "--region", "SEA", "--json", "--near", "-1",
        "--without", "sharpness", "--without", "sharpness_contrast",
    )  # fmt: skip
    assert (status, err) == (0, "")
    told = json.loads(out)
    assert (told["rows"], told["kept"], told["countries"]) == (4, 3, {"PH": 3})
    status, out, _ = ggez("curate", "threshold", tmp_path / "out", "--region", "FR+DE", "--json")
    assert (status, json.loads(out)["countries"]) == (0, {"FR": 1})
    status, out, _ = ggez("curate", "threshold", tmp_path / "out", "--region", "any", "--at-least", "text_length=26")
    assert status == 0
    assert "3 of 4 rows are kept" in out
    for wrong, why in (
        (("threshold", tmp_path / "nothing"), "holds no finished curation"),
        (("threshold", tmp_path / "out", "--at-least", "text_length"), "write it like"),
        (("threshold", tmp_path / "out", "--without", "ghosts"), "no such limit"),
        (("threshold", tmp_path / "out", "--region", "SEAA"), "did you mean SEA"),
        ((tmp_path / "absent", "-o", tmp_path / "x"), "no such file or folder"),
        ((tmp_path / "rows.parquet", "-o", tmp_path / "out", "--map", "image"), "write it like image=picture"),
    ):
        status, out, err = ggez("curate", *wrong)
        assert (status, out) == (2, "")
        assert why in err
        assert err.count("\n") == 1


@pytest.mark.usefixtures("here")
def test_a_large_picture_is_decoded_smaller_and_keeps_its_size(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (4000, 1000), "white").save(file, "JPEG")
    row = {"image": {"bytes": file.getvalue(), "path": None}, "text": "a long wall"}
    parquet.write_table(arrow.Table.from_pylist([row]), tmp_path / "rows.parquet")
    seen: list[tuple[int, int]] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "ggez_core.curation.signals.phash.PerceptualHash.measure",
            lambda self, batch: (seen.append(batch.images[0].size), {"phash": [0]})[1],
        )
        found = curate([tmp_path / "rows.parquet"], tmp_path / "out", signals=["picture", "phash"], cut=everything())
    (kept,) = rows_of(found)
    assert (kept["picture_width"], kept["picture_height"], kept["picture_aspect"]) == (4000, 1000, 4.0)
    assert max(seen[0]) <= 1536


@pytest.mark.usefixtures("here")
def test_a_data_set_of_the_hub_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the real client from a server of this machine; nothing of it stays on disk, and the commit is pinned."""
    types = {"image": "STRUCT(bytes BLOB, path VARCHAR)", "text": "VARCHAR", "country": "VARCHAR", "id": "VARCHAR"}
    write_parquet(tmp_path / "up" / "train.parquet", sample(5), types, group=2)
    write_shard(tmp_path / "up" / "more.tar", sample(3))
    write_jsonl(tmp_path / "up" / "lines.jsonl", sample(2))
    names = [path for path in (tmp_path / "up").rglob("*") if path.is_file()]
    files = {path.relative_to(tmp_path / "up").as_posix(): path.read_bytes() for path in names}
    local = curate([tmp_path / "up"], tmp_path / "local", signals=SIGNALS, cut=everything(), rows=2)
    before = set(tmp_path.rglob("*"))
    with fake_data_hub.serving(monkeypatch, "somebody/pictures", files) as hub:
        found = curate(["somebody/pictures"], tmp_path / "out", signals=SIGNALS, cut=everything(), rows=2)
        with pytest.raises(DataError, match="nobody/nothing: is no folder here, and the Hub doesn't give"):
            curate(["nobody/nothing"], tmp_path / "none", signals=SIGNALS)
    assert {name for name, _, _ in hub.ranges} >= {"train.parquet", "more.tar", "lines.jsonl", "images/0.png"}
    assert curate_module.read_plan(tmp_path / "out")["pieces"][0]["stamp"] == fake_data_hub.COMMIT
    streamed, direct = rows_of(found), rows_of(local)
    assert [row.pop("place").partition("/")[0] for row in streamed] == ["somebody"] * 10
    assert [row.pop("place").partition("/")[0] for row in direct] == ["up"] * 10
    assert streamed == direct
    assert {p.relative_to(tmp_path).parts[0] for p in set(tmp_path.rglob("*")) - before} <= {"out", "none"}


def test_a_network_that_fails_costs_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """The piece isn't written, so that the next run reads it: its rows aren't damaged."""

    class Gone:
        def read(self, size: int) -> bytes:
            raise RuntimeError("connection reset")

        def seek(self, offset: int, whence: int) -> int:
            return offset

        def close(self) -> None:
            """Nothing to give up."""

    with pytest.raises(OSError, match=r"the Hub doesn't answer \(connection reset\)"):
        streaming._Remote(Gone()).read(1)
    monkeypatch.setattr("ggez_core.curation.reading.open_input", lambda path: streaming._Remote(Gone()))
    piece = Piece("a/b/rows.jsonl", "hf://datasets/a/b@c/rows.jsonl", "jsonl", 5, 10, 0, 3, "c")
    with pytest.raises(DataError, match=r"connection reset.*run it again to go on"):
        list(read_rows(piece, {}))
