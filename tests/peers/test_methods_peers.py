"""Merge methods against mergekit and sd-mecha, on random tensors of many shapes and types, with the same random masks.

The peers run in a Python of their own (`.ci/peers` makes it, `GGEZ_PEERS_PYTHON` names it), once for all cases, in
float64 on the very inputs that ours widens itself. Both results are then rounded to the output type and must be within
one of its steps, ours computed in float32 and, unless the peer insists on float32 itself, in float64 as well. Where a
peer computes something else, a test of its own says what and why.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from ggez_core.errors import RecipeError
from ggez_core.merging.methods import Base, Draw, get

PYTHON = os.environ.get("GGEZ_PEERS_PYTHON")
pytestmark = pytest.mark.skipif(not PYTHON, reason="GGEZ_PEERS_PYTHON names no Python with the peers; see .ci/peers")

SEED = int.from_bytes(os.urandom(4), "big")
SHAPES = [(1,), (1, 1), (7,), (300,), (1, 40), (40, 1), (24, 31), (6, 5, 3, 3), (2, 3, 4)]
TYPES = [torch.bfloat16, torch.float16, torch.float32]
DRAW = Draw("text_model.encoder.weight", seed=SEED)


@dataclass(frozen=True)
class Case:
    """One call of ours and of the peer. `inputs` has the base first, if there is one."""

    name: str
    inputs: Sequence[Tensor]
    given: Mapping[str, Any] = field(default_factory=dict)
    peer: str = "mergekit"
    theirs: str = ""  # the peer's name for it, and its parameters, if they aren't ours
    parameters: Mapping[str, Any] | None = None
    order: Sequence[int] | None = None  # the peer's order of inputs

    @property
    def based(self) -> bool:
        """Whether the first input is the base."""
        method = get(self.name)
        return method.base is Base.REQUIRED or (method.base is Base.OPTIONAL and len(self.inputs) == 3)

    def ours(self) -> Tensor:
        models, base = (self.inputs[1:], self.inputs[0]) if self.based else (self.inputs, None)
        return get(self.name)(models, base, draw=DRAW if get(self.name).random else None, **self.given)


# what mergekit is given and ours has: (our name, parameters, number of models besides a base, types of input)
_PAIRS: list[tuple[str, dict[str, Any], int]] = [
    ("linear", {"weight": [0.7, 0.2, 0.4]}, 3),
    ("linear", {"weight": [0.7, -0.2, 0.4], "normalize": False}, 3),
    ("slerp", {"t": 0.3}, 1),
    ("slerp", {"t": 0.0}, 1),
    ("nuslerp", {"weight": [0.3, 0.9]}, 2),
    ("nuslerp", {"weight": [0.3, 0.9], "nuslerp_flatten": False}, 2),
    ("nuslerp", {"weight": [0.3, 0.9], "nuslerp_flatten": False, "nuslerp_row_wise": True}, 2),
    ("multislerp", {"weight": [0.3, 0.9]}, 2),
    ("karcher", {}, 3),
    ("karcher", {"max_iter": 3, "tol": 1e-9}, 4),
    ("model_stock", {}, 2),
    ("model_stock", {}, 3),
    ("model_stock", {"filter_wise": True}, 3),
    ("nearswap", {"t": 0.05}, 1),
    ("nearswap", {"t": 1e-5}, 1),
    ("arcee_fusion", {}, 1),
    ("passthrough", {"scale": [0.37]}, 1),
    ("task_arithmetic", {"weight": [0.7, -0.2], "lambda": 0.9}, 2),
    ("task_arithmetic", {"weight": [0.7, 0.2], "normalize": True}, 2),
    ("sce", {}, 3),
    ("ties", {"weight": [1.0], "density": [0.5]}, 1),
    ("ties", {"weight": [0.7, 0.4, 1.1], "density": [0.2, 0.55, 1.0], "lambda": 1.2}, 3),
    ("ties", {"weight": [0.7, 0.4], "density": 0.3, "normalize": False, "rescale": True}, 2),
    ("breadcrumbs", {"weight": [0.7, 0.4], "density": 0.8, "gamma": 0.05}, 2),
    ("breadcrumbs_ties", {"weight": [0.7, 0.4, 0.9], "density": 0.9, "gamma": [0.01, 0.2, 0.0]}, 3),
    ("dare_linear", {"weight": [0.7, 0.4], "density": [0.5, 0.3]}, 2),
    ("dare_ties", {"weight": [0.7, 0.4, 0.3], "density": 0.6}, 3),
    ("dare_ties", {"weight": [0.7, 0.4], "density": 0.6, "rescale": False, "normalize": True}, 2),
    ("della", {"weight": [0.7, 0.4], "density": 0.6, "epsilon": 0.1}, 2),
    ("della_linear", {"weight": [0.7, 0.4], "density": [0.4, 0.6], "epsilon": 0.2}, 2),
]

# sd-mecha: our name and parameters, theirs, number of models besides a base, order of inputs for the peer
_MECHA: list[tuple[str, dict[str, Any], str, dict[str, Any], int, list[int] | None]] = [
    ("linear", {"weight": [0.7, 0.3]}, "weighted_sum", {"alpha": 0.3}, 2, None),
    ("linear", {}, "n_average", {}, 3, None),
    ("add_perpendicular", {"alpha": 0.7}, "add_perpendicular", {"alpha": 0.7}, 2, [1, 2, 0]),
    ("train_difference", {"alpha": 0.7}, "train_difference", {"alpha": 0.7}, 2, [1, 2, 0]),
    ("add_cosine_a", {"alpha": 0.1}, "add_cosine_a", {"alpha": 0.1}, 1, None),
    ("add_cosine_b", {"alpha": 0.3}, "add_cosine_b", {"alpha": 0.3}, 1, None),
    ("crossover", {"alpha": 0.4}, "crossover", {"alpha": 0.4}, 1, None),
    ("crossover", {"alpha": 0.4, "tilt": 0.5}, "crossover", {"alpha": 0.4, "tilt": 0.5}, 1, None),
    ("crossover", {"alpha": 0.3, "tilt": 1.7}, "crossover", {"alpha": 0.3, "tilt": 1.7}, 1, None),
    ("ties", {}, "ties_sum", {"vote_sgn": True}, 3, None),
]


def _random(
    name: str, shape: tuple[int, ...], count: int, dtype: torch.dtype, generator: torch.Generator
) -> list[Tensor]:
    """A base and fine-tuned models whose task vectors agree in part and have no two magnitudes alike."""

    def normal() -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    base, shared = normal().to(dtype), normal()
    chosen = ("ties", "breadcrumbs", "breadcrumbs_ties", "dare_ties", "della", "della_linear", "sce", "arcee_fusion")
    stored = torch.float32 if name in chosen else dtype  # by rank or by sign: few values would tie, or sum to zero
    models = [(base + 0.2 * (shared + 0.7 * normal())).to(stored) for _ in range(count)]
    return [base.to(stored), *models]


def _cases() -> list[tuple[Case, torch.dtype]]:
    generator = torch.Generator().manual_seed(SEED)
    cases = []
    for shape in SHAPES:
        for dtype in TYPES:
            for name, given, count in _PAIRS:
                optional = name in ("nuslerp", "multislerp") and shape[0] % 2 == 0
                inputs = _random(name, shape, count, dtype, generator)
                inputs = inputs if get(name).base is Base.REQUIRED or optional else inputs[1:]
                if not _differs(name, given, shape):
                    cases.append((Case(name, inputs, given), dtype))
            for name, given, theirs, parameters, count, order in _MECHA:
                inputs = _random(name, shape, count, dtype, generator)
                inputs = inputs if get(name).base is Base.REQUIRED else inputs[1:]
                if not _differs(name, given, shape):
                    cases.append((Case(name, inputs, given, "sd-mecha", theirs, parameters, order), dtype))
    return cases


def _differs(name: str, given: Mapping[str, Any], shape: tuple[int, ...]) -> bool:
    """What has a test of its own below: DELLA's rows beyond two axes or of one element, densities that keep nothing,
    task vectors too short to agree for sure, rows so short that they can be zero, and one element's spectrum
    or direction."""
    size = torch.Size(shape).numel()
    if name in ("della", "della_linear"):
        return len(shape) > 2 or shape[-1] == 1
    if name == "model_stock":
        return (shape[-1] if given else size) < 24
    if name == "nuslerp" and "nuslerp_flatten" in given:
        return 1 in shape
    if name in ("crossover", "karcher"):
        return size == 1
    densities = given.get("density", 1.0)
    least = min(densities) if isinstance(densities, list) else densities
    return name.startswith("breadcrumbs") and int(least * size) < 1


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function that gives the peers' results, or error texts, for cases."""
    folder = tmp_path_factory.mktemp("peers")

    def run(cases: Sequence[Case]) -> list[Tensor | str]:
        tensors, listed = {}, []
        for number, case in enumerate(cases):
            inputs = [case.inputs[i] for i in case.order] if case.order else list(case.inputs)
            drawn = [DRAW.uniform(i, x) for i, x in enumerate(inputs[1:])] if get(case.name).random else []
            tensors |= {f"{number}.{i}": x.double().clone() for i, x in enumerate(inputs)}
            tensors |= {f"{number}.u{i}": x.double() for i, x in enumerate(drawn)}
            listed.append({
                "peer": case.peer, "method": case.theirs or case.name, "base": 0 if case.based else None,
                "parameters": _for_mergekit(case) if case.parameters is None else case.parameters,
                "inputs": [f"{number}.{i}" for i in range(len(inputs))],
                "uniform": [f"{number}.u{i}" for i in range(len(drawn))],
            })  # fmt: skip
        source, target = folder / "cases.safetensors", folder / "results.safetensors"
        save_file(tensors, source, metadata={"cases": json.dumps(listed)})
        driver = Path(__file__).with_name("driver.py")
        done = subprocess.run([str(PYTHON), "-W", "ignore", driver, source, target], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        with safe_open(target, framework="pt") as file:
            errors = json.loads(file.metadata()["errors"])
            return [errors[str(n)] if str(n) in errors else file.get_tensor(str(n)) for n in range(len(cases))]

    return run


def _for_mergekit(case: Case) -> dict[str, Any]:
    """`weight` has no default there."""
    needs_weight = "weight" in {p.name for p in get(case.name).parameters} and case.name != "karcher"
    return {"weight": 1.0} | dict(case.given) if needs_weight else dict(case.given)


def steps(ours: Tensor, theirs: Tensor, dtype: torch.dtype, inputs: Sequence[Tensor]) -> float:
    """The largest difference after rounding to `dtype`, in its steps at that value.

    A value much smaller than the inputs it is a difference of has an error of the arithmetic's steps at *their* size.
    """
    a, b = ours.to(dtype).double(), theirs.to(dtype).double()
    size = max(float(x.double().abs().max()) for x in inputs)
    spacing = torch.finfo(dtype).eps * 2 ** torch.floor(torch.log2(torch.maximum(a.abs(), b.abs()).clamp(min=1e-30)))
    spacing = spacing.clamp(min=torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps)
    slack = 8 * torch.finfo(ours.dtype).eps * size
    return float((((a - b).abs() - slack).clamp(min=0) / spacing).max())


def test_equal_within_one_step_of_the_output_type(peers: Any) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    cases = _cases()
    wrong = []
    for (case, dtype), theirs in zip(cases, peers([case for case, _ in cases]), strict=True):
        shape = tuple(case.inputs[0].shape)
        label = f"{case.peer} {case.name} {dict(case.given)} {shape} {dtype}"
        if isinstance(theirs, str):
            wrong.append(f"{label}: {theirs}")
            continue
        runs = [(case.ours(), "float32")]
        single = get(case.name).random or case.theirs in ("crossover", "ties_sum")
        if not single and case.name != "multislerp":  # which adds 1e-8 to every length
            runs.append((Case(case.name, [x.double() for x in case.inputs], case.given).ours(), "float64"))
        for ours, kind in runs:
            if (apart := steps(ours, theirs, dtype, case.inputs)) > 1:
                wrong.append(f"{label}: {apart:.3g} steps apart, ours in {kind}")
    assert not wrong, f"seed {SEED}, {len(wrong)} of {len(cases)}:\n" + "\n".join(wrong[:40])


def test_where_the_peers_differ_and_why(peers: Any) -> None:
    generator = torch.Generator().manual_seed(SEED)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    a, b, c, d = (normal(8, 9) for _ in range(4))
    one, two = torch.tensor([4.7]), torch.tensor([4.9])
    kernels = [normal(4, 3, 3, 3) for _ in range(2)]
    small = [a + 1e-5 * x for x in (b, 3 * b + c, d)]
    agreeing = [a + 1e-5 * x for x in (b, b + 0.5 * c)]
    zero = torch.zeros(8, 9, dtype=torch.float64)
    named = {
        "breadcrumbs one": Case("breadcrumbs", [one, two], {"density": 0.5}),
        "della one": Case("della", [one, two], {"density": 0.5}),
        "della kernel": Case("della", kernels, {"density": 0.5, "rescale": False}),
        "model_stock opposed": Case("model_stock", [zero, b, 0.1 * c - b]),
        "model_stock small": Case("model_stock", [a, *agreeing]),
        "sce small": Case("sce", [a, *small]),
        "slerp zero": Case("slerp", [zero, b], {"t": 0.5}),
        "nuslerp cancel": Case("nuslerp", [a, b], {"weight": [1.0, -1.0]}),
        "linear cancel": Case("linear", [a, b], {"weight": [1.0, -1.0]}),
        "multislerp cancel": Case("multislerp", [a, -a, b, -b]),
        "karcher cancel": Case("karcher", [a, -a]),
        "nearswap tiny": Case("nearswap", [a, a + 5e-8 * b.sign()], {"t": 1e-8}),
        "perpendicular to nothing": Case("add_perpendicular", [a, a, b], {}, "sd-mecha", "add_perpendicular",
                                         {"alpha": 1.0}, [1, 2, 0]),
        "cosine of nothing": Case("add_cosine_b", [zero, b], {}, "sd-mecha", "add_cosine_b", {"alpha": 1.0}),
        "crossover one": Case("crossover", [one, two], {"alpha": 0.4}, "sd-mecha", "crossover", {"alpha": 0.4}),
        "crossover 2": Case("crossover", [a, b], {"alpha": 0.3, "tilt": 2.0}, "sd-mecha", "crossover",
                            {"alpha": 0.3, "tilt": 2.0}),
        "crossover 1.99": Case("crossover", [a, b], {"alpha": 0.3, "tilt": 1.999}, "sd-mecha", "crossover",
                               {"alpha": 0.3, "tilt": 1.999}),
        "ties k": Case("ties", [torch.zeros(100), torch.arange(1.0, 101)], {"density": 0.2}, "sd-mecha", "ties_sum",
                       {"k": 0.2}),
        "ties torn": Case("ties", [one, one + 1, one - 1], {}, "sd-mecha", "ties_sum", {"vote_sgn": True}),
        "slerp lengths": Case("slerp", [a, 3 * b], {"t": 0.5}, "sd-mecha", "slerp", {"alpha": 0.5}),
        "model_stock pairs": Case("model_stock", [a, b, c, d], {}, "sd-mecha", "model_stock", {}),
    }  # fmt: skip
    theirs = dict(zip(named, peers(list(named.values())), strict=True))

    def ours(name: str) -> Tensor:
        return named[name].ours()

    def apart(name: str) -> bool:
        found = theirs[name]
        assert isinstance(found, Tensor), found
        return not torch.allclose(found.double(), ours(name).double(), rtol=1e-6, atol=1e-12)

    # ⌊density · 1⌋ = 0, so a scalar's change is dropped; ours keeps at least one element, as TIES does in both
    assert torch.equal(theirs["breadcrumbs one"], one.double())
    torch.testing.assert_close(ours("breadcrumbs one"), two)

    # the rank in a row of one is 0/0 there; ours gives it the middle chance, the density
    assert "RuntimeError" in str(theirs["della one"])
    assert ours("della one").item() in (one.item(), two.item())

    # it ranks along the second axis alone, for each place of the kernel; a neuron's inputs are all axes but the first
    assert apart("della kernel")
    rows = [x.reshape(4, -1) for x in named["della kernel"].inputs]
    assert torch.equal(ours("della kernel").reshape(4, -1), Case("della", rows, named["della kernel"].given).ours())

    # a negative ratio moves away from all models, without bound as cos θ nears −1/(N − 1); ours stays at the base
    assert theirs["model_stock opposed"].norm() > 1e-3
    assert not ours("model_stock opposed").any()

    # lengths below 1e-3 make its product of lengths hit a floor of 1e-6, and agreement looks like none
    delta = ours("model_stock small") - a
    large = Case("model_stock", [zero, *((x - a) * 1e5 for x in agreeing)]).ours()
    torch.testing.assert_close(delta * 1e5, large, rtol=1e-4, atol=1e-6)
    assert (theirs["model_stock small"] - a).norm() < 0.5 * delta.norm()

    # task vectors of fine-tuning have energies below 1e-6, which it takes for none, so all models weigh the same
    large = Case("sce", [zero, *((x - a) * 1e5 for x in small)]).ours()
    torch.testing.assert_close((ours("sce small") - a) * 1e5, large, rtol=1e-4, atol=1e-6)
    assert apart("sce small")

    # a zero vector is at no angle; it takes 90° and inflates the other one by √2
    torch.testing.assert_close(ours("slerp zero"), b / 2)
    torch.testing.assert_close(theirs["slerp zero"], b / 2**0.5)

    # weights that cancel: it takes the middle, or divides by zero; ours refuses
    torch.testing.assert_close(theirs["nuslerp cancel"], Case("nuslerp", [a, b]).ours())
    assert not theirs["linear cancel"].isfinite().all()
    for name in ("nuslerp cancel", "linear cancel"):
        with pytest.raises(RecipeError, match="sum to zero"):
            ours(name)

    # directions that cancel: it gives up on more than two models; the weighted mean is defined for any number
    assert "ValueError" in str(theirs["multislerp cancel"])
    torch.testing.assert_close(ours("multislerp cancel"), zero)

    # ... and where it doesn't give up, in Karcher's mean, it takes the first model's direction
    torch.testing.assert_close(theirs["karcher cancel"], a)
    torch.testing.assert_close(ours("karcher cancel"), zero)

    # |a − b| is floored at 1e-6, so values closer than that move by t/1e-6 of the way rather than by t
    assert apart("nearswap tiny") or (theirs["nearswap tiny"] - a).abs().max() < 0.2e-8
    torch.testing.assert_close((ours("nearswap tiny") - a).abs(), torch.full_like(a, 1e-8), rtol=1e-5, atol=0)

    # nothing learned yet means nothing to project out; its guard against NaN drops the other model's training
    torch.testing.assert_close(theirs["perpendicular to nothing"], a)
    torch.testing.assert_close(ours("perpendicular to nothing"), b)

    # the cosine with a zero tensor is 0/0 there
    assert not theirs["cosine of nothing"].isfinite().all()
    torch.testing.assert_close(ours("cosine of nothing"), b)

    # a scalar is interpolated by both, but `(1,)` is a spectrum of one constant to it
    torch.testing.assert_close(theirs["crossover one"], one.double())
    torch.testing.assert_close(ours("crossover one"), one + 0.4 * (two - one))

    # the step at tilt 2 is at ρ = 1 − α there, but at ρ = α for every tilt just below
    torch.testing.assert_close(ours("crossover 1.99"), theirs["crossover 1.99"], rtol=1e-5, atol=1e-5)
    assert apart("crossover 2")

    # ⌊(1 − k) · n⌋ is the rank of the largest element to drop, and it keeps that one too
    assert (int((theirs["ties k"] > 0).sum()), int((ours("ties k") > 0).sum())) == (21, 20)

    # where signs are torn it elects neither; the positive side wins in mergekit and ours
    torch.testing.assert_close(theirs["ties torn"].double(), one.double())
    torch.testing.assert_close(ours("ties torn"), one + 1)

    # it interpolates directions and lengths apart; ours and mergekit's is Shoemake's formula on the tensors
    torch.testing.assert_close(theirs["slerp lengths"].norm(), (a.norm() + 3 * b.norm()) / 2)
    assert apart("slerp lengths")

    # one angle a row, from neighbours in the list only, so the order of the models changes the result
    assert apart("model_stock pairs")
