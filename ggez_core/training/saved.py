"""Where a training is, on disk: folders that appear whole or not at all, of which the last good ones are kept.

A checkpoint holds the trained parameters and persistent buffers (safetensors), the optimizer's state (safetensors, its
numbers in JSON) and the step. Nothing is pickled. The same files serve one process, DDP and FSDP of any number.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

from ..checkpoints.output import FULL, sync_folder
from ..errors import CheckpointError, OutputError
from .averaged import Averaged

_TENSORS, _OPTIMIZER, _FACTS = "trained.safetensors", "optimizer.safetensors", "state.json"
_AVERAGED = "averaged.safetensors"
_OF = "//"  # between a parameter's name and the name of a state of it


@dataclass(frozen=True)
class Moment:
    """All that is needed to go on.

    optimizer, numbers: its state, tensors apart from numbers, by a parameter's name and the state's. groups: of its
    parameters, with their settings. facts: what the loop adds (its scaler). averaged: the average of `trained`, where
    one is kept.
    """

    step: int
    trained: Mapping[str, torch.Tensor]
    optimizer: Mapping[str, torch.Tensor]
    numbers: Mapping[str, Any]
    groups: Sequence[Mapping[str, Any]]
    facts: Mapping[str, Any]
    averaged: Mapping[str, torch.Tensor] = field(default_factory=dict)


def whole_weights(
    module: torch.nn.Module, *, trained_only: bool = False, average: Averaged | None = None
) -> dict[str, torch.Tensor]:
    """Parameters and persistent buffers by name, on the CPU; asked of every process together, answered on the first.

    average: what is taken in the place of the parameters.
    """
    options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=trained_only)
    with nullcontext() if average is None else average.in_place():
        found: dict[str, Any] = get_model_state_dict(module, options=options)
        if average is not None:  # on the CPU they share memory with the parameters, which are put back
            found = {name: tensor.clone() for name, tensor in found.items()}
    return found


def moment_of(
    step: int, module: torch.nn.Module, optimizer: torch.optim.Optimizer, facts: Mapping[str, Any],
    average: Averaged | None = None,
) -> Moment:  # fmt: skip
    """What to save after `step` steps; asked of every process together, whole on the first."""
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    found: dict[str, Any] = get_optimizer_state_dict(module, optimizer, options=options)
    tensors: dict[str, torch.Tensor] = {}
    numbers: dict[str, Any] = {}
    for parameter, state in found.get("state", {}).items():  # empty on all processes but the first
        for name, value in state.items():
            (tensors if isinstance(value, torch.Tensor) else numbers)[f"{parameter}{_OF}{name}"] = value
    trained = whole_weights(module, trained_only=True)
    averaged = whole_weights(module, trained_only=True, average=average) if average is not None else {}
    return Moment(step, trained, tensors, numbers, found.get("param_groups", []), facts, averaged)


def restore(
    moment: Moment, module: torch.nn.Module, optimizer: torch.optim.Optimizer, average: Averaged | None = None
) -> None:
    """Put module, optimizer and average back to a moment; every process together, each with the whole of it.

    Raises CheckpointError where it is of another model.
    """
    options = StateDictOptions(full_state_dict=True, strict=False)
    try:
        if average is not None:
            _put(moment.averaged or moment.trained, module, options)
            average.begin()
        _put(moment.trained, module, options)
        state: dict[str, Any] = {}
        for name, value in (*moment.optimizer.items(), *moment.numbers.items()):
            parameter, _, key = name.rpartition(_OF)
            state.setdefault(parameter, {})[key] = value
        groups = [{n: tuple(v) if n == "betas" else v for n, v in group.items()} for group in moment.groups]
        whole: dict[str, Any] = {"state": state, "param_groups": groups}
        set_optimizer_state_dict(module, optimizer, whole, options=options)
    except (KeyError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"the saved state of step {moment.step} is of another model or optimizer ({str(error)[:120]}); start anew"
        ) from error


def _put(weights: Mapping[str, torch.Tensor], module: torch.nn.Module, options: StateDictOptions) -> None:
    found = set_model_state_dict(module, dict(weights), options=options)
    if found.unexpected_keys:
        raise KeyError(found.unexpected_keys[0])


class SavedStates:
    """The folders `step-00000100` below `folder`."""

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder, self._keep = folder, keep

    def steps(self) -> list[int]:
        """The steps that there are whole checkpoints of, in order."""
        found = self.folder.glob("step-*") if self.folder.is_dir() else ()
        return sorted(int(path.name[5:]) for path in found if path.name[5:].isdigit() and (path / _FACTS).is_file())

    def path(self, step: int) -> Path:
        """A step's folder."""
        return self.folder / f"step-{step:08d}"

    def save(self, moment: Moment) -> Path:
        """Write a checkpoint, then remove those that are too many.

        Raises OutputError where the disk is full: the last good one is still there.
        """
        with published(self.path(moment.step), self._last()) as partial:
            save_file(_owned(moment.trained), partial / _TENSORS)
            save_file(_owned(moment.optimizer), partial / _OPTIMIZER)
            if moment.averaged:
                save_file(_owned(moment.averaged), partial / _AVERAGED)
            facts = {
                "step": moment.step, "numbers": dict(moment.numbers), "groups": list(moment.groups),
                "facts": dict(moment.facts),
            }  # fmt: skip
            (partial / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
        for step in self.steps()[: -self._keep]:
            _remove(self.path(step))
        return self.path(moment.step)

    def load(self, step: int) -> Moment:
        """Read a checkpoint. Raises CheckpointError where it is damaged."""
        folder = self.path(step)
        try:
            facts = json.loads((folder / _FACTS).read_text("utf-8"))
            trained, optimizer = (_tensors(folder / name) for name in (_TENSORS, _OPTIMIZER))
            averaged = _tensors(folder / _AVERAGED) if (folder / _AVERAGED).exists() else {}
            return Moment(step, trained, optimizer, facts["numbers"], facts["groups"], facts["facts"], averaged)
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise CheckpointError(f"{folder}: is damaged ({error}); remove it to go on from the one before") from None

    def _last(self) -> str:
        steps = self.steps()
        return f"the last good checkpoint is step {steps[-1]}" if steps else "no checkpoint was saved yet"


class published:
    """A context whose folder becomes `target` when it ends well: everything in it made durable, then one rename.

    A `target` that is there is replaced. Raises OutputError where it can't be written; `good` says what is left then.
    """

    def __init__(self, target: Path, good: str) -> None:
        self._target, self._good = target, good
        self._partial = target.parent / f".{target.name}.partial"

    def __enter__(self) -> Path:
        try:
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial.mkdir(parents=True)
        except OSError as error:
            raise self._refusal(error) from None
        return self._partial

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                self._publish()
        except OSError as failed:
            raise self._refusal(failed) from None
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)
        if isinstance(error, OSError) or (isinstance(error, SafetensorError) and "os error" in str(error).lower()):
            raise self._refusal(error) from None

    def _publish(self) -> None:
        for path in self._partial.rglob("*"):
            if path.is_dir():
                sync_folder(path)
            else:
                with path.open("rb+") as file:
                    os.fsync(file.fileno())
        sync_folder(self._partial)
        if self._target.exists():
            _remove(self._target)
        self._partial.rename(self._target)
        sync_folder(self._target.parent)

    def _refusal(self, error: BaseException) -> OutputError:
        full = getattr(error, "errno", None) in FULL or "os error 28" in str(error)
        why = "the disk is full" if full else f"can't be written ({getattr(error, 'strerror', None) or error})"
        return OutputError(f"{self._target}: {why}; {self._good}; make room, then resume")


def _remove(folder: Path) -> None:
    """Remove a checkpoint so that a half removed one isn't taken for a whole one."""
    doomed = folder.parent / f".{folder.name}.removed"
    shutil.rmtree(doomed, ignore_errors=True)
    with suppress(FileNotFoundError):
        folder.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def _owned(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Tensors that share no memory, as safetensors wants them."""
    seen: set[int] = set()
    found = {}
    for name, tensor in tensors.items():
        plain = tensor.detach().cpu().contiguous()
        found[name] = plain.clone() if plain.data_ptr() in seen else plain
        seen.add(plain.data_ptr())
    return found


def _tensors(path: Path) -> dict[str, torch.Tensor]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)


def agreed(check: Callable[[], None], main: bool) -> None:
    """Do on the first process what may fail, and fail on all of them together, so that none waits for another."""
    error: BaseException | None = None
    if main:
        try:
            check()
        except Exception as failed:
            error = failed
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        told: list[str | None] = [None if error is None else str(error)]
        torch.distributed.broadcast_object_list(told, src=0)
        if told[0] is not None and error is None:
            raise OutputError(told[0])
    if error is not None:
        raise error
