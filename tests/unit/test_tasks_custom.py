"""A user's own folder, in every form and asked in every way; and every task as the list shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ggez_core.errors import DataError, RegionError
from ggez_core.evaluation.loading import for_region
from ggez_core.evaluation.task import Answer
from ggez_core.evaluation.tasks import FILES, task, tasks
from ggez_core.families.family import at_base
from ggez_core.families.kept import Kept
from ggez_core.families.visual_questions import VisualAnswer
from tests import tiny_embedding
from tests.conftest import Ggez
from tests.data_sets import IMAGE, cell, write_jsonl, write_parquet, write_shard, write_tsv
from tests.fake_models import RandomEmbedding, RandomSpeaker

COUNTRIES = ("Thailand", "VN", "FRA", "")
TYPES = {
    "id": "VARCHAR", "image": IMAGE, "text": "VARCHAR", "language": "VARCHAR", "country": "VARCHAR",
    "aspect": "VARCHAR", "question": "VARCHAR", "options": "VARCHAR[]", "answer": "VARCHAR",
}  # fmt: skip


def rows(count: int = 24) -> list[dict[str, Any]]:
    return [
        {
            "id": f"r{i}", "image": cell(i), "text": f"caption {i}", "language": ("th", "vie", "fra", "en")[i % 4],
            "country": COUNTRIES[i % 4], "aspect": "food", "question": f"what is {i}?",
            "options": [f"a{i}", f"b{i}", f"c{i}"], "answer": f"{'abc'[i % 3]}{i}",
        }
        for i in range(count)
    ]  # fmt: skip


WRITERS: dict[str, Callable[[Path], Path]] = {
    "parquet": lambda folder: write_parquet(folder / "test.parquet", rows(), TYPES).parent,
    "jsonl": lambda folder: write_jsonl(folder / "test.jsonl", rows()).parent,
    "tsv": lambda folder: write_tsv(folder / "test.tsv", rows()).parent,
    "webdataset": lambda folder: write_shard(folder / "test-000.tar", rows()).parent,
    "one file": lambda folder: write_jsonl(folder / "mine.jsonl", rows()),
}


@pytest.fixture(params=WRITERS)
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return WRITERS[request.param](tmp_path)


def asked(examples: Any, model: Any) -> list[Answer]:
    asker = examples.prepare(model, Kept())
    found = [answer for batch in asker.ask(model, at_base) for answer in batch]
    assert len(found) == len(asker)
    return found


def test_captions_questions_and_open_questions_in_every_form(data: Path, seed: int) -> None:
    retrieval: Any = task("custom").load("test", data=data)
    choice: Any = task("custom:ask=choice").load("test", data=data)
    open_: Any = task("custom:ask=open").load("test", data=data)
    for examples in (retrieval, choice, open_):
        assert not examples.problems
        assert len(examples) == len(examples.pictures) == 24
    found = asked(choice, RandomEmbedding(seed))
    assert Counter(a.side for a in found) == {"global": 24, "regional": 12}
    assert {(a.language, a.country, a.region) for a in found} == {
        ("th", "TH", "SEA"), ("vi", "VN", "SEA"), ("fr", "FR", "ECA"), ("en", None, None),
    }  # fmt: skip
    assert [row.options[row.right] for row in choice.rows] == [row["answer"] for row in rows()]
    assert len(asked(retrieval, RandomEmbedding(seed))) == 2 * 24 + 2 * 12
    assert {a.values["choice_chance"] for a in asked(choice, RandomSpeaker(seed))} == {1 / 3}


def test_open_answers_are_matched_in_their_script(tmp_path: Path) -> None:
    class Says:
        """Answers in turn what it was given."""

        def __init__(self, *said: str) -> None:
            self.said = list(said)

        def prepare(self, questions: Any) -> Any:
            return questions

        def answer(self, prepared: Any) -> list[VisualAnswer]:
            return [VisualAnswer(self.said.pop(0), True) for _ in prepared]

    right: list[Any] = ["ข้าวผัด", ["แมว", "cat"], "แมว"]
    mine = [{"image": cell(i), "question": "?", "answer": a, "language": "th"} for i, a in enumerate(right)]
    file = write_jsonl(tmp_path / "test.jsonl", mine)
    examples: Any = task("custom:ask=open").load("test", data=file)
    found = asked(examples, Says("ข้าว ผัด。", "Cat!", "หมา"))
    assert [a.values["open_accuracy"] for a in found if a.side == "global"] == [1, 1, 0]
    assert [a.values["open_exact_accuracy"] for a in found if a.side == "global"] == [0, 0, 0]


def test_columns_are_renamed_and_the_language_is_given(tmp_path: Path, seed: int) -> None:
    renamed = [{"file": row["image"], "caption": row["text"], "nation": row["country"]} for row in rows()]
    write_parquet(tmp_path / "test.parquet", renamed, {"file": IMAGE, "caption": "VARCHAR", "nation": "VARCHAR"})
    name = "custom:columns=image:file+text:caption+country:nation,language=id,counts=split"
    found = asked(task(name).load("test", data=tmp_path), RandomEmbedding(seed))
    assert Counter(a.side for a in found) == {"global": 24, "regional": 24}
    assert {a.language for a in found} == {"id"}
    with pytest.raises(DataError, match="lacks the columns 'text', 'image'; it has file, caption, nation"):
        task("custom").load("test", data=tmp_path)
    with pytest.raises(DataError, match="write it as image:file"):
        task("custom:columns=file")
    with pytest.raises(DataError, match="columns=picure isn't known"):
        task("custom:columns=picure:file")


@pytest.mark.parametrize(
    ("answers", "answer", "right"),
    [("text", "b", 1), ("text", "B", 1), ("text", "cat", 0), ("from0", 0, 0), ("from1", "1", 0), ("from1", 3, 2)],
)
def test_the_right_option_by_text_letter_or_number(answers: str, answer: object, right: int, tmp_path: Path) -> None:
    row = {"image": cell(1), "question": "?", "options": ["cat", "dog", "cow"], "answer": answer}
    file = write_jsonl(tmp_path / "test.jsonl", [row])
    examples: Any = task(f"custom:ask=choice,answers={answers}").load("test", data=file)
    assert [r.right for r in examples.rows] == [right]


def test_rows_that_can_not_be_used_are_named(tmp_path: Path) -> None:
    broken = rows(8)
    broken[0]["country"] = "Atlantis"
    broken[1]["answer"] = "none of them"
    broken[2]["options"] = "a; b"
    broken[3]["image"] = "nowhere.png"
    broken[4]["options"] = ["x", "x", "y"]
    broken[4]["answer"] = "x"
    file = write_jsonl(tmp_path / "test.jsonl", broken)
    examples: Any = task("custom:ask=choice").load("test", data=file)
    said = {p.row: p.why for p in examples.problems}
    assert len(examples) == 3
    for name, why in (
        ("r0", "unknown country 'Atlantis'"), ("r1", "none of its options"), ("r2", "not a list"),
        ("r3", "can't be read"), ("r4", "several of its options"),
    ):  # fmt: skip
        assert why in said[name]
    no_language = write_jsonl(tmp_path / "plain.jsonl", [{"image": cell(1), "text": "a cat"}])
    assert "has no language" in task("custom").load("test", data=no_language).problems[0].why


def test_no_data_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="name its file or folder"):
        task("custom").load("test")
    with pytest.raises(DataError, match="ask=guess isn't known; it is one of retrieval, choice, open"):
        task("custom:ask=guess")


def test_every_task_is_listed_under_its_name() -> None:
    found = {one.info.name: one.info for one in tasks()}
    assert list(found) == list(FILES)
    for info in found.values():
        assert info.doc
        assert info.main_metrics
        assert set(info.sides) <= {"global", "regional"}
        assert set(info.families) <= {"embedding", "lvlm", "diffusion"}


def test_the_list_is_read_without_torch() -> None:
    code = "import sys; from ggez_core.evaluation.tasks import tasks; print(len(tasks()), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(FILES)), "False"]


def test_published_data_is_pinned() -> None:
    pinned = {one.info.name: one.info.revision for one in tasks() if one.info.revision}
    commits = {name for name, revision in pinned.items() if len(revision) == 40}
    assert commits == {"cvqa", "xm3600", "xtd10", "multi30k", "dpg-bench"}
    assert set(pinned) - commits == {"sea-vqa", "worldcuisines"}  # resolved on first use, recorded, then kept


def test_the_command_scores_a_folder_of_ones_own(ggez: Ggez, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GGEZ_CACHE", str(tmp_path / "cache"))
    model = tiny_embedding.siglip(tmp_path / "model")
    broken = rows(12)
    broken[3]["image"] = {"bytes": b"no image", "path": "x"}
    data = write_parquet(tmp_path / "mine" / "test.parquet", broken, TYPES).parent
    name = "custom:language=en,ask=choice"  # not in the order of the task's own name
    asked_for = ("eval", model, "--task", name, "--device", "cpu", "-o", tmp_path / "rows.jsonl", "--json")
    for given in (data, f"{name}={data}"):
        status, out, err = ggez(*asked_for, "--data", given)
        assert (status, err.count("Traceback")) == (0, 0)
        document = json.loads(out)
    assert list(document["data"].values()) == [str(data)]
    assert "r3" in out
    assert "doesn't open" in out
    assert {row["task"] for row in document["rows"]} == {"custom:ask=choice,language=en"}
    whole = {
        (row["side"], row["metric"]): row["n"]
        for row in document["rows"]
        if not any(row[slice_] for slice_ in ("language", "country", "region", "aspect"))
    }
    assert whole["global", "choice_accuracy"] == 11
    assert whole["regional", "choice_accuracy"] == 6
    status, out, err = ggez("eval", model, "--task", "custom:ask=open", "--data", data, "--device", "cpu")
    assert status == 2
    assert "can be asked of lvlm models" in err


def test_a_sweeps_region_is_the_one_that_its_tasks_split_by(tmp_path: Path) -> None:
    folders = {"cvqa": tmp_path, "xm3600:region=ID+TH": tmp_path / "x", "world-retrieval": tmp_path / "w"}
    asked_for, data = for_region([*folders, "cvqa:counts=split"], folders, "lac")
    assert asked_for == [
        "cvqa:region=LAC", "xm3600:region=ID+TH", "world-retrieval", "cvqa:counts=split,region=LAC",
    ]  # fmt: skip
    assert list(data) == asked_for[:3]
    assert task("cvqa:region=SEA").info.name == "cvqa"  # the default changes no name
    with pytest.raises(RegionError):
        for_region(["cvqa"], None, "LACC")
