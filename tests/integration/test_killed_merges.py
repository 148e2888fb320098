"""Merges of every layout, killed at random moments: what is left is nothing or whole, and goes on to the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

KILLS = 200
WORKERS = 2


@contextmanager
def worker(folder: Path, seed: int) -> Iterator[subprocess.Popen[str]]:
    """A process that kills its share of merges; it doesn't outlive the test."""
    folder.mkdir()
    command = [sys.executable, "-m", "tests.kills", str(folder), str(seed), str(-(-KILLS // WORKERS))]
    root, pipe = Path(__file__).parents[2], subprocess.PIPE
    with subprocess.Popen(command, cwd=root, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.timeout(1200)
def test_killed_at_random_moments_over_all_layouts(tmp_path: Path, seed: int) -> None:
    with ExitStack() as ending:
        workers = [ending.enter_context(worker(tmp_path / str(i), seed + i)) for i in range(WORKERS)]
        answers = [(*one.communicate(), one.returncode) for one in workers]
    for _, err, status in answers:
        assert status == 0, err
    found = [json.loads(out) for out, _, _ in answers]
    total = {
        layout: {what: sum(one[layout][what] for one in found) for what in counts}
        for layout, counts in found[0].items()
    }
    print(json.dumps(total))  # noqa: T201
    assert sum(counts["killed"] for counts in total.values()) >= KILLS
    assert len(total) == 9
    assert all(counts["killed"] >= KILLS // 10 for counts in total.values())
    assert sum(counts["resumed"] for counts in total.values()) > KILLS // 10, "too few were killed in the middle"
