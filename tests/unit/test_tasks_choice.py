"""CVQA, SEA-VQA and WorldCuisines on files of their exact schemas: a random model is at chance, every trap is told."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ggez_core.data.fetch import Fetch
from ggez_core.errors import DataError, RegionError
from ggez_core.evaluation.task import Answer
from ggez_core.evaluation.tasks import task
from ggez_core.evaluation.tasks.worldcuisines import parsed
from ggez_core.families.family import at_base
from ggez_core.families.kept import Kept
from tests import schemas
from tests.data_sets import cell, picture, write_jsonl, write_parquet, write_tsv
from tests.fake_models import RandomEmbedding, RandomSpeaker


@dataclass(frozen=True)
class Made:
    """A task's name, a local copy of its data, and the split asked."""

    name: str
    data: Path
    split: str = "test"

    def load(self, limit: int | None = None) -> Any:
        return task(self.name).load(self.split, data=self.data, limit=limit)


def cvqa(folder: Path) -> Made:
    rows = schemas.cvqa(400)
    write_parquet(folder / "data" / "test-00000-of-00002.parquet", rows[:250], schemas.CVQA)
    write_parquet(folder / "data" / "test-00001-of-00002.parquet", rows[250:], schemas.CVQA)
    return Made("cvqa", folder)


def sea_vqa(folder: Path) -> Made:
    for index, country in enumerate(("cambodia", "laos", "vietnam")):
        rows = schemas.sea_vqa(country, 100 + index)
        for number, row in enumerate(rows):
            row["image"] = {"bytes": picture(number // 3 + 1000 * index), "path": "x"}
        write_parquet(folder / f"{country}.parquet", rows, {**schemas.SEA_VQA, "image": schemas.IMAGE})
    return Made("sea-vqa", folder)


def worldcuisines(folder: Path) -> Made:
    return Made("worldcuisines", schemas.write_worldcuisines(folder, 24), "test_small")


def custom(folder: Path) -> Made:
    rows = [
        {
            "id": f"r{i}", "image": cell(i), "question": f"which {i}?",
            "options": [f"{i}{k}" for k in range(4 + i % 2)], "answer": f"{i}{i * 7 % 4}",
            "country": "TH" if i % 3 else "FR", "language": "th",
        }
        for i in range(240)
    ]  # fmt: skip
    return Made("custom:ask=choice", write_jsonl(folder / "test.jsonl", rows))


MAKERS: dict[str, Callable[[Path], Made]] = {f.__name__: f for f in (cvqa, sea_vqa, worldcuisines, custom)}


@pytest.fixture(params=MAKERS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    return MAKERS[request.param](tmp_path)


def asked(examples: Any, model: Any, start: int = 0) -> list[Answer]:
    asker = examples.prepare(model, Kept())
    found = [answer for batch in asker.ask(model, at_base, start=start) for answer in batch]
    assert len(found) + start == len(asker)
    return found


def test_a_random_model_is_at_chance(made: Made, seed: int) -> None:
    examples = made.load()
    assert not examples.problems
    for model, metrics in (
        (RandomEmbedding(seed), ("choice_accuracy",)),
        (RandomSpeaker(seed), ("choice_accuracy", "choice_written_accuracy", "choice_without_image_accuracy")),
    ):
        answers = [a for a in asked(examples, model) if a.id.count("(") == 0]  # each question once
        chances = np.array([a.values["choice_chance"] for a in answers])
        assert set(chances) <= {0.25, 0.2}
        spread = 5 * np.sqrt((chances * (1 - chances)).sum()) / len(chances)  # five standard deviations
        for metric in metrics:
            right = np.array([a.values[metric] for a in answers])
            assert set(right) == {0.0, 1.0}
            assert abs(right.mean() - chances.mean()) <= spread, metric


def test_shuffled_options_change_nothing(made: Made, seed: int) -> None:
    examples, shuffled = made.load(), made.load()
    rng = random.Random(seed)
    for index, row in enumerate(shuffled.rows):
        order = rng.sample(range(len(row.options)), len(row.options))
        options = tuple(row.options[k] for k in order)
        shuffled.rows[index] = type(row)(
            row.id, row.image, row.question, options, order.index(row.right), row.cluster, row.where
        )
    model = RandomEmbedding(seed)
    assert asked(examples, model) == asked(shuffled, model)


def test_what_was_asked_is_what_the_data_says(made: Made, seed: int) -> None:
    """The right option's text and the picture reach a vision-language model, in the row's language."""
    examples, model = made.load(limit=7), RandomSpeaker(seed)
    answers = asked(examples, model)
    seen = [q for q in model.asked if q.image is not None]
    assert len(seen) == len(examples.rows) == 7
    assert len(model.asked) == 14
    for row, question in zip(examples.rows, seen, strict=True):
        assert (question.question, question.options, question.language) == (
            row.question,
            row.options,
            row.where.language,
        )
    by_id = {a.id: a for a in answers}
    assert len(by_id) == len(answers)


def test_a_question_that_a_model_can_not_be_asked_is_named_and_counted(
    tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    class Short(RandomSpeaker):
        """Reads no question that holds a seven."""

        def prepare(self, questions: Any) -> Any:
            if any("7" in question.question for question in questions):
                raise DataError("the question takes too many tokens")
            return super().prepare(questions)

    examples = cvqa(tmp_path).load(limit=40)
    answers = [a for a in asked(examples, Short(seed)) if a.side == "global"]
    long = {row.id for row in examples.rows if "7" in row.question}
    assert long
    assert {a.id for a in answers if a.values == {"choice_not_asked": 1.0}} == long
    expected = {a.id: a for a in asked(examples, RandomSpeaker(seed))}
    assert all(a == expected[a.id] for a in answers if a.id not in long)
    assert all(f"{name}: can't be asked: the question takes" in caplog.text for name in long)


def test_an_interrupted_evaluation_goes_on(made: Made, seed: int) -> None:
    examples, model = made.load(limit=40), RandomEmbedding(seed)
    whole = asked(examples, model)
    for batch_end in (0, len(whole) // 2, len(whole)):
        while 0 < batch_end < len(whole) and whole[batch_end].id.startswith(whole[batch_end - 1].id):
            batch_end += 1  # answers of one row stay together
        assert asked(examples, model, start=batch_end) == whole[batch_end:]


def test_content_tells_data_apart_and_not_where_it_lies(tmp_path: Path) -> None:
    one, two = cvqa(tmp_path / "one"), cvqa(tmp_path / "two")
    assert one.load().content == two.load().content
    assert one.load(limit=50).content != one.load().content
    translated = Made("cvqa:question=translated", one.data)
    assert translated.load().content != one.load().content


def test_cvqa_counts_every_row_globally_and_the_regions_rows_regionally_too(tmp_path: Path, seed: int) -> None:
    made = cvqa(tmp_path)
    answers = asked(made.load(), RandomEmbedding(seed))
    sides = Counter(a.side for a in answers)
    assert sides == {"global": 400, "regional": 200}  # four of eight subsets
    regional = [a for a in answers if a.side == "regional"]
    assert {a.country for a in regional} == {"ID", "SG", "PH"}
    assert {a.language for a in regional} == {"id", "zh", "fil", "min"}
    assert {a.region for a in regional} == {"SEA"}
    assert {a.region for a in answers if a.country not in ("ID", "SG", "PH")} == {"EAP", "LAC", "MENA", "ECA"}
    assert {a.aspect for a in answers} == {"Cooking and food", "Traditions"}
    assert {a.country for a in answers if a.language == "arz"} == {"EG"}
    assert len({a.cluster for a in answers}) == 200  # two questions an image
    by_id = {a.id: a for a in answers}
    assert all(by_id[a.id.removesuffix(" (regional)")].values == a.values for a in regional)
    for name, sizes in (
        ("cvqa:counts=split", {"global": 200, "regional": 200}),
        ("cvqa:region=ID", {"global": 400, "regional": 100}),
        ("cvqa:region=kr+MX,counts=split", {"global": 300, "regional": 100}),
        ("cvqa:counts=regional", {"regional": 400}),
    ):
        found = asked(Made(name, made.data).load(), RandomEmbedding(seed))
        assert Counter(a.side for a in found) == sizes, name


def test_cvqa_in_translation_is_english(tmp_path: Path, seed: int) -> None:
    examples = Made("cvqa:question=translated", cvqa(tmp_path).data).load()
    assert examples.rows[0].question == "question 0?"
    assert examples.rows[0].options == ("o00", "o01", "o02", "o03")
    assert {row.where.language for row in examples.rows} == {"en"}


@pytest.mark.parametrize("write", [write_jsonl, write_tsv], ids=["jsonl", "tsv"])
def test_cvqa_in_other_files_is_the_same(write: Any, tmp_path: Path) -> None:
    rows = schemas.cvqa(24)
    write_parquet(tmp_path / "a" / "test.parquet", rows, schemas.CVQA)
    file = write(tmp_path / "b" / ("test.jsonl" if write is write_jsonl else "test.tsv"), rows)
    expected = Made("cvqa", tmp_path / "a").load().content
    assert Made("cvqa", tmp_path / "b").load().content == expected
    assert Made("cvqa", file).load().content == expected


def test_every_unusable_row_of_cvqa_is_named_with_its_reason(tmp_path: Path, seed: int) -> None:
    rows = schemas.cvqa(40)
    broken: dict[int, tuple[dict[str, Any], str]] = {
        0: ({"Label": -1}, "keeps the answers to itself"), 3: ({"Label": 4}, "right answer is option 5 of 4"),
        5: ({"Subset": "Indonesian"}, "not a pair"),
        7: ({"Subset": "('Elvish', 'Mordor')"}, "unknown country 'Mordor'"),
        9: ({"image": {"bytes": picture(1)[:60], "path": "x"}}, "doesn't open"), 11: ({"image": None}, "has no image"),
        13: ({"Options": ["only"]}, "has 1 options"), 15: ({"Question": " "}, "has no question"),
        17: ({"Options": ["a", "", "c", "d"]}, "option 2 is empty"), 19: ({"Label": None}, "not a whole number"),
    }  # fmt: skip
    for index, (change, _) in broken.items():
        rows[index] |= change
    write_parquet(tmp_path / "test.parquet", rows, schemas.CVQA)
    examples = Made("cvqa", tmp_path).load()
    assert len(examples) == 40 - len(broken)
    said = {problem.row: problem.why for problem in examples.problems}
    assert set(said) == {rows[index]["ID"] for index in broken}
    for index, (_, why) in broken.items():
        assert why in said[rows[index]["ID"]]
    assert len(asked(examples, RandomEmbedding(seed))) > 0


def test_a_region_without_rows_still_answers_for_the_world(tmp_path: Path, seed: int) -> None:
    examples = Made("cvqa:region=SSA", cvqa(tmp_path).data).load()
    assert [(p.row, p.why.partition(":")[0]) for p in examples.problems] == [("region SSA", "no row belongs to it")]
    assert {a.side for a in asked(examples, RandomEmbedding(seed))} == {"global"}
    assert not Made("cvqa:region=SSA,counts=global", tmp_path).load().problems


def test_missing_columns_and_splits_and_options_are_told(tmp_path: Path) -> None:
    kinds = {k: v for k, v in schemas.CVQA.items() if k not in ("Label", "Options")}
    write_parquet(tmp_path / "test.parquet", schemas.cvqa(4), kinds)
    with pytest.raises(DataError, match=r"lacks the columns 'Options', 'Label'; it has image, ID, Subset"):
        Made("cvqa", tmp_path).load()
    with pytest.raises(DataError, match="cvqa: split=train isn't known; it is one of test"):
        task("cvqa").load("train", data=tmp_path)
    with pytest.raises(DataError, match=r"cvqa has no option 'qestion'; did you mean question\?"):
        task("cvqa:qestion=native")
    with pytest.raises(DataError, match="question=english isn't known; it is one of native, translated"):
        task("cvqa:question=english")
    with pytest.raises(DataError, match="written key=value"):
        task("cvqa:native")
    with pytest.raises(RegionError, match="did you mean SEA"):
        task("cvqa:region=SEE")
    with pytest.raises(DataError, match=r"no task 'cvaq'; did you mean cvqa\?"):
        task("cvaq")
    with pytest.raises(DataError, match="no such file or folder"):
        Made("cvqa", tmp_path / "nowhere").load()


def test_sea_vqa_counts_regionally_with_its_countries_and_clusters(tmp_path: Path, seed: int) -> None:
    answers = asked(sea_vqa(tmp_path).load(), RandomEmbedding(seed))
    assert Counter(a.country for a in answers) == {"KH": 100, "LA": 101, "VN": 102}
    assert {(a.side, a.region, a.language) for a in answers} == {("regional", "SEA", "en")}
    assert len({a.cluster for a in answers}) == 3  # questions share a page


def test_sea_vqa_in_one_file_says_its_countries(tmp_path: Path) -> None:
    rows = [{**row, "country": c, "image": {"bytes": picture(i), "path": f"{c}{i}.png"}}
            for c in ("thailand", "Viet Nam") for i, row in enumerate(schemas.sea_vqa(c, 5))]  # fmt: skip
    file = write_jsonl(tmp_path / "sea.jsonl", rows)
    assert [row.where.country for row in Made("sea-vqa", file).load().rows] == ["TH"] * 5 + ["VN"] * 5


def test_sea_vqa_answers_outside_the_choices_and_images_behind_urls_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = schemas.sea_vqa("laos", 12)
    rows[1]["correct_answer"] = "e"
    rows[2]["correct_answer"] = rows[2]["choice_c"].upper()  # the text of a choice is one
    rows[4]["correct_answer"] = ""
    rows[5]["correct_answer"] = "Choice_B."
    write_parquet(tmp_path / "laos.parquet", rows, schemas.SEA_VQA)
    examples = Made("sea-vqa", tmp_path).load()
    assert len(examples) == 0
    assert Counter("fetch=yes" in p.why for p in examples.problems) == {True: 10, False: 2}

    there = tmp_path / "fetched.png"
    there.write_bytes(picture(1))

    def fetched(self: Fetch, url: str) -> Path:
        return there

    monkeypatch.setattr(Fetch, "__call__", fetched)
    examples = Made("sea-vqa:fetch=yes", tmp_path).load()
    assert {p.row for p in examples.problems} == {"laos.parquet, row 1", "laos.parquet, row 4"}
    assert all("none of a, b, c, d" in p.why for p in examples.problems)
    right = {row.id: row.right for row in examples.rows}
    assert (right["laos.parquet, row 2"], right["laos.parquet, row 5"], right["laos.parquet, row 0"]) == (2, 1, 1)


def test_worldcuisines_reads_options_from_prompts_and_images_from_the_knowledge_base(tmp_path: Path, seed: int) -> None:
    examples = worldcuisines(tmp_path).load()
    answers = asked(examples, RandomEmbedding(seed))
    sides = Counter(a.side for a in answers)
    assert sides == {"global": 480, "regional": 2 * 24 * 6}
    assert {a.language for a in answers if a.side == "regional"} == {"id", "jv", "su", "th", "fil"}
    assert {(a.language, a.country) for a in answers if a.side == "regional"} >= {
        ("th", "TH"),
        ("fil", "PH"),
        ("jv", "ID"),
    }
    assert {a.aspect for a in answers} == {"dish", "place"}
    assert len({a.cluster for a in answers}) == 48  # a question in ten variants is one cluster
    sizes = Counter(len(row.options) for row in examples.rows)
    assert sizes == {5: 420, 4: 60}
    by_id = {row.id: row for row in examples.rows}
    for task_, row in (("task1", by_id["task1_3 dish th"]), ("task2", by_id["task2_3 place th"])):
        source = next(r for r in schemas.worldcuisines(task_, 4) if (r["qa_id"], r["lang"]) == (f"{task_}_3", "th"))
        assert row.options[row.right] == source["answer"]
        assert row.question == "th: what is 3?"
    few = Made("worldcuisines:part=place", tmp_path, "test_small").load()
    assert {row.where.aspect for row in few.rows} == {"place"}
    assert len(Made("worldcuisines", tmp_path, "test_large").load()) == 40


def test_worldcuisines_tells_what_does_not_fit(tmp_path: Path) -> None:
    rows = schemas.worldcuisines("task1", 2)
    rows[0]["multi_choice_answer"] = 0
    rows[1]["multi_choice_answer"] = rows[1]["multi_choice_answer"] % 4 + 1
    rows[2]["image_url"] = "https://food.example/unknown.jpg"
    rows[3]["multi_choice_prompt"] = "No options here"
    rows[4]["multi_choice_prompt"] = "Which?\n1. a\n3. b\n"
    write_parquet(tmp_path / "task1" / "test_small.parquet", rows, schemas.WORLDCUISINES)
    write_parquet(tmp_path / "food-kb" / "main.parquet", schemas.food_kb(2), schemas.FOOD_KB)
    said = [p.why for p in Made("worldcuisines:part=dish", tmp_path, "test_small").load().problems]
    for wanted, why in zip(
        ("right answer is option 0", "and its answer is", "isn't in the knowledge base", "no options", "no options"),
        said, strict=True,
    ):  # fmt: skip
        assert wanted in why
    with pytest.raises(DataError, match="no such file or folder"):
        Made("worldcuisines", tmp_path / "task1", "test_small").load()
    with pytest.raises(DataError, match="no language is known to be at home in North America"):
        Made("worldcuisines:region=NA", tmp_path, "test_small").load()


def test_prompts_are_parsed_as_published() -> None:
    prompt = (
        "Apa nama\nmakanan ini?\n1. Soto 2.0\n2. Rendang (Minang)\n3. 1. Sate\n\n"
        "Print only the answer with a single answer id (1,2,3)."
    )
    assert parsed(prompt) == ("Apa nama makanan ini?", ("Soto 2.0", "Rendang (Minang)", "1. Sate"))
