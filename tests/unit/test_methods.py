"""What the merge methods promise beyond their formulas: the register, hard inputs, ends, pieces and randomness."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from ggez_core.errors import GgezError, IncompatibleError, RecipeError
from ggez_core.merging.methods import Base, Draw, Method, Reach, combine, get, gram, methods

ALL = sorted(methods())
NAMED = [
    "linear",
    "slerp",
    "nuslerp",
    "multislerp",
    "karcher",
    "task_arithmetic",
    "ties",
    "dare_linear",
    "dare_ties",
    "breadcrumbs",
    "breadcrumbs_ties",
    "della",
    "della_linear",
    "sce",
    "model_stock",
    "nearswap",
    "arcee_fusion",
    "passthrough",
    "add_perpendicular",
    "add_cosine_a",
    "add_cosine_b",
    "train_difference",
    "crossover",
    "fisher",
]
SPARSE = {"density": 0.5}  # parameters that make the method do something
TELLING: dict[str, dict[str, Any]] = {
    **dict.fromkeys(
        ("ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della", "della_linear"), SPARSE
    ),
    "sce": {"select_topk": 0.5},
    "add_cosine_a": {"alpha": 0.2},
    "add_cosine_b": {"alpha": 0.2},
    "nearswap": {"t": 0.1},
    "crossover": {"alpha": 0.4, "tilt": 0.5},
}
ROWS = [("nuslerp", {"nuslerp_flatten": False}), ("nuslerp", {"nuslerp_flatten": False, "nuslerp_row_wise": True}),
        ("model_stock", {"filter_wise": True}), ("dare_ties", {"density": 0.5, "rescale_by": "density"}),
        ("della", {"density": 0.5, "rescale_by": "density"}), ("ties", {"density": 0.0}), ("sce", {"select_topk": 0.0}),
        ("multislerp", {"normalize_weights": False, "weight": 0.0})]  # fmt: skip
VARIANTS = [(name, TELLING.get(name, {})) for name in ALL] + ROWS


def run(method: Method, tensors: list[Tensor], **given: Any) -> Tensor:
    """The method on as many of `tensors` as it takes, the first one as base where it needs one."""
    count = method.most or method.least + 1
    extra: dict[str, Any] = {"draw": Draw("w")} if method.random else {}
    if method.base is not Base.NONE:
        base, models = tensors[0], tensors[1 : count + 1]
    else:
        base, models = None, tensors[:count]
    if method.diagonals:
        extra["diagonals"] = [model.double() ** 2 for model in models]
    return method(models, base, **extra, **given)


def bits(tensor: Tensor) -> Tensor:
    return tensor.contiguous().view(torch.int64 if tensor.dtype == torch.float64 else torch.int32)


def test_the_register_holds_what_was_asked_for() -> None:
    assert set(NAMED) == set(ALL)
    assert all(get(name).name == name and get(name).doc and get(name).source for name in ALL)


def test_signatures_are_parameter_lists() -> None:
    found = {p.name: (p.kind, p.default, p.per_model, p.minimum, p.maximum) for p in get("breadcrumbs").parameters}
    assert found["density"] == (float, 1.0, True, 0, 1)
    assert found["gamma"] == (float, 0.01, True, 0, 1)
    assert found["lambda"] == (float, 1.0, False, None, None)
    assert "gamma" not in {p.name for p in get("ties").parameters}
    assert next(p for p in get("dare_ties").parameters if p.name == "rescale_by").choices == ("l1", "density")
    assert [next(p.default for p in get(n).parameters if p.name == "normalize") for n in ("ties", "dare_ties")] == [
        True,
        False,
    ]
    assert all(p.doc for name in ALL for p in get(name).parameters)
    assert all(get(name).beta in {None, *(p.name for p in get(name).parameters)} for name in ALL)
    assert {name for name in ALL if get(name).random} == {"dare_linear", "dare_ties", "della", "della_linear"}


@pytest.mark.parametrize(
    ("name", "given", "models", "base", "says"),
    [
        ("slerp", {"tt": 0.5}, 1, True, "unknown parameter 'tt'; did you mean 't'"),
        ("ties", {"densty": 0.5}, 2, True, "did you mean 'density'"),
        ("ties", {"density": 1.5}, 2, True, "density = 1.5 is out of range; it must be a number from 0 to 1"),
        ("ties", {"density": [0.5, 0.5, 0.5]}, 2, True, "3 values for 2 models"),
        ("ties", {"normalize": 1}, 2, True, "normalize is 1; it must be true or false"),
        ("ties", {"weight": "1"}, 2, True, "weight is '1'; it must be a number"),
        ("linear", {"weight": float("nan")}, 2, False, "finite"),
        ("dare_ties", {"rescale_by": "l3"}, 2, True, "one of l1, density"),
        ("karcher", {"max_iter": 2.5}, 2, False, "whole number of at least 1"),
        ("slerp", {}, 2, True, "got 2 models besides the base; it takes 1"),
        ("slerp", {}, 1, False, "needs a base"),
        ("linear", {}, 2, True, "takes no base"),
        ("sce", {}, 1, True, "it takes 2 or more"),
        ("linear", {"weight": [1, -1]}, 2, False, "sum to zero"),
        ("karcher", {"weight": 0}, 2, False, "sum to zero"),
        ("nuslerp", {"weight": [1, -1]}, 2, False, "sum to zero"),
        ("multislerp", {"weight": [2, -2]}, 2, False, "sum to zero"),
        ("ties", {"weight": [1, -1]}, 2, True, "sum to zero"),
        ("della", {"density": 0.9}, 1, True, "density = 0.9 and epsilon = 0.15"),
    ],
)
def test_bad_parameters_are_told_apart(name: str, given: dict[str, Any], models: int, base: bool, says: str) -> None:
    tensors = [torch.randn(4) for _ in range(models)]
    extra: dict[str, Any] = {"draw": Draw("w")} if get(name).random else {}
    with pytest.raises(RecipeError) as raised:
        get(name)(tensors, torch.randn(4) if base else None, **extra, **given)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_unknown_methods_and_shapes() -> None:
    with pytest.raises(RecipeError, match="unknown method 'tie'; did you mean 'ties'"):
        get("tie")
    with pytest.raises(IncompatibleError, match=r"\(2,\) and \(3,\)"):
        get("linear")([torch.zeros(2), torch.zeros(3)])
    with pytest.raises(RecipeError, match="negative"):
        get("fisher")([torch.ones(2)] * 2, diagonals=[-torch.ones(2)] * 2)
    get("ties")([torch.ones(2)], torch.zeros(2), int8_mask=True)


@pytest.mark.parametrize(("name", "given"), VARIANTS)
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (0,), (0, 3), (3, 0), (2, 1), (1, 5), (7,), (3, 4, 2, 2)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64, torch.float8_e4m3fn])
def test_any_shape_type_and_degenerate_value_is_finite(
    name: str, given: dict[str, Any], shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    tensors = [torch.randn(shape).clamp(-3, 3).to(dtype) for _ in range(4)]
    zero, tiny = torch.zeros(shape, dtype=dtype), torch.full(shape, torch.finfo(dtype).tiny, dtype=dtype)
    a, b, c, d = tensors
    minus_b = (-b.double()).to(dtype)
    for inputs in (tensors, [a, a, a, a], [zero] * 4, [zero, b, c, d], [a, zero, b, c], [a, b, zero, c], [a, b, b, b],
                   [a, a, b, c], [a, b, minus_b, zero], [zero, b, minus_b, zero], [tiny] * 4,
                   [zero, tiny, tiny, a]):  # fmt: skip
        merged = run(get(name), inputs, **given)
        assert merged.shape == shape
        assert merged.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
        assert merged.isfinite().all()


@pytest.mark.parametrize("name", [name for name in ALL if name != "passthrough"])
@pytest.mark.parametrize("shape", [(), (1,), (50,), (8, 9), (2, 3, 4)])
def test_equal_inputs_come_out_bit_for_bit(name: str, shape: tuple[int, ...]) -> None:
    tensor = torch.randn(shape)
    tensor.view(-1)[0] = -0.0
    assert torch.equal(bits(run(get(name), [tensor] * 4, **TELLING.get(name, {}))), bits(tensor))


@pytest.mark.parametrize("name", [name for name in ALL if get(name).beta])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(), (50,), (8, 9)])
def test_beta_zero_is_the_base_bit_for_bit(name: str, dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    base, model = (torch.randn(shape, dtype=dtype) for _ in range(2))
    base.view(-1)[0] = -0.0
    method = get(name)
    extra: dict[str, Any] = {"draw": Draw("w")} if method.random else {}
    merged = method([model], base, **extra, **(TELLING.get(name, {}) | {str(method.beta): 0.0}))
    assert torch.equal(bits(merged), bits(base))


@pytest.mark.parametrize(
    ("name", "given"),
    [("slerp", {"t": 1.0}), ("crossover", {"alpha": 1.0}), ("nearswap", {"t": 1e9})]
    + [(name, {}) for name in ("task_arithmetic", "ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties",
                               "della", "della_linear")],
)  # fmt: skip
def test_the_far_end_is_the_model_bit_for_bit(name: str, given: dict[str, Any]) -> None:
    base, model = torch.randn(8, 9), torch.randn(8, 9) * 1e-3
    extra: dict[str, Any] = {"draw": Draw("w")} if get(name).random else {}
    assert torch.equal(bits(get(name)([model], base, **extra, **given)), bits(model))


def test_weights_of_zero_leave_the_other_model_untouched() -> None:
    a, b, c = (torch.randn(8, 9) for _ in range(3))
    for name in ("linear", "multislerp", "karcher"):
        merged = get(name)([a, b, c], weight=[0, 0.7, 0])
        torch.testing.assert_close(merged, b, rtol=2e-7, atol=0)
    assert torch.equal(bits(get("linear")([a, b, c], weight=[0, 0.7, 0])), bits(b))
    assert torch.equal(bits(get("nuslerp")([a, b], weight=[0, 2])), bits(b))
    assert torch.equal(bits(get("add_perpendicular")([a, b], c, alpha=0.0)), bits(a))
    assert torch.equal(bits(get("train_difference")([a, b], c, alpha=0.0)), bits(a))
    assert torch.equal(bits(get("ties")([a, b], c, weight=0.0)), bits(c))


def test_linear_of_two_is_the_kernels_interpolation_bit_for_bit() -> None:
    from ggez_core.checkpoints.kernels import interpolate

    a, b = torch.randn(10_000), torch.randn(10_000)
    for beta in (0.1, 0.25, 1 / 3, 0.49):
        out = torch.empty_like(a)
        interpolate(a.numpy(), b.numpy(), beta, out.numpy())
        assert torch.equal(bits(get("linear")([a, b], weight=[1 - beta, beta])), bits(out))


@pytest.mark.parametrize("name", [name for name in ALL if get(name).piecewise])
def test_pieces_of_a_piecewise_method_make_the_whole(name: str) -> None:
    tensors = [torch.randn(1000) for _ in range(4)]
    whole = run(get(name), tensors, **TELLING.get(name, {}))
    for cut in (1, 13, 999):
        parts = [
            run(get(name), [t[part] for t in tensors], **TELLING.get(name, {}))
            for part in (slice(cut), slice(cut, None))
        ]
        assert torch.equal(bits(torch.cat(parts)), bits(whole))


def can_be_cut_anywhere(name: str) -> bool:
    """Whether a method with its defaults makes two passes, and reads no vectors along an axis of the tensor."""
    method = get(name)
    return method.reach is Reach.SUMS and method.axis(method.bind({}, method.most or 3)) is None


@pytest.mark.parametrize("name", filter(can_be_cut_anywhere, ALL))
def test_two_passes_over_pieces_make_the_whole(name: str) -> None:
    """As an engine does that never holds a tensor: sums over pieces, coefficients, then pieces combined."""
    method = get(name)
    count = method.most or 3
    base, *models = [torch.randn(1000, dtype=torch.float64) for _ in range(count + 1)]
    with_base = method.base is Base.REQUIRED
    arguments = method.bind({}, count)
    vectors, origin = method.vectors(models, base if with_base else None)
    inputs = [*vectors, *([] if origin is None else [origin])]
    parts = [slice(300), slice(300, 301), slice(301, None)]
    sums = sum(gram([v[p] for v in vectors], None if origin is None else origin[p]) for p in parts)
    coefficients = method.coefficients(sums, arguments, origin is not None)
    merged = torch.cat([combine([tensor[part] for tensor in inputs], coefficients) for part in parts])
    torch.testing.assert_close(merged, method(models, base if with_base else None), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("name", "given"), VARIANTS)
def test_threads_change_nothing(name: str, given: dict[str, Any]) -> None:
    tensors = [torch.randn(300, 700) for _ in range(4)]
    threads = torch.get_num_threads()
    results = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            results.append(run(get(name), tensors, **given))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(bits(results[0]), bits(results[1])) or name == "crossover"


def test_draws_depend_on_name_seed_and_model_only() -> None:
    like = torch.empty(5)
    first = Draw("a.weight", 3).uniform(0, like)
    assert torch.equal(first, Draw("a.weight", 3).uniform(0, like))
    assert torch.equal(first, Draw("a.weight", 3).uniform(0, torch.empty(9_000_001))[:5])
    assert torch.equal(first.reshape(5, 1), Draw("a.weight", 3).uniform(0, torch.empty(5, 1, dtype=torch.float64)))
    others = [
        Draw("a.weight", 4).uniform(0, like),
        Draw("b.weight", 3).uniform(0, like),
        Draw("a.weight", 3).uniform(1, like),
    ]
    assert not any(torch.equal(first, other) for other in others)
    # pinned: a recipe's bytes must not change with a release of ours or of numpy
    assert (first * 2**24).tolist() == [8177802, 533661, 1271426, 10637626, 13286718]


def test_draws_are_uniform() -> None:
    drawn = Draw("w").uniform(0, torch.empty(1_000_001)).double()
    assert float(drawn.min()) >= 0
    assert float(drawn.max()) < 1
    counts = torch.histc(drawn, 100, 0, 1)
    assert float(((counts - 1e4) ** 2 / 1e4).sum()) < 200  # χ² with 99 degrees of freedom: p ≈ 1e-8
    assert abs(float((drawn[1:] * drawn[:-1]).mean()) - 0.25) < 2e-3


def test_dare_keeps_its_share_and_its_mean() -> None:
    base, model = torch.zeros(200_000), torch.ones(200_000)
    for rescale_by in ("l1", "density"):
        merged = get("dare_linear")([model], base, draw=Draw("w"), density=0.3, rescale_by=rescale_by)
        assert abs(float((merged != 0).double().mean()) - 0.3) < 0.006
        assert abs(float(merged.double().mean()) - 1) < 0.02
    kept = get("della_linear")([torch.arange(1.0, 200_001)], base, draw=Draw("w"), density=0.3, rescale=False) != 0
    low, high = (float(half.double().mean()) for half in kept.chunk(2))
    assert abs(low - 0.225) < 0.006  # chances rise evenly from 0.15 to 0.45
    assert abs(high - 0.375) < 0.006


def test_a_positive_density_never_loses_a_scalar() -> None:
    """SigLIP's logit_scale and logit_bias: mergekit's Breadcrumbs drops their change."""
    base, model = torch.tensor(4.7), torch.tensor(4.9)
    for name in ("ties", "breadcrumbs", "breadcrumbs_ties"):
        assert float(get(name)([model], base, density=0.5)) == pytest.approx(4.9, rel=1e-6)


def test_equal_magnitudes_are_chosen_in_memorys_order() -> None:
    merged = get("ties")([torch.ones(10)], torch.zeros(10), density=0.3)
    assert merged.tolist() == [1.0] * 3 + [0.0] * 7
    merged = get("breadcrumbs")([torch.ones(10)], torch.zeros(10), density=0.3, gamma=0.2)
    assert merged.tolist() == [0.0] * 2 + [1.0] * 3 + [0.0] * 5


def test_every_error_is_one_a_caller_catches() -> None:
    for name in ALL:
        with pytest.raises(GgezError):
            get(name)([], None)
