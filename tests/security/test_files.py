"""Files of strangers: pictures, tables, tars, weights, recipes. What is too large or malformed costs one clear line.

Headers of safetensors are fuzzed in tests/unit/test_checkpoints_header.py, pickles in tests/unit/test_layouts.py,
tables and pictures of curation in tests/unit/test_curation_rows.py.
"""

from __future__ import annotations

import base64
import io
import json
import os
import pickle
import struct
import tarfile
import zlib
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as parquet
import pytest
import torch
from PIL import EpsImagePlugin, Image

from ggez_core.checkpoints import open_checkpoint
from ggez_core.curation import pieces, reading
from ggez_core.curation.pictures import picture
from ggez_core.curation.pieces import pieces_of
from ggez_core.curation.reading import Read, rows_of
from ggez_core.curation.streaming import hub_path
from ggez_core.data.images import FORMATS, decoded
from ggez_core.data.tables import open_table
from ggez_core.errors import CheckpointError, DataError, GgezError
from tests.conftest import Ggez
from workbench import images

from .conftest import Stranger

MB = 1 << 20


class Bomb:
    """What runs when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def _rows(path: Path) -> list[Read]:
    return [row for piece in pieces_of([path]) for row in rows_of(piece, {})]


# Pictures


def _png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that says it has this size, whatever it holds."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _hostile() -> dict[str, bytes]:
    good = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(good, "PNG")
    eps = io.BytesIO()
    Image.new("RGB", (8, 8)).save(eps, "EPS")
    packed = zlib.compress(bytes(50_000 * 3 + 1) * 20, 9)
    return {
        "a bomb": _png(50_000, 50_000, packed),
        "a wide one": _png(1 << 30, 2, packed),
        "no bytes": b"",
        "half": good.getvalue()[:60],
        "torn": good.getvalue()[:-40] + os.urandom(40),
        "noise": os.urandom(2000),
        "EPS, which a program draws": eps.getvalue(),
        "a page": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "a comment that swells": good.getvalue()[:33] + _text_chunk() + good.getvalue()[33:],
        "PDF": b"%PDF-1.4 x",
        "zip": b"PK\x03\x04" + bytes(100),
    }


def _text_chunk() -> bytes:
    body = b"x\0\0" + zlib.compress(bytes(8 * MB), 9)
    return struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))


HOSTILE = _hostile()


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_picture_is_one_clear_line(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an upload, in a data set that is curated, and in one that is evaluated; and no program is started for it."""
    started: list[object] = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *given, **_: started.append(given))
    data = HOSTILE[what]
    with pytest.raises(DataError, match="picture can't be read"):
        images.image_of("data:image/png;base64," + base64.b64encode(data).decode())
    file = tmp_path / "x.png"
    file.write_bytes(data)
    with pytest.raises(DataError, match="picture can't be read"):
        images.uploaded(file)
    seen = picture(data, tmp_path)
    assert seen.image is None
    assert seen.error
    assert "\n" not in seen.error
    with pytest.raises(DataError):
        decoded(data)
    assert not started


def test_only_known_kinds_of_pictures_are_opened() -> None:
    assert set(FORMATS) <= {"JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"}
    for kind in ("TIFF", "PPM", "TGA", "ICO", "PCX", "DDS"):
        file = io.BytesIO()
        Image.new("RGB", (8, 8)).save(file, kind)
        with pytest.raises(DataError):
            decoded(file.getvalue())


def test_the_page_refuses_hostile_uploads(stranger: Stranger) -> None:
    for what, data in HOSTILE.items():
        if not data:
            continue
        with stranger.http as http:
            (path,) = http.post("/gradio_api/upload", files={"files": ("x.png", data)}).json()
        went, said = stranger.fire("_take_upload", {"path": path, "meta": {"_type": "gradio.FileData"}})
        assert "data:image/webp" not in said, what
        assert not went or "can&#x27;t be read" in said, what
        went, said = stranger.fire("rank_captions", "data:image/png;base64," + base64.b64encode(data).decode(), 0.5,
                                   None, "", 8)  # fmt: skip
        assert not went, what
        assert "can't be read" in said, what


@pytest.mark.parametrize("cell", [
    "/etc/passwd", "../secret.png", "a/../../secret.png", "link.png", "linked/secret.png", "~/secret.png",
    "file:///etc/passwd", "http://169.254.169.254/x", "\0", "..\\secret.png", "round/x.png",
])  # fmt: skip
def test_a_row_names_no_file_outside_its_folder(cell: str, tmp_path: Path) -> None:
    """By a path, by a link that lies in the folder, or by an address; nor in another repository of the Hub."""
    Image.new("RGB", (64, 64)).save(tmp_path / "secret.png")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "round").symlink_to(folder / "round")
    seen = picture(cell, folder)
    assert seen.image is None
    assert not seen.data


@pytest.mark.parametrize("cell", [
    "/etc/passwd", "/datasets/operator/private/x.png", "../../../operator/private@main/x.png", "a/../../x", "..", "\0",
    "..\\x", "a\\..\\..\\x",
])  # fmt: skip
def test_a_row_of_the_hub_names_no_file_of_the_machine_nor_of_another_repository(cell: str) -> None:
    table = "hf://datasets/somebody/pictures@0123/data/rows.jsonl"
    assert hub_path(table, cell) is None
    assert hub_path(table, "images/0.png") == "hf://datasets/somebody/pictures@0123/data/images/0.png"


def test_a_hostile_row_of_the_hub_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ggez_core.curation import measure
    from ggez_core.curation.pieces import Piece

    Image.new("RGB", (64, 64)).save(tmp_path / "secret.png")
    opened: list[str] = []
    monkeypatch.setattr(measure, "open_input", lambda path: opened.append(path))
    piece = Piece("s/p/rows.jsonl", "hf://datasets/s/p@c/rows.jsonl", "jsonl", 0, 1, 0, 1, "c")
    for cell in (str(tmp_path / "secret.png"), "../../other/private@main/x.png"):
        seen = measure._seen(piece, Read(0, {"image": cell}), tmp_path)
        assert "outside" in seen.error
    assert opened == []


# Tables and tars


def test_a_table_that_swells_is_refused_by_what_it_says_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGEST", 8 * MB)
    file = tmp_path / "swelling.parquet"
    table = pyarrow.table({"text": pyarrow.array(["x" * (10 * MB)])})
    parquet.write_table(table, file, compression="zstd", use_dictionary=False)
    assert file.stat().st_size < MB
    (row,) = _rows(file)
    assert "as bombs do" in row.error
    assert not row.columns
    parquet.write_table(table, file, compression=None, use_dictionary=False)  # what is large is no bomb
    assert not _rows(file)[0].error


def test_one_value_in_every_row_is_not_unpacked_for_all_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture of 20 MB that a thousand rows share fills 20 GB when each gets its own."""
    monkeypatch.setattr(reading, "_EXPANDED", 16 * MB)
    file = tmp_path / "shared.parquet"
    once = pyarrow.array([os.urandom(4 * MB)], pyarrow.binary())
    shared = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 200, pyarrow.int32()), once)
    parquet.write_table(
        pyarrow.table({"image": shared}), file, store_schema=False, dictionary_pagesize_limit=1 << 30, compression=None
    )
    assert file.stat().st_size < 5 * MB
    pool = pyarrow.default_memory_pool()
    before, most, count = pool.bytes_allocated(), 0, 0
    for piece in pieces_of([file]):
        for row in rows_of(piece, {}):
            assert not row.error
            count, most = count + 1, max(most, pool.bytes_allocated() - before)
    assert count == 200
    assert most < 50 * MB


def test_a_codec_with_a_hole_is_not_unpacked(tmp_path: Path) -> None:
    """CVE-2026-111497: the Brotli decoder that DuckDB and Arrow bring along; only the footer says that it is used."""
    file = tmp_path / "x.parquet"
    parquet.write_table(pyarrow.table({"text": ["a"] * 100}), file, compression={"text": "brotli"})
    (first, *rest) = _rows(file)
    assert "Brotli" in first.error
    assert len(rest) == 99
    with pytest.raises(DataError, match="Brotli"):
        open_table(file)
    parquet.write_table(pyarrow.table({"text": ["a"]}), file, compression="zstd")
    assert open_table(file).rows(["text"]) == [{"text": "a"}]


def test_a_footer_that_lies_of_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.parquet"
    parquet.write_table(pyarrow.table({"text": ["a"]}), file)
    real = parquet.read_metadata

    class Lying:
        def __init__(self, told: Any) -> None:
            self.told, self.num_rows, self.num_row_groups = told, 1 << 62, told.num_row_groups

        def row_group(self, at: int) -> Any:
            return self.told.row_group(at)

    monkeypatch.setattr(parquet, "read_metadata", lambda *given, **more: Lying(real(*given, **more)))
    (piece,) = pieces_of([file])
    assert "4,611,686,018,427,387,904 rows" in piece.broken


def test_no_memory_left_is_the_row_s_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker may take its share of memory and no more; what doesn't fit is told of the row."""
    file = tmp_path / "x.parquet"
    parquet.write_table(pyarrow.table({"text": ["a", "b", "c"]}), file)

    def full(*_: object) -> None:
        raise pyarrow.ArrowMemoryError("malloc of size 2147483647 failed")

    monkeypatch.setattr(reading, "_cells", full)
    assert [row.error[:30] for row in _rows(file)] == ["the file can't be read on from"] * 3


def test_lines_that_never_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pieces, reading):
        monkeypatch.setattr(module, "LONGEST", MB)
    for name in ("x.jsonl", "x.csv", "x.tsv"):
        file = tmp_path / name
        file.write_bytes(b"text\n" + b"x" * (3 * MB))
        rows = _rows(file)
        assert len(rows) < 4
        assert any("a line has more than 1 MB" in row.error for row in rows), name
        assert all(len(str(row.columns)) < 100 for row in rows)


def test_tars_hold_rows_and_nothing_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that climb, links, devices, sparse files that claim gigabytes: a row that says why, or none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text("a secret")
    file = tmp_path / "x.tar"
    with tarfile.open(file, "w", format=tarfile.GNU_FORMAT) as tar:

        def add(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> None:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, link
            tar.addfile(info, io.BytesIO(content))

        add("../../climbs.txt", b"climbs")
        add("/tmp/absolute.txt", b"absolute")
        add("linked.txt", kind=tarfile.SYMTYPE, link=str(tmp_path / "secret.txt"))
        add("hard.txt", kind=tarfile.LNKTYPE, link="secret.txt")
        add("device.txt", kind=tarfile.CHRTYPE)
        add("pipe.txt", kind=tarfile.FIFOTYPE)
        add("long.txt", b"x" * (17 * MB))
        add("deep.json", b"[" * 100_000)
        add("last.txt", b"the last")
    before = set(tmp_path.rglob("*"))
    rows = _rows(file)
    texts = [row.columns.get("text") for row in rows]
    assert "the last" in texts
    assert "a secret" not in str(rows)
    assert next(row for row in rows if row.name == "long").error
    assert next(row for row in rows if row.name == "deep").error
    assert {row.name for row in rows} == {"../../climbs", "/tmp/absolute", "long", "deep", "last"}
    assert set(tmp_path.rglob("*")) == before
    assert not (tmp_path.parent.parent / "climbs.txt").exists()


# Weights and configs


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.ckpt", "open_clip_pytorch_model.bin"])
def test_no_pickle_of_a_stranger_runs(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "siglip", "architectures": ["SiglipModel"]}))
    ran = tmp_path / "ran"
    for content in (pickle.dumps(Bomb(ran)), _archived(Bomb(ran), tmp_path), b"\x80\x05" + b"(" * 100_000 + b"."):
        (folder / name).write_bytes(content)
        for source in (folder, folder / name):
            with pytest.raises(GgezError) as error:
                open_checkpoint(source)
            assert "\n" not in str(error.value)
    assert not ran.exists()


def _archived(value: object, folder: Path) -> bytes:
    file = folder / "archive"
    torch.save({"w": torch.ones(2), "x": value}, file)
    return file.read_bytes()


def _model(folder: Path, config: dict[str, Any], **files: str) -> Path:
    from safetensors.torch import save_file

    folder.mkdir()
    save_file({"logit_scale": torch.ones(1)}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return folder


@pytest.mark.parametrize("shard", ["../secret.safetensors", "/etc/passwd", "a/../../x.safetensors", "", "pipe", "."])
def test_an_index_names_no_file_outside_its_folder(shard: str, tmp_path: Path) -> None:
    """The hole that accelerate had (CVE-2026-69112)."""
    folder = _model(tmp_path / "m", {"model_type": "siglip"})
    (folder / "model.safetensors").rename(tmp_path / "secret.safetensors")
    os.mkfifo(folder / "pipe")
    index = {"weight_map": {"logit_scale": shard}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(CheckpointError, match="isn't in the folder"):
        open_checkpoint(folder)


@pytest.mark.parametrize("config", [
    {"model_type": "evil", "architectures": ["Evil"], "auto_map": {"AutoModel": "modeling_evil.Evil"}},
    {"model_type": "siglip", "architectures": ["Trainer"]},
    {"model_type": "siglip", "architectures": ["pipeline"]},
    {"model_type": "siglip", "architectures": [["a"]]},
    {"model_type": "siglip", "architectures": "SiglipModel"},
    {"model_type": "siglip", "architectures": ["x\nimport os"]},
    {"model_type": ["siglip"], "architectures": ["SiglipModel"]},
    {"model_type": "siglip", "architectures": ["SiglipModel"], "text_config": {"num_hidden_layers": 10**9}},
    {"model_type": "siglip", "architectures": ["SiglipModel"], "vision_config": {"hidden_size": 10**12}},
    {"model_type": "siglip", "architectures": ["SiglipModel"], "text_config": {"vocab_size": -1}},
    {"model_type": "siglip", "architectures": ["SiglipModel"], "text_config": "x", "vision_config": None},
])  # fmt: skip
def test_a_config_builds_nothing_but_a_model_and_none_that_is_not_there(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither code beside it, nor another class of the library, nor more layers than there are weights."""
    from ggez_core.checkpoints import compare
    from ggez_core.families import Placement, family_of

    monkeypatch.chdir(tmp_path)
    evil = "import os\nos.mkdir('ran')\nclass Evil: pass\n"
    folder = _model(tmp_path / "m", config, modeling_evil__py=evil, transformers__py=evil)

    def use() -> None:
        checkpoint = open_checkpoint(folder)
        compare(checkpoint, open_checkpoint("demo:siglip/base"))
        family_of(checkpoint).load(checkpoint, Placement())

    with pytest.raises(GgezError) as error:
        use()
    assert "\n" not in str(error.value)
    assert not (tmp_path / "ran").exists()


def test_a_pipeline_s_index_names_no_module_of_python(tmp_path: Path) -> None:
    from ggez_core.families import Placement, family_of

    shipped = open_checkpoint("demo:sdxl/base").folder
    folder = tmp_path / "pipeline"
    folder.mkdir()
    for path in shipped.iterdir():
        (folder / path.name).symlink_to(path)
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").unlink()
    for module, kind in (("antigravity", "x"), ("os", "system"), ("subprocess", "Popen"), ("evil", "Evil")):
        (folder / "model_index.json").write_text(json.dumps(index | {"scheduler": [module, kind]}))
        checkpoint = open_checkpoint(folder)
        with pytest.raises(CheckpointError, match="isn't of diffusers or transformers"):
            family_of(checkpoint).load(checkpoint, Placement())


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
WRITTEN = {
    "a bomb": BOMB + "model: *i\nmerge_method: *i\nkind: *i\n",
    "itself": "models: &m [*m]\nmerge_method: linear\nkind: finetune\n",
    "deep": "merge_method: " + "[" * 5000,
    "a number": "merge_method: " + "9" * 5000,
    "a date": "merge_method: 2026-99-99",
    "an object": "merge_method: !!python/object/apply:os.mkdir [ran]",
    "a name": "merge_method: !!python/name:os.system",
    "huge": "merge_method: " + "x" * 3_000_000,
    "binary": "merge_method: \x01\x02",
    "a list": "- a\n- b\n",
    "nothing": "",
}


@pytest.mark.parametrize("what", WRITTEN)
@pytest.mark.timeout(300)
def test_recipes_and_configs_are_read_in_time_and_run_nothing(
    what: str, tmp_path: Path, ggez: Ggez, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "x.yaml"
    file.write_text(WRITTEN[what], encoding="utf-8")
    for verb in (["merge", file, "-o", "out"], ["finetune", file], ["distill", file], ["adapt", file, "-o", "out"],
                 ["curate", "translate", tmp_path, file], ["distill", "study", file, "-o", "out"]):  # fmt: skip
        status, _, told = ggez(*verb)
        assert status == 2, (verb, told)
        assert len(told.splitlines()) == 1
        assert len(told) < 2000
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()
