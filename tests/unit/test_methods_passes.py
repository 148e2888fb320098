"""Methods that go over a tensor block by block: the same result however small the blocks, exact order statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from ggez_core.merging.methods import Draw, get, methods
from ggez_core.merging.methods.blocks import Block, Extent, Pass, settle, together
from ggez_core.merging.methods.order import ranked, thresholds

FEW = "ggez_core.merging.methods.order._FEW"
SPARSE = {"density": 0.4}
GIVEN: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della_linear"), SPARSE),
    "della": {"density": 0.4, "rescale_by": "density"},
    "sce": {"select_topk": 0.5},
    "nearswap": {"t": 0.1},
    "crossover": {"alpha": 0.4},
    "add_cosine_a": {"alpha": 0.2},
    "add_cosine_b": {"alpha": 0.2},
}
ROWS = [("nuslerp", {"nuslerp_flatten": False}), ("nuslerp", {"nuslerp_flatten": False, "nuslerp_row_wise": True}),
        ("model_stock", {"filter_wise": True})]  # fmt: skip


class Cut:
    """One tensor in blocks of a few elements."""

    def __init__(self, tensor: Tensor, longest: int) -> None:
        self.tensor = tensor
        self.extent = Extent(tuple(tensor.shape), tensor.numel(), longest=longest)

    def __getitem__(self, number: int) -> Block:
        start, stop = self.extent.bounds(number)
        return Block([self.tensor.flatten()[start:stop]], None, [], number, start)


def sizes(block: Block) -> Tensor:
    return block.models[0]


def sorted_mask(values: Tensor, low: int, high: int) -> Tensor:
    """Ranks `low` to `high` in ascending order, by sorting; of equal elements the later ones come first."""
    order = np.lexsort((-np.arange(values.numel()), values.numpy()))
    mask = torch.zeros(values.numel(), dtype=torch.bool)
    mask[torch.from_numpy(order[low:high].copy())] = True
    return mask


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32), n=st.integers(1, 400), longest=st.integers(1, 90), few=st.sampled_from([0, 5, 10_000]),
    kinds=st.integers(1, 50) | st.just(0), double=st.booleans(), shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)  # fmt: skip
def test_the_largest_elements_are_those_that_sorting_finds(
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    n: int,
    longest: int,
    few: int,
    kinds: int,
    double: bool,
    shares: tuple[float, float],
) -> None:
    """`kinds` is how many different values there are, 0 for any; `few` how many are selected from in memory."""
    monkeypatch.setattr(FEW, few)
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(n, generator=generator, dtype=torch.float64 if double else torch.float32)
    if kinds:
        values = values[torch.randint(min(kinds, n), (n,), generator=generator)]
    low, high = sorted(int(share * n) for share in shares)
    blocks = Cut(values, longest)
    mask = settle(ranked(blocks.extent, sizes, low, high), blocks)
    found = torch.cat([mask(i, sizes(blocks[i])) for i in range(blocks.extent.count)])
    assert torch.equal(found, sorted_mask(values, low, high))
    ranks = [min(low, n - 1), min(high, n - 1), n // 2]
    expected = values.sort().values[ranks].tolist()
    assert settle(thresholds(blocks.extent, sizes, ranks), blocks) == expected


def inputs(name: str, given: dict[str, Any], shape: tuple[int, ...]) -> tuple[list[Tensor], Tensor | None, Any]:
    method = get(name)
    count = method.most or method.least + 1
    models = [torch.randn(shape, dtype=torch.float64) for _ in range(count)]
    base = torch.randn(shape, dtype=torch.float64) if method.base.name == "REQUIRED" else None
    extra: dict[str, Any] = {"draw": Draw("w")} if method.random else {}
    if method.diagonals:
        extra["diagonals"] = [model**2 for model in models]
    return models, base, extra | given


@pytest.mark.parametrize(("name", "given"), [(name, GIVEN.get(name, {})) for name in sorted(methods())] + ROWS)
@pytest.mark.parametrize("shape", [(701,), (40, 17), (6, 5, 3, 3), (60, 1), (1, 60), (1,), ()])
def test_the_blocks_size_changes_nothing(
    name: str, given: dict[str, Any], shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """But the last bits of sums: compared in float64, to what a change of one chosen element would exceed by far.

    Terms of any size can cancel, so what is allowed is a share of the tensor's largest element, not of each.
    """
    torch.manual_seed(seed)
    models, base, arguments = inputs(name, given, shape)
    whole = get(name)(models, base, **arguments)
    for longest in (1, 50, 64):
        monkeypatch.setattr("ggez_core.merging.methods.blocks.BLOCK", longest)
        monkeypatch.setattr(FEW, 20)
        merged = get(name)(models, base, **arguments)
        torch.testing.assert_close(merged, whole, rtol=0, atol=1e-11 * float(whole.abs().max()))


@pytest.mark.parametrize("start", [0, 1, 7, 8, 1000, 1003])
def test_a_part_is_drawn_as_in_the_whole(start: int) -> None:
    draw, whole = Draw("w", 3), torch.empty(2000)
    for count in (0, 1, 500):
        part = draw.uniform(1, torch.empty(count), start)
        assert torch.equal(part, draw.uniform(1, whole)[start : start + count])


def test_surveys_side_by_side_share_their_passes() -> None:
    blocks = Cut(torch.arange(10.0), 3)
    seen = []

    def summing(times: int) -> Any:
        total = 0.0
        for _ in range(times):
            total += yield Pass(lambda block: float(block.models[0].sum()), lambda a, b: a + b)
        return total

    def counting(numbers: Any) -> Any:
        seen.append(1)
        return numbers

    def run(work: Any, numbers: Any) -> Any:
        return map(work, counting(numbers))

    assert settle(together([summing(1), summing(3), summing(0)]), blocks, run) == [45, 135, 0]
    assert len(seen) == 3
