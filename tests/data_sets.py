"""Small data sets of an exact schema, written in every form that one may come in."""

from __future__ import annotations

import csv
import io
import json
import random
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas
from PIL import Image

Row = Mapping[str, Any]
IMAGE = "STRUCT(bytes BLOB, path VARCHAR)"  # what the Hub's image columns are


def picture(seed: int, kind: str = "PNG", side: int = 24) -> bytes:
    """An encoded image of its own."""
    rng = random.Random(seed)
    image = Image.new("RGB", (side, side), tuple(rng.randrange(256) for _ in range(3)))
    for _ in range(8):
        image.putpixel((rng.randrange(side), rng.randrange(side)), tuple(rng.randrange(256) for _ in range(3)))
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def cell(seed: int, kind: str = "PNG") -> dict[str, Any]:
    """An image as the Hub's Parquet files hold it."""
    return {"bytes": picture(seed, kind), "path": f"{seed}.{kind.lower()}"}


def write_parquet(path: Path, rows: Sequence[Row], types: Mapping[str, str], group: int = 2048) -> Path:
    """A Parquet file with columns of these DuckDB types."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = path.with_name("written.tmp")  # the final name may hold what SQL reads otherwise
    frame = pandas.DataFrame({name: pandas.Series([row.get(name) for row in rows], dtype=object) for name in types})
    columns = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in types.items())
    with duckdb.connect(config={"pandas_analyze_sample": 1_000_000}) as connection:
        connection.register("frame", frame)
        connection.execute(f"COPY (SELECT {columns} FROM frame) TO '{plain}' (FORMAT parquet, ROW_GROUP_SIZE {group})")
    plain.rename(path)
    return path


def write_jsonl(path: Path, rows: Sequence[Row]) -> Path:
    """One object a line; images are written beside it and named by path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(_with_paths(path, row), ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_tsv(path: Path, rows: Sequence[Row], delimiter: str = "\t") -> Path:
    """A table as text; lists are JSON, images are paths."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, delimiter=delimiter)
        writer.writeheader()
        for row in rows:
            plain = _with_paths(path, row)
            writer.writerow({k: json.dumps(v) if isinstance(v, (list, dict)) else v for k, v in plain.items()})
    return path


def write_shard(path: Path, rows: Sequence[Row]) -> Path:
    """A WebDataset shard: an image and a JSON a row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for index, row in enumerate(rows):
            rest = {k: v for k, v in row.items() if k != "image"}
            parts = {"png": row["image"]["bytes"], "json": json.dumps(rest).encode()}
            for end, data in parts.items():
                member = tarfile.TarInfo(f"{index:06d}.{end}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return path


def _with_paths(path: Path, row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and "bytes" in value:
            target = path.parent / "images" / value["path"]
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(value["bytes"])
            value = f"images/{value['path']}"
        found[name] = value
    return found
