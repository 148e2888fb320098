"""The configs that ship are whole; what is asked of a model while it learns is what a sweep asks; the data exports."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ggez_core.assets import demo_names
from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.demo.world.export import export
from ggez_core.demo.world.mixture import mixture, write_mixture
from ggez_core.errors import Cancelled, OutputError, TrainingError
from ggez_core.evaluation.sweep import sweep
from ggez_core.evaluation.task import TaskInfo
from ggez_core.evaluation.tasks import task as task_of
from ggez_core.evaluation.tracking import Tracker
from ggez_core.progress import Step, silent
from ggez_core.runs.evaluating import Evaluator
from ggez_core.runs.kinds import complete, kind_of, read_config, settings_of
from ggez_core.training.examples import DataSettings, load_examples
from ggez_core.training.loop import Hooks, Logged, train
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


@pytest.mark.parametrize("path", sorted(CONFIGS[0].parent.rglob("*.yaml")), ids=lambda path: path.stem)
def test_models_of_the_hub_are_pinned(path: Path) -> None:
    models = re.findall(r"^\s*(?:- )?(?:model|base): *([\w.-]+/[^\s#]+)", path.read_text("utf-8"), re.MULTILINE)
    assert all(re.search(r"@[0-9a-f]{40}$", model) for model in models)
    assert models or "demo:" in path.read_text("utf-8")


@pytest.fixture(scope="module")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of every regional thing, asked twice."""
    return export(tmp_path_factory.mktemp("world"), pictures=1, captions_each=2)


@pytest.mark.parametrize("path", [p for p in CONFIGS if p.stem.startswith("small-world")], ids=lambda path: path.stem)
def test_the_small_worlds_configs_train_what_ships(path: Path, small_world: Path, tmp_path: Path) -> None:
    config = read_config(path)
    assert config["model"].removeprefix("demo:") in {name.removeprefix("demo:") for name in demo_names()}
    for task in config.get("evaluation", {}).get("tasks", ()):
        assert task_of(task)
    config["data"][0] |= {"source": str(small_world), "limit": 48}
    config["loop"] |= {"steps": 2, "batch": 8, "device": "cpu", "log_every": 1}
    settings = settings_of(config)
    made = kind_of(config).plan(settings, tmp_path / "work", silent)
    log: list[Logged] = []
    ended = train(made.objective, made.order, settings.loop, tmp_path / "run", Hooks(logged=log.append))
    assert ended.model is not None
    assert all(math.isfinite(one.loss) for one in log)
    compared = compare(open_checkpoint(config["model"]), open_checkpoint(ended.model))
    assert compared.compatible
    assert any(part.counts.get("changed") for part in compared.components.values())


def test_the_small_world_is_data_to_train_on(tmp_path: Path) -> None:
    path = export(tmp_path / "world", pictures=1, captions_each=2)
    found = load_examples([DataSettings(source=str(path))], ("text", "group", "question", "answer"))
    assert len(found) == 210  # 105 things
    assert not found.dropped
    assert found.pictures([3])[0].size == (48, 48)
    assert len({*found.column("group")}) == 105
    assert len({*found.column("language")}) > 10
    for row in found.rows:
        assert len(set(row["options"])) == 4
        assert row["answer"] in row["options"]
    with pytest.raises(OutputError, match="exists already"):
        export(tmp_path / "world", pictures=1)


def test_what_the_web_holds_can_be_asked_about(tmp_path: Path) -> None:
    plain, asked = list(mixture(60, seed=2)), list(mixture(60, seed=2, questions=True))
    assert [row | {name: new[name] for name in ("question", "answer", "options")} for row, new in zip(
        plain, asked, strict=True)] == asked  # fmt: skip
    assert all(row["answer"] in row["options"] for row in asked)
    path = write_mixture(tmp_path / "mixed.parquet", 20, questions=True)
    source = DataSettings(source=str(path), check_images=False)
    found = load_examples([source], ("question", "answer"))
    assert found.rows[7]["options"] == list(mixture(20, questions=True))[7]["options"]


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
