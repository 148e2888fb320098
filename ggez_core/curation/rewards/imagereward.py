"""ImageReward (Xu et al. 2023, arXiv 2304.05977), by its own package where that is installed.

The package pins timm 0.6 and can't be installed beside open_clip 3, so no extra names it: install it into an
environment of its own together with this one's core, or serve a model and use by=endpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ...errors import CheckpointError
from ..signal import Batch
from . import Scored

NAME = "ImageReward-v1.0"


@dataclass(frozen=True)
class ByImageReward:
    """model: a name or a file that the package loads."""

    model: str = NAME

    scale = "ImageReward's own: standardised, about −2 to 2, 0 for an average picture of the prompt"

    @property
    def version(self) -> str:
        """Of the model's name."""
        return f"imagereward {self.model}"

    def score(self, batch: Batch, rows: Sequence[int]) -> list[Scored]:
        """The package's scores."""
        model = _loaded(self.model)
        return [Scored(float(model.score(batch.texts[row], batch.images[row]))) for row in rows]


@cache
def _loaded(name: str) -> Any:
    try:
        import ImageReward
    except ImportError as error:
        raise CheckpointError(
            f"reward by=imagereward: the package image-reward can't be imported ({error}); it pins timm 0.6, so "
            "install it into an environment of its own, or use by=similarity, by=lvlm or by=endpoint"
        ) from None
    return ImageReward.load(name)


def reward_model(*, model: str, **_: Any) -> ByImageReward:
    """From the settings of `Reward`."""
    return ByImageReward(model or NAME)
