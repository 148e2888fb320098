"""Studies: the grid, the comparison worked by hand, and the whole of it on the small world with a few steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ggez_core.demo.world.questions import questions
from ggez_core.errors import DataError, TrainingError
from ggez_core.evaluation.aggregate import Measured
from ggez_core.evaluation.answers import Answers
from ggez_core.evaluation.task import Answer
from ggez_core.evaluation.tasks import task
from ggez_core.study.compare import Interval, compare
from ggez_core.study.grid import Result, Results
from ggez_core.study.measures import Found, by_language
from ggez_core.study.report import as_document, readable, write_study
from ggez_core.study.settings import UNDISTILLED, Cell, StudySettings, study_from
from tests.conftest import Ggez

CONFIG = {
    "teachers": ["demo:siglip/base"], "objectives": ["FD", "DR + 0.5 ED"], "seeds": [0, 1],
    "data": [{"source": "demo:world"}], "loop": {"steps": 2, "batch": 8, "device": "cpu", "workers": 0},
}  # fmt: skip


def found(th: float, km: float, vqa: float, agreement: float = 0.5) -> Found:
    mean = (th + km) / 2
    recalls = {"mean": mean, "th": th, "km": km}
    return Found(
        {"recall@5": recalls, "recall@10": recalls, "mrr@10": recalls},
        {"accuracy": {"mean": vqa, "th": vqa}},
        {"agreement": {"mean": agreement}, "cosine": {"mean": 0.9}, "v_measure": {"mean": 0.8}},
    )


def results(study: StudySettings, measured: dict[str, list[Found]]) -> Results:
    teacher = study.teachers[0]
    cells = [Result(Cell(teacher, name, seed), one, one) for name, all_ in measured.items()
             for seed, one in enumerate(all_)]  # fmt: skip
    side = {"parameters": 100, "embedding_share": 0.5, "layers": 4, "vocabulary": 10}
    size = {"teacher": side, "student": {**side, "parameters": 45, "layers": 2}, "share": 0.45}
    return Results(tuple(cells), {teacher: (found(0.8, 0.6, 0.5), found(0.8, 0.6, 0.5))}, {teacher: size})


MEASURED = {
    "FD": [found(0.80, 0.56, 0.52), found(0.82, 0.56, 0.50)],
    "DR + 0.5 ED": [found(0.88, 0.54, 0.44), found(0.86, 0.54, 0.46)],
    UNDISTILLED: [found(0.3, 0.2, 0.3), found(0.3, 0.22, 0.3)],
}


def test_the_grid_is_everything_with_every_seed_first_seeds_first() -> None:
    study = study_from(CONFIG)
    assert [(cell.objective, cell.seed) for cell in study.cells()] == [
        ("FD", 0), ("DR + 0.5 ED", 0), (UNDISTILLED, 0), ("FD", 1), ("DR + 0.5 ED", 1), (UNDISTILLED, 1),
    ]  # fmt: skip
    one, other = (study.distillation(cell) for cell in (study.cells()[0], study.cells()[5]))
    assert (one.objective, one.loop.seed, one.student.start) == ("FD", 0, "teacher")
    assert (other.objective, other.loop.seed, other.student.start) == ("MCL@image", 1, "random")
    assert one.loop.model_dump(exclude={"seed"}) == other.loop.model_dump(exclude={"seed"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"objectives": ["FD", "FD"]}, "objectives: one is named twice"),
        ({"objectives": ["XD"]}, "no loss 'XD'"),
        ({"teachers": []}, "teachers: "),
        ({"undistilled_loop": {"steps": 9}}, "undistilled_loop.steps: has to be as in all others"),
        ({"undistilled_loop": {"stepz": 9}}, "loop.stepz: is no setting"),
        ({"sedes": 1}, "sedes: is no setting; there is: teachers"),
    ],
)
def test_a_config_that_is_none_is_told(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        study_from({**CONFIG, **changes})


def test_the_shipped_studies_are_whole() -> None:
    for path in sorted((Path(__file__).parents[2] / "assets" / "configs" / "studies").glob("*.yaml")):
        study = study_from(yaml.safe_load(path.read_text("utf-8")))
        assert {cell.seed for cell in study.cells()} == {0, 1, 2}
        assert all(study.distillation(cell) for cell in study.cells())


def test_means_over_languages_weigh_each_alike() -> None:
    rows = [("th", "global", 1.0, 0.0), ("th", "global", 0.0, np.nan), ("th", "regional", 1.0, 1.0),
            ("km", "global", 0.0, 1.0), ("km", "global", 0.0, 0.0)]  # fmt: skip
    answers = Answers.of([
        Answer(id=str(i), side=side, cluster="c", language=language,
               values={"text_to_image_recall@5": one, "image_to_text_recall@5": other, "text_to_image_recall@50": 9.0})
        for i, (language, side, one, other) in enumerate(rows)
    ])  # fmt: skip
    measured = by_language([Measured("world", (), answers)], ("recall@5", "mrr@10"))
    # th: forth (½, 1), back (0, 1); km: forth 0, back ½
    assert measured == {"recall@5": {"mean": pytest.approx(0.4375), "th": pytest.approx(0.625), "km": 0.25}}


def test_sides_that_dont_count_are_left_out() -> None:
    answers = Answers.of([
        Answer(id=str(i), side=side, cluster="c", language="th", values={"text_to_image_recall@5": value})
        for i, (side, value) in enumerate((("global", 1.0), ("regional", 0.0)))
    ])  # fmt: skip
    measured = [Measured("world", (), answers)]
    assert [by_language(measured, ("recall@5",), (), sides)["recall@5"]["mean"]
            for sides in ((), ("global",), ("regional",))] == [0.5, 1.0, 0.0]  # fmt: skip


def test_the_comparison_by_hand() -> None:
    study = study_from(CONFIG)
    compared = compare(study, results(study, MEASURED))
    fd, dr = (compared.line(study.teachers[0], name) for name in ("FD", "DR + 0.5 ED"))
    assert compared.best == {"demo:siglip/base": "DR + 0.5 ED"}
    half = 12.706 * np.std([0.68, 0.69], ddof=1) / np.sqrt(2)
    assert (fd.means["recall@5"].value, fd.means["recall@5"].high) == pytest.approx((0.685, 0.685 + half))
    assert fd.kept["recall@5"].value == pytest.approx(0.685 / 0.7)
    assert (dr.worst, dr.languages["km"].value) == ("km", pytest.approx(-0.06))
    assert dr.spread.value == pytest.approx(np.std([0.07, -0.06], ddof=1))
    assert (dr.by_language["recall@10"]["th"].value, dr.by_language["accuracy"]["th"].value) == pytest.approx(
        (0.87, 0.45)
    )
    kept = [[(one + two) / 2 / 0.7, vqa / 0.5, 1.0] for one, two, vqa in ((0.88, 0.54, 0.44), (0.86, 0.54, 0.46))]
    assert dr.tasks.value == pytest.approx(np.mean([np.std(shares, ddof=1) for shares in kept]))
    assert dr.ranks == {"recall@5": 1, "accuracy": 2, "agreement": dr.ranks["agreement"]}
    said = " ".join(compared.notes)
    assert "DR + 0.5 ED isn't the best in 1 of 2 languages (km: FD)" in said
    assert "DR + 0.5 ED keeps 100.7% on average, and in km loses 0.060" in said
    assert "Tasks differ: DR + 0.5 ED is the best for retrieval (rank 2 for questions), FD for questions" in said
    assert "undistilled, a student of the same shape keeps" in said
    assert "Stability across languages (standard deviation of the change of R@5): from 0.035 (FD) to 0.092 (DR" in said
    assert "Stability across tasks (standard deviation of the shares kept of retrieval, questions and" in said
    assert Interval.of([0.5]) == Interval(0.5, 0.5, 0.5)


def test_the_report_is_whole(tmp_path: Path) -> None:
    study = study_from(CONFIG)
    measured = results(study, MEASURED)
    compared = compare(study, measured)
    write_study(study, measured, compared, tmp_path)
    document = json.loads((tmp_path / "report.json").read_text())
    assert document == json.loads(json.dumps(as_document(study, measured, compared)))
    text = readable(study, measured, compared)
    assert "100 → 45 parameters (45.0%)" in text
    assert all(f"| {name} |" in text for name in MEASURED)
    by_language = text.partition("MRR@10 by language")[2].partition("\n\n")[2].splitlines()
    assert by_language[0] == "| objective | th | km |"
    assert by_language[2] == "| teacher | 0.800 | 0.600 |"
    assert any(line.startswith("| FD | 0.810 ± 0.127 | 0.560 ± 0.000 |") for line in by_language)
    assert (tmp_path / "figures/index.html").stat().st_size > 1000
    assert {path.name for path in (tmp_path / "figures").glob("*.csv")} == {"kept-0.csv", "languages-0.csv"}


def test_questions_of_the_small_world_can_be_asked_of_an_embedding_model() -> None:
    examples = task("world-choices").load("validation", limit=40)
    assert len(examples) == 40
    assert not examples.problems
    asked = {one.id: one for one in questions("validation") if one.options}
    for row in examples.rows:  # type: ignore[attr-defined]
        assert asked[row.id].answers[0] == row.options[row.right]
        assert asked[row.id].kind in ("what", "country", "aspect")
    with pytest.raises(DataError, match="has no split 'train'"):
        task("world-choices").load("train")


def test_a_study_runs_and_goes_on(ggez: Ggez, tmp_path: Path) -> None:
    config = tmp_path / "study.yaml"
    small = {**CONFIG, "objectives": ["DR"], "seeds": [0], "limit": 60, "data": [{"source": "demo:world", "limit": 64}]}
    config.write_text(yaml.safe_dump(small), encoding="utf-8")
    status, _, error = ggez("distill", "study", config)
    assert (status, "say with -o" in error) == (2, True)
    status, out, error = ggez("distill", "study", config, "-o", tmp_path / "out", "--json")
    assert status == 0, error
    lines = {line["objective"]: line for line in json.loads(out)["lines"]}
    assert lines.keys() == {"DR", UNDISTILLED}
    assert lines["DR"]["kept"]["recall@5"]["value"] > lines[UNDISTILLED]["kept"]["recall@5"]["value"]
    models = sorted((tmp_path / "out").rglob("model/model.safetensors"))
    stamps = [path.stat().st_mtime_ns for path in models]
    assert len(models) == 2
    status, again, _ = ggez("distill", "study", config, "-o", tmp_path / "out", "--json")
    assert (status, again) == (0, out)
    assert [path.stat().st_mtime_ns for path in models] == stamps
    small["undistilled_loop"] = {"learning_rate": 1e-3}
    config.write_text(yaml.safe_dump(small), encoding="utf-8")
    assert ggez("distill", "study", config, "-o", tmp_path / "out", "--json")[0] == 0
    changed = [path.stat().st_mtime_ns != stamp for path, stamp in zip(models, stamps, strict=True)]
    assert changed == [UNDISTILLED in str(path) for path in models]  # only what was made from other settings
