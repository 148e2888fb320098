"""Multiple choice by similarity: pure functions of embeddings.

An embedding model chooses the option whose text, after the question, is nearest to the image. Of equal scores the first
option wins, so only ties depend on the options' order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_AT_ONCE = 1024  # rows whose options' vectors are gathered together


def padded(options: Sequence[Sequence[int]]) -> Ints:
    """Lists of text numbers, one a row, as one array (rows, most options), filled up with −1."""
    table = np.full((len(options), max(map(len, options), default=1)), -1, np.int64)
    for row, texts in enumerate(options):
        table[row, : len(texts)] = texts
    return table


def option_scores(images: Floats, texts: Floats, options: Ints) -> Floats:
    """cos(image, option) of every row: images (rows, d), texts (n, d), options (rows, m) as of `padded`.

    All vectors of unit length. Returns (rows, m), −∞ where a row has no such option.
    """
    if len(images) != len(options):
        raise DataError(f"{len(images)} images are given for {len(options)} rows of options; give one a row")
    scores = np.empty(options.shape, np.float32)
    for start in range(0, len(options), _AT_ONCE):
        some = options[start : start + _AT_ONCE]
        scores[start : start + len(some)] = np.einsum("rd,rmd->rm", images[start : start + len(some)], texts[some])
    return np.where(options < 0, np.float32(-np.inf), scores)


def text_only_scores(images: Floats, texts: Floats, options: Ints) -> Floats:
    """The same without looking: every row's image is the mean of all images (n, d), so that only texts differ.

    What is right by these scores is right because of how the options are worded: the text-only prior (a definition of
    ours; METHOD.md section 3 asks for the prior without giving a formula).
    """
    mean = images.mean(axis=0, keepdims=True)
    return option_scores(np.repeat(mean, len(options), axis=0), texts, options)


def chosen(scores: Floats) -> Ints:
    """The option with the highest score, the first of equals: (rows,)."""
    first: Ints = scores.argmax(axis=1)
    return first


def chance(options: Ints) -> NDArray[np.float64]:
    """How often a random answer is right: 1 / number of options of each row, (rows,)."""
    counts = (options >= 0).sum(axis=1)
    if (counts == 0).any():
        raise DataError(f"row {int(np.flatnonzero(counts == 0)[0])} has no options")
    found: NDArray[np.float64] = 1.0 / counts
    return found
