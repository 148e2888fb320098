"""What every test has: a cache and random numbers of its own. What it may ask for: a fresh seed, printed with a
failing test so that it can be had again; the command."""

from __future__ import annotations

import os
import random
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

# A busy machine's pauses are no failures; with a given seed Hypothesis too draws the same every time.
hypothesis.settings.register_profile("ggez", deadline=None, derandomize="GGEZ_TEST_SEED" in os.environ)
hypothesis.settings.load_profile("ggez")

Ggez = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Embeddings are kept in a folder of the test's own, not in the user's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("GGEZ_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def numbers(request: pytest.FixtureRequest) -> None:
    """What a test draws doesn't depend on the tests before it; who wants other numbers every time asks for `seed`."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(zlib.crc32(request.node.nodeid.encode()))


@pytest.fixture
def seed() -> int:
    """A fresh seed; set GGEZ_TEST_SEED to have a certain one again."""
    given = os.environ.get("GGEZ_TEST_SEED")
    drawn = int(given) if given else random.SystemRandom().randrange(1 << 32)
    print(f"seed {drawn}; again with GGEZ_TEST_SEED={drawn}")  # noqa: T201  (shown when the test fails)
    return drawn


@pytest.fixture
def ggez(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ggez:
    """Call the command; its exit status, stdout and stderr."""
    from ggez_core import cli

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ggez", *map(str, arguments)])
        capsys.readouterr()
        status = 0
        try:
            cli.main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call
