"""Task arithmetic and its kin: TIES, DARE, Breadcrumbs and DELLA are one function of (sparsify, consensus, rescale).

Of every model's task vector some elements stay (`sparsify`), the survivors may be scaled up to make good for the lost
ones (`rescale`), elements that disagree with the majority's sign may go (`consensus`), and the weighted sum is added.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

import torch
from torch import Tensor

from .blocks import Apply, Block, Extent, Pass, Survey, together
from .draws import Draw
from .elementwise import agreed, divided, keep, moved
from .geometry import shares
from .parameters import ONE, Normalize, Parameter, Weights, declared
from .registry import Base, Method, Reach, register, survey
from .sparsify import Select, Sparsify, TaskVector, drop, drop_by_magnitude, remembered, row, trim, trim_both
from .sums import magnitude

_NO_DRAW = Draw("")
_RANDOM = (drop, drop_by_magnitude)
Strength = Annotated[float, Parameter("Factor on the merged task vector.")]
Rescale = Annotated[bool, Parameter("Scale what was kept of a task vector to make good for what was dropped.")]
RescaleBy = Annotated[
    Literal["l1", "density"],
    Parameter("l1: to the sum of magnitudes it had (mergekit); density: by 1 / chance of being kept (the papers)."),
]


def merge_task_vectors(
    extent: Extent,
    draw: Draw | None = None,
    *,
    sparsify: Sparsify | None,
    consensus: bool,
    weight: Weights = ONE,
    normalize: Normalize = False,
    rescale: Rescale = False,
    rescale_by: RescaleBy = "l1",
    lambda_: Strength = 1.0,
    **sparsity: Sequence[float],
) -> Survey[Apply]:
    """`base + λ Σ wᵢ eᵢ sᵢ(δᵢ)`, with task vectors `δᵢ = modelᵢ − base`.

    sᵢ keeps some elements (`sparsify`, with its parameters in `sparsity`, one value a model) and with `rescale` makes
    good for the rest. With `consensus` eᵢ is 1 where wᵢsᵢ(δᵢ) has the sign of `Σ wᵢsᵢ(δᵢ)` (a sum of zero counts as
    positive) and else 0; without it is 1. With `normalize` the sum is divided by `Σ wᵢeᵢ` where that isn't zero.

    λ = 0 or weights of zero are the base bit for bit; one model at full density and strength 1 is that model. Raises
    `RecipeError` for weights that cancel under `normalize`.
    """
    if not lambda_ or not any(weight):
        return lambda block: block.origin
    if normalize:
        shares(weight)
    dense = all(density >= 1 for density in sparsity.get("density", ()))
    if len(weight) == 1 and dense and lambda_ * (1 if normalize else weight[0]) == 1:
        return lambda block: block.models[0]
    by = rescale_by if rescale else None
    chosen = yield from _chosen(extent, draw or _NO_DRAW, len(weight), sparsify, sparsity, by)
    factors = (yield _scales(chosen)) if by == "l1" and any(chosen) else None

    def apply(block: Block) -> Tensor:
        deltas = []
        for i, (select, share) in enumerate(zip(chosen, weight, strict=True)):
            delta = block.delta(i)
            if select:
                mask, chance = select(block, delta)
                delta = keep(mask, delta / chance if by == "density" else delta)
                if factors is not None:
                    before, after = factors[i]
                    delta = delta * (before / after if after > 0 else 1.0)
            deltas.append(delta * share)
        total = _merged(deltas, weight, consensus, normalize)
        return moved(block.origin, total * lambda_)

    return apply


def _chosen(
    extent: Extent,
    draw: Draw,
    models: int,
    sparsify: Sparsify | None,
    sparsity: Mapping[str, Sequence[float]],
    rescale: str | None,
) -> Survey[list[Select | None]]:
    """What each model's task vector keeps; None where it is kept whole."""
    sparse = [i for i in range(models) if sparsify and sparsity["density"][i] < 1]
    surveys = [
        sparsify(TaskVector(extent, i, draw), **{name: values[i] for name, values in sparsity.items()})
        for i in sparse
        if sparsify
    ]
    found = yield from together(surveys)
    if rescale == "l1" and sparsify in _RANDOM:
        found = [remembered(select, extent) for select in found]
    chosen = dict(zip(sparse, found, strict=True))
    return [chosen.get(i) for i in range(models)]


def _scales(chosen: Sequence[Select | None]) -> Pass:
    """For every model the sums of magnitudes of its task vector and of what is kept of it."""

    def measure(block: Block) -> list[tuple[float, float]]:
        found = []
        for i, select in enumerate(chosen):
            delta = block.delta(i)
            kept = keep(select(block, delta).mask, delta) if select else delta
            found.append((magnitude(delta), magnitude(kept)))
        return found

    return Pass(measure, lambda one, other: [(a + c, b + d) for (a, b), (c, d) in zip(one, other, strict=True)])


def _merged(deltas: Sequence[Tensor], weight: Sequence[float], consensus: bool, normalize: bool) -> Tensor:
    if consensus:
        total, divisor = agreed(sum(deltas[1:], deltas[0]), list(deltas), list(weight))
    else:
        total, divisor = sum(deltas[1:], deltas[0]), torch.full_like(deltas[0], sum(weight))
    return divided(total, divisor) if normalize else total


@survey(
    "task_arithmetic",
    source="Ilharco et al. 2022, arXiv 2212.04089",
    base=Base.REQUIRED,
    least=1,
    beta="lambda",
    unused=("int8_mask", "density", "rescale"),
)
def task_arithmetic(
    extent: Extent, *, weight: Weights = ONE, normalize: Normalize = False, lambda_: Strength = 1.0
) -> Survey[Apply]:
    """The base plus the weighted sum of the models' task vectors.

    `base + λ Σ wᵢ (modelᵢ − base)`, with `normalize` divided by `Σ wᵢ`.
    """
    return merge_task_vectors(
        extent, sparsify=None, consensus=False, weight=weight, normalize=normalize, lambda_=lambda_
    )


@dataclass(frozen=True)
class _Variant:
    """One name for a choice of sparsifier and consensus, with its paper's defaults."""

    name: str
    source: str
    doc: str
    sparsify: Sparsify
    consensus: bool
    normalize: bool
    rescale: bool

    def method(self) -> Method:
        """The variant as a method: the parameters of the one function and of its sparsifier."""
        defaults = {"normalize": self.normalize, "rescale": self.rescale}
        return Method(
            name=self.name,
            doc=f"{self.doc}\n\n{inspect.getdoc(merge_task_vectors)}",
            source=self.source,
            function=partial(merge_task_vectors, sparsify=self.sparsify, consensus=self.consensus),
            parameters=declared((merge_task_vectors, self.sparsify), defaults),
            reach=Reach.PASSES,
            base=Base.REQUIRED,
            least=1,
            most=None,
            random=self.sparsify in _RANDOM,
            beta="lambda",
            unused=("int8_mask",),
            grain=row if self.sparsify is drop_by_magnitude else lambda shape: None,
            searches={trim: 1, trim_both: 2}.get(self.sparsify, 0),
        )


_TIES = "Yadav et al. 2023, arXiv 2306.01708"
_DARE = "Yu et al. 2023, arXiv 2311.03099"
_CRUMBS = "Davari & Belilovsky 2023, arXiv 2312.06795"
_DELLA = "Deep et al. 2024, arXiv 2406.11617"

for _variant in (
    _Variant("ties", _TIES, "Task vectors trimmed to their largest elements, merged where signs agree.",
             trim, consensus=True, normalize=True, rescale=False),
    _Variant("dare_linear", _DARE, "Task vectors with elements dropped at random and the rest scaled up.",
             drop, consensus=False, normalize=False, rescale=True),
    _Variant("dare_ties", _DARE, "Task vectors with elements dropped at random, merged where signs agree.",
             drop, consensus=True, normalize=False, rescale=True),
    _Variant("breadcrumbs", _CRUMBS, "Task vectors without their smallest elements and their outliers.",
             trim_both, consensus=False, normalize=False, rescale=False),
    _Variant("breadcrumbs_ties", _CRUMBS, "Task vectors without small elements and outliers, merged where signs agree.",
             trim_both, consensus=True, normalize=False, rescale=False),
    _Variant("della", _DELLA, "Task vectors dropped at random, small elements rather, merged where signs agree.",
             drop_by_magnitude, consensus=True, normalize=True, rescale=True),
    _Variant("della_linear", _DELLA, "Task vectors dropped at random, small elements rather than large ones.",
             drop_by_magnitude, consensus=False, normalize=False, rescale=True),
):  # fmt: skip
    register(_variant.method())
