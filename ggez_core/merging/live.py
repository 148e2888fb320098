"""A loaded model whose weights move to any β in place, to exactly the bits that `merge` would write.

The weights in which base and regional differ become views of a few flat buffers, one for each component and type,
with both ends in flat buffers beside them; a move is one pass over each. On the CPU a large tensor stays where it is,
and its base end is mapped from its file. Weights that don't differ are never touched, and held once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import torch

from ..checkpoints import Checkpoint, TensorInfo
from ..checkpoints.compare import pieces
from ..checkpoints.dtypes import DTYPES
from ..checkpoints.files import Elements, OpenFiles, opened
from ..checkpoints.kernels import interpolate_on_all_cores
from ..checkpoints.pairing import aligned
from ..errors import IncompatibleError
from .cast import check_compatible
from .ends import LARGE, Mapped, read_end, room
from .fused import interpolate_on_device
from .owned import owned
from .recipe import LINEAR, check_betas, check_components
from .rule import Rule, rule_of

_HOLDS = {getattr(torch, dtype.name): dtype.holds for dtype in DTYPES.values() if dtype.merges}


@dataclass(frozen=True)
class _Place:
    """Where one tensor lies in a block's flat buffers."""

    name: str
    shape: tuple[int, ...]
    start: int

    def of(self, flat: torch.Tensor) -> torch.Tensor:
        """The tensor, as a view of a buffer."""
        return flat[self.start : self.start + math.prod(self.shape)].view(self.shape)


@dataclass(frozen=True)
class _Block:
    """The weights of one component and one type that differ: where they are now, and both ends, all flat."""

    component: str
    places: tuple[_Place, ...]
    live: torch.Tensor
    base: torch.Tensor
    regional: torch.Tensor

    def merge(self, rule: Rule, beta: float) -> None:
        """Write what a method makes of every tensor to the live weights."""
        for place in self.places:
            base, regional = place.of(self.base), place.of(self.regional)
            rule.merge(place.name, base, regional, beta, place.of(self.live))

    def move(self, beta: float) -> None:
        """Write `base + β·(regional − base)` to the live weights; β = 0 and β = 1 are copies."""
        if beta in (0, 1):
            self.live.copy_(self.regional if beta else self.base)
        elif self.live.device.type != "cpu":
            interpolate_on_device(self.base, self.regional, beta, self.live)
        else:
            base, regional, live = self.arrays
            interpolate_on_all_cores(base, regional, beta, live)

    @cached_property
    def arrays(self) -> tuple[Elements, Elements, Elements]:
        """Base, regional and live weights as the kernels take them."""
        first, second, live = (
            flat.view(torch.uint8).numpy().view(_HOLDS[flat.dtype]) for flat in (self.base, self.regional, self.live)
        )
        return first, second, live


class LiveModel:
    """A model whose weights can be moved between two checkpoints in place.

    `model` is loaded from `base` or `regional`; it is put to β = 0. Afterwards its weights are, bit for bit, those that
    `merge` writes with the model's own dtype. `part_of` divides the tensors more finely than into components, each part
    with a β of its own. Any `method` that has a β moves the model, with further `parameters` by name as in a recipe.
    `only` names the components that `model` holds, where it doesn't hold all; the others must not differ.
    Raises `IncompatibleError` if the three don't belong together, `RecipeError` for a method that can't move.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        base: Checkpoint,
        regional: Checkpoint,
        part_of: Callable[[str], str] | None = None,
        *,
        method: str = LINEAR,
        parameters: Mapping[str, Any] | None = None,
        only: Collection[str] | None = None,
    ) -> None:
        self._rule = rule_of(method, parameters or {})
        base, regional = aligned(base, regional)
        check_compatible(base, regional)
        if only is not None:
            base = _part(base, regional, only)
        self.model = model
        part_of = part_of or base.component_of
        self._mapped = Mapped()
        self._blocks = _blocks(model, base, regional, part_of, self._mapped)
        self._beta = 0.0
        self._components: dict[str, float] = {}
        self._known = tuple(dict.fromkeys(map(part_of, base.tensors)))
        self.set_beta(0.0)

    @property
    def beta(self) -> float:
        """The β that components without one of their own are at."""
        return self._beta

    @property
    def components(self) -> Mapping[str, float]:
        """The components that are at a β of their own."""
        return dict(self._components)

    @property
    def component_names(self) -> tuple[str, ...]:
        """The components in which base and regional differ."""
        return tuple(dict.fromkeys(block.component for block in self._blocks))

    @property
    def changed_bytes(self) -> int:
        """Bytes that a move writes."""
        return sum(block.live.nbytes for block in self._blocks)

    @property
    def held_bytes(self) -> int:
        """Bytes of memory that both ends take besides the model; a mapped one takes none."""
        return sum(block.base.nbytes + block.regional.nbytes for block in self._blocks) - self._mapped.nbytes

    def beta_of(self, component: str) -> float:
        """At which β a component's weights are now; 0 for one in which base and regional don't differ."""
        return self._components.get(component, self._beta) if component in self.component_names else 0.0

    def set_beta(
        self, beta: float, components: Mapping[str, float] | None = None, *, extrapolate: bool = False
    ) -> float:
        """Move the weights to `beta`, components named in `components` to theirs; return the seconds it took.

        Raises `RecipeError` for a β outside [0, 1] without `extrapolate`, or an unknown component.
        """
        overrides = dict(components or {})
        check_betas(beta, overrides, extrapolate)
        check_components(overrides, self._known)
        self._mapped.check()
        started = time.perf_counter()
        for block in self._blocks:
            own = overrides.get(block.component, beta)
            block.move(own) if self._rule is None else block.merge(self._rule, own)
        if any(block.live.device.type == "cuda" for block in self._blocks):
            torch.cuda.synchronize()
        self._beta, self._components = beta, overrides
        return time.perf_counter() - started


def _blocks(
    model: torch.nn.Module, base: Checkpoint, regional: Checkpoint, part_of: Callable[[str], str], mapped: Mapped
) -> tuple[_Block, ...]:
    """Find the weights that differ: small ones become views of flat buffers, large ones stay where they are."""
    infos = (checkpoint.tensors[name] for checkpoint in (base, regional) for name in base.tensors)
    grouped: dict[tuple[str, str, str, torch.dtype, torch.device], list[str]] = {}
    blocks, tensors = [], dict[str, torch.Tensor]()
    with opened(path for info in infos for path in info.files) as files:
        for name, own in owned(model, base).items():
            a, b = base.tensors[name], regional.tensors[name]
            if not DTYPES[a.dtype].merges or _same(files, a, b):
                continue
            tensor = own.weights()
            if own.offloaded or (tensor.device.type == "cpu" and tensor.numel() >= LARGE):
                blocks.append(_large(files, mapped, part_of(name), name, tensor, a, b))
            else:
                tensors[name] = tensor
                key = (part_of(name), a.dtype, b.dtype, tensor.dtype, tensor.device)
                grouped.setdefault(key, []).append(name)
        for (component, *_), names in sorted(grouped.items(), key=str):
            held = [tensors[name] for name in names]
            ends = (read_end(files, [checkpoint.tensors[name] for name in names]) for checkpoint in (base, regional))
            first, second = (end.to(held[0].device) for end in ends)
            blocks.append(_Block(component, _places(names, held), _flatten(held), first, second))
    return tuple(sorted(blocks, key=lambda block: block.component))


def _part(base: Checkpoint, regional: Checkpoint, only: Collection[str]) -> Checkpoint:
    """The base with some of its components. Raises `IncompatibleError` if another one differs between the two."""
    check_components(only, base.components)
    left = {name: info for name, info in base.tensors.items() if base.component_of(name) not in only}
    pairs = [(info, regional.tensors[name]) for name, info in left.items()]
    with opened(path for pair in pairs for info in pair for path in info.files) as files:
        for a, b in pairs:
            if a is not b and DTYPES[a.dtype].merges and not _same(files, a, b):
                raise IncompatibleError(
                    f"{base.component_of(a.name)} isn't loaded, but {base.source} and {regional.source} differ there "
                    f"(in {a.name}); load it too"
                )
    return replace(base, tensors={name: info for name, info in base.tensors.items() if name not in left})


def _large(
    files: OpenFiles, mapped: Mapped, component: str, name: str, tensor: torch.Tensor, a: TensorInfo, b: TensorInfo
) -> _Block:
    """One tensor by itself: moved in place, its base end mapped from the file where that can be."""
    if not tensor.is_contiguous():
        tensor.data = tensor.data.contiguous()
    first = mapped.end(a)
    base = first if first is not None else read_end(files, [a])[: a.size]
    place = _Place(name, tuple(tensor.shape), 0)
    return _Block(component, (place,), tensor.data.view(-1), base, read_end(files, [b])[: b.size])


def _same(files: OpenFiles, a: TensorInfo, b: TensorInfo) -> bool:
    """Whether two tensors hold the same bytes."""
    if a.dtype != b.dtype:
        return False
    return all(np.array_equal(one, other) for one, other in pieces(files, a, b))


def _places(names: list[str], tensors: list[torch.Tensor]) -> tuple[_Place, ...]:
    """Where `_flatten` puts each tensor."""
    starts = accumulate((room(tensor.numel()) for tensor in tensors), initial=0)
    return tuple(_Place(name, tuple(t.shape), start) for name, t, start in zip(names, tensors, starts, strict=False))


def _flatten(tensors: list[torch.Tensor]) -> torch.Tensor:
    """A flat buffer of which the tensors become views."""
    size = sum(room(tensor.numel()) for tensor in tensors)
    flat = torch.zeros(size, dtype=tensors[0].dtype, device=tensors[0].device)
    offset = 0
    for tensor in tensors:
        tensor.data = flat[offset : offset + tensor.numel()].view(tensor.shape)
        offset += room(tensor.numel())
    return flat
