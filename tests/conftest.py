"""What every test may ask for: a fresh seed, printed with a failing test so that it can be had again."""

from __future__ import annotations

import os
import random

import hypothesis
import pytest

hypothesis.settings.register_profile("ggez", deadline=None)  # a busy machine's pauses are no failures
hypothesis.settings.load_profile("ggez")


@pytest.fixture
def seed() -> int:
    """A fresh seed; set GGEZ_TEST_SEED to have a certain one again."""
    given = os.environ.get("GGEZ_TEST_SEED")
    drawn = int(given) if given else random.SystemRandom().randrange(1 << 32)
    print(f"seed {drawn}; again with GGEZ_TEST_SEED={drawn}")  # noqa: T201  (shown when the test fails)
    return drawn
