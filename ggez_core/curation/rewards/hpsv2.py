"""Human Preference Score v2 (Wu et al. 2023, arXiv 2306.09341): a CLIP ViT-H/14 that was tuned on people's choices.

Its score is the cosine of picture and caption, about .2 to .35, higher for what people prefer; so it is run as the
open_clip model that it is. The `hpsv2` package isn't needed, and can't be installed beside this one: it wants
protobuf < 4 and a certain pytest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import CheckpointError
from ..embedder import image_vectors, text_vectors, version
from ..signal import Batch
from . import Scored


@dataclass(frozen=True)
class HumanPreference:
    """model: a folder with `HPS_v2.1_compressed.pt` and the config of open_clip's ViT-H-14 beside it."""

    model: str

    scale = "HPSv2's own: a cosine, mostly .2 to .35; compare scores of the same prompt"

    @property
    def version(self) -> str:
        """Of the model."""
        return f"hpsv2 {version(self.model)}"

    def score(self, batch: Batch, rows: Sequence[int]) -> list[Scored]:
        """Cosines."""
        images, texts = image_vectors(self.model, batch), text_vectors(self.model, batch)
        return [Scored(float(images[row] @ texts[row])) for row in rows]


def reward_model(*, model: str, **_: Any) -> HumanPreference:
    """From the settings of `Reward`. Raises CheckpointError where no model is named."""
    if not model:
        raise CheckpointError(
            "reward by=hpsv2: where its weights are isn't said; put HPS_v2.1_compressed.pt (xswu/HPSv2) into a folder "
            "as open_clip_pytorch_model.bin, ViT-H-14's open_clip_config.json beside it, and add model=FOLDER"
        )
    return HumanPreference(model)
