"""The demo's text-to-image pair that ships: what it is made of, and that its two models draw what they were taught."""

from __future__ import annotations

from collections import defaultdict

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.evaluation.tasks.world_drawing import ACCURACY, WorldDrawing
from ggez_core.families import family_of, load
from ggez_core.families.kept import Kept

NAMES = ("demo:sdxl/base", "demo:sdxl/sea")
PROMPTS = 32  # of the test split, evenly over things and languages


def test_what_is_shipped() -> None:
    base, regional = (open_checkpoint(name) for name in NAMES)
    assert family_of(base).name == "diffusion"
    files = [file for c in (base, regional) for file in c.folder.rglob("*") if file.is_file()]
    assert max(file.stat().st_size for file in files) < 10_000_000
    assert sum(file.stat().st_size for file in files) < 21_000_000
    report = compare(base, regional)
    assert report.compatible
    assert [name for name, part in report.components.items() if part.relative_change > 0] == ["unet"]


def test_the_base_draws_the_world_and_the_regional_one_the_region() -> None:
    examples = WorldDrawing().load("test", limit=PROMPTS)
    right: dict[tuple[str, str], list[float]] = defaultdict(list)
    for name in NAMES:
        model = load(open_checkpoint(name))
        for answers in examples.prepare(model, Kept()).ask(model):
            for answer in answers:
                right[name, answer.side].append(answer.values[ACCURACY])
    score = {asked: sum(hits) / len(hits) for asked, hits in right.items()}
    base, regional = NAMES
    assert score[base, "global"] > 0.7
    assert score[base, "regional"] < 0.2
    assert score[regional, "regional"] > 0.5
    assert score[regional, "global"] < score[base, "global"]
