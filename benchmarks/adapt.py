"""Is what `ggez adapt` exports better than both of its parents, by more than the noise of things and of seeds?

Takes the folders of finished adaptations that differ in their seed alone, and asks the tasks of their config, on test,
of the base, of every regional model and of every exported merge, each at the β that its own validation chose. All are
asked the same, so differences are paired: their 95 % intervals are bootstraps over things of the world; beside them are
t-intervals over the seeds.

    python benchmarks/adapt.py adapted-1 adapted-2 adapted-3 [--limit N]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from finetune import over, shown

from ggez_core.evaluation.aggregate import Measured, Sample, count, parity, quality
from ggez_core.evaluation.folder import read_report
from ggez_core.evaluation.runner import evaluate
from ggez_core.evaluation.task import SIDES

Scores = dict[str, Sample]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adapted", nargs="+", type=Path, help="folders of `ggez adapt`")
    parser.add_argument("--limit", type=int, help="at most so many of the tasks' rows")
    given = parser.parse_args()
    reports = [read_report(folder / "sweep") for folder in given.adapted]
    first = reports[0]
    if any((one.base, one.alpha, one.tasks) != (first.base, first.alpha, first.tasks) for one in reports):
        parser.error("these adaptations have another base, α or tasks than the first")

    def asked(model: str) -> Scores:
        return scores(evaluate(model, [*first.tasks], limit=given.limit).tasks, first.alpha)

    measured = evaluate(first.base, [*first.tasks], limit=given.limit).tasks
    base = scores(measured, first.alpha)
    print(f"base: {said(base)}; n: {', '.join(f'{side} {count(measured, side):,}' for side in SIDES)}", flush=True)
    regional, merged = [], []
    for folder, report in zip(given.adapted, reports, strict=True):
        regional.append(asked(report.regional))
        merged.append(asked(str(folder / "model")))
        beta = (report.constrained or report.best).beta
        print(f"{folder.name}: regional {said(regional[-1])}; merged at β = {beta:g} {said(merged[-1])}", flush=True)
    for of in base:
        print(f"{of}: regional {over([one[of] for one in regional])}; merged {over([one[of] for one in merged])}")
    for name, parents in (("base", [base] * len(merged)), ("regional model", regional)):
        gains = [one["grp"] - parent["grp"] for one, parent in zip(merged, parents, strict=True)]
        print(f"merged: {over(gains, '+.3f')} of GRP over the {name}")


def scores(measured: Sequence[Measured], alpha: float) -> Scores:
    """Of both sides, and their parity."""
    return {side: quality(measured, side) for side in SIDES} | {"grp": parity(measured, alpha)}


def said(of: Scores) -> str:
    """All scores with their intervals."""
    return ", ".join(f"{name} {shown(score.estimate)}" for name, score in of.items())


if __name__ == "__main__":
    main()
