"""How near a picture is to reference pictures of each country, against pictures of no country.

A country's score is the mean of the k largest cosines with its references, not of all: a mean favours pictures that are
a little like everything. The margin of the best country over the pictures of no country is what counts, and what it is
worth is learned from the references themselves: each is compared with all the others, and a logistic curve fitted to
which of them are of a country. So the confidence is that of a model on such pictures, low for a model that can't tell;
it shares itself among countries that are nearly as near.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ..references import References, codes_of, digest_of_files, references, scores
from ..region import NOWHERE
from ..signal import Batch, Column, Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 0.95
_SHARP = 0.05  # cosines: how much nearer a country must be than another to be e times as likely


@dataclass(frozen=True)
class Similarity:
    """model: an embedding model. references: an input with image and country. evaluation: inputs whose pictures may not
    be references, joined by +. k: how many of a country's references count. share: how many pictures of the data are
    expected to be of the countries that have references, which decides what an undecided picture is taken for."""

    references: str = ""
    model: str = "demo:siglip/base"
    evaluation: str = ""
    k: int = 3
    share: float = 0.1

    name = "similarity"
    columns = (
        Column("similarity_country", "str", "the country whose references are nearest"),
        Column("similarity", "float", "mean cosine with its nearest references"),
        Column("similarity_margin", "float", "that, less the mean cosine with the nearest pictures of no country"),
        Column("similarity_evidence", "evidence"),
    )

    def __post_init__(self) -> None:
        if not self.references:
            raise DataError("similarity: needs pictures to compare with; add references=FOLDER (image, country)")
        if self.k < 1:
            raise DataError(f"similarity: k={self.k} must be 1 or more")
        if not 0 < self.share < 1:
            raise DataError(f"similarity: share={self.share} must lie between 0 and 1")

    @property
    def fingerprint(self) -> str:
        """Of the model, the references and the settings."""
        from ..embedder import version

        refused = [digest_of_files(part) for part in self.evaluation.split("+") if part]
        return f"1 {version(self.model)} {digest_of_files(self.references)} {'+'.join(refused)} {self.k} {self.share}"

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The columns; missing where there is no picture."""
        from ..embedder import image_vectors

        known = references(self.references, self.model, self.evaluation)
        codes = codes_of(known)
        found: dict[str, list[Any]] = {column.name: [None] * len(batch) for column in self.columns}
        there = [at for at, image in enumerate(batch.images) if image is not None]
        if not there:
            return found
        near = scores(image_vectors(self.model, batch)[there], known, self.k)
        slope, start = _curve(self.references, self.model, self.evaluation, self.k, self.share)
        for at, row in zip(there, near, strict=True):
            best = int(row[:-1].argmax())
            margin = float(row[best] - row[-1])
            found["similarity_country"][at] = codes[best]
            found["similarity"][at] = float(row[best])
            found["similarity_margin"][at] = margin
            found["similarity_evidence"][at] = _told(codes, row, float(_logistic(slope * margin + start)))
        return found


def _told(codes: Sequence[str], row: NDArray[np.float64], regional: float) -> list[Evidence]:
    """The confidence that it is of a country at all, shared among the nearest; what is left says nowhere."""
    weights = np.exp((row[:-1] - row[:-1].max()) / _SHARP)
    weights /= weights.sum()
    told = [
        Evidence(codes[at], MOST * regional * float(weights[at]), f"looks like {codes[at]} ({row[at]:.2f})")
        for at in np.argsort(-weights, kind="stable")[:4].tolist()
        if regional * weights[at] >= 0.02
    ]
    nowhere = Evidence(NOWHERE, MOST * (1 - regional), f"looks like no country's ({row[-1]:.2f})")
    return [*told, nowhere] if nowhere.confidence >= 0.02 else told


@cache
def _curve(source: str, model: str, evaluation: str, k: int, share: float) -> tuple[float, float]:
    return fit(references(source, model, evaluation), k, share)


def fit(known: References, k: int, share: float) -> tuple[float, float]:
    """Slope and start of the logistic curve from a margin to how likely the picture is of a country at all.

    It is the one that references compared with each other follow, weighted as if `share` of them were of a country:
    Newton's method on a mildly damped likelihood.
    """
    near = scores(known.vectors, known, k, alone=True)
    margins = near[:, :-1].max(axis=1) - near[:, -1]
    is_of_one = np.array([bool(codes) for codes in known.countries], float)
    weight = np.where(is_of_one > 0, share / is_of_one.sum(), (1 - share) / (1 - is_of_one).sum())
    x = np.stack([margins, np.ones_like(margins)], axis=1)
    theta = np.array([0.0, 0.0])
    for _ in range(50):
        p = _logistic(x @ theta)
        gradient = x.T @ (weight * (p - is_of_one)) + 1e-4 * theta * (1.0, 0.0)
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + np.diag([1e-4, 1e-9])
        step = np.linalg.solve(hessian, gradient)
        theta = theta - np.clip(step, -20, 20)
        if np.abs(step).max() < 1e-6:
            break
    return max(float(theta[0]), 0.0), float(theta[1])


def _logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(x, -50, 50)))


SIGNAL = Similarity
