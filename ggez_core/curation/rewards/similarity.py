"""Reward by image-text similarity, on a scale that means the same for every embedding model.

A cosine of .12 is a good match for one SigLIP and a bad one for a CLIP, so a pair is measured against pairs that don't
match: the same picture with captions of other things, a fixed list in the caption's own language (`contrasts`). With m
the median of those cosines and s the distance from there to their 84th percentile (one standard deviation, were they
normal), z = (cos(picture, caption) − m) / s, and the reward is 1 + z, no less than 1 and no more than 5:

    1  no better than a caption of something else
    2  one deviation better, as one in six other captions is
    3  two deviations: what about one in forty other captions reaches by chance
    5  four deviations or more

The scale is ours; it needs no labelled pairs and depends on the row alone, so shards and runs agree. Languages that a
model serves badly score lower than others with the same picture: that is what the model knows of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray

from ..embedder import embedding_model, image_vectors, text_vectors, version
from ..signal import Batch
from . import ONE_TO_FIVE, Scored

_RULES = "1"
_BY_SCRIPT = (("Thai", "th"), ("Lao", "lo"), ("Khmer", "km"), ("Myanmar", "my"), ("Tamil", "ta"), ("Han", "zh"))
_SCRIPTS = [(regex.compile(rf"\p{{Script={name}}}"), language) for name, language in _BY_SCRIPT]


@dataclass(frozen=True)
class Similarity:
    """model: an embedding model's source."""

    model: str

    scale = f"{ONE_TO_FIVE}: 1 + deviations above captions of other things; 3 is reached by 1 in 40 of those"

    @property
    def version(self) -> str:
        """Of the model and the scale."""
        return f"similarity {_RULES} {version(self.model)}"

    def score(self, batch: Batch, rows: Sequence[int]) -> list[Scored]:
        """Scores with their cosines."""
        images, texts = image_vectors(self.model, batch), text_vectors(self.model, batch)
        stated = batch.column("language")
        found = []
        for row in rows:
            cosine = float(images[row] @ texts[row])
            others = contrast_vectors(self.model, language_of(batch.texts[row] or "", stated[row])) @ images[row]
            found.append(Scored(on_scale(cosine, others), raw=cosine))
        return found


def on_scale(cosine: float, others: NDArray[np.float32]) -> float:
    """The reward of a pair from its cosine and those of captions that don't match."""
    middle, above = np.quantile(others, (0.5, 0.8413))
    deviations = (cosine - middle) / max(above - middle, 1e-6)
    return float(np.clip(1 + deviations, 1, 5))


def language_of(text: str, stated: Any) -> str:
    """In which of the contrasts' languages a caption is: by its script, else as stated, else English."""
    for script, language in _SCRIPTS:
        if script.search(text[:200]):
            return language
    code = str(stated or "").lower().partition("-")[0]
    return code if code in contrasts() else "en"


@cache
def contrasts() -> Mapping[str, tuple[str, ...]]:
    """Captions of other things, by language: one for every thing of the small world that has a name there."""
    from ...demo.world.registry import concepts
    from ...demo.world.templates import LANGUAGES, captions

    return {
        language: tuple(captions(c.names[language], language, "train")[1] for c in concepts() if language in c.names)
        for language in LANGUAGES
    }


@cache
def contrast_vectors(model: str, language: str) -> NDArray[np.float32]:
    """Their unit vectors (n, d)."""
    vectors: NDArray[np.float32] = embedding_model(model).encode_texts(contrasts()[language]).numpy()
    return vectors


def reward_model(*, model: str, **_: Any) -> Similarity:
    """From the settings of `Reward`."""
    return Similarity(model)
