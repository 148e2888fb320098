"""A sweep of β on one task: the live model moves, the task is asked again.

β is chosen on validation and reported on test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..checkpoints import open_checkpoint
from ..families.embedding import EmbeddingModel, load_embedding
from ..merging import LiveModel
from ..progress import Progress, Step, silent
from .intervals import cluster_mean_interval, cluster_ratio_interval
from .parity import Point, choose, grp
from .rows import Score
from .tasks.world_retrieval import Query, WorldRetrieval, rows, score, side_hits

GRID = (0.0, 0.25, 0.5, 0.75, 1.0)  # what the paper tries for embedding models, and both ends
Ask = Callable[[float], list[Query]]


@dataclass(frozen=True)
class Measured:
    """A model merged at β, measured on test: Q of both sides with n queries and 95 % intervals, and GRP."""

    name: str
    beta: float
    q_global: float
    global_interval: tuple[float, float]
    n_global: int
    q_regional: float
    regional_interval: tuple[float, float]
    n_regional: int
    grp: float
    global_kept: float
    global_kept_interval: tuple[float, float]
    regional_gain: float
    regional_gain_interval: tuple[float, float]


@dataclass(frozen=True)
class SweepReport:
    """The curve on validation, the two choices of β made on it, and both ends and both choices measured on test."""

    base: str
    regional: str
    alpha: float
    keep_global: float
    curve: tuple[Point, ...]
    best: Point
    constrained: Point
    test: tuple[Measured, ...]
    rows: tuple[Score, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report, ready for JSON."""
        curve = [asdict(p) | {"grp": p.grp(self.alpha)} for p in self.curve]
        return asdict(self) | {"curve": curve, "best": self.best.beta, "constrained": self.constrained.beta}


def sweep_world(
    base: str,
    regional: str,
    alpha: float,
    *,
    betas: Sequence[float] = GRID,
    keep_global: float = 0.98,
    progress: Progress = silent,
) -> SweepReport:
    """Sweep two embedding checkpoints on the small world's retrieval.

    keep_global: the constrained choice is made among the β that keep this share of the base's global score.
    """
    base_checkpoint, regional_checkpoint = open_checkpoint(base), open_checkpoint(regional)
    model = load_embedding(base_checkpoint)
    live = LiveModel(model.model, base_checkpoint, regional_checkpoint)
    total, done = len(betas) + 4, 0
    validation = _asker(model, live, "validation")
    curve = []
    for beta in betas:
        progress(Step(done, total, "points", f"validation, β = {beta:g}"))
        queries = validation(beta)
        curve.append(Point(beta, score(queries, "global"), score(queries, "regional")))
        done += 1
    best, constrained = choose(curve, alpha), choose(curve, alpha, keep_global)
    test = _asker(model, live, "test")
    chosen = {
        "base": 0.0,
        f"keeps {keep_global:.0%} of global": constrained.beta,
        "best GRP": best.beta,
        "regional": 1.0,
    }
    answers: dict[str, list[Query]] = {}
    for name, beta in chosen.items():
        progress(Step(done, total, "points", f"test, {name}"))
        answers[name] = test(beta)
        done += 1
    measured = tuple(_measure(name, chosen[name], found, answers["base"], alpha) for name, found in answers.items())
    found_rows = tuple(r for name, found in answers.items() for r in rows(found, name, chosen[name], "test"))
    return SweepReport(base, regional, alpha, keep_global, tuple(curve), best, constrained, measured, found_rows)


def _asker(model: EmbeddingModel, live: LiveModel, split: Any) -> Ask:
    task = WorldRetrieval.prepare(model, split)

    def ask(beta: float) -> list[Query]:
        live.set_beta(beta)
        return task.ask(model)

    return ask


def _measure(name: str, beta: float, queries: list[Query], base: list[Query], alpha: float) -> Measured:
    world, world_clusters = side_hits(queries, "global")
    region, region_clusters = side_hits(queries, "regional")
    base_world, base_region = side_hits(base, "global")[0], side_hits(base, "regional")[0]
    q_global, q_regional = float(world.mean()), float(region.mean())
    return Measured(
        name=name,
        beta=beta,
        q_global=q_global,
        global_interval=cluster_mean_interval(world, world_clusters),
        n_global=len(world),
        q_regional=q_regional,
        regional_interval=cluster_mean_interval(region, region_clusters),
        n_regional=len(region),
        grp=grp(q_global, q_regional, alpha),
        global_kept=q_global / float(base_world.mean()),
        global_kept_interval=cluster_ratio_interval(world, base_world, world_clusters),
        regional_gain=q_regional / float(base_region.mean()) - 1,
        regional_gain_interval=_minus_one(cluster_ratio_interval(region, base_region, region_clusters)),
    )


def _minus_one(interval: tuple[float, float]) -> tuple[float, float]:
    return interval[0] - 1, interval[1] - 1
