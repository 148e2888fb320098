"""Any weighted sum of losses as one objective, written in a config as text ("DR + 0.5 ED@image") or in full."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ...errors import TrainingError
from .loss import Loss, get
from .queue import Queue

QUEUE = 65_536  # vectors
_TERM = re.compile(r"(?:(?P<weight>\d*\.?\d+(?:[eE]-?\d+)?)\s*[*·]?\s*)?(?P<loss>[A-Za-z]+)(?:@(?P<target>[a-z]+))?")


@dataclass(frozen=True)
class Term:
    """One loss of a sum: its weight, its target (None where it has none), and the function's parameters."""

    loss: Loss
    weight: float = 1.0
    target: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How it is shown and logged: `DR`, or `DR@image` where the target isn't the loss's own."""
        return self.loss.name if self.target == self.loss.targets[0] else f"{self.loss.name}@{self.target}"

    def __str__(self) -> str:
        return self.name if self.weight == 1 else f"{self.weight:g} {self.name}"


def parsed(text: str | Sequence[Mapping[str, Any]]) -> tuple[Term, ...]:
    """The terms of an objective. Raises TrainingError for what isn't one.

    text: "DR + 0.5 ED@image", or a list of mappings with `loss`, and where wanted `weight`, `target` and parameters.
    """
    terms = tuple(_of_text(text)) if isinstance(text, str) else tuple(_of_mapping(given) for given in text)
    if not terms:
        raise TrainingError("objective: names no loss; write it like FD, or like DR + 0.5 ED")
    names = [term.name for term in terms]
    if len(set(names)) != len(names):
        raise TrainingError(f"objective: {' + '.join(map(str, terms))} names a loss twice; give one weight")
    return terms


def title(terms: Iterable[Term]) -> str:
    """The sum as text."""
    return " + ".join(map(str, terms))


def _of_text(text: str) -> Iterable[Term]:
    for part in text.split("+"):
        found = _TERM.fullmatch(part.strip())
        if found is None:
            raise TrainingError(f"objective: {part.strip()!r} is no loss; write it like FD, 0.5 ED or MCL@image")
        loss = get(found["loss"])
        yield Term(loss, _weight(float(found["weight"] or 1)), loss.target(found["target"]), loss.bind({}))


def _of_mapping(given: Mapping[str, Any]) -> Term:
    rest = dict(given)
    loss = get(str(rest.pop("loss", "")))
    target = loss.target(rest.pop("target", None))
    return Term(loss, _weight(rest.pop("weight", 1.0)), target, loss.bind(rest))


def _weight(weight: Any) -> float:
    if not isinstance(weight, int | float) or not 0 < weight < float("inf"):
        raise TrainingError(f"objective: the weight {weight!r} is no positive number; leave the loss out, or give one")
    return float(weight)


@dataclass(frozen=True)
class Vectors:
    """Unit vectors of one batch (n, d). text, english: S(x) and S(e), where they are needed.

    targets: by what they are ("text", "english", "image"). meaning: (n,), the same number for rows of one meaning.
    """

    text: torch.Tensor
    english: torch.Tensor | None
    targets: Mapping[str, torch.Tensor]
    meaning: torch.Tensor


class WeightedSum(torch.nn.Module):
    """The terms with their queues: a module, so that what they remember is saved with the student."""

    def __init__(self, terms: Sequence[Term], width: int, queue: int = QUEUE) -> None:
        super().__init__()
        self.terms = tuple(terms)
        queued = sorted({term.target for term in terms if "queue" in term.loss.inputs})
        self.queues = torch.nn.ModuleDict({target: Queue(queue, width) for target in queued})

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each part by its name."""
        return {term.name: term.weight for term in self.terms}

    @property
    def english(self) -> bool:
        """Whether S(e) is needed."""
        return any("english" in term.loss.inputs or term.target == "student" for term in self.terms)

    @property
    def compares(self) -> bool:
        """Whether rows are compared with each other, so that a batch is more than its rows."""
        return any("same" in term.loss.inputs for term in self.terms)

    @property
    def targets(self) -> tuple[str, ...]:
        """Which of the teacher's vectors are needed: of "text", "english" and "image"."""
        needed = {term.target for term in self.terms if "target" in term.loss.inputs} - {"student"}
        if any("control" in term.loss.inputs for term in self.terms):
            needed.add("english")
        return tuple(sorted(needed))

    @property
    def queued(self) -> tuple[str, ...]:
        """Which of them a queue keeps."""
        return tuple(self.queues)

    def before_step(self, targets: Mapping[str, torch.Tensor]) -> None:
        """Tell the queues all target vectors of a step, of every accumulated batch and process: (rows, d) by target."""
        for target, queue in self.queues.items():
            assert isinstance(queue, Queue)
            queue.enter(targets[target])

    def forward(self, vectors: Vectors) -> dict[str, torch.Tensor]:
        """Each term by its name, unweighted: scalars, computed in float32 under mixed precision too."""
        with torch.autocast(vectors.text.device.type, enabled=False):
            return {term.name: term.loss.function(**self._inputs(term, vectors)) for term in self.terms}

    def _inputs(self, term: Term, vectors: Vectors) -> dict[str, Any]:
        found: dict[str, Any] = dict(term.arguments)
        for name in term.loss.inputs:
            if name == "text":
                found[name] = vectors.text
            elif name == "english" or (name == "target" and term.target == "student"):
                found[name] = vectors.english
            elif name == "target":
                found[name] = vectors.targets[term.target]
            elif name == "control":
                found[name] = vectors.targets["english"]
            elif name == "same":
                found[name] = vectors.meaning[:, None] == vectors.meaning[None, :]
            else:
                queue = self.queues[term.target]
                assert isinstance(queue, Queue)
                found[name] = queue.now()
        return found
