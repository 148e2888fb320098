"""Losses against their formulas, worked in numpy's float64 row by row, with gradients by finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ggez_core.errors import TrainingError
from ggez_core.training import losses
from ggez_core.training.losses import Collapse, Vectors, WeightedSum, parsed, spread, title
from ggez_core.training.losses.queue import Queue

N, D, M = 7, 5, 11
Arrays = dict[str, np.ndarray]


def unit(rng: np.random.Generator, rows: int, width: int = D) -> np.ndarray:
    drawn = rng.standard_normal((rows, width))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def drawn(seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    found = {name: unit(rng, N) for name in ("text", "english", "target", "control")}
    meaning = np.array([0, 1, 2, 1, 3, 0, 4])
    return {**found, "queue": unit(rng, M), "same": meaning[:, None] == meaning[None, :]}


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return sum(float(((a - b) ** 2).sum()) for a, b in zip(one, other, strict=True)) / len(one)


def softmax(row: np.ndarray) -> np.ndarray:
    shifted = np.exp(row - row.max())
    return shifted / shifted.sum()


def info_nce(queries: np.ndarray, keys: np.ndarray, same: np.ndarray, temperature: float) -> float:
    total = 0.0
    for i in range(len(queries)):
        candidates = [j for j in range(len(keys)) if j == i or not same[i, j]]
        logits = np.array([queries[i] @ keys[j] for j in candidates]) / temperature
        total -= np.log(softmax(logits)[candidates.index(i)])
    return total / len(queries)


def replication(x: Arrays, teacher: float, student: float) -> float:
    total = 0.0
    for row, target in zip(x["text"], x["target"], strict=True):
        wanted, found = softmax(x["queue"] @ target / teacher), softmax(x["queue"] @ row / student)
        total -= float((wanted * np.log(found)).sum())
    return total / N


FORMULAS = {
    "FD": lambda x: distance(x["text"], x["target"]),
    "ED": lambda x: distance(x["text"], x["target"]) + distance(x["english"], x["control"]),
    "SD": lambda x: distance(x["text"], x["english"]) + 0.3 * distance(x["english"], x["target"]),
    "MCL": lambda x: (info_nce(x["text"], x["target"], x["same"], 0.2)
                      + info_nce(x["target"], x["text"], x["same"], 0.2)) / 2,
    "DR": lambda x: replication(x, 0.1, 0.2),
}  # fmt: skip
PARAMETERS = {
    "SD": {"anchor": 0.3},
    "MCL": {"temperature": 0.2},
    "DR": {"teacher_temperature": 0.1, "student_temperature": 0.2},
}


def test_every_loss_has_a_formula_here() -> None:
    assert set(losses.losses()) == set(FORMULAS)
    assert all(loss.doc and loss.formula and loss.source for loss in losses.losses().values())


@pytest.mark.parametrize("name", list(FORMULAS))
def test_equals_its_formula_in_float64(name: str, seed: int) -> None:
    given = drawn(seed)
    loss = losses.get(name)
    tensors = {key: torch.from_numpy(given[key]) for key in loss.inputs}
    parameters = loss.bind(PARAMETERS.get(name, {}))
    found = loss.function(**tensors, **parameters)
    assert found.dtype == torch.float64
    assert float(found) == pytest.approx(FORMULAS[name](given), rel=1e-12)
    wanting = [key for key in ("text", "english") if key in tensors]
    wanting += ["target"] if "student" in loss.targets else []  # then the target is what is trained, too
    for key in wanting:
        tensors[key].requires_grad_()
    loss.function(**tensors, **parameters).backward()
    step = 1e-6
    for key in wanting:
        gradient = tensors[key].grad
        assert gradient is not None
        for i, j in ((0, 0), (3, 2), (N - 1, D - 1)):
            ends = []
            for sign in (1, -1):
                moved = {**given, key: given[key].copy()}
                moved[key][i, j] += sign * step
                ends.append(FORMULAS[name](moved))
            expected = (ends[0] - ends[1]) / (2 * step)
            if name == "SD" and key == "english":  # the first term doesn't move it: sg
                expected = 0.3 * 2 * (given["english"] - given["target"])[i, j] / N
            assert float(gradient[i, j]) == pytest.approx(expected, rel=1e-5, abs=1e-8)


def test_rows_of_one_meaning_are_no_negatives() -> None:
    x = torch.eye(4, dtype=torch.float64)
    twice = x[[0, 0, 1, 2]]
    different = torch.eye(4, dtype=torch.bool)
    same = different | torch.tensor([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=torch.bool)
    loss = losses.get("MCL").function
    assert float(loss(twice, twice, same, temperature=0.05)) < 1e-6 < float(loss(twice, twice, different)) - 0.1


def test_a_sum_is_written_as_text_or_in_full() -> None:
    terms = parsed("DR + 0.5 ED@image+2*mcl")
    assert [(term.name, term.weight) for term in terms] == [("DR", 1.0), ("ED@image", 0.5), ("MCL", 2.0)]
    assert title(parsed(title(terms))) == title(terms) == "DR + 0.5 ED@image + 2 MCL"
    full = parsed([{"loss": "DR", "weight": 2, "target": "image", "student_temperature": 0.1}])
    assert full[0].arguments == {"teacher_temperature": 0.05, "student_temperature": 0.1}
    assert WeightedSum(terms, D, 4).targets == ("english", "image")
    assert WeightedSum(parsed("FD"), D, 4).targets == ("text",)
    assert not WeightedSum(parsed("DR + FD"), D, 4).english
    assert WeightedSum(parsed("MCL"), D, 4).english
    assert not WeightedSum(parsed("MCL@image"), D, 4).english


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("XD", "no loss 'XD'; did you mean"),
        ("SD@text", "its target can't be 'text'; it is one of english, image"),
        ("FD + FD", "names a loss twice"),
        ("FD + ", "'' is no loss"),
        ("0 FD", "weight 0.0 is no positive number"),
        ([], "names no loss"),
        ([{"loss": "DR", "temprature": 1}], "temprature"),
        ([{"loss": "MCL", "temperature": -1}], "out of range"),
    ],
)  # fmt: skip
def test_what_is_no_objective_is_told(text: object, said: str) -> None:
    with pytest.raises(TrainingError, match=said.replace("(", r"\(")):
        parsed(text)  # type: ignore[arg-type]


def vectors(seed: int, rows: slice = slice(None)) -> tuple[Vectors, dict[str, torch.Tensor]]:
    x = {name: torch.from_numpy(value).float() for name, value in drawn(seed).items() if name != "same"}
    targets = {"english": x["control"][rows], "text": x["target"][rows], "image": x["target"].flip(0)[rows]}
    text, english = (x[name][rows].requires_grad_() for name in ("text", "english"))
    return Vectors(text, english, targets, torch.arange(N)[rows]), targets


def test_a_step_in_parts_is_the_step_as_a_whole(seed: int) -> None:
    """Losses without in-batch negatives: DR's queue sees the whole step before its first part."""
    terms = parsed("DR + 0.5 FD + ED + SD + DR@image")
    whole, parts = WeightedSum(terms, D, 16), WeightedSum(terms, D, 16)
    for step in range(4):  # 28 vectors enter a queue of 16: the oldest leave in the middle of a step
        batch, targets = vectors(seed + step)
        whole.before_step(targets)
        parts.before_step(targets)
        expected = whole(batch)
        sum(whole.weights[name] * value for name, value in expected.items()).backward()
        found: dict[str, float] = {}
        gradients = []
        for rows in (slice(0, 3), slice(3, 5), slice(5, 7)):
            part, _ = vectors(seed + step, rows)
            share = len(part.text) / N
            values = parts(part)
            sum(parts.weights[name] * value * share for name, value in values.items()).backward()
            gradients.append(part.text.grad)
            for name, value in values.items():
                found[name] = found.get(name, 0.0) + share * float(value.detach())
        for name, value in expected.items():
            assert found[name] == pytest.approx(float(value.detach()), rel=1e-6)
        torch.testing.assert_close(torch.cat(gradients), batch.text.grad)


def test_the_queue_is_first_in_first_out_and_is_saved() -> None:
    queue, entered = Queue(5, 1), []
    for step, count in enumerate((2, 2, 3, 1, 7, 4)):
        new = torch.arange(count, dtype=torch.float32)[:, None] + 100 * step
        queue.enter(new)
        entered += new[:, 0].tolist()
        assert sorted(queue.now()[:, 0].tolist()) == sorted(entered[-5:])
        again = Queue(5, 1)
        again.load_state_dict(queue.state_dict())
        again.enter(torch.full((1, 1), -1.0))
        assert sorted(again.now()[:, 0].tolist()) == sorted([*entered, -1.0][-5:])
    assert set(queue.state_dict()) == {"vectors", "entered"}


def test_softmax_is_in_float32_under_mixed_precision(seed: int) -> None:
    batch, targets = vectors(seed)
    objective = WeightedSum(parsed("DR + MCL"), D, 16)
    objective.before_step(targets)
    plain = objective(batch)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = objective(batch)
    assert all(mixed[name].dtype == torch.float32 and torch.equal(mixed[name], plain[name]) for name in plain)


def test_collapse_is_told(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spreading = torch.from_numpy(unit(rng, 500, 32))
    centred = torch.nn.functional.normalize(spreading * 1e-3 + spreading[0], dim=-1)
    expected = float(((spreading - spreading.mean(0)) ** 2).sum(1).mean())
    assert float(spread(spreading)) == pytest.approx(expected, rel=1e-9)
    alarm = Collapse()
    assert alarm.of(float(spread(spreading)), float(spread(spreading))) is None
    said = alarm.of(float(spread(centred)), float(spread(spreading)))
    assert said is not None
    assert "collapse" in said
