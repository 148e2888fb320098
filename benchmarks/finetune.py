"""Is what `ggez finetune` makes of a shipped base as good as the shipped regional model, and merges it as well?

Asks the family's task of the small world, on test, of the shipped regional checkpoint and of every fine-tuned one that
is named (a run's folder, or a model's), of one config with several seeds; then of each merged with the base at the β
that has the best GRP on validation. All are asked the same, so differences are paired: their 95 % intervals are
bootstraps over things of the world, and where there are several seeds, t-intervals over the seeds beside them. With
--beta all are merged at that β, such as the one that was chosen for the shipped pair, and validation isn't asked.

    python benchmarks/finetune.py siglip runs/finetune-demo-siglip-base-1 … [--limit N] [--beta 0.75] [--work DIR]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import ggez_core as gg
from ggez_core.cli.demo import FAMILIES
from ggez_core.evaluation.aggregate import Estimate, Measured, Sample, count, parity, quality
from ggez_core.evaluation.runner import evaluate
from ggez_core.evaluation.task import SIDES
from ggez_core.runs import RunFolder
from ggez_core.study.compare import Interval

BETAS = "0,0.1,0.25,0.5,0.75,1"


class Asked:
    """A regional checkpoint and its best merge on test. gain: of the merge's GRP over that of the better parent."""

    def __init__(self, name: str, model: str, given: argparse.Namespace, work: Path, base: Sequence[Measured]) -> None:
        source, task = f"demo:{given.family}/base", FAMILIES[given.family]
        alpha = gg.alpha("SEA").value
        place = work / name
        self.beta = given.beta
        if self.beta is None:
            betas = [float(beta) for beta in given.betas.split(",")]
            self.beta = gg.sweep(source, model, betas, [task], limit=given.limit, output=place / "sweep").best.beta
        alone = evaluate(model, [task], limit=given.limit, output=place / "alone.jsonl").tasks
        if not (merged := place / f"merged-{self.beta:g}").exists():
            gg.merge(source, model, self.beta, merged)
        best = evaluate(merged, [task], limit=given.limit, output=place / "merged.jsonl").tasks
        self.n = {side: count(alone, side) for side in SIDES}
        self.scores = {side: quality(alone, side) for side in SIDES} | {"grp": parity(best, alpha)}
        parents = (parity(base, alpha), parity(alone, alpha))
        self.gain = self.scores["grp"] - max(parents, key=lambda parent: parent.value)
        print(
            f"{name}: " + ", ".join(f"{of} {shown(sample.estimate)}" for of, sample in self.scores.items())
            + f" at β = {self.beta:g}, {shown(self.gain.estimate, '+.3f')} over the better parent",
            flush=True,
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=[*FAMILIES])
    parser.add_argument("models", nargs="+", help="folders of runs, or of models")
    parser.add_argument("--limit", type=int, help="at most so many of the task's rows")
    parser.add_argument("--betas", default=BETAS)
    parser.add_argument("--beta", type=float, help="merge all at this one")
    parser.add_argument("--work", type=Path, help="keeps the answers: what was asked once isn't asked again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = given.work or Path(folder)
        base = evaluate(
            f"demo:{given.family}/base", [FAMILIES[given.family]], limit=given.limit, output=work / "base.jsonl"
        ).tasks
        shipped = Asked("shipped", f"demo:{given.family}/sea", given, work, base)
        ours = [Asked(f"seed-{at}", result(Path(model)), given, work, base) for at, model in enumerate(given.models)]
    print(f"n: {', '.join(f'{side} {number:,}' for side, number in shipped.n.items())}; seeds: {len(ours)}")
    for of in shipped.scores:
        differences = [one.scores[of] - shipped.scores[of] for one in ours]
        print(f"{of}: {over(differences, '+.3f')} against the shipped")
    print(f"best merge: {over([one.gain for one in ours], '+.3f')} over the better parent")


def result(model: Path) -> str:
    """A run's result: the model that it ended with."""
    return str(RunFolder(model).models["model"] if (model / "events.jsonl").is_file() else model)


def over(samples: Sequence[Sample], form: str = ".3f") -> str:
    """The mean over seeds, with its interval over things, and over the seeds where there are several."""
    whole = (1 / len(samples)) * sum(samples[1:], samples[0])
    said = f"{shown(whole.estimate, form)} over things"
    if len(samples) > 1:
        seeds = Interval.of([one.value for one in samples])
        said += f", [{seeds.low:{form}}, {seeds.high:{form}}] over seeds"
    return said


def shown(estimate: Estimate, form: str = ".3f") -> str:
    """A number with its interval."""
    return f"{estimate.value:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"


if __name__ == "__main__":
    main()
