"""Where between base and regional the weights are: one β, and components that go their own way.

A value that travels with every request, so that no visitor sees another one's. Used everywhere on the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ggez_core.errors import RecipeError


@dataclass(frozen=True)
class Weights:
    """β of everything, and of the components that differ from it, sorted by name. Make one with `at`."""

    beta: float
    components: tuple[tuple[str, float], ...] = ()

    @classmethod
    def at(cls, beta: float, components: Mapping[str, float] | None = None) -> Weights:
        """Checked weights. Raises RecipeError for a β that is no number in [0, 1]."""
        beta = _checked(beta, "β")
        own = {name: _checked(value, f"β of {name}") for name, value in (components or {}).items()}
        return cls(beta, tuple(sorted((name, value) for name, value in own.items() if value != beta)))

    @property
    def single(self) -> float | None:
        """The one β of all weights, or None if components differ."""
        return None if self.components else self.beta


BASE = Weights(0.0)
REGIONAL = Weights(1.0)


def _checked(value: float, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise RecipeError(f"{what} is {value!r}; give a number from 0 (base) to 1 (regional)")
    return float(value)
