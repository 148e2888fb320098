"""How well images fit texts by an embedding model: CLIP-score and the plain cosine. Pure functions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError

WEIGHT = 2.5  # Hessel et al. 2021, section 3: stretches the scores that occur to about 0 … 1


def image_text_cosines(image_embeddings: ArrayLike, text_embeddings: ArrayLike) -> NDArray[np.float64]:
    """cos(image, its text) of every pair: (n, d) and (n, d) of any length → (n,) in [−1, 1].

    Raises DataError for shapes that differ, or vectors that are zero or not finite.
    """
    images, texts = np.asarray(image_embeddings, np.float64), np.asarray(text_embeddings, np.float64)
    if images.shape != texts.shape or images.ndim != 2:
        raise DataError(
            f"images are {images.shape}, texts {texts.shape}; give one vector of each a pair, of one length"
        )
    lengths = np.linalg.norm(images, axis=1) * np.linalg.norm(texts, axis=1)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        raise DataError("some embeddings are zero, NaN or infinite; check the checkpoint with `ggez inspect`")
    cosines: NDArray[np.float64] = np.einsum("nd,nd->n", images, texts) / lengths
    return cosines


def clip_scores(image_embeddings: ArrayLike, text_embeddings: ArrayLike, weight: float = WEIGHT) -> NDArray[np.float64]:
    """CLIP-S(image, text) = weight · max(cos(image, text), 0) of every pair: (n, d), (n, d) → (n,).

    Hessel, Holtzman, Forbes, Le Bras, Choi 2021 (arXiv 2104.08718, equation of section 3), whose weight is 2.5. There
    texts begin with "A photo depicts " and the model is CLIP ViT-B/32: numbers of other models aren't comparable.
    Raises DataError as `image_text_cosines` does.
    """
    scores: NDArray[np.float64] = weight * np.maximum(image_text_cosines(image_embeddings, text_embeddings), 0)
    return scores
