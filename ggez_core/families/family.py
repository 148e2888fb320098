"""What a family of models is to the rest: a name, which checkpoints it takes, and a loaded model to preview.

A family is one file beside this one that ends in a `Family`, listed in `families/__init__`. Everything outside
`families/` works with these protocols, and never asks which family it has. Light: torch comes with a family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..progress import Progress, silent

if TYPE_CHECKING:
    import torch

    from ..checkpoints import Checkpoint

BetaOf = Callable[[str], float]
"""At which β a component's weights are now. What was computed by components at the same β may be used again; one
in which base and regional don't differ always answers 0."""


Does = Literal["embeds", "answers", "draws"]
"""What a family's models do, which decides what they can be asked: they make vectors of texts and images, answer
questions about images, or draw what they are told."""


def at_base(component: str) -> float:
    """The `BetaOf` of a model that never moves."""
    return 0.0


@dataclass(frozen=True)
class Placement:
    """Where and how a model is loaded.

    device: None is the CPU. dtype: None is the checkpoint's own, but float32 for float16 on the CPU. device_map: handed
    to the library with accelerate's offloading ("auto", or a mapping of modules to devices, "cpu" and "disk"), for
    models that don't fit; excludes `device`. low_cpu_mem: weights are read straight into the model, never held twice.
    """

    device: torch.device | str | None = None
    dtype: torch.dtype | None = None
    device_map: str | Mapping[str, Any] | None = None
    low_cpu_mem: bool = True


class FamilyModel(Protocol):
    """A loaded model with all that turns inputs into tensors and tensors into something to look at."""

    @property
    def does(self) -> Does:
        """What it can be asked."""

    @property
    def model(self) -> torch.nn.Module:
        """The module whose parameters, by name, are the checkpoint's tensors: what `LiveModel` moves."""

    def preview(self, inputs: Any, *, beta_of: BetaOf = at_base, progress: Progress = silent) -> Iterator[Any]:
        """Answer one input of the family, for a person to look at: partial results as they come, the whole one last.

        The same as the library's own call on a checkpoint saved at these weights, with the same seed. `progress` may
        raise `Cancelled`. Raises DataError for an input that can't be used.
        """


def one_line(error: BaseException) -> str:
    """What an error of a library says, short enough to be part of one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def transformers_code(checkpoint: Checkpoint, folder: str) -> str:
    """Python that loads a checkpoint saved in `folder` with the transformers class that its config names."""
    name = str(next(iter(checkpoint.config.get("architectures") or ()), "AutoModel"))
    return (
        f"from transformers import AutoProcessor, {name}\n\n"
        f"model = {name}.from_pretrained({folder!r})\n"
        f"processor = AutoProcessor.from_pretrained({folder!r})\n"
    )


@dataclass(frozen=True)
class Family:
    """One architecture family: how to recognise its checkpoints and load them.

    name: as it is shown and filed ("embedding"). does: what its models can be asked. known: what it loads, for
    messages. takes: whether a checkpoint, by its config alone, is of this family. load: raises CheckpointError in one
    line for one that isn't whole. loading_code: Python that a person runs to load such a checkpoint, once it is saved
    in a folder of that name. pipeline_tag: what the Hub calls what its models do; empty where it has no word for it.
    """

    name: str
    does: Does
    known: str
    takes: Callable[[Checkpoint], bool]
    load: Callable[[Checkpoint, Placement], FamilyModel]
    loading_code: Callable[[Checkpoint, str], str] = transformers_code
    pipeline_tag: str = ""
