"""Loading a diffusers pipeline from files alone: safetensors, no code of the checkpoint's, every weight there.

Used by the diffusion family.
"""

from __future__ import annotations

import inspect
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ..checkpoints import Checkpoint
from ..checkpoints.aliases import naming
from ..errors import CheckpointError
from .family import Placement
from .precision import own_dtype

LAYOUT = "diffusers"
_OTHER_TASKS = ("Img2Img", "Inpaint", "Video", "Audio", "ControlNet", "Upscale", "Edit", "Variation", "Depth2Img")
_NEEDED = ("prompt", "num_inference_steps", "generator", "callback_on_step_end")


def is_text_to_image(checkpoint: Checkpoint) -> bool:
    """Whether the folder is a pipeline whose class draws from a text, by its name."""
    name = checkpoint.model_type
    return checkpoint.layout == LAYOUT and "Pipeline" in name and not any(task in name for task in _OTHER_TASKS)


def components_of(pipeline: Any) -> dict[str, torch.nn.Module]:
    """The pipeline's modules by name, in a fixed order."""
    return {n: m for n, m in sorted(pipeline.components.items()) if isinstance(m, torch.nn.Module)}


def load_pipeline(checkpoint: Checkpoint, placement: Placement) -> Any:
    """The checkpoint's `DiffusionPipeline`, in evaluation mode, where `placement` says.

    dtype: each component's own by default (see `own_dtype`). Raises CheckpointError in one line.
    """
    import diffusers

    _check_files(checkpoint)
    dtypes = _dtypes(checkpoint, placement)
    try:
        with _quiet():
            pipeline = diffusers.DiffusionPipeline.from_pretrained(
                str(checkpoint.folder), dtype=dtypes, variant=_variant(checkpoint), use_safetensors=True,
                local_files_only=True, low_cpu_mem_usage=placement.low_cpu_mem, device_map=_device_map(placement),
            )  # fmt: skip
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, ImportError) as error:
        told = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise CheckpointError(f"{checkpoint.source} can't be loaded by diffusers: {told}") from error
    _check_task(checkpoint, pipeline)
    _check_weights(checkpoint, pipeline)
    for module in components_of(pipeline).values():
        module.eval().requires_grad_(False)
    if placement.device is not None and placement.device_map is None:
        pipeline.to(placement.device)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def pipeline_code(checkpoint: Checkpoint, folder: str) -> str:
    """Python that loads a pipeline saved in `folder`."""
    name = checkpoint.model_type if checkpoint.model_type.isidentifier() else "DiffusionPipeline"
    return f"from diffusers import {name}\n\npipeline = {name}.from_pretrained({folder!r})\n"


def _check_files(checkpoint: Checkpoint) -> None:
    import diffusers

    if not hasattr(diffusers, checkpoint.model_type):
        raise CheckpointError(
            f"{checkpoint.source}: diffusers {diffusers.__version__} has no pipeline {checkpoint.model_type}; one of "
            "its own code isn't run here, one of a later diffusers needs that"
        )
    for name, said in checkpoint.config.items():
        if isinstance(said, list) and said and not _is_known(str(said[0])):
            raise CheckpointError(
                f"{checkpoint.source}: its {name[:40]} is of {str(said[0])[:40]!r}, which isn't of diffusers or "
                "transformers; other modules aren't loaded for a checkpoint"
            )
    for group in checkpoint.groups:
        pickled = next((file for file in group.files if file.suffix != ".safetensors"), None)
        if pickled is not None:
            raise CheckpointError(
                f"{checkpoint.source}: {pickled.name} of its {group.folder} is a pickle, and pipelines are run from "
                "safetensors alone; save them anew with `ggez merge`, or name a revision that has them"
            )


def _is_known(library: str) -> bool:
    """Whether pipelines are made of a library, and it is no module of Python that happens to be there. A pipeline that
    lacks a component has null there."""
    import diffusers

    return library in ("None", "diffusers", "transformers") or hasattr(diffusers.pipelines, library)


def _check_task(checkpoint: Checkpoint, pipeline: Any) -> None:
    accepted = inspect.signature(type(pipeline).__call__).parameters
    lacking = [name for name in _NEEDED if name not in accepted]
    image = accepted.get("image")
    if lacking or (image is not None and image.default is inspect.Parameter.empty):
        what = f"takes no {lacking[0]}" if lacking else "wants a picture"
        raise CheckpointError(
            f"{checkpoint.source} is a {type(pipeline).__name__}, which {what}; text-to-image pipelines can be run here"
        )


def _check_weights(checkpoint: Checkpoint, pipeline: Any) -> None:
    """Refuse a pipeline of which a weight wasn't in the files: libraries fill it with random numbers."""
    stored = set(checkpoint.tensors)
    for group in checkpoint.groups:
        canonical = naming(group.config).canonical
        names = (name for name in checkpoint.tensors if name.startswith(group.prefix))
        stored |= {group.prefix + canonical(group.stored(name)) for name in names}
    found: dict[int, list[str]] = {}
    for component, module in components_of(pipeline).items():
        for name, parameter in module.named_parameters(remove_duplicate=False):
            found.setdefault(id(parameter), []).append(f"{component}.{name}")
    missing = sorted(names[0] for names in found.values() if stored.isdisjoint(names))
    if missing:
        raise CheckpointError(
            f"{checkpoint.source} lacks {len(missing)} weights, the first is {missing[0]}; is it a whole checkpoint?"
        )


def _dtypes(checkpoint: Checkpoint, placement: Placement) -> dict[str, torch.dtype] | torch.dtype:
    if placement.dtype is not None:
        return placement.dtype
    own: dict[str, torch.dtype] = {"default": torch.float32}
    for component, names in checkpoint.components.items():
        if (dtype := own_dtype(checkpoint, names, placement)) is not None:
            own[component] = dtype
    return own


def _variant(checkpoint: Checkpoint) -> str | None:
    """The variant ("fp16") of the files that the checkpoint's tensors are read from, where it isn't the plain one."""
    found = Counter(
        parts[1]
        for group in checkpoint.groups
        if len(parts := group.files[0].name.removesuffix(".safetensors").split("-")[0].split(".")) > 1
    )
    return found.most_common(1)[0][0] if found else None


def _device_map(placement: Placement) -> str | None:
    """diffusers places whole components: on the accelerators in turn, or all on one device."""
    if placement.device_map is None:
        return None
    if not isinstance(placement.device_map, str):
        raise CheckpointError(
            "diffusers places a pipeline's components itself; give the device_map 'auto', 'balanced', 'cuda' or 'cpu'"
        )
    if placement.device_map == "auto":
        return "balanced" if torch.cuda.is_available() else "cpu"
    return placement.device_map


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars and remarks of the libraries while a pipeline is loaded."""
    import diffusers.utils.logging as ours
    import transformers.utils.logging as theirs

    bars = [(library, library.is_progress_bar_enabled()) for library in (ours, theirs)]
    loggers = [(logger, logger.level) for logger in map(logging.getLogger, ("diffusers", "transformers"))]
    for library, _ in bars:
        library.disable_progress_bar()
    for logger, _ in loggers:
        logger.setLevel(logging.ERROR)  # what is missing is told in a line of our own
    try:
        yield
    finally:
        for logger, level in loggers:
            logger.setLevel(level)
        for library, enabled in bars:
            if enabled:
                library.enable_progress_bar()
