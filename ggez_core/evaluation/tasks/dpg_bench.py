"""DPG-Bench: does a picture show what a dense prompt says? Yes-or-no questions about it, judged by a VQA model.

1,065 prompts, each with a graph of questions of which a child counts only if its parents are answered yes; a picture's
score is the share of yes, a prompt's the mean over its pictures (four in the published protocol), the benchmark's the
mean over prompts (arXiv 2403.05135, `compute_dpg_bench.py` of its repository). It counts for the global score alone.

The judge is any vision-language model, named by the option `judge`. Published numbers are judged by mPLUG-large, so
numbers of another judge compare models with each other and not with published ones. The published script leaves out the
table's first row; here it counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...data import DataFolder, open_table
from ...data.fetch import Fetch
from ...data.tables import missing_columns
from ...data.values import as_text, as_whole
from ...errors import DataError
from ..forms.drawings import SCORE, DrawingExamples, Judge, PromptRow, Question, lvlm_judge
from ..forms.placing import place
from ..metrics_graph import check_graph
from ..options import full_name, known_region, one_of
from ..task import Examples, Problem, TaskInfo

COMMIT = "3c228f1dc6c4d3cad0a47493816151a419f14db3"
SOURCE = f"https://raw.githubusercontent.com/TencentQQGYLab/ELLA/{COMMIT}/dpg_bench/dpg_bench.csv"
COLUMNS = ("item_id", "text", "proposition_id", "dependency", "question_natural_language", "category_broad")


@dataclass(frozen=True)
class DpgBench:
    """The task."""

    judge: str = ""
    pictures: str = "4"

    def __post_init__(self) -> None:
        if not self.pictures.isdigit() or not 1 <= int(self.pictures) <= 64:
            raise DataError(f"dpg-bench: pictures={self.pictures} isn't a number from 1 to 64")

    @property
    def info(self) -> TaskInfo:
        """What it is."""
        return TaskInfo(
            name=full_name(self, "dpg-bench"),
            families=("diffusion",),
            main_metrics=(SCORE,),
            splits=("test",),
            sides=("global",),
            doc="DPG-Bench: dense prompts, each picture judged by yes-or-no questions that depend on each other",
            revision=COMMIT,
            options={
                "judge": "the vision-language model that answers: a folder, a Hub id or demo:family/name",
                "pictures": "how many are drawn of each prompt (4, as published)",
            },
        )

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """Prompts with their questions, from a local copy of dpg_bench.csv or the repository at a fixed commit.

        Raises DataError where no judge is named, or columns are missing.
        """
        one_of("dpg-bench", "split", split, self.info.splits)
        if not self.judge:
            raise DataError("dpg-bench needs a judge; name a vision-language model: dpg-bench:judge=demo:gemma3/base")
        return self.judged_by(lvlm_judge(self.judge), data=data, limit=limit)

    def judged_by(self, judge: Judge, *, data: Path | None = None, limit: int | None = None) -> Examples:
        """The same with a judge of one's own."""
        path = _csv(data) if data else _fetched()
        table = open_table(path)
        missing_columns(table, COLUMNS)
        asked: dict[str, list[Mapping[str, object]]] = defaultdict(list)
        for number, row in enumerate(table.rows(COLUMNS)):
            asked[as_text(row["item_id"]) or f"row {number}"].append(row)
        rows, problems = [], []
        for name, lines in asked.items():
            try:
                rows.append(_prompt(name, lines))
            except DataError as error:
                problems.append(Problem(name, str(error)))
        source = str(data) if data else SOURCE
        return DrawingExamples(rows, problems, judge, int(self.pictures), source, limit)


def _prompt(name: str, lines: list[Mapping[str, object]]) -> PromptRow:
    questions: dict[int, Question] = {}
    for line in lines:
        number = as_whole(line["proposition_id"])
        parents = [as_whole(part) for part in as_text(line["dependency"]).split(",") if part.strip()]
        text = as_text(line["question_natural_language"])
        if number is None or None in parents or not text:
            raise DataError(f"its proposition {line['proposition_id']!r} has no number, dependency or question")
        if number in questions:
            raise DataError(f"has two propositions {number}")
        own = tuple(p for p in parents if p)  # 0 is no parent
        questions[number] = Question(text, own, as_text(line["category_broad"]))
    check_graph({number: question.parents for number, question in questions.items()})
    prompt = as_text(lines[0]["text"])
    if not prompt:
        raise DataError("has no prompt")
    where = place("global", known_region("World"), language="en", regional=False)
    return PromptRow(name, prompt, questions, where)


def _csv(data: Path) -> Path:
    if data.is_file():
        return data
    found = [t.path for t in DataFolder.local(data).tables(None) if t.path.suffix in (".csv", ".tsv", ".parquet")]
    if not found:
        raise DataError(f"{data}: has no dpg_bench.csv; copy it from the repository of ELLA")
    return next((path for path in found if path.stem == "dpg_bench"), found[0])


def _fetched() -> Path:
    """The table at its commit, under a name that says what it is."""
    kept = Fetch()(SOURCE)
    named = kept.with_suffix(".csv")
    if not named.exists():
        named.write_bytes(kept.read_bytes())
    return named


TASKS = (DpgBench(),)
