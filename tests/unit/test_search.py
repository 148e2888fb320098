"""Searches beyond the grid, on functions whose best is known, with and without noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from safetensors.torch import load_file

import ggez_core as gg
from ggez_core.evaluation.aggregate import Estimate, Sample
from ggez_core.evaluation.choices import against_single
from ggez_core.evaluation.curve import CurvePoint, ignore
from ggez_core.evaluation.field import Field
from ggez_core.evaluation.parts import layer_groups, recipe_of
from ggez_core.evaluation.report import Reported
from ggez_core.evaluation.search import Goal, expected_gains, refine, search_parts, smooth
from ggez_core.evaluation.setting import BASE, Setting
from ggez_core.merging import Recipe
from ggez_core.merging.to_disk import run_recipe
from tests.tiny_pairs import pair

DRAWS = 400
GRID = (0.0, 0.25, 0.5, 0.75, 1.0)
Score = Callable[[Setting], float]


class Known:
    """A field of two known scores, whose bootstrap draws differ by `noise` from β to β."""

    alpha = 0.43

    def __init__(self, q_global: Score, q_regional: Score, noise: float = 0.0, seed: int = 0) -> None:
        self._scores, self._noise, self._seed = (q_global, q_regional), noise, seed
        self.measured: set[Setting] = set()

    def qualities(self, setting: Setting, role: int = 0) -> tuple[Sample, Sample]:
        self.measured.add(setting)
        random = np.random.default_rng([self._seed, hash(setting) % (1 << 32)])
        found = []
        for score in self._scores:
            value = score(setting) + self._noise * random.standard_normal()
            found.append(Sample(value, value + self._noise * random.standard_normal(DRAWS)))
        return found[0], found[1]

    def parity(self, setting: Setting, role: int = 0) -> Sample:
        q_global, q_regional = self.qualities(setting)
        return self.alpha * q_global + (1 - self.alpha) * q_regional

    def kept(self, setting: Setting) -> Estimate:
        ratio = (self.qualities(setting)[0] / self.qualities(BASE)[0]).estimate
        return ratio if setting != BASE else Estimate(1, 1, 1)

    def curve_point(self, beta: float) -> CurvePoint:
        first, second = self.qualities(Setting(beta))
        return CurvePoint(beta, first.estimate, second.estimate, self.kept(Setting(beta)))


def goal(field: Known, keep_global: float | None = None) -> Goal:
    return Goal(cast(Field, field), keep_global)


def hump(best: float) -> Known:
    return Known(lambda s: 0.5 - (s.beta - best) ** 2, lambda s: 0.5 - (s.beta - best) ** 2)


@pytest.mark.parametrize("best", [0.03, 0.37, 0.62, 0.99])
def test_refining_finds_the_best_beta_in_few_steps(best: float) -> None:
    added, why = refine(goal(hump(best)), GRID, 30, ignore)
    nearest = max((*GRID, *added), key=lambda beta: -abs(beta - best))
    assert abs(nearest - best) <= 0.011
    assert len(added) <= 12, added
    assert "less than the noise" in why or "every β" in why


def test_a_flat_or_noisy_curve_is_not_refined_for_long() -> None:
    flat = Known(lambda s: 0.5, lambda s: 0.5, noise=0.02)
    added, why = refine(goal(flat), GRID, 30, ignore)
    assert len(added) <= 3
    assert "less than the noise" in why


def test_the_budget_ends_it_and_points_are_told() -> None:
    told: list[CurvePoint] = []
    added, why = refine(goal(hump(0.37)), GRID, 1, told.append)
    assert (len(added), why) == (1, "the budget of 1 settings is used up")
    assert [p.beta for p in told] == added


def test_with_a_share_to_keep_the_edge_is_found() -> None:
    """Global falls linearly, regional rises: the best is the last β that keeps 90 %, which is 0.5."""
    field = Known(lambda s: 1 - 0.2 * s.beta, lambda s: s.beta)
    added, _ = refine(goal(field, 0.9), (0.0, 0.3, 0.6, 1.0), 30, ignore)
    kept = [beta for beta in (0.0, 0.3, *added) if 1 - 0.2 * beta >= 0.9 - 1e-9]
    assert max(kept) == pytest.approx(0.5, abs=0.011)


def test_the_curve_through_points_passes_them_and_is_unsure_beyond(seed: int) -> None:
    x = np.linspace(0, 1, 6)
    y = np.sin(3 * x) + np.random.default_rng(seed).normal(0, 1e-6, 6)
    mean, deviation = smooth(x, y, np.linspace(0, 1, 101))
    np.testing.assert_allclose(mean, np.sin(3 * np.linspace(0, 1, 101)), atol=0.05)
    assert smooth(x, y, np.array([1.5]))[1] > 3 * deviation.max()
    assert (expected_gains(x, y, np.linspace(0, 1, 101)) >= -1e-9).all()


def test_expected_gains_are_those_of_the_normal_distribution(seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y, at = np.linspace(0, 1, 5), random.normal(size=5), np.array([0.1, 0.6])
    mean, deviation = smooth(x, y, at)
    best = smooth(x, y, x)[0].max()
    drawn = mean + deviation * random.standard_normal((200_000, 2))
    simulated = np.maximum(drawn - best, 0)
    error = 5 * simulated.std(axis=0) / math.sqrt(200_000) + 1e-5  # the rarest gains may not be drawn at all
    assert (abs(simulated.mean(axis=0) - expected_gains(x, y, at)) <= error).all()


def test_parts_go_their_own_ways() -> None:
    """One part is best at 0.9, the other at 0.2: one β for both is much worse."""

    def worth(setting: Setting) -> float:
        return 0.8 - (setting.of_part("vision") - 0.9) ** 2 - (setting.of_part("text") - 0.2) ** 2

    field = Known(worth, worth)
    found, measured = search_parts(goal(field), ("text", "vision"), 0.55, 80)
    assert worth(found) > 0.78 > worth(Setting(0.55)) + 0.1
    assert measured <= 80
    again = Known(worth, worth)
    assert search_parts(goal(again), ("text", "vision"), 0.55, 80) == (found, measured)
    assert again.measured == field.measured  # a search that starts again asks the same


def test_a_search_that_finds_nothing_better_stays() -> None:
    field = Known(lambda s: -len(s.parts), lambda s: -len(s.parts))
    found, measured = search_parts(goal(field), ("a", "b", "c"), 0.5, 30)
    assert found == Setting(0.5)
    assert measured <= 30


def test_parts_that_keep_too_little_are_never_chosen() -> None:
    field = Known(lambda s: 1 - 0.5 * s.of_part("a"), lambda s: s.of_part("a") + 0.1 * s.of_part("b"))
    found, _ = search_parts(goal(field, 0.9), ("a", "b"), 0.1, 60)
    assert 1 - 0.5 * found.of_part("a") >= 0.9
    assert field.parity(found).value > field.parity(Setting(0.1)).value


def reported(low: float, high: float) -> Reported:
    one = Estimate(1, 1, 1)
    return Reported("by parts", Setting(0.5), one, 1, one, 1, one, one, one, Estimate((low + high) / 2, low, high))


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(0.01, 0.02, "better, take it"), (-0.01, 0.02, "simpler and as good"), (-0.02, -0.01, "the search fitted noise")],
)
def test_the_verdict(low: float, high: float, says: str) -> None:
    assert says in against_single(reported(low, high), Setting(0.5))


def test_groups_of_layers() -> None:
    names = [f"text.encoder.layers.{i}.w" for i in range(7)] + ["text.embed.w", "text.head.b"]
    checkpoint: Any = type("Fake", (), {"components": {"text": names, "vision": ["vision.w"]}})
    groups = layer_groups(checkpoint, ["text"])
    assert groups.keys() == set(names)
    assert list(dict.fromkeys(groups.values())) == [
        "text/encoder.layers 0–1", "text/encoder.layers 2–4", "text/encoder.layers 5–6", "text/outside the layers",
    ]  # fmt: skip
    assert groups["text.encoder.layers.2.w"] == groups["text.encoder.layers.4.w"] == "text/encoder.layers 2–4"


def test_a_setting_of_groups_is_written_by_its_recipe(tmp_path: Path, seed: int) -> None:
    """Each group's tensors lie as far between base and regional as the setting says."""
    base, regional = (gg.open_checkpoint(end) for end in pair(tmp_path, seed=seed % 1000))
    groups = layer_groups(base, ["text_model", "vision_model"], groups=2)
    random = np.random.default_rng(seed)
    setting = Setting.of(0.5, {part: float(random.uniform()) for part in dict.fromkeys(groups.values())})
    run_recipe(Recipe.make(recipe_of(base, regional, groups, setting)), tmp_path / "out")
    written = load_file(tmp_path / "out" / "model.safetensors")
    ends = [load_file(checkpoint.folder / "model.safetensors") for checkpoint in (base, regional)]
    assert len(set(groups.values())) == 6
    for name, tensor in written.items():
        beta = setting.of_part(groups.get(name, ""))
        expected = ends[0][name].double() + beta * (ends[1][name].double() - ends[0][name].double())
        np.testing.assert_allclose(tensor.double(), expected, atol=1e-6)
