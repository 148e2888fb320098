"""Merge checkpoints into a new folder: preflight, plan, stream, side files, one rename."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checkpoints import Checkpoint, open_checkpoint
from ..checkpoints.dtypes import dtype_named
from ..checkpoints.layouts import WEIGHTS
from ..checkpoints.output import OutputFolder, check_unused
from ..errors import CheckpointError, OutputError, RecipeError
from ..progress import Progress, silent
from .cast import cast, opened_sources
from .digests import UNKNOWN, Digests, differing
from .memory import peak_memory
from .plan import Plan, make_plan, parse_size
from .recipe import Recipe
from .stream import How, hash_inputs, verify_weights, write_weights

log = logging.getLogger(__name__)
RECIPE_FILE = "ggez_recipe.yaml"
SHARD_SIZE = "5GB"


@dataclass(frozen=True)
class MergeResult:
    """What `merge` wrote: the folder, its files, how many tensors were merged and copied, bytes and seconds."""

    output: Path
    files: tuple[Path, ...]
    merged: int
    copied: int
    nbytes: int
    seconds: float
    recipe: Recipe

    def as_dict(self) -> dict[str, Any]:
        """The result as plain JSON values."""
        return {
            "output": str(self.output),
            "files": [path.relative_to(self.output).as_posix() for path in self.files],
            "tensors": {"merged": self.merged, "copied": self.copied},
            "bytes": self.nbytes,
            "seconds": round(self.seconds, 3),
            "recipe": self.recipe.document(),
        }


def merge(
    base: str | Path | Checkpoint,
    regional: str | Path | Checkpoint,
    beta: float | None,
    output: str | Path,
    *,
    method: str = "linear",
    parameters: Mapping[str, Any] | None = None,
    components: Mapping[str, float] | None = None,
    dtype: str | None = None,
    shard_size: int | str = SHARD_SIZE,
    extrapolate: bool = False,
    keep_new_rows: bool = False,
    threads: int | None = None,
    device: str | None = None,
    verify: bool = False,
    resume: bool = True,
    progress: Progress = silent,
) -> MergeResult:
    """Write θ = base + β·(regional − base) to the new folder `output`, or what another `method` makes of the two.

    `components` gives a component a β of its own; `dtype` is the type to write (default: the base's). β = 0 copies the
    base and β = 1 the regional weights bit for bit; tensors that aren't floating are copied from the base. `regional`
    may be a LoRA adapter of the base. With `keep_new_rows` the regional vocabulary may be larger, and is kept. A method
    takes β through its own parameter (`t`, `lambda`; None leaves it at its default) and further `parameters` by name.
    For more than two models, see `run_recipe`.

    Work of a process that was killed is taken up where its journal ends, unless `resume` is false; the bytes are the
    same. `verify` reads the output back and compares it with the inputs before it is published. `threads` workers read
    and compute ahead, on torch's `device` if one is named; memory is tens of MB for each, whatever the model's size;
    where less is free than it takes (see `memory`) a warning is logged.

    Raises `SourceError`, `CheckpointError`, `IncompatibleError`, `RecipeError` or `OutputError`, and then nothing is
    written.
    """
    a, b = _opened(base), _opened(regional)
    document = {
        "merge_method": method,
        "base_model": a.source,
        "regional_model": b.source,
        "beta": beta,
        "parameters": dict(parameters or {}),
        "components": dict(components or {}),
        "dtype": dtype,
        "extrapolate": extrapolate,
        "keep_new_rows": keep_new_rows,
    }
    return run_recipe(
        Recipe.make(document, "merge"), output, sources={a.source: a, b.source: b},
        shard_size=shard_size, threads=threads, device=device, verify=verify, resume=resume, progress=progress,
    )  # fmt: skip


def run_recipe(
    recipe: Recipe,
    output: str | Path,
    *,
    sources: Mapping[str, Checkpoint] | None = None,
    shard_size: int | str | None = None,
    threads: int | None = None,
    device: str | None = None,
    verify: bool = False,
    resume: bool = True,
    progress: Progress = silent,
) -> MergeResult:
    """Run a recipe, as `merge` does; `sources` are checkpoints already opened, by their names in the recipe.

    A recipe that records what its inputs held is refused with a `CheckpointError` if they hold something else now. The
    recipe of the result records it, with Hub ids at their commits and the shard size if it isn't the default.
    """
    started = time.perf_counter()
    target = Path(output).expanduser().absolute()
    check_unused(target)
    if target.suffix in WEIGHTS:
        raise OutputError(f"{target}: names a file, and a merge makes a folder; leave the {target.suffix} off")
    how = How(threads or default_threads(), checked_device(device))
    plan = planned(recipe, sources, shard_size)
    _check_memory(plan, how)
    if recipe.inputs:
        _check_inputs(plan, recipe, hash_inputs(plan, how, progress=progress))
    files = [(shard.filename, shard.nbytes) for shard in plan.shards]
    begun = plan
    key = begun.key
    with OutputFolder(target, key, files, links=plan.links, resume=resume) as folder:
        digests = write_weights(plan, folder, how, progress=progress)
        found = _check_inputs(plan, recipe, digests)
        plan = begun.recorded(plan.recipe.model_copy(update={"inputs": found}))
        folder.sync()
        for number, shard in enumerate(plan.shards):
            folder.write_over_start(number, shard.header)
        for name, content in _small_files(plan).items():
            folder.add(name, content)
        folder.link()
        if verify:
            verify_weights(plan, folder.folder, how, progress=progress)
            folder.verify_added()
        if begun.key != key:
            raise CheckpointError("an input changed while it was merged, so nothing was written; merge again")
        folder.publish()
    merged = sum(not operation.copies for operation in plan.operations)
    return MergeResult(
        target,
        tuple(sorted(path for path in target.rglob("*") if path.is_file())),
        merged,
        len(plan.base.tensors) - merged,
        plan.nbytes,
        time.perf_counter() - started,
        plan.recipe,
    )


def planned(
    recipe: Recipe, sources: Mapping[str, Checkpoint] | None = None, shard_size: int | str | None = None
) -> Plan:
    """The plan of a recipe, whose own recipe has room for the hashes of its inputs.

    Raises `SourceError`, `CheckpointError`, `IncompatibleError` or `RecipeError`.
    """
    found = opened_sources(recipe, sources)
    size = shard_size or recipe.shard_size or SHARD_SIZE
    sizes = {"shard_size": None if parse_size(size) == parse_size(SHARD_SIZE) else size}
    pinned = recipe.renamed({name: checkpoint.source for name, checkpoint in found.items()}).model_copy(update=sizes)
    plan = make_plan(pinned, cast(recipe, found), parse_size(size))
    read = {source for operation in plan.operations for source in operation.sources if operation.size}
    if plan.links:
        read.add(plan.base.source)
    return plan.recorded(pinned.model_copy(update={"inputs": dict.fromkeys(sorted(read), UNKNOWN)}))


def checked_device(device: str | None) -> str | None:
    """A device that torch has here, or None. Raises `RecipeError` for any other."""
    if device is None:
        return None
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise RecipeError(f"device {device!r} can't be used here ({first}); choose another, or leave it out") from None
    return device


def _check_memory(plan: Plan, how: How) -> None:
    """Say so where the machine has less memory free than the merge will take: it may be killed, or swap."""
    import psutil

    needed, free = peak_memory(plan, how.threads, how.device).working, psutil.virtual_memory().available
    if needed > free:
        log.warning(
            "this merge takes about %.2f GB of memory, and %.2f GB are free; fewer --threads take less",
            needed / 1e9, free / 1e9,
        )  # fmt: skip


def _check_inputs(plan: Plan, recipe: Recipe, digests: Digests) -> dict[str, str]:
    """The hashes of what was read. Raises `CheckpointError` if the recipe recorded others."""
    for name, path in plan.links.items():
        digests.add_file(plan.base.source, name, path)
    found = digests.by_source()
    changed = differing(recipe.inputs, found) if recipe.inputs else None
    if changed is not None:
        raise CheckpointError(
            f"{changed}: isn't what it was when the recipe was recorded; find the checkpoint as it was then, or remove "
            "`inputs` from the recipe to merge this one"
        )
    return found


def _opened(source: str | Path | Checkpoint) -> Checkpoint:
    return source if isinstance(source, Checkpoint) else open_checkpoint(source)


def default_threads() -> int:
    """How many workers a merge has where none are asked for."""
    return max(2, min(4, os.cpu_count() or 2))


def _small_files(plan: Plan) -> dict[str, bytes]:
    """Everything beside the weights: the base's side files, the index of shards, the recipe."""
    files = plan.base.side_contents()
    if plan.recipe.written:
        for name in {group.config_file for group in plan.base.groups} & files.keys():
            files[name] = _json(_with_dtype(json.loads(files[name]), dtype_named(plan.recipe.written).name))
    files |= {name: _json(index) for name, index in plan.indices().items()}
    files[RECIPE_FILE] = plan.recipe.as_yaml().encode()
    return files


def _with_dtype(config: Any, name: str) -> Any:
    """A config whose every mention of the weights' type, nested configs' included, is `name`."""
    if not isinstance(config, dict):
        return config
    return {key: name if key in ("dtype", "torch_dtype") else _with_dtype(value, name) for key, value in config.items()}


def _json(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
