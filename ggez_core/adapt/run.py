"""The stages of an adaptation in their order, each resumed where it was, or skipped where nothing of it changed.

`curated/`, `data/`, `training/` (a run of its own), `sweep/` and `model/` lie in the adaptation's folder.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checkpoints import open_checkpoint
from ..errors import TrainingError
from ..locks import alone_in
from ..progress import Progress, Step, silent
from ..runs import RunFolder, resume, start
from .settings import AdaptSettings
from .stages import Stages, key_of

if TYPE_CHECKING:
    from ..evaluation.report import SweepReport

NAMES = ("curate", "translate", "finetune", "sweep", "export")
_LOOK = 0.3  # seconds between two looks at the training


@dataclass(frozen=True)
class Adapted:
    """The outcome. made: stages that did something; the others were as they should be. rows: curated ones."""

    model: Path
    beta: float
    made: tuple[str, ...]
    report: SweepReport

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "model": str(self.model), "beta": self.beta, "made": list(self.made),
            "test": [choice.as_dict() for choice in self.report.test], "notes": list(self.report.notes),
        }  # fmt: skip


def adapt(
    settings: AdaptSettings,
    folder: Path,
    *,
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda line: None,
) -> Adapted:
    """Adapt the base to the region in `folder`; the same call again goes on, or finds everything done.

    tell: is told in a line what each stage did. Raises what the stages raise: GgezError for input that can't be used.
    """
    folder = folder.absolute()
    with alone_in(folder, "adaptation"):
        return _Adaptation(settings, folder, progress, tell).run()


class _Adaptation:
    def __init__(self, settings: AdaptSettings, folder: Path, progress: Progress, tell: Callable[[str], None]) -> None:
        self.settings, self.folder, self.progress, self.tell = settings, folder, progress, tell
        self.stages = Stages(folder)
        self.made: list[str] = []
        self.keys = self._keys()

    def _keys(self) -> dict[str, str]:
        asked = self.settings
        base = open_checkpoint(asked.base)
        curate = {"region": asked.region, **asked.curate.model_dump()}
        translate = asked.translate.model_dump() if asked.translate else None
        settings: dict[str, tuple[dict[str, Any], list[str | Path]]] = {
            "curate": (curate, list(asked.curate.inputs)),
            "translate": ({"translate": translate}, []),
            "finetune": (asked.training(self.folder / "data"), [base.folder]),
            "sweep": ({"region": asked.region, **asked.sweep.model_dump()}, list(asked.sweep.data.values())),
            "export": ({"name": asked.name}, []),
        }
        found, before = {}, ""
        for stage in NAMES:
            before = found[stage] = key_of(before, *settings[stage])
        return found

    def run(self) -> Adapted:
        """All stages."""
        self._stage("curate", self._curate, keeps="curated")
        self._stage("translate", self._translate, "data")
        self._stage("finetune", self._finetune, "training")
        report = self._sweep()
        beta = (report.constrained or report.best).beta
        self._stage("export", lambda: self._export(beta), "model")
        return Adapted(self.folder / "model", beta, tuple(self.made), report)

    def _stage(self, name: str, work: Callable[[], str], output: str = "", keeps: str = "") -> None:
        """Do a stage unless it is done. output: its folder, which goes where it was made from something else; keeps:
        one that the stage itself knows how to bring up to date."""
        key = self.keys[name]
        if self.stages.done_with(name) == key and (self.folder / (output or keeps)).exists():
            self.tell(f"{name}: unchanged")
            return
        if self.stages.begun_with(name) != key:
            if output:
                self._forget(self.folder / output)
            self.stages.begin(name, key)
        said = work()
        self.stages.finish(name, key)
        self.made.append(name)
        self.tell(f"{name}: {said}")

    def _forget(self, folder: Path) -> None:
        """Remove a stage's folder. Raises TrainingError where a training is still at work in it."""
        if (folder / "status.json").is_file() and RunFolder(folder).status.alive:
            raise TrainingError(
                f"{folder}: a training with other settings is at work; stop it: ggez runs stop {folder}"
            )
        shutil.rmtree(folder, ignore_errors=True)

    def _curate(self) -> str:
        from ..curation.curate import QUALITY, REGIONAL, curate
        from ..curation.cut import READABLE, Cut
        from ..curation.limits import Limit
        from ..curation.quality import quality_limits

        asked = self.settings.curate
        signals = [*REGIONAL, *QUALITY, *asked.signals]
        try:
            limits = (*READABLE, *quality_limits(**asked.limits))
        except KeyError as error:
            raise TrainingError(
                f"curate.limits: {error} has no bound that can be moved; see ggez curate --help"
            ) from None
        if asked.min_reward is not None or asked.reward is not None:
            signals.append(f"reward:{asked.reward}" if asked.reward else f"reward:model={asked.model}")
        if asked.min_reward is not None:
            limits = (*limits, Limit("low reward", "reward", at_least=asked.min_reward))
        cut = Cut(self.settings.region, asked.confidence, limits, asked.near)
        found = curate(
            asked.inputs, self.folder / "curated", signals=signals, cut=cut, names=asked.columns,
            workers=asked.workers, progress=self.progress,
        )  # fmt: skip
        if not found.summary.kept:
            raise TrainingError(
                f"curate: none of {found.summary.rows:,} rows is kept; see {found.dropped}, or ask for less confidence"
            )
        return f"{found.summary.kept:,} of {found.summary.rows:,} rows are kept"

    def _translate(self) -> str:
        from ..curation.publish import publish_curation

        curated, said = self.folder / "curated", "nothing to translate"
        if self.settings.translate is not None:
            from ..curation.translation.kept import translate_kept

            found = translate_kept(curated, self.settings.translate, progress=self.progress).found
            said = f"{len(found.good):,} translations, {len(found.failed):,} that failed"
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        written = publish_curation(curated, self.folder / "data", name=self.settings.name, progress=self.progress)
        return f"{said}; {written.rows:,} rows to train on"

    def _finetune(self) -> str:
        """A run of its own: it goes on where this process ends, and is followed again by the next one."""
        place = self.folder / "training"
        run = RunFolder(place) if (place / "status.json").is_file() else None
        if run is None:
            shutil.rmtree(place, ignore_errors=True)
            run = start(self.settings.training(self.folder / "data"), place)
        elif not run.status.alive and run.status.state != "finished":
            run = resume(run)
        while (status := run.status).alive:
            self.progress(
                Step(status.step, max(status.steps, 1), "steps", f"fine-tuning: {status.message or status.state}")
            )
            time.sleep(_LOOK)
        if status.state != "finished":
            why = status.message or "it was stopped"
            raise TrainingError(f"finetune: {status.state} at step {status.step:,}: {why}; the same command goes on")
        return f"{status.steps:,} steps"

    @property
    def _regional(self) -> Path:
        models = RunFolder(self.folder / "training").models
        return models.get("best") or models["model"]

    def _sweep(self) -> SweepReport:
        """Always asked: what was measured is kept by the sweep itself, which knows what changed."""
        from ..evaluation.folder import write_report
        from ..evaluation.sweep import sweep

        key, asked = self.keys["sweep"], self.settings.sweep
        place = self.folder / "sweep"
        done = self.stages.done_with("sweep") == key
        if self.stages.begun_with("sweep") != key:
            self._forget(place)
            self.stages.begin("sweep", key)
        report = sweep(
            self.settings.base, self._regional, asked.betas, asked.tasks, alpha=asked.alpha,
            region=self.settings.region, keep_global=asked.keep_global, output=place, data=asked.data or None,
            limit=asked.limit, progress=self.progress,
        )  # fmt: skip
        if done:
            self.tell("sweep: unchanged")
            return report
        write_report(report, place)
        self.stages.finish("sweep", key)
        self.made.append("sweep")
        self.tell(f"sweep: β = {(report.constrained or report.best).beta:g} is chosen of {len(report.curve)}")
        return report

    def _export(self, beta: float) -> str:
        from ..merging import merge
        from ..publishing import Cost, write_card

        target = self.folder / "model"
        shutil.rmtree(target, ignore_errors=True)
        done = merge(self.settings.base, self._regional, beta, target, progress=self.progress)
        took = Cost("the merge", done.seconds)
        write_card(target, sweep=self.folder / "sweep", name=self.settings.name or None, took=took)
        return f"{target} at β = {beta:g}, with its card"
