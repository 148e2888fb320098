"""The config of a distillation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from ..examples import DataSettings
from ..losses import QUEUE
from ..plan import RunSettings
from ..settings import Count, Positive
from ..students import StudentSettings


class DistillSettings(RunSettings):
    """A distillation of the text encoder of `model`, the teacher, into a student that shares its image tower.

    data: parallel captions (columns `text`, `language`, `text_en`, where the image is a target `image`, where it is
    known `group`), or `demo:world`. objective: a weighted sum of losses, as text ("DR + 0.5 ED@image") or a list of
    mappings with `loss`, `weight`, `target` and parameters. temperature: a language of n captions is seen in a share
    ∝ n^(1/temperature). queue: vectors that DR compares with. source: another checkpoint to make the student of.
    collapse: the alarm is given where the student's variance is below this share of the teacher's.
    """

    data: Annotated[tuple[DataSettings, ...], Field(min_length=1)]
    objective: str | tuple[dict[str, Any], ...] = "DR"
    student: StudentSettings = StudentSettings()
    source: str | None = None
    temperature: Positive = 1.0
    queue: Count = QUEUE
    collapse: Annotated[float, Field(ge=0, le=1)] = 0.2


def settings_from(config: Mapping[str, Any]) -> DistillSettings:
    """A config as settings. Raises TrainingError in one line."""
    from pydantic import ValidationError

    from ...errors import TrainingError
    from ..finetune.settings import first_problem
    from ..losses import parsed

    try:
        found = DistillSettings.model_validate(dict(config))
    except ValidationError as error:
        raise TrainingError(first_problem(error, DistillSettings)) from None
    parsed(found.objective)
    return found
