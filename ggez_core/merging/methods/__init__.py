"""Merge methods: pure functions of tensors and named parameters, one idea a file, registered by name.

`get("slerp")` is a `Method`; call it with the models' tensors, or read what it takes and needs. Arithmetic is float32
(float64 where an input is), and the caller rounds once. Uses torch and errors; the plan and the recipe use it.
"""

from . import (  # noqa: F401  each registers itself
    add_perpendicular,
    arcee_fusion,
    cosine,
    crossover,
    fisher,
    karcher,
    linear,
    model_stock,
    multislerp,
    nearswap,
    nuslerp,
    passthrough,
    sce,
    slerp,
    task_vectors,
    train_difference,
)
from .draws import Draw
from .geometry import combine, gram
from .parameters import Declaration, Parameter
from .registry import Base, Method, Reach, combination, get, method, methods

__all__ = [
    "Base",
    "Declaration",
    "Draw",
    "Method",
    "Parameter",
    "Reach",
    "combination",
    "combine",
    "get",
    "gram",
    "method",
    "methods",
]
