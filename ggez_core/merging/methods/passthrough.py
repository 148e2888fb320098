"""One model as it is, or scaled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from torch import Tensor

from .parameters import ONE, Parameter
from .registry import Base, method


@method("passthrough", source="mergekit", base=Base.NONE, least=1, most=1, piecewise=True)
def passthrough(
    models: Sequence[Tensor], *, scale: Annotated[Sequence[float], Parameter("Factor on the tensor.")] = ONE
) -> Tensor:
    """The model's tensor times `scale`; at 1 bit for bit."""
    return models[0] if scale[0] == 1 else models[0] * scale[0]
