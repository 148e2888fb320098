"""The config of an adaptation: what each stage is told, each as its own verb takes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from ..curation.translation import TranslationConfig
from ..errors import TrainingError
from ..training.finetune.settings import FinetuneSettings, first_problem, settings_from
from ..training.settings import Count, Settings

Share = Annotated[float, Field(ge=0, le=1)]


class CurateSettings(Settings):
    """Regional quality filtering, as `ggez curate`.

    inputs: files, folders, Hub ids. columns: ours to the inputs' own names. confidence: the least belief that a row is
    of the region. min_reward: the least reward; reward: which model says it ("by=lvlm,model=NAME"), by default the
    embedding model `model`. signals: further ones. limits: bounds that are moved, by column (picture_side: 32).
    near: bits in which near-duplicates differ; none keeps them.
    """

    inputs: Annotated[tuple[str, ...], Field(min_length=1)]
    columns: dict[str, str] = Field(default_factory=dict)
    confidence: Share = 0.5
    min_reward: float | None = None
    reward: str | None = None
    model: str = "demo:siglip/sea"
    signals: tuple[str, ...] = ()
    limits: dict[str, float] = Field(default_factory=dict)
    near: Annotated[int, Field(ge=0, le=16)] | None = 8
    workers: Count | None = None


class SweepSettings(Settings):
    """How β is chosen, as `ggez sweep`: on validation, by GRP, and reported on test."""

    tasks: Annotated[tuple[str, ...], Field(min_length=1)]
    betas: Annotated[tuple[Share, ...], Field(min_length=1)] = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
    keep_global: Share | None = None
    data: dict[str, Path] = Field(default_factory=dict)
    limit: Count | None = None
    alpha: Share | None = None


class AdaptSettings(Settings):
    """An adaptation of `base` to `region`.

    translate: which model translates the kept English captions into which language, as `ggez curate translate` takes
    it; left out, nothing is translated. finetune: as `ggez finetune` takes it, without `model` and `data`; a `columns`
    there renames columns of the curated data. name: of the result, in its card.
    """

    base: str
    region: str = "SEA"
    curate: CurateSettings
    translate: TranslationConfig | None = None
    finetune: dict[str, Any]
    sweep: SweepSettings
    name: str = ""

    def training(self, data: Path) -> dict[str, Any]:
        """The whole config of the fine-tuning on curated data. Raises TrainingError where it can't be."""
        return {"kind": "finetune", **self._finetune(str(data)).model_dump(mode="json")}

    def _finetune(self, data: str) -> FinetuneSettings:
        given = dict(self.finetune)
        if named := [name for name in ("model", "data", "kind") if name in given]:
            raise TrainingError(f"finetune.{named[0]}: is what the stages before give; leave it out")
        columns = given.pop("columns", {})
        source = {"source": data, "columns": columns, "check_images": False}
        return settings_from({**given, "model": self.base, "data": [source]})


def adapt_from(config: Mapping[str, Any]) -> AdaptSettings:
    """A config as settings, all stages' checked. Raises TrainingError in one line."""
    try:
        found = AdaptSettings.model_validate({name: value for name, value in config.items() if name != "kind"})
    except ValidationError as error:
        raise TrainingError(first_problem(error, AdaptSettings)) from None
    found.training(Path("data"))
    return found
