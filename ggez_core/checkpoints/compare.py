"""The preflight report: how two checkpoints differ, tensor by tensor, and whether they can be merged.

Streams both once, in pieces; memory does not grow with the checkpoints. Used by `ggez inspect A B`, the page and tests.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from ..progress import Progress, Step, silent
from .checkpoint import Checkpoint
from .dtypes import DTYPES
from .files import Bytes, OpenFiles, elements, empty_bytes, opened
from .header import TensorInfo
from .pairing import aligned, new_rows
from .quantized import quantized

Status = Literal["identical", "changed", "missing", "extra", "shape_mismatch", "dtype_mismatch", "non_finite"]
STATUSES: tuple[Status, ...] = (
    "identical", "changed", "missing", "extra", "shape_mismatch", "dtype_mismatch", "non_finite",
)  # fmt: skip
PIECE = 16 << 20
_ARCHITECTURE = ("model_type", "architectures")


@dataclass(frozen=True)
class TensorDifference:
    """One tensor of two checkpoints: `relative_change` is ‖b − a‖ / ‖a‖, or None where that has no meaning.

    `detail` says what `status` means here; `blocks` whether it makes merging impossible. `moved` and `size` are the
    sums of squares of b − a and of a, of which the changes of layers and components are made.
    """

    name: str
    component: str
    status: Status
    relative_change: float | None
    nbytes: int
    detail: str = ""
    blocks: bool = False
    moved: float = 0.0
    size: float = 0.0


@dataclass(frozen=True)
class LayerDifference:
    """The tensors of one layer (`text_model.encoder.layers.3`, `vision_model.embeddings`) together."""

    name: str
    component: str
    nbytes: int
    relative_change: float | None
    changed: int
    tensors: int


@dataclass(frozen=True)
class ComponentDifference:
    """One component: its tensors' names by status, its bytes, and the relative change of all its weights together."""

    name: str
    nbytes: int
    relative_change: float | None
    names: dict[Status, tuple[str, ...]]

    @property
    def counts(self) -> dict[Status, int]:
        """How many tensors have each status."""
        return {status: len(names) for status, names in self.names.items()}


@dataclass(frozen=True)
class Comparison:
    """What `compare` found. `architecture` is None, or says how the two contradict each other as a whole.

    `new_rows` counts, for the tensors that a larger regional vocabulary made larger, the rows they have more.
    """

    base: str
    regional: str
    tensors: tuple[TensorDifference, ...]
    components: dict[str, ComponentDifference]
    architecture: str | None
    new_rows: Mapping[str, int]

    @cached_property
    def blocking(self) -> tuple[TensorDifference, ...]:
        """The tensors that can't be merged."""
        return tuple(tensor for tensor in self.tensors if tensor.blocks)

    @cached_property
    def layers(self) -> tuple[LayerDifference, ...]:
        """How much each layer changed, so that one sees where two models differ; in the order of depth."""
        grouped: dict[tuple[str, str], list[TensorDifference]] = {}
        for tensor in self.tensors:
            grouped.setdefault((tensor.component, layer_of(tensor.name)), []).append(tensor)
        return tuple(
            LayerDifference(
                layer, component, sum(t.nbytes for t in members), _relative(members),
                sum(t.status != "identical" for t in members), len(members),
            )
            for (component, layer), members in sorted(grouped.items(), key=lambda entry: _by_depth(*entry[0]))
        )  # fmt: skip

    @property
    def compatible(self) -> bool:
        """Whether the two can be merged."""
        return self.architecture is None and not self.blocking

    def explain(self) -> str:
        """One line on why the two can't be merged, or what a merge would do."""
        if self.architecture:
            return self.architecture
        if self.blocking:
            conflicts = [(tensor.name, tensor.detail) for tensor in self.blocking]
            return cannot_merge(self.base, self.regional, conflicts, self.new_rows)
        changed = sum(t.status in ("changed", "dtype_mismatch") for t in self.tensors)
        return f"compatible: {changed} of {len(self.tensors)} tensors differ"

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "base": self.base,
            "regional": self.regional,
            "compatible": self.compatible,
            "explanation": self.explain(),
            "new_rows": dict(self.new_rows),
            "components": {
                name: {"bytes": c.nbytes, "relative_change": c.relative_change, "counts": c.counts,
                       "names": {status: list(names) for status, names in c.names.items()}}
                for name, c in self.components.items()
            },
            "layers": [
                {"name": layer.name, "component": layer.component, "bytes": layer.nbytes,
                 "relative_change": layer.relative_change, "changed": layer.changed, "tensors": layer.tensors}
                for layer in self.layers
            ],
            "tensors": [
                {"name": t.name, "component": t.component, "status": t.status, "relative_change": t.relative_change,
                 "bytes": t.nbytes, "detail": t.detail}
                for t in self.tensors
            ],
        }  # fmt: skip


def compare(base: Checkpoint, regional: Checkpoint, *, progress: Progress = silent) -> Comparison:
    """Compare every tensor of two checkpoints, aligned as a merge aligns them.

    Raises `CheckpointError` if a file can't be read to its end, `IncompatibleError` for an adapter of another model.
    """
    base, regional = aligned(base, regional)
    names = sorted(base.tensors.keys() | regional.tensors.keys())
    shared = [name for name in names if name in base.tensors and name in regional.tensors]
    total = sum(base.tensors[name].nbytes for name in shared)
    found: list[TensorDifference] = []
    done = 0
    paths = (path for c in (base, regional) for name in shared for path in c.tensors[name].files)
    with opened(paths) as files:
        for name in names:
            a, b = base.tensors.get(name), regional.tensors.get(name)
            found.append(_tensor(files, base.component_of(name), a, b))
            done += a.nbytes if a is not None and b is not None else 0
            progress(Step(done, total, "bytes", name))
    return Comparison(
        base.source,
        regional.source,
        tuple(found),
        _by_component(found),
        architecture_conflict(base, regional),
        new_rows(base, regional),
    )


def architecture_conflict(base: Checkpoint, regional: Checkpoint) -> str | None:
    """Why two checkpoints as a whole can't be merged (other architectures, quantized weights), or None."""
    for key in _ARCHITECTURE:
        a, b = base.config.get(key), regional.config.get(key)
        if a and b and a != b:
            said = f"{key} {json.dumps(b)}, and {base.source} {json.dumps(a)}"
            return f"different architectures: {regional.source} has {said}; choose a pair with one architecture"
    return quantized(base) or quantized(regional)


def cannot_merge(
    base: str, regional: str, conflicts: Sequence[tuple[str, str]], new_rows: Mapping[str, int] = MappingProxyType({})
) -> str:
    """One line on why two checkpoints can't be merged, from (tensor, what is wrong with it) and what grew."""
    if all(name in new_rows for name, _ in conflicts):
        name, count = next(iter(new_rows.items()))
        return (
            f"the vocabulary of {regional} has {count:,} entries more than that of {base} (rows of {name}); keep the "
            "new rows with --keep-new-rows (keep_new_rows: true in a recipe), or choose checkpoints of one vocabulary"
        )
    name, detail = next(conflict for conflict in conflicts if conflict[0] not in new_rows)
    more = f" ({len(conflicts) - 1} more such tensors)" if len(conflicts) > 1 else ""
    return f"{regional} can't be merged into {base}: {name} {detail}{more}; choose two checkpoints of one model"


def structural_conflict(a: TensorInfo | None, b: TensorInfo | None) -> tuple[Status, str] | None:
    """How two headers contradict each other about one tensor: status and explanation, or None."""
    if b is None:
        return "missing", "is missing in the regional checkpoint"
    if a is None:
        return "extra", "is only in the regional checkpoint"
    if a.shape != b.shape:
        return "shape_mismatch", f"has the shape {list(a.shape)} in the base and {list(b.shape)} in the regional one"
    if a.dtype != b.dtype and not b.computed:
        return "dtype_mismatch", f"is {a.dtype} in the base and {b.dtype} in the regional checkpoint"
    return None


def can_merge(a: TensorInfo, b: TensorInfo) -> bool:
    """Whether two tensors can meet: of one shape, and of one dtype or both floating (they meet in float32)."""
    return a.shape == b.shape and (a.dtype == b.dtype or (DTYPES[a.dtype].merges and DTYPES[b.dtype].merges))


def _tensor(files: OpenFiles, component: str, a: TensorInfo | None, b: TensorInfo | None) -> TensorDifference:
    """One tensor's difference."""
    known = a or b
    assert known is not None

    def result(status: Status, change: float | None, detail: str = "", blocks: bool = False) -> TensorDifference:
        return TensorDifference(known.name, component, status, change, known.nbytes, detail, blocks)

    conflict = structural_conflict(a, b)
    if a is None or b is None or (conflict and not can_merge(a, b)):
        assert conflict is not None
        return result(conflict[0], None, conflict[1], blocks=True)
    equal, moved, size = _measure(files, a, b)
    if not math.isfinite(moved + size):
        return result("non_finite", None, "holds NaN or infinity", blocks=True)
    change = 0.0 if equal or (DTYPES[a.dtype].merges and not moved) else math.sqrt(moved / size) if size else None
    status, detail = conflict or ("identical" if equal else "changed", "")
    return replace(result(status, change, detail), moved=moved, size=size)


def _measure(files: OpenFiles, a: TensorInfo, b: TensorInfo) -> tuple[bool, float, float]:
    """Whether two tensors hold the same bytes, and the sums of squares of `b − a` and `a` (zero for non-floats)."""
    from .kernels import difference

    floating = DTYPES[a.dtype].merges
    equal, moved, size = a.dtype == b.dtype, 0.0, 0.0
    for one, other in pieces(files, a, b):
        if equal:
            equal = bool(np.array_equal(one, other))
        if floating:
            parts = difference(elements(one, DTYPES[a.dtype].holds), elements(other, DTYPES[b.dtype].holds))
            moved, size = moved + parts[0], size + parts[1]
    return equal, moved, size


def pieces(files: OpenFiles, a: TensorInfo, b: TensorInfo) -> Iterator[tuple[Bytes, Bytes]]:
    """The bytes of two tensors of one shape, in pieces of as many elements."""
    width_a, width_b = DTYPES[a.dtype].itemsize, DTYPES[b.dtype].itemsize
    step = PIECE // max(width_a, width_b)
    buffer_a, buffer_b = empty_bytes(min(step, a.size) * width_a), empty_bytes(min(step, b.size) * width_b)
    for start in range(0, a.size, step):
        count = min(step, a.size - start)
        one, other = buffer_a[: count * width_a], buffer_b[: count * width_b]
        a.read_into(one, files, start)
        b.read_into(other, files, start)
        yield one, other


def layer_of(name: str) -> str:
    """The layer of a tensor: its name up to the first number, or its first two parts where it has none."""
    numbered = re.match(r"(.*?\.\d+)\.", name)
    if numbered:
        return numbered[1]
    wrapper = "model." if name.startswith("model.") else ""
    parts = name.removeprefix(wrapper).split(".")
    return wrapper + ".".join(parts[: max(1, min(2, len(parts) - 1))])


def _by_depth(component: str, layer: str) -> tuple[Any, ...]:
    """Components as everywhere, their layers by number and not by digit."""
    parts = re.split(r"(\d+)", layer)
    return component == "other", component, [(int(p), "") if p.isdigit() else (-1, p) for p in parts]


def _relative(members: Sequence[TensorDifference]) -> float | None:
    """The relative change of all weights of some tensors together."""
    size = sum(tensor.size for tensor in members)
    return math.sqrt(sum(tensor.moved for tensor in members) / size) if size else None


def _by_component(found: list[TensorDifference]) -> dict[str, ComponentDifference]:
    components: dict[str, ComponentDifference] = {}
    for component in sorted({tensor.component for tensor in found}, key=lambda name: (name == "other", name)):
        members = [tensor for tensor in found if tensor.component == component]
        names = {status: tuple(t.name for t in members if t.status == status) for status in STATUSES}
        nbytes = sum(t.nbytes for t in members)
        components[component] = ComponentDifference(component, nbytes, _relative(members), names)
    return components
