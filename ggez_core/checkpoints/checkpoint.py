"""A checkpoint as the rest of the engine sees it: a fixed list of named tensors, grouped into components, read lazily.

Opening reads headers and configs only; weights are read one tensor at a time, when asked for. Nothing here knows an
architecture or executes a checkpoint's code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import CheckpointError
from ..progress import Progress
from .dtypes import DTYPES
from .files import opened
from .header import TensorInfo
from .layouts import OTHER, Group, read_layout
from .sources import resolve

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights on disk with their config. Make one with `open_checkpoint`.

    `tensors` keeps the order of the files' bytes; `components` maps a component's name to its tensors' names, by the
    rule of the layout: the subfolders of a pipeline; else `vision_model`, `text_model`, `language_model`, `visual`, …;
    names that belong to none (`logit_scale`) are in the component `other`. `groups` are the tensors that are saved
    together; `side` are the small files beside them by relative path, `rewritten` those whose content is another now.
    """

    source: str
    folder: Path
    revision: str | None
    layout: str
    config: Mapping[str, Any]
    tensors: Mapping[str, TensorInfo]
    groups: tuple[Group, ...]
    side: Mapping[str, Path]
    component_of: Callable[[str], str]
    rewritten: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def model_type(self) -> str:
        """The config's `model_type` ("siglip", "clip", …), a pipeline's class, or an empty string."""
        return str(self.config.get("model_type") or self.config.get("_class_name") or "")

    @cached_property
    def components(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the tensors of every component, sorted; components sorted too, `other` last."""
        groups: dict[str, list[str]] = {}
        for name in sorted(self.tensors):
            groups.setdefault(self.component_of(name), []).append(name)
        ordered = sorted(groups, key=lambda component: (component == OTHER, component))
        return MappingProxyType({component: tuple(groups[component]) for component in ordered})

    @cached_property
    def nbytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.nbytes for tensor in self.tensors.values())

    @property
    def side_files(self) -> tuple[Path, ...]:
        """The small files a copy needs beside the weights: config, tokenizer, processor, templates, licence."""
        return tuple(self.side.values())

    def side_contents(self) -> dict[str, bytes]:
        """What those files hold, by their paths in a copy's folder. Raises `CheckpointError` if one is gone."""
        try:
            held = {name: path.read_bytes() for name, path in self.side.items()}
        except OSError as error:
            raise CheckpointError(f"{error.filename}: can't be read ({error.strerror}); is it still there?") from None
        return held | dict(self.rewritten)

    def group_of(self, name: str) -> Group:
        """The group that a tensor is saved with."""
        return next(group for group in self.groups if name.startswith(group.prefix))

    def read(self, name: str) -> torch.Tensor:
        """One tensor, read from disk now. Raises `CheckpointError` if it is unknown or its file changed."""
        import torch

        if name not in self.tensors:
            raise CheckpointError(f"{self.source}: has no tensor {name!r}; `ggez inspect` lists what it has")
        info = self.tensors[name]
        tensor = torch.empty(info.shape, dtype=getattr(torch, DTYPES[info.dtype].name))
        with opened(info.files) as files:
            info.read_into(tensor.reshape(-1).view(torch.uint8).numpy(), files)
        return tensor


def open_checkpoint(
    source: str | Path,
    *,
    revision: str | None = None,
    largest: int | None = None,
    progress: Progress | None = None,
) -> Checkpoint:
    """Open `demo:siglip/base`, a folder, a file of weights, or a Hub id `owner/name[@revision]`; weights stay on disk.

    largest: bytes of weights beyond which nothing is downloaded. progress: told of a download, which it may stop by
    raising Cancelled; without one the Hub's client shows its own bars.

    Raises `SourceError` if there is nothing of that name, or it is larger; `CheckpointError` if it can't be used.
    """
    found = resolve(source, revision, largest, progress)
    try:
        layout = read_layout(found.path)
    except CheckpointError as error:  # a Hub id is told as the user wrote it, and not by its place in the cache
        raise CheckpointError(str(error).replace(str(found.path), found.name)) from None
    folder = found.path if found.path.is_dir() else found.path.parent
    return Checkpoint(
        found.name, folder, found.revision, layout.name, layout.config, layout.tensors, layout.groups, layout.side,
        layout.component_of,
    )  # fmt: skip
