"""Looking for better weights than a grid of β has: a finer β, a β for each component, a β for each group of layers.

All of it is judged on the splits for choosing. What was measured is kept, and every search draws from a fixed seed, so
one that is stopped and started again measures the same settings and finds them answered.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .curve import Watch
from .field import Field
from .setting import BASE, Setting

Floats = NDArray[np.floating[Any]]
STEP = 0.01  # no finer β is asked
PART_STEP = 0.05  # nor for parts: coarser values come up again, and what they share is kept
SIGMA = 0.2  # how far from the best single β the parts start to look
PATIENCE = 4  # generations without a better setting
SEED = 0
LENGTHS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.5)  # of the smooth surface through GRP over β
JITTERS = (1e-4, 1e-3, 1e-2, 1e-1)  # its noise, as a share of its variance


@dataclass(frozen=True)
class Search:
    """What to look for beyond the grid. budget: how many settings each search may measure."""

    refine: bool = True
    per_component: bool = False
    per_layer: bool = False
    budget: int = 60


@dataclass(frozen=True)
class Goal:
    """What is wanted of a setting: the highest GRP, among those that keep a share of the base's global score."""

    field: Field
    keep_global: float | None = None
    keep_by: str = "interval"

    def kept(self, setting: Setting) -> bool:
        """Whether a setting keeps as much as is asked."""
        return self._short(setting) <= 0

    def worth(self, setting: Setting) -> float:
        """GRP, or less than any where too little is kept: the less is kept, the less."""
        short = self._short(setting)
        return self.field.parity(setting).value if short <= 0 else self.field.parity(BASE).value - 1 - short

    def _short(self, setting: Setting) -> float:
        """By how much the share that is kept is too small; 0 or less where it isn't."""
        if self.keep_global is None or setting == BASE:
            return 0.0
        kept = self.field.kept(setting)
        return self.keep_global - (kept.low if self.keep_by == "interval" else kept.value)


def refine(goal: Goal, grid: Sequence[float], budget: int, watch: Watch) -> tuple[list[float], str]:
    """β beyond the grid, measured while one is expected to gain more than the noise; and why it stopped.

    Expected improvement of a Gaussian process through GRP over β. The noise is the standard error of the paired
    difference between the two best β so far: a gain below it couldn't be told from none.
    """
    measured, added = sorted(grid), list[float]()
    while True:
        worth = [goal.worth(Setting(beta)) for beta in measured]
        order = sorted(range(len(measured)), key=lambda i: -worth[i])
        first, second = (Setting(measured[i]) for i in order[:2])
        noise = (goal.field.parity(first) - goal.field.parity(second)).error
        found = _most_promising(goal, measured, first.beta)
        if found is None:
            return added, f"every β within {STEP:g} of the best is measured"
        beta, gain = found
        if gain <= max(noise, 1e-6):
            return added, f"another β is expected to gain {gain:.4f}, less than the noise of {noise:.4f}"
        if len(added) >= budget:
            return added, f"the budget of {budget} settings is used up"
        watch(goal.field.curve_point(beta))
        added.append(beta)
        measured = sorted([*measured, beta])


def _most_promising(goal: Goal, measured: Sequence[float], best: float) -> tuple[float, float] | None:
    """The next β to measure and what it is expected to gain."""
    values = np.array([goal.field.parity(Setting(beta)).value for beta in measured])
    free = np.array(
        [b for b in np.round(np.arange(0, 1 + STEP / 2, STEP), 6) if min(abs(b - m) for m in measured) >= STEP / 2]
    )
    if goal.keep_global is not None:  # between the best that keeps enough and the next that doesn't
        above = [beta for beta in measured if beta > best and not goal.kept(Setting(beta))]
        edge = min(above, default=1.0)
        free = free[free < edge]
        if above:
            inside = free[free > best]
            if not len(inside):
                return None
            middle = float(inside[len(inside) // 2])
            mean, _ = smooth(np.array(measured), values, np.array([edge, best]))
            return middle, float(mean[0] - mean[1])
    if not len(free):
        return None
    gains = expected_gains(np.array(measured), values, free)
    at = int(gains.argmax())
    return float(free[at]), float(gains[at])


def expected_gains(x: Floats, y: Floats, at: Floats) -> Floats:
    """Expected improvement at `at` over the best of the smooth curve through the measured points."""
    mean, deviation = smooth(x, y, at)
    best = smooth(x, y, x)[0].max()
    z = (mean - best) / np.maximum(deviation, 1e-12)
    below = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in z])
    density = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    gains: Floats = (mean - best) * below + deviation * density
    return gains


def smooth(x: Floats, y: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation at `at` of the Gaussian process through (x, y) of the largest marginal likelihood.

    x, at: (n,) and (m,), or (n, d) and (m, d).
    """
    centre, spread = y.mean(), y.std() or 1.0
    z = (y - centre) / spread
    best: tuple[float, float, float, Floats] | None = None
    for length in LENGTHS:
        for jitter in JITTERS:
            lower: Floats = np.linalg.cholesky(_kernel(x, x, length) + jitter * np.eye(len(x)))
            solved = np.linalg.solve(lower, z)
            scale = float(solved @ solved) / len(x)
            likelihood = -0.5 * len(x) * math.log(max(scale, 1e-12)) - float(np.log(np.diag(lower)).sum())
            if best is None or likelihood > best[0]:
                best = (likelihood, length, scale, lower)
    assert best is not None
    _, length, scale, lower = best
    across = np.linalg.solve(lower, _kernel(x, at, length))
    mean = across.T @ np.linalg.solve(lower, z)
    variance = scale * np.maximum(1 - (across**2).sum(axis=0), 0)
    return centre + spread * mean, spread * np.sqrt(variance)


def _kernel(x: Floats, y: Floats, length: float) -> Floats:
    apart = x.reshape(len(x), 1, -1) - y.reshape(1, len(y), -1)
    kernel: Floats = np.exp(-0.5 * (apart**2).sum(axis=-1) / length**2)
    return kernel


def search_parts(
    goal: Goal, parts: Sequence[str], start: float, budget: int, told: Callable[[int], None] = lambda measured: None
) -> tuple[Setting, int]:
    """The best setting of these parts' own β that CMA-ES finds from one β for all; and how many were measured.

    The best of all that were measured is where the smooth surface through them is highest, not the luckiest one.
    told: called with the settings measured so far. Needs two parts or more.
    """
    from cmaes import CMA

    bounds = np.array([[0.0, 1.0]] * len(parts))
    strategy = CMA(mean=np.full(len(parts), start), sigma=SIGMA, bounds=bounds, seed=SEED)
    best = Setting(start)
    seen: set[Setting] = {best}
    idle = 0
    while idle < PATIENCE and not strategy.should_stop():
        before = best
        generation = []
        for _ in range(strategy.population_size):
            point = strategy.ask()
            own = (round(round(value / PART_STEP) * PART_STEP, 6) for value in point)
            setting = Setting.of(start, dict(zip(parts, own, strict=True)))
            if setting not in seen and len(seen) > budget:
                return _highest(goal, parts, seen), len(seen) - 1
            seen.add(setting)
            worth = goal.worth(setting)
            told(len(seen) - 1)
            generation.append((point, -worth))
            if worth > goal.worth(best):
                best = setting
        strategy.tell(generation)
        idle = 0 if best != before else idle + 1
    return _highest(goal, parts, seen), len(seen) - 1


def _highest(goal: Goal, parts: Sequence[str], measured: Iterable[Setting]) -> Setting:
    """The setting at which the smooth surface through all that keep enough is highest."""
    kept = sorted(setting for setting in measured if goal.kept(setting))
    x = np.array([[setting.of_part(part) for part in parts] for setting in kept])
    y = np.array([goal.field.parity(setting).value for setting in kept])
    return kept[int(smooth(x, y, x)[0].argmax())] if kept else BASE
