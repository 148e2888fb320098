"""A model's own `generate`, with its text handed over as it grows, and stopped when nobody wants it any more."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from ..progress import Progress, Step, silent

Decode = Callable[[torch.Tensor], str]


class Watch:
    """What `generate` calls after every token (a stopping criterion): hands on the new tokens, and may stop it."""

    def __init__(self, skip: int, said: Callable[[torch.Tensor], None], stopped: threading.Event) -> None:
        self._skip, self._said, self._stopped = skip, said, stopped

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        """Stop all rows, or none. input_ids: (n, prompt and answer so far)."""
        self._said(input_ids[0, self._skip :])
        return torch.full((len(input_ids),), self._stopped.is_set(), device=input_ids.device, dtype=torch.bool)


def stream(
    model: Any,
    inputs: Mapping[str, Any],
    settings: Any,
    decode: Decode,
    *,
    seed: int | None = None,
    progress: Progress = silent,
) -> Iterator[str]:
    """The answer to one prompt as it grows, the whole one last: what `model.generate` gives with these settings.

    seed: of the draws where the settings sample; the process's own random state is left as it was. `progress` counts
    tokens; raising in it, or closing the iterator, stops the model after the token it is at.
    """
    said: queue.Queue[torch.Tensor | BaseException | None] = queue.Queue()
    stopped = threading.Event()
    watch = Watch(inputs["input_ids"].shape[1], lambda tokens: said.put(tokens.cpu()), stopped)

    def work() -> None:
        try:
            with drawing_from(seed, model.device):
                model.generate(**inputs, generation_config=settings, stopping_criteria=[watch])
            said.put(None)
        except BaseException as error:
            said.put(error)

    worker = threading.Thread(target=work, name="answer", daemon=True)
    worker.start()
    text = ""
    try:
        while (tokens := said.get()) is not None:
            if isinstance(tokens, BaseException):
                raise tokens
            text = decode(tokens)
            progress(Step(len(tokens), settings.max_new_tokens, "tokens", "answering"))
            yield text.rstrip("\ufffd")  # a character of which not all bytes are said yet
        yield text
    finally:
        stopped.set()
        worker.join()


@contextmanager
def drawing_from(seed: int | None, device: torch.device) -> Iterator[None]:
    """Random numbers from a seed within the block, and what came before goes on after it; None: as they are."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def first_logits(model: torch.nn.Module) -> Iterator[list[torch.Tensor]]:
    """Keeps the logits (n, vocabulary) with which the model answers its first call within the block, on this thread."""
    found: list[torch.Tensor] = []
    thread = threading.get_ident()

    def keep(_module: torch.nn.Module, _inputs: Any, output: Any) -> None:
        if not found and threading.get_ident() == thread:
            found.append(output.logits[:, -1].float())

    handle = model.register_forward_hook(keep)
    try:
        yield found
    finally:
        handle.remove()
