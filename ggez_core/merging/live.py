"""A loaded model whose weights move to any β in place, to exactly the bits that `merge` would write.

The weights in which base and regional differ become views of a few flat buffers, one for each component and type, with
both ends in flat buffers beside them; a move is one pass over each. Weights that don't differ are never touched.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import torch

from ..checkpoints import Checkpoint, TensorInfo
from ..checkpoints.aliases import naming
from ..checkpoints.compare import pieces
from ..checkpoints.dtypes import DTYPES
from ..checkpoints.files import Elements, OpenFiles, opened
from ..checkpoints.kernels import interpolate_on_all_cores
from ..checkpoints.pairing import aligned
from ..errors import IncompatibleError
from .cast import check_compatible
from .fused import interpolate_on_device
from .recipe import LINEAR, check_betas, check_components
from .rule import Rule, rule_of

_ALIGN = 64  # elements: every tensor starts on a cache line
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
    ) -> None:
        self._rule = rule_of(method, parameters or {})
        base, regional = aligned(base, regional)
        check_compatible(base, regional)
        self.model = model
        part_of = part_of or base.component_of
        self._blocks = _blocks(model, base, regional, part_of)
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
        started = time.perf_counter()
        for block in self._blocks:
            own = overrides.get(block.component, beta)
            block.move(own) if self._rule is None else block.merge(self._rule, own)
        if any(block.live.device.type == "cuda" for block in self._blocks):
            torch.cuda.synchronize()
        self._beta, self._components = beta, overrides
        return time.perf_counter() - started


def _blocks(
    model: torch.nn.Module, base: Checkpoint, regional: Checkpoint, part_of: Callable[[str], str]
) -> tuple[_Block, ...]:
    """Find the weights that differ, and make them views of flat buffers."""
    held = _held(model, base)
    infos = (checkpoint.tensors[name] for checkpoint in (base, regional) for name in base.tensors)
    grouped: dict[tuple[str, str, str, torch.dtype, torch.device], list[str]] = {}
    with opened(path for info in infos for path in info.files) as files:
        for name, tensor in held.items():
            a, b = base.tensors[name], regional.tensors[name]
            if DTYPES[a.dtype].merges and not _same(files, a, b):
                key = (part_of(name), a.dtype, b.dtype, tensor.dtype, tensor.device)
                grouped.setdefault(key, []).append(name)
        blocks = []
        for (component, *_), names in sorted(grouped.items(), key=str):
            tensors = [held[name] for name in names]
            ends = (_flat_end(files, [checkpoint.tensors[name] for name in names]) for checkpoint in (base, regional))
            first, second = (end.to(tensors[0].device) for end in ends)
            blocks.append(_Block(component, _places(names, tensors), _flatten(tensors), first, second))
    return tuple(blocks)


def _held(model: torch.nn.Module, base: Checkpoint) -> dict[str, torch.Tensor]:
    """The model's own tensor for every tensor of the checkpoint; of tied ones, one."""
    own = dict(model.named_parameters(remove_duplicate=False)) | dict(model.named_buffers(remove_duplicate=False))
    held: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    for name, info in base.tensors.items():
        tensor = _own(name, own, base)
        if tensor is None and not DTYPES[info.dtype].merges:
            continue  # position ids and the like, which only some versions store
        if tensor is None:
            raise IncompatibleError(
                f"{base.source}: its tensor {name!r} isn't in the loaded {type(model).__name__}; load that checkpoint"
            )
        if tuple(tensor.shape) != info.shape:
            raise IncompatibleError(
                f"{base.source}: {name!r} has the shape {list(info.shape)}, in the loaded model {list(tensor.shape)}; "
                "load that checkpoint"
            )
        if tensor.is_meta:
            raise IncompatibleError(
                f"{base.source}: {name!r} is offloaded, so it can't be moved in place; load the model whole, or "
                "merge to disk and load the result"
            )
        if id(tensor) not in seen:
            seen.add(id(tensor))
            held[name] = tensor
    return held


def _own(name: str, own: Mapping[str, torch.Tensor], base: Checkpoint) -> torch.Tensor | None:
    """The model's tensor that is stored under a name, which may be another version's."""
    for alias in (name, f"model.{name}", name.removeprefix("model.")):
        if alias in own:
            return own[alias]
    group = base.group_of(name)
    return own.get(group.prefix + naming(group.config).canonical(group.stored(name)))


def _same(files: OpenFiles, a: TensorInfo, b: TensorInfo) -> bool:
    """Whether two tensors hold the same bytes."""
    if a.dtype != b.dtype:
        return False
    return all(np.array_equal(one, other) for one, other in pieces(files, a, b))


def _places(names: list[str], tensors: list[torch.Tensor]) -> tuple[_Place, ...]:
    """Where `_flatten` puts each tensor."""
    starts = accumulate(map(_room, tensors), initial=0)
    return tuple(_Place(name, tuple(t.shape), start) for name, t, start in zip(names, tensors, starts, strict=False))


def _flatten(tensors: list[torch.Tensor]) -> torch.Tensor:
    """A flat buffer of which the tensors become views."""
    flat = torch.zeros(sum(map(_room, tensors)), dtype=tensors[0].dtype, device=tensors[0].device)
    offset = 0
    for tensor in tensors:
        tensor.data = flat[offset : offset + tensor.numel()].view(tensor.shape)
        offset += _room(tensor)
    return flat


def _flat_end(files: OpenFiles, infos: list[TensorInfo]) -> torch.Tensor:
    """One checkpoint's tensors in a flat buffer, laid out as `_flatten` does."""
    sizes = [-(-info.size // _ALIGN) * _ALIGN for info in infos]
    flat = torch.zeros(sum(sizes), dtype=getattr(torch, DTYPES[infos[0].dtype].name))
    offset = 0
    for info, size in zip(infos, sizes, strict=True):
        info.read_into(flat[offset : offset + info.size].view(torch.uint8).numpy(), files)
        offset += size
    return flat


def _room(tensor: torch.Tensor) -> int:
    return -(-tensor.numel() // _ALIGN) * _ALIGN
