"""DPG-Bench: its table read as published, its score against the published rule, any judge, any drawing model."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ggez_core.errors import DataError
from ggez_core.evaluation.forms.drawings import LvlmJudge, fitting
from ggez_core.evaluation.metrics_graph import check_graph, graph_score, graph_yes
from ggez_core.evaluation.tasks import task
from ggez_core.evaluation.tasks.dpg_bench import DpgBench
from ggez_core.families.drawing import Drawing
from ggez_core.families.family import at_base
from ggez_core.families.kept import Kept
from tests import schemas
from tests.fake_models import RandomSpeaker, number


class Draws:
    """A picture of its own for every prompt and seed; reads `most` words."""

    def __init__(self, most: int = 77) -> None:
        self.most, self.drawn = most, []

    def complete(self, drawing: Drawing) -> Drawing:
        if len(drawing.prompt.split()) > self.most:
            raise DataError("the prompt is too long")
        return drawing

    def draw(self, drawings: Sequence[Drawing], *, beta_of: Any) -> list[Image.Image]:
        self.drawn += [self.complete(d) for d in drawings]
        return [Image.new("RGB", (8, 8), tuple(random.Random(number(d.prompt, d.seed)).randbytes(3))) for d in drawings]


class Judge:
    """Answers by a table of question texts."""

    name = "a table"

    def __init__(self, yes: Any) -> None:
        self._yes, self.asked = yes, []

    def yes(self, pictures: Sequence[Image.Image], questions: Sequence[str]) -> list[bool]:
        assert len(pictures) == len(questions)
        self.asked += list(questions)
        return [self._yes(question) for question in questions]


def published(yes: dict[int, bool], parents: dict[int, Sequence[int]]) -> float:
    """The rule of `compute_dpg_bench.py`, in words: by rising number, a question of a parent at zero is put to zero."""
    scores = {n: float(answer) for n, answer in yes.items()}
    for n in scores:
        if any(scores[p] == 0 for p in parents.get(n, ()) if p != 0):
            scores[n] = 0
    return sum(scores.values()) / len(scores)


def test_the_graphs_score_is_the_published_one(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(300):
        count = rng.randint(1, 12)
        parents = {n: rng.sample(range(1, n), rng.randint(0, min(2, n - 1))) for n in range(1, count + 1)}
        yes = {n: rng.random() < 0.7 for n in parents}
        assert graph_score(yes, parents) == pytest.approx(published(yes, parents))
        names = rng.sample(range(100, 200), count)  # the same graph under other numbers and in another order
        renamed = {names[n - 1]: [names[p - 1] for p in parents[n]] for n in rng.sample(list(parents), count)}
        assert graph_score({names[n - 1]: yes[n] for n in yes}, renamed) == pytest.approx(published(yes, parents))


def test_a_child_counts_only_if_all_before_it_do() -> None:
    parents = {1: (), 2: (1,), 3: (2,), 4: (1, 3), 5: ()}
    assert graph_yes({1: True, 2: False, 3: True, 4: True, 5: True}, parents) == {
        1: True, 2: False, 3: False, 4: False, 5: True,
    }  # fmt: skip
    order = check_graph(parents)
    assert all(order.index(p) < order.index(n) for n, ps in parents.items() for p in ps)


def test_graphs_that_are_none_are_told() -> None:
    with pytest.raises(DataError, match="depends on itself"):
        check_graph({1: (2,), 2: (3,), 3: (1,)})
    with pytest.raises(DataError, match="question 1 depends on itself"):
        check_graph({1: (1,)})
    with pytest.raises(DataError, match="question 2 depends on 9, which isn't there"):
        check_graph({1: (), 2: (9,)})
    with pytest.raises(DataError, match="no questions"):
        graph_score({}, {})
    assert len(check_graph({n: (n - 1,) if n > 1 else () for n in range(5000, 0, -1)})) == 5000


def test_dpg_bench_draws_asks_and_scores(tmp_path: Path) -> None:
    file = schemas.dpg_csv(tmp_path / "dpg_bench.csv", 3)
    judge, model = Judge(lambda question: "Is there 2" not in question), Draws()
    examples = DpgBench(pictures="2").judged_by(judge, data=tmp_path)
    assert len(examples) == 3
    asker = examples.prepare(model, Kept())
    found = [answer for batch in asker.ask(model, at_base) for answer in batch]
    assert len(found) == len(asker) == 3
    assert [a.values["graph_score"] for a in found] == [2 / 5] * 3  # 1 and 4; 2 is no, so 3 and 5 don't count
    assert found[0].values["graph_score entity"] == 2 / 5
    assert {(a.side, a.language) for a in found} == {("global", "en")}
    assert [d.prompt for d in model.drawn] == [f"a dense prompt {p}, with commas" for p in range(3) for _ in range(2)]
    assert len({d.seed for d in model.drawn}) == 6
    assert len(judge.asked) == 3 * 2 * 5
    again = Draws()
    assert [a for b in asker.ask(again, at_base, start=2) for a in b] == found[2:]
    assert again.drawn == model.drawn[4:]  # the same noise for every model
    assert DpgBench(pictures="2").judged_by(judge, data=file).content == examples.content
    assert DpgBench(pictures="3").judged_by(judge, data=file).content != examples.content


def test_prompts_longer_than_a_model_reads_are_cut_between_words(tmp_path: Path) -> None:
    prompt = " ".join(f"w{i}" for i in range(50))
    assert fitting(Draws(50), prompt) == prompt
    for most in (1, 2, 13, 49):
        assert fitting(Draws(most), prompt).split() == prompt.split()[:most]


def test_any_vision_language_model_is_a_judge(seed: int) -> None:
    speaker = RandomSpeaker(seed)
    judge = LvlmJudge("random", speaker)  # type: ignore[arg-type]
    pictures = [Image.new("RGB", (4, 4), (i, 0, 0)) for i in range(40)]
    found = judge.yes(pictures, [f"question {i}?" for i in range(40)])
    assert len(found) == 40
    assert 0 < sum(found) < 40
    assert {q.options for q in speaker.asked} == {("yes", "no")}
    assert [q.question for q in speaker.asked] == [f"question {i}?" for i in range(40)]


def test_rows_of_the_table_that_do_not_fit_are_named(tmp_path: Path) -> None:
    file = schemas.dpg_csv(tmp_path / "dpg_bench.csv", 4)
    text = file.read_text()
    text = text.replace('item1,"a dense prompt 1, with commas",,5,3', 'item1,"a dense prompt 1, with commas",,5,77')
    text = text.replace('item2,"a dense prompt 2, with commas",,4,0', 'item2,"a dense prompt 2, with commas",,one,0')
    file.write_text(text)
    examples = DpgBench().judged_by(Judge(bool), data=file)
    assert len(examples) == 2
    assert {p.row: p.why.partition(" ")[0] for p in examples.problems} == {"item1": "question", "item2": "its"}
    with pytest.raises(DataError, match="needs a judge"):
        task("dpg-bench").load("test", data=file)
    with pytest.raises(DataError, match="pictures=none isn't a number"):
        task("dpg-bench:pictures=none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"has no dpg_bench\.csv|no file of rows"):
        DpgBench().judged_by(Judge(bool), data=tmp_path / "empty")
