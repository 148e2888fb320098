"""Every merge method against its formula, written here once more: numpy, float64, elements and rows spelled out.

Random methods are given the same numbers in [0, 1). Where a method chooses elements by size, values are random enough
that no two are equal.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ggez_core.merging.methods import Draw, get, methods

Array = npt.NDArray[np.float64]
Settings = Mapping[str, Any]
Formula = Callable[[Sequence[Array], Array, Settings], Array]

DRAW = Draw("some.tensor", seed=7)


def linear(models: Sequence[Array], base: Array, p: Settings) -> Array:
    total = sum(w * x for w, x in zip(p["weight"], models, strict=True))
    return total / sum(p["weight"]) if p["normalize"] else total


def fisher(models: Sequence[Array], base: Array, p: Settings) -> Array:
    pulls = [w * f for w, f in zip(p["weight"], p["diagonals"], strict=True)]
    flat = linear(models, base, {"weight": p["weight"], "normalize": True})
    total = sum(pulls)
    with np.errstate(all="ignore"):
        return np.where(total > 0, sum(q * x for q, x in zip(pulls, models, strict=True)) / total, flat)


def arc(a: Array, b: Array, t: float, straight: float) -> Array:
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    cosine = float(np.clip((a * b).sum() / lengths, -1, 1)) if lengths else 1.0
    if abs(cosine) > straight:
        return (1 - t) * a + t * b
    angle = math.acos(cosine)
    return (math.sin((1 - t) * angle) * a + math.sin(t * angle) * b) / math.sin(angle)


def slerp(models: Sequence[Array], base: Array, p: Settings) -> Array:
    return arc(base, models[0], p["t"], 0.9995)


def nuslerp(models: Sequence[Array], base: Array | None, p: Settings) -> Array:
    t = p["weight"][1] / sum(p["weight"])
    a, b = (x - base if base is not None else x for x in models)
    if p["nuslerp_flatten"]:
        merged = arc(a, b, t, 1 - 1e-12)
    else:
        merged = np.empty_like(a)
        axis = 0 if p["nuslerp_row_wise"] else -1
        x, y, out = (np.moveaxis(np.atleast_1d(v), axis, -1) for v in (a, b, merged))
        for at in np.ndindex(x.shape[:-1]):
            out[at] = arc(x[at], y[at], t, 1 - 1e-12)
    return merged if base is None else base + merged


def multislerp(models: Sequence[Array], base: Array | None, p: Settings) -> Array:
    """With the tangent step that the source has."""
    vectors = [x - base if base is not None else x for x in models]
    weights = np.array(p["weight"]) / (sum(p["weight"]) if p["normalize_weights"] else 1)
    lengths = [np.linalg.norm(x) for x in vectors]
    units = [x / n if n else x for x, n in zip(vectors, lengths, strict=True)]
    mean = sum(w * u for w, u in zip(weights, units, strict=True))
    size = np.linalg.norm(mean)
    if size < 1e-8:
        merged = sum(w * x for w, x in zip(weights, vectors, strict=True))
    else:
        mean = mean / size
        tangent = sum(w * (u - (u * mean).sum() * mean) for w, u in zip(weights, units, strict=True))
        step = np.linalg.norm(tangent)
        on_sphere = mean * np.cos(step) + (tangent * np.sin(step) / step if step else 0)
        merged = on_sphere * sum(w * n for w, n in zip(weights, lengths, strict=True))
    return merged if base is None else base + merged


def karcher(models: Sequence[Array], base: Array, p: Settings) -> Array:
    shares = np.array(p["weight"]) / sum(p["weight"])
    lengths = [np.linalg.norm(x) for x in models]
    there = [i for i, n in enumerate(lengths) if n]
    units = [models[i] / lengths[i] for i in there]
    pulls = [shares[i] / sum(shares[j] for j in there) for i in there]
    mean = sum((w * u for w, u in zip(pulls, units, strict=True)), np.zeros_like(base))
    if np.linalg.norm(mean) <= p["tol"]:
        return sum(w * x for w, x in zip(shares, models, strict=True))
    mean = mean / np.linalg.norm(mean)
    for _ in range(p["max_iter"]):
        step = np.zeros_like(mean)
        for w, u in zip(pulls, units, strict=True):
            angle = math.acos(float(np.clip((mean * u).sum(), -1, 1)))
            if p["tol"] <= angle and math.sin(angle) > 1e-12:
                step = step + w * angle / math.sin(angle) * (u - math.cos(angle) * mean)
        size = np.linalg.norm(step)
        if size < p["tol"]:
            break
        mean = math.cos(size) * mean + math.sin(size) * step / size
        mean = mean / np.linalg.norm(mean)
    return sum(w * n for w, n in zip(shares, lengths, strict=True)) * mean


def model_stock(models: Sequence[Array], base: Array, p: Settings) -> Array:
    out = np.empty_like(base)
    rows = list(np.ndindex(base.shape[:-1])) if p["filter_wise"] and base.ndim > 1 else [()]
    for at in rows:
        deltas = [x[at] - base[at] for x in models]
        cosines = []
        for a, b in itertools.combinations(deltas, 2):
            lengths = np.linalg.norm(a) * np.linalg.norm(b)
            cosines.append((a * b).sum() / lengths if lengths else 0.0)
        cosine, n = float(np.mean(cosines)), len(models)
        t = min(1.0, n * cosine / (1 + (n - 1) * cosine)) if cosine > 0 else 0.0
        out[at] = base[at] + t * sum(deltas) / n
    return out


def add_perpendicular(models: Sequence[Array], base: Array, p: Settings) -> Array:
    a, b = (x - base for x in models)
    own = (a * a).sum()
    return base + a + p["alpha"] * (b - a * (a * b).sum() / own if own else b)


def cosine(a: Array, b: Array) -> float:
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return float((a * b).sum() / lengths) if lengths else 0.0


def add_cosine_a(models: Sequence[Array], base: Array, p: Settings, whole: float | None = None) -> Array:
    out = np.empty_like(base)
    a, b, merged = (np.atleast_1d(x) for x in (base, models[0], out))
    for at in np.ndindex(a.shape[1:]):
        column = (slice(None), *at)
        similarity = cosine(a[column], b[column])
        similarity = similarity if whole is None else (similarity + whole) / 2
        k = 1 - min(1.0, max(0.0, similarity - p["alpha"]))
        merged[column] = (1 - k) * a[column] + k * b[column]
    return merged.reshape(base.shape)


def add_cosine_b(models: Sequence[Array], base: Array, p: Settings) -> Array:
    return add_cosine_a(models, base, p, whole=cosine(base, models[0]))


def nearswap(models: Sequence[Array], base: Array, p: Settings) -> Array:
    return base + np.clip(models[0] - base, -p["t"], p["t"])


def passthrough(models: Sequence[Array], base: Array, p: Settings) -> Array:
    return models[0] * p["scale"][0]


def train_difference(models: Sequence[Array], base: Array, p: Settings) -> Array:
    a, b = models
    out = a.copy()
    for at in np.ndindex(a.shape):
        apart, trained = abs(b[at] - a[at]), abs(b[at] - base[at])
        if apart + trained:
            out[at] += p["alpha"] * 1.8 * apart / (apart + trained) * (b[at] - base[at])
    return out


def crossover(models: Sequence[Array], base: Array, p: Settings) -> Array:
    """All frequencies of the complex transform, where the method has half of them."""
    alpha, tilt = p["alpha"], p["tilt"]
    axes = [np.abs(np.fft.fftfreq(n, 1 / n)) / max(1, n // 2) for n in base.shape]
    radius = np.sqrt(sum(g**2 for g in np.meshgrid(*axes, indexing="ij")) / max(1, base.ndim)) if axes else np.zeros(())
    if base.size == 1 or tilt == 1 or alpha in (0, 1):
        passed = np.full_like(radius, alpha)
    elif tilt in (0, 2):
        passed = (radius > 1 - alpha + 1e-9 if tilt == 0 else radius < alpha - 1e-9).astype(float)
    else:
        slope = 1 / math.tan(math.pi * tilt / 2)
        passed = np.clip(alpha + slope * (radius - (1 - alpha if tilt < 1 else alpha)), 0, 1)
    mixed = (1 - passed) * np.fft.fftn(base) + passed * np.fft.fftn(models[0])
    return np.fft.ifftn(mixed).real


def arcee_fusion(models: Sequence[Array], base: Array, p: Settings) -> Array:
    model = models[0]

    def softmax(x: Array) -> Array:
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True) + 1e-8

    a, b = softmax(np.atleast_1d(model)), softmax(np.atleast_1d(base))
    divergence = (a * np.log(a / b)).sum(axis=-1, keepdims=True)
    importance = (np.abs(model - base) * divergence).ravel()
    q1, q2, q3 = (np.sort(importance)[int(q * (importance.size - 1))] for q in (0.25, 0.5, 0.75))
    return np.where((importance >= q2 + 1.5 * (q3 - q1)).reshape(base.shape), model, base)


def sce(models: Sequence[Array], base: Array, p: Settings) -> Array:
    deltas = [x - base for x in models]
    if p["select_topk"] < 1:
        variance = np.var(deltas, axis=0).ravel()
        varying = np.count_nonzero(variance)
        count = min(varying, max(1, int(varying * p["select_topk"]))) if p["select_topk"] else 0
        chosen = np.zeros(base.size, bool)
        chosen[np.argsort(-variance, kind="stable")[:count]] = True
        deltas = [d * chosen.reshape(base.shape) for d in deltas]
    energies = [float(np.mean(d**2)) for d in deltas]
    out = base.copy()
    for at in np.ndindex(base.shape):
        sign = 1 if sum(d[at] for d in deltas) >= 0 else -1
        kept = [(e / sum(energies), d[at]) for e, d in zip(energies, deltas, strict=True) if np.sign(d[at]) == sign]
        if kept:
            out[at] += sum(e * d for e, d in kept) / sum(e for e, _ in kept)
    return out


def _kept(name: str, delta: Array, i: int, p: Settings) -> tuple[npt.NDArray[np.bool_], Array]:
    """Which elements stay, and with what chance they do."""
    density, n = p["density"][i], delta.size
    everything = np.ones_like(delta)
    order = np.argsort(-np.abs(delta).ravel(), kind="stable")
    count = max(1, int(density * n)) if density else 0
    mask = np.zeros(n, bool)
    if density >= 1:
        return everything.astype(bool), everything
    if name == "ties":
        mask[order[:count]] = True
        return mask.reshape(delta.shape), everything * density
    if name.startswith("breadcrumbs"):
        top = max(0, min(int(p["gamma"][i] * n), n - count))
        mask[order[top : top + count]] = True
        return mask.reshape(delta.shape), everything * density
    uniform = DRAW.uniform(i, torch.tensor(delta)).numpy()
    chance = everything * density
    if name.startswith("della") and density:
        rows = chance.reshape(delta.shape[0] if delta.ndim > 1 else 1, -1)
        sizes = np.abs(delta).reshape(rows.shape)
        for row, size in zip(rows, sizes, strict=True):
            for j in range(row.size):
                rank = (size < size[j]).sum() + (size[:j] == size[j]).sum()
                share = rank / (row.size - 1) if row.size > 1 else 0.5
                row[j] = density + p["epsilon"][i] * (2 * share - 1)
    return uniform < chance, chance


def task_vectors(name: str) -> Formula:
    def formula(models: Sequence[Array], base: Array, p: Settings) -> Array:
        deltas = []
        for i, x in enumerate(models):
            delta = x - base
            if name != "task_arithmetic":
                mask, chance = _kept(name, delta, i, p)
                kept = np.where(mask, delta, 0)
                if p["rescale"] and p["rescale_by"] == "density":
                    kept = kept / np.where(mask, chance, 1)
                elif p["rescale"] and np.abs(kept).sum():
                    kept = kept * (np.abs(delta).sum() / np.abs(kept).sum())
                delta = kept
            deltas.append(p["weight"][i] * delta)
        out = base.copy()
        for at in np.ndindex(base.shape):
            values = [d[at] for d in deltas]
            agree = [1.0] * len(values)
            if name.endswith("ties") or name == "della":
                sign = 1 if sum(values) >= 0 else -1
                agree = [float(np.sign(v) == sign) for v in values]
            divisor = sum(w * e for w, e in zip(p["weight"], agree, strict=True)) if p["normalize"] else 1.0
            out[at] += p["lambda"] * sum(v * e for v, e in zip(values, agree, strict=True)) / (divisor or 1.0)
        return out

    return formula


_WEIGHTS = st.lists(st.floats(0.1, 2), min_size=3, max_size=3)
_FREE_WEIGHTS = st.lists(st.floats(-2, 2).map(lambda w: round(w, 2)), min_size=3, max_size=3)
_SHARE = st.sampled_from([0.0, 1.0]) | st.floats(1e-6, 1 - 1e-6)  # the steps of the formula have a slack of 1e-9
_SPARSE = {
    "weight": _WEIGHTS,
    "normalize": st.booleans(),
    "lambda": st.floats(-1, 2),
    "density": st.lists(st.sampled_from([0.0, 0.2, 0.31, 0.5, 0.8, 1.0]), min_size=3, max_size=3),
    "rescale": st.booleans(),
    "rescale_by": st.sampled_from(["l1", "density"]),
}
_GAMMA = {"gamma": st.lists(st.sampled_from([0.0, 0.01, 0.1, 0.5]), min_size=3, max_size=3)}
_EPSILON = {"epsilon": st.lists(st.floats(0, 0.15), min_size=3, max_size=3)}

CASES: dict[str, tuple[Formula, dict[str, st.SearchStrategy[Any]]]] = {
    "linear": (linear, {"weight": _WEIGHTS, "normalize": st.booleans()}),
    "fisher": (fisher, {"weight": _WEIGHTS}),
    "slerp": (slerp, {"t": _SHARE}),
    "nuslerp": (
        nuslerp,
        {"weight": _WEIGHTS, "nuslerp_flatten": st.booleans(), "nuslerp_row_wise": st.booleans()},
    ),
    "multislerp": (multislerp, {"weight": _WEIGHTS, "normalize_weights": st.booleans()}),
    "karcher": (karcher, {"weight": _WEIGHTS, "max_iter": st.integers(1, 20), "tol": st.just(1e-5)}),
    "model_stock": (model_stock, {"filter_wise": st.booleans()}),
    "add_perpendicular": (add_perpendicular, {"alpha": st.floats(-1, 2)}),
    "add_cosine_a": (add_cosine_a, {"alpha": st.floats(-1, 1)}),
    "add_cosine_b": (add_cosine_b, {"alpha": st.floats(-1, 1)}),
    "nearswap": (nearswap, {"t": st.sampled_from([0.0, 1e-7, 1e-3, 0.3])}),
    "passthrough": (passthrough, {"scale": st.lists(st.floats(-2, 2), min_size=1, max_size=1)}),
    "train_difference": (train_difference, {"alpha": st.floats(-1, 2)}),
    "crossover": (crossover, {"alpha": _SHARE, "tilt": st.sampled_from([0.0, 0.3, 1.0, 1.6, 2.0])}),
    "arcee_fusion": (arcee_fusion, {}),
    "sce": (sce, {"select_topk": st.sampled_from([0.0, 0.1, 0.5, 1.0])}),
    "task_arithmetic": (
        task_vectors("task_arithmetic"),
        {"weight": _FREE_WEIGHTS, "normalize": st.just(False), "lambda": st.floats(-1, 2)},
    ),
    **{name: (task_vectors(name), _SPARSE) for name in ("ties", "dare_linear", "dare_ties")},
    **{name: (task_vectors(name), _SPARSE | _GAMMA) for name in ("breadcrumbs", "breadcrumbs_ties")},
    **{name: (task_vectors(name), _SPARSE | _EPSILON) for name in ("della", "della_linear")},
}

SHAPES = st.lists(st.integers(0, 5), max_size=3).map(tuple) | st.sampled_from([(), (1,), (1, 1), (97,), (3, 2, 4, 2)])


def test_every_method_has_a_formula_here() -> None:
    assert set(CASES) == set(methods())


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=30, deadline=None)
@given(data=st.data(), shape=SHAPES, seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(
    ["fine-tuned", "fine-tuned", "unrelated", "equal", "zero base", "zero model", "all zero"]
))  # fmt: skip
def test_equals_its_formula(name: str, data: st.DataObject, shape: tuple[int, ...], seed: int, kind: str) -> None:
    method = get(name)
    formula, strategies = CASES[name]
    count = data.draw(st.integers(method.least, method.most or 3), label="models")
    chosen = data.draw(st.fixed_dictionaries(strategies), label="parameters")
    given = {key: value[:count] if isinstance(value, list) else value for key, value in chosen.items()}
    base, models = _tensors(np.random.default_rng(seed), shape, count, kind)
    with_base = method.base.name == "REQUIRED" or (method.base.name == "OPTIONAL" and data.draw(st.booleans()))

    extra: dict[str, Any] = {}
    if method.diagonals:
        extra["diagonals"] = [np.random.default_rng([seed, i]).exponential(size=shape) ** 4 for i in range(count)]
    for dtype, epsilon in ((torch.float32, 2**-23), (torch.float64, 2**-52)):
        tensors = {key: [torch.tensor(v, dtype=dtype) for v in values] for key, values in extra.items()}
        merged = method(
            [torch.tensor(x, dtype=dtype) for x in models],
            torch.tensor(base, dtype=dtype) if with_base else None,
            draw=DRAW if method.random else None,
            **tensors,
            **given,
        )
        assert merged.shape == shape
        assert merged.dtype == dtype
        if not merged.numel():
            continue
        expected = formula(models, base if with_base or method.base.name == "NONE" else None, given | extra)
        scale = max(np.abs([base, *models]).max(), np.abs(expected).max())
        assert np.abs(merged.numpy() - expected).max() <= (300 * epsilon) * scale


def _tensors(rng: np.random.Generator, shape: tuple[int, ...], count: int, kind: str) -> tuple[Array, list[Array]]:
    """A base and models, exact in float32."""

    def normal() -> Array:
        return np.asarray(rng.normal(size=shape), np.float32).astype(np.float64)

    base = normal()
    if kind == "fine-tuned":
        shared = normal()
        models = [np.asarray(base + 0.1 * (shared + normal()), np.float32).astype(np.float64) for _ in range(count)]
    else:
        models = [normal() for _ in range(count)]
    if kind == "equal":
        models = [base.copy() for _ in range(count)]
    if kind in ("zero model", "all zero"):
        models[0] = np.zeros(shape)
    if kind in ("zero base", "all zero"):
        base = np.zeros(shape)
    if kind == "all zero":
        models = [np.zeros(shape) for _ in range(count)]
    return base, models
