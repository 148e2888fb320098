"""Whole curations in processes of their own: killed ten times, and on Ray, they give the rows of one that wasn't."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

from tests.data_sets import picture

ROOT = Path(__file__).resolve().parents[2]
CAPTIONS = ("a jeepney in Manila", "ภาพนี้แสดงวัดพระแก้ว", "the Eiffel tower in Paris", "phở bò Hà Nội", "a red ball")


def write(path: Path, count: int, seed: int) -> Path:
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = [
        {"image": {"bytes": picture(at, side=48), "path": None}, "text": f"{rng.choice(CAPTIONS)} {at}",
         "country": rng.choice([None, None, "TH", "FR"])}
        for at in range(count)
    ]  # fmt: skip
    rows[3]["image"] = {"bytes": b"broken", "path": None}
    parquet.write_table(arrow.Table.from_pylist(rows), path, row_group_size=50)
    return path


def begun(data: Path, output: Path, runner: str, rows: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    command = [sys.executable, "-m", "tests.run_curation", str(data), str(output), runner, str(rows)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> int:
    """How many rows a run that ends measured."""
    try:
        out, err = process.communicate(timeout=400)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, err[-2000:]
    return int(out.strip().splitlines()[-1].split()[1])


def contents(output: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Kept and dropped rows, in order, every column."""
    kept = [row for file in sorted((output / "kept").glob("*")) for row in parquet.read_table(file).to_pylist()]
    return kept, parquet.read_table(output / "dropped.parquet").to_pylist()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("curation") / "rows.parquet", 120, 5)


@pytest.fixture(scope="module")
def whole(data: Path) -> Path:
    """A run that nothing disturbed."""
    output = data.parent / "whole"
    assert ended(begun(data, output, "native", 10)) == 120
    return output


def test_ten_kills_lose_nothing_and_do_nothing_twice(data: Path, whole: Path, seed: int) -> None:
    rng, output = random.Random(seed), data.parent / f"killed-{seed}"
    kills = 0
    measured = output / "measured"
    while kills < 10:
        process = begun(data, output, "native", 10)
        assert process.stdout is not None
        if kills % 3:  # at the start, or after some more pieces
            wanted = rng.randrange(1, 3)
            for _ in zip(range(wanted + 1), process.stdout, strict=False):
                pass
        time.sleep(rng.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL) if rng.random() < 0.5 else os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        kills += 1
        before = {path.name: path.stat().st_mtime_ns for path in measured.glob("*.parquet")}
        if len(before) == 12:
            break
    left = 120 - 10 * len(before)
    assert ended(begun(data, output, "native", 10)) <= left
    after = {path.name: path.stat().st_mtime_ns for path in measured.glob("*.parquet")}
    assert {name: after[name] for name in before} == before, "a piece was measured again"
    assert len(after) == 12
    assert contents(output) == contents(whole)
    assert len(contents(whole)[0]) > 20
    assert not list(measured.glob(".*.part"))


def test_the_same_again_measures_nothing(data: Path, whole: Path) -> None:
    rows = contents(whole)
    assert ended(begun(data, whole, "native", 10)) == 0
    assert contents(whole) == rows


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray isn't installed")
def test_ray_gives_the_same_rows(data: Path, whole: Path) -> None:
    output = data.parent / "ray"
    assert ended(begun(data, output, "ray", 10)) == 120
    assert contents(output) == contents(whole)
