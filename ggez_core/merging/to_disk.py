"""Merge two checkpoints into a new folder: preflight, plan, stream, side files, one rename."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checkpoints import Checkpoint, open_checkpoint
from ..checkpoints.dtypes import dtype_named
from ..checkpoints.layouts import WEIGHTS
from ..checkpoints.output import OutputFolder
from ..errors import CheckpointError, OutputError
from ..progress import Progress, silent
from .plan import Plan, make_plan, parse_size
from .recipe import Recipe
from .stream import verify_weights, write_weights

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
    beta: float,
    output: str | Path,
    *,
    components: Mapping[str, float] | None = None,
    dtype: str | None = None,
    shard_size: int | str = SHARD_SIZE,
    extrapolate: bool = False,
    keep_new_rows: bool = False,
    threads: int | None = None,
    verify: bool = False,
    resume: bool = True,
    progress: Progress = silent,
) -> MergeResult:
    """Write θ = base + β·(regional − base) to the new folder `output`.

    `components` gives a component a β of its own; `dtype` is the type to write (default: the base's). β = 0 copies the
    base and β = 1 the regional weights bit for bit; tensors that aren't floating are copied from the base. `regional`
    may be a LoRA adapter of the base. With `keep_new_rows` the regional vocabulary may be larger, and is kept.

    Work of a process that was killed is taken up where its journal ends, unless `resume` is false; the bytes are the
    same. `verify` reads the output back and compares it with the inputs before it is published. `threads` workers read
    and compute ahead; memory is about 50 MB for each, whatever the model's size.

    Raises `SourceError`, `CheckpointError`, `IncompatibleError`, `RecipeError` or `OutputError`, and then nothing is
    written.
    """
    a, b = _opened(base), _opened(regional)
    recipe = Recipe.make(
        {
            "base_model": a.source,
            "regional_model": b.source,
            "beta": beta,
            "components": dict(components or {}),
            "dtype": dtype,
            "extrapolate": extrapolate,
            "keep_new_rows": keep_new_rows,
        },
        "merge",
    )
    return run(
        recipe, a, b, output, shard_size=shard_size, threads=threads, verify=verify, resume=resume, progress=progress
    )


def run(
    recipe: Recipe,
    base: Checkpoint,
    regional: Checkpoint,
    output: str | Path,
    *,
    shard_size: int | str = SHARD_SIZE,
    threads: int | None = None,
    verify: bool = False,
    resume: bool = True,
    progress: Progress = silent,
) -> MergeResult:
    """Run a recipe on opened checkpoints, as `merge` does."""
    started = time.perf_counter()
    target = Path(output).expanduser().absolute()
    if os.path.lexists(target):
        raise OutputError(f"{target}: already exists; choose another name or remove it first")
    if target.suffix in WEIGHTS:
        raise OutputError(f"{target}: names a file, and a merge makes a folder; leave the {target.suffix} off")
    plan = make_plan(recipe, base, regional, parse_size(shard_size))
    files = [(shard.filename, shard.nbytes) for shard in plan.shards]
    key = plan.key
    with OutputFolder(target, key, files, links=plan.links, resume=resume) as folder:
        workers = threads or default_threads()
        write_weights(plan, folder, threads=workers, progress=progress)
        for name, content in _small_files(plan).items():
            folder.add(name, content)
        folder.link()
        if verify:
            folder.sync()
            verify_weights(plan, folder.folder, threads=workers, progress=progress)
            folder.verify_added()
        if plan.key != key:
            raise CheckpointError("an input changed while it was merged, so nothing was written; merge again")
        folder.publish()
    merged = sum(operation.regional is not None for operation in plan.operations)
    return MergeResult(
        target,
        tuple(sorted(path for path in target.rglob("*") if path.is_file())),
        merged,
        len(base.tensors) - merged,
        plan.nbytes,
        time.perf_counter() - started,
        recipe,
    )


def _opened(source: str | Path | Checkpoint) -> Checkpoint:
    return source if isinstance(source, Checkpoint) else open_checkpoint(source)


def default_threads() -> int:
    """How many workers a merge has where none are asked for."""
    return max(2, min(4, os.cpu_count() or 2))


def _small_files(plan: Plan) -> dict[str, bytes]:
    """Everything beside the weights: the base's side files, the index of shards, the recipe."""
    files = plan.base.side_contents()
    if plan.recipe.dtype:
        for name in {group.config_file for group in plan.base.groups} & files.keys():
            files[name] = _json(_with_dtype(json.loads(files[name]), dtype_named(plan.recipe.dtype).name))
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
