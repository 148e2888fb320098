"""The configs that ship are whole; what is asked of a model while it learns is what a sweep asks; the data exports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ggez_core.demo.world.export import export
from ggez_core.errors import Cancelled, OutputError, TrainingError
from ggez_core.evaluation.sweep import sweep
from ggez_core.evaluation.task import TaskInfo
from ggez_core.evaluation.tracking import Tracker
from ggez_core.progress import Step
from ggez_core.runs.evaluating import Evaluator
from ggez_core.runs.kinds import complete, read_config
from ggez_core.training.examples import DataSettings, load_examples
from tests.tiny_pairs import Pairs, pair

CONFIGS = sorted((Path(__file__).parents[2] / "assets" / "configs").glob("*.yaml"))


class OneSided(Pairs):
    """A task that scores the global side alone."""

    @property
    def info(self) -> TaskInfo:
        return replace(super().info, sides=("global",))


class Reporter:
    """What an evaluation tells a run."""

    def __init__(self) -> None:
        self.told: list[Step] = []
        self.stopping = False

    def evaluating(self, step: Step) -> None:
        self.told.append(step)

    def asked_to_stop(self) -> bool:
        return self.stopping


def test_a_checkpoint_is_chosen_by_the_grp_of_its_best_merge(tmp_path: Path) -> None:
    base, trained = pair(tmp_path)
    reporter: Any = Reporter()
    evaluator = Evaluator(Tracker(base, [Pairs(count=12)], tmp_path / "work", alpha=0.4), [0.5], reporter)
    assert reporter.told  # the base was asked already
    found = evaluator(trained, 7)
    assert [point["beta"] for point in found.curve] == [0.0, 0.5, 1.0]
    grps = [0.4 * point["q_global"] + 0.6 * point["q_regional"] for point in found.curve]
    assert found.score == pytest.approx(max(grps[1:]))
    assert {(row["side"], row["beta"]) for row in found.rows} >= {("global", 1.0), ("regional", 0.5)}
    reporter.stopping = True
    with pytest.raises(Cancelled):
        evaluator(base, 8)
    with pytest.raises(TrainingError, match="name tasks of both sides"):
        Evaluator(Tracker(base, [OneSided()], tmp_path / "other"), [], reporter)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_config_is_whole(path: Path) -> None:
    whole = complete(read_config(path))
    assert whole == complete(whole)
    assert whole["loop"]["learning_rate"] > 0


def test_the_small_world_is_data_to_train_on(tmp_path: Path) -> None:
    path = export(tmp_path / "world", pictures=1, captions_each=2)
    found = load_examples([DataSettings(source=str(path))], ("text", "group", "question", "answer"))
    assert len(found) == 210  # 105 things
    assert not found.dropped
    assert found.pictures([3])[0].size == (48, 48)
    assert len({*found.column("group")}) == 105
    assert len({*found.column("language")}) > 10
    with pytest.raises(OutputError, match="exists already"):
        export(tmp_path / "world", pictures=1)


def test_what_is_asked_while_it_learns_is_what_a_sweep_asks(tmp_path: Path) -> None:
    base, trained = pair(tmp_path)
    tasks = [Pairs(count=12)]
    tracker = Tracker(base, tasks, tmp_path / "work", alpha=0.4)
    points, rows = tracker.points(trained, [0.5])
    report = sweep(base, trained, [0.5], tasks, alpha=0.4)
    assert [p.beta for p in points] == [0.0, 0.5, 1.0]
    assert [p.as_dict(0.4) for p in points] == [p.as_dict(0.4) for p in report.curve]
    assert rows
    again, _ = tracker.points(base)
    assert [p.as_dict(0.4) | {"beta": 0.0} for p in again] == [points[0].as_dict(0.4)] * 2
