"""Data as tables: the same rows whatever the file, images opened only when looked at, and everything wrong named."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ggez_core.data import DataFolder, ImageAt, Pictures, Table, hub, open_table, unreadable
from ggez_core.data.fetch import Fetch
from ggez_core.data.splits import split_files
from ggez_core.data.tables import missing_columns
from ggez_core.data.values import as_list, as_pair, as_text, as_whole
from ggez_core.errors import DataError
from tests.data_sets import IMAGE, cell, picture, write_jsonl, write_parquet, write_shard, write_tsv

ROWS = [
    {"id": f"q{i}", "text": f"ภาพ {i}; “quoted”,\ttab", "options": ["ก", "b's", 'c"d'], "label": i, "image": cell(i)}
    for i in range(40)
]
TYPES = {"id": "VARCHAR", "text": "VARCHAR", "options": "VARCHAR[]", "label": "BIGINT", "image": IMAGE}
WRITERS: dict[str, Callable[[Path], Path]] = {
    "parquet": lambda folder: write_parquet(folder / "it's [a] *file.parquet", ROWS, TYPES, 2048),
    "jsonl": lambda folder: write_jsonl(folder / "rows.jsonl", ROWS),
    "tsv": lambda folder: write_tsv(folder / "rows.tsv", ROWS),
    "csv": lambda folder: write_tsv(folder / "rows.csv", ROWS, ","),
    "shard": lambda folder: write_shard(folder / "000.tar", ROWS),
}


@pytest.fixture(params=WRITERS)
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    return open_table(WRITERS[request.param](tmp_path))


def at(table: Table, row: int, column: str = "image") -> ImageAt:
    return ImageAt(table, column, row, table.path.parent)


def test_rows_are_the_same_in_every_form(table: Table) -> None:
    assert len(table) == len(ROWS)
    assert set(table.columns) >= set(TYPES)
    found = table.rows(["text", "options", "label", "nothing"])
    assert [as_text(row["text"]) for row in found] == [row["text"] for row in ROWS]
    assert [as_list(row["options"]) for row in found] == [row["options"] for row in ROWS]
    assert [as_whole(row["label"]) for row in found] == [row["label"] for row in ROWS]
    assert {row["nothing"] for row in found} == {None}


def test_images_are_the_same_in_every_form_and_any_slice(table: Table, seed: int) -> None:
    order = random.Random(seed).sample(range(40), 40)
    shown = Pictures([at(table, row) for row in order])
    for start, stop in ((0, 40), (3, 9), (39, 40), (7, 7)):
        found = shown[start:stop]
        expected = [Image.open(io.BytesIO(picture(row))) for row in order[start:stop]]
        assert [image.tobytes() for image in found] == [image.tobytes() for image in expected]
    assert shown[-1].tobytes() == shown[39].tobytes()
    why, digests = unreadable(shown.places)
    assert not why
    assert digests == [hashlib.blake2b(picture(row), digest_size=16).hexdigest() for row in order]


def test_missing_columns_are_named_together(table: Table) -> None:
    missing_columns(table, ["id", "text"])
    with pytest.raises(DataError, match=r"lacks the columns 'question', 'answer'; it has .*text"):
        missing_columns(table, ["id", "question", "answer"])


def test_images_that_do_not_open_are_told(tmp_path: Path) -> None:
    whole = picture(1, "JPEG", 256)
    outside = tmp_path.parent / "outside.png"
    outside.write_bytes(picture(2))
    cells: list[Any] = [
        whole, whole[: len(whole) // 2], b"no image", None, "", {"bytes": None, "path": None}, "there.png",
        "absent.png", "../outside.png", str(outside), "https://example.org/a.png", base64.b64encode(whole).decode(), 5,
    ]  # fmt: skip
    (tmp_path / "there.png").write_bytes(picture(4))

    class Cells:
        path, columns = tmp_path / "cells", ("image",)

        def __len__(self) -> int:
            return len(cells)

        def rows(self, columns: Any) -> list[Any]:
            raise AssertionError

        def cells(self, column: str, rows: Any) -> list[Any]:
            return [cells[row] for row in rows]

    table = Cells()
    why, _ = unreadable([at(table, row) for row in range(len(cells))])
    said = [why.get(row, "") for row in range(len(cells))]
    expected = [
        "", "doesn't open", "doesn't open", "has no image", "has no image", "has no image", "", "can't be read",
        "outside the data's folder", "outside the data's folder", "fetch=yes", "", "neither bytes nor a path",
    ]  # fmt: skip
    for got, wanted in zip(said, expected, strict=True):
        assert (wanted in got) if wanted else got == "", (got, wanted)
    with pytest.raises(DataError, match="cells, row 1, image: its image doesn't open"):
        Pictures([at(table, 0), at(table, 1)])[0:2]


def test_an_image_is_turned_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (30, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by a quarter
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    path = write_parquet(tmp_path / "a.parquet", [{"image": {"bytes": file.getvalue(), "path": "a"}}], {"image": IMAGE})
    assert Pictures([at(open_table(path), 0)])[0].size == (10, 30)


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and then nothing")
    (tmp_path / "b.jsonl").write_text('{"a": 1}\n{"a": \n')
    (tmp_path / "c.jsonl").write_text('{"a": 1}\n[1]\n')
    (tmp_path / "d.tsv").write_bytes(b"a\tb\n\xff\xfe\tx\n")
    (tmp_path / "e.tar").write_bytes(b"not a tar at all" * 100)
    (tmp_path / "f.xlsx").write_bytes(b"")
    for name, said in (
        ("a.parquet", "can't be read as Parquet"), ("b.jsonl", "line 2: is no JSON"), ("c.jsonl", "line 2: is list"),
        ("d.tsv", "UTF-8"), ("e.tar", "can't be read as a tar"), ("f.xlsx", "end in .parquet, .jsonl"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=said) as caught:
            open_table(tmp_path / name)
        assert "\n" not in str(caught.value)


CARD = """---
license: mit
configs:
- config_name: task1
  data_files:
  - split: test_small
    path: task1/test_small-*
  - split: test_large
    path: [task1/large-a.parquet, task1/large-b.parquet]
- config_name: default
  data_files:
  - split: test
    path: "data/*.parquet"
---
# A data set
"""


def test_files_of_a_split() -> None:
    names = [
        "README.md", "task1/test_small-0.parquet", "task1/test_small-1.parquet", "task1/large-a.parquet",
        "task1/large-b.parquet", "task2/test_small.parquet", "data/x.parquet", "data/script.py",
    ]  # fmt: skip
    assert split_files(names, CARD, "test_small", "task1") == names[1:3]
    assert split_files(names, CARD, "test_large", "task1") == names[3:5]
    assert split_files(names, CARD, "test") == ["data/x.parquet"]
    assert split_files(names, "", "test_small", "task2") == ["task2/test_small.parquet"]
    assert split_files(names, "# no card\n", "large", "task1") == names[3:5]
    plain = ["th.jsonl", "th_TH.jsonl", "data/id-00000-of-00001.parquet", "vid.parquet", "test_small.tsv"]
    assert split_files(plain, "", "th") == ["th.jsonl"]
    assert split_files(plain, "", "id") == ["data/id-00000-of-00001.parquet"]
    assert split_files(plain, "", "test") == []
    assert split_files(["anything.parquet"], "", "test") == ["anything.parquet"]
    assert split_files(plain, "---\nconfigs: [1, {config_name: default}]\n---\n", "th") == ["th.jsonl"]


def test_a_folder_without_the_split_says_what_it_has(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "train.jsonl", ROWS)
    write_jsonl(tmp_path / "other.jsonl", ROWS)
    assert [t.path.name for t in DataFolder.local(tmp_path).tables("train")] == ["train.jsonl"]
    with pytest.raises(DataError, match=r"no file of rows for split test; there is other.jsonl, train.jsonl"):
        DataFolder.local(tmp_path).tables("test")
    with pytest.raises(DataError, match="no such file or folder"):
        DataFolder.local(tmp_path / "nowhere")


def test_a_branch_is_pinned_once_and_a_commit_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GGEZ_CACHE", str(tmp_path))
    commits = iter(["a" * 40, "b" * 40, "c" * 40])
    asked: list[str | None] = []

    def listing(repo: str, revision: str | None) -> tuple[str, dict[str, int]]:
        asked.append(revision)
        full = revision is not None and len(revision) == 40
        return (revision if full else next(commits)), {"data/test-0.parquet": 1, "data/train-0.parquet": 1}

    monkeypatch.setattr(hub, "_listing", listing)
    monkeypatch.setattr(hub, "_downloaded", lambda repo, commit, names: Path(f"/{commit[0]}/{'+'.join(names)}"))
    assert hub.snapshot("a/b", None, ["test"]) == (Path("/a/data/test-0.parquet"), "a" * 40)
    assert hub.snapshot("a/b", None, ["test"])[1] == "a" * 40  # the branch has moved, the record hasn't
    assert hub.snapshot("a/b", "dev", ["test"])[1] == "b" * 40
    assert hub.snapshot("a/b", "d" * 40, ["train"]) == (Path("/d/data/train-0.parquet"), "d" * 40)
    assert asked == [None, "a" * 40, "dev", "d" * 40]
    assert json.loads((tmp_path / "datasets.json").read_text()) == {"a/b@main": "a" * 40, "a/b@dev": "b" * 40}
    with pytest.raises(DataError, match=r"no files of rows for split nope; it has data/test-0.parquet"):
        hub.snapshot("a/b", None, ["nope"])


def test_without_the_hub_the_message_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GGEZ_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def unreachable(repo: str, revision: str | None) -> Any:
        raise OSError("no route\nto host")

    monkeypatch.setattr(hub, "_listing", unreachable)
    with pytest.raises(DataError, match="name a local copy") as caught:
        hub.snapshot("nobody/nothing-of-this-name", None, ["test"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [("http://example.org/a.png", "only https"), ("file:///etc/passwd", "only https"), ("ftp://a/b", "only https"),
     ("https://user@example.org/a.png", "without a user"), ("https://example.org:8443/a", "usual port"),
     ("https://localhost/a", "isn't public"), ("https://127.0.0.1/a", "isn't public"),
     ("https://169.254.169.254/latest/meta-data", "isn't public"), ("https://10.1.2.3/a", "isn't public"),
     ("https://[::1]/a", "isn't public"), ("https://[::ffff:127.0.0.1]/a", "isn't public"),
     ("https://0x7f.1/a", "isn't public"), ("https://100.64.0.1/", "isn't public"),
     ("https://[fd00::1]/", "isn't public"), ("https:///nohost", "only a host")],
)  # fmt: skip
def test_what_is_never_fetched(url: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        Fetch(tmp_path)(url)


def test_a_name_with_one_private_address_among_public_ones_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(DataError, match=r"at 10.0.0.1, which isn't public"):
        Fetch(tmp_path)("https://rebinding.example/a.png")


class Reply:
    def __init__(self, status: int, data: bytes = b"", location: str = "") -> None:
        self.status, self.reason, self.data, self.headers = status, "said", data, {"Location": location}

    def read(self, most: int) -> bytes:
        given, self.data = self.data[:most], self.data[most:]
        return given


def test_fetching_once_following_redirects_with_the_same_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies: dict[tuple[str, str], Reply] = {
        ("a.example", "/p%20q?x=1"): Reply(302, location="https://b.example/r"),
        ("b.example", "/r"): Reply(200, b"image"),
        ("a.example", "/large"): Reply(200, b"x" * 2000),
        ("a.example", "/gone"): Reply(404),
        ("a.example", "/inside"): Reply(301, location="https://localhost/secret"),
        ("a.example", "/down"): Reply(301, location="http://a.example/p"),
        ("a.example", "/round"): Reply(307, location="/round"),
    }
    asked: list[tuple[str, str, str]] = []

    class Connection:
        def __init__(self, host: str, port: int, address: str) -> None:
            self.host, self.address = host, address

        def request(self, method: str, path: str, headers: dict[str, str]) -> None:
            self.path = path
            asked.append((self.host, path, self.address))

        def getresponse(self) -> Reply:
            return replies[self.host, self.path]

        def close(self) -> None:
            pass

    def addresses(host: str, *rest: Any, **more: Any) -> Any:
        address = "127.0.0.1" if host == "localhost" else "93.184.216.34"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    monkeypatch.setattr("ggez_core.data.fetch._Connection", Connection)
    monkeypatch.setattr(socket, "getaddrinfo", addresses)
    fetch = Fetch(tmp_path / "kept", limit=1000)
    first = fetch("https://a.example/p q?x=1")
    assert first.read_bytes() == b"image"
    assert asked == [("a.example", "/p%20q?x=1", "93.184.216.34"), ("b.example", "/r", "93.184.216.34")]
    assert fetch("https://a.example/p q?x=1") == first
    assert len(asked) == 2
    for path, said in (
        ("large", "larger than 0 MB"), ("gone", "answers 404"), ("inside", "isn't public"), ("down", "only https"),
        ("round", "redirected more than 5 times"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=said):
            fetch(f"https://a.example/{path}")
    assert [p.name for p in (tmp_path / "kept").iterdir()] == [first.name]


def test_values_typed_or_as_text() -> None:
    assert as_list('["a", "ข"]') == as_list("['a', 'ข']") == as_list(("a", "ข")) == ["a", "ข"]
    assert as_list("a, b") is as_list(None) is as_list(5) is as_list({"a": 1}) is None
    assert as_pair("('Indonesian', 'Indonesia')") == ("Indonesian", "Indonesia")
    assert as_pair("('a',)") is as_pair("__import__('os')") is None
    assert [as_whole(v) for v in (3, 3.0, "3", "3.0", "3.5", "three", None, float("nan"), "inf")] == [
        3, 3, 3, 3, None, None, None, None, None,
    ]  # fmt: skip
