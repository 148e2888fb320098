"""`ggez eval` and `ggez sweep`: what they write, what they print, and one line for what can't be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ggez_core.cli.sweep import parse_betas
from ggez_core.errors import RecipeError
from ggez_core.evaluation import loading, tasks
from ggez_core.evaluation.curve import curve_of
from ggez_core.evaluation.rows import read_rows
from tests.conftest import Ggez
from tests.tiny_pairs import Pairs, pair


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return pair(tmp_path_factory.mktemp("ends"), seed=2)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small task is listed beside the others."""
    listed, named = tasks.tasks, loading.task_named
    monkeypatch.setattr(tasks, "tasks", lambda: (*listed(), Pairs()))
    monkeypatch.setattr(loading, "task_named", lambda name: Pairs() if name == "pairs" else named(name))


@pytest.mark.parametrize(
    ("text", "grid"),
    [
        ("0,0.1,…,1", [i / 10 for i in range(11)]),
        ("0, 0.25, ..., 1", [0, 0.25, 0.5, 0.75, 1]),
        ("0,0.4,…,1", [0, 0.4, 0.8, 1]),
        ("0,0.05,...,0.2,0.6,1", [0, 0.05, 0.1, 0.15, 0.2, 0.6, 1]),
        ("1,0.5,…,0", [1, 0.5, 0]),
        ("0.3", [0.3]),
    ],
)
def test_grids(text: str, grid: list[float]) -> None:
    assert parse_betas(text) == grid


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no β"),
        ("0,x,1", "'x' is no number"),
        ("0,…,1", "needs two numbers before"),
        ("0,0.1,…", "needs two numbers before"),
        ("0,0,…,1", "needs two numbers before"),
        ("0,0.1,…,-1", "needs two numbers before"),
        ("0,1e-9,…,1", "too many"),
    ],
)
def test_grids_that_are_none(text: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        parse_betas(text)


def test_tasks_are_listed(ggez: Ggez) -> None:
    status, out, err = ggez("eval", "--list", "--json")
    assert (status, err) == (0, "")
    listed = {task["name"]: task for task in json.loads(out)}
    assert listed["world-retrieval"]["families"] == ["embedding"]
    assert listed["world-retrieval"]["splits"] == ["validation", "test"]
    assert "pairs" in listed
    assert "world-questions" in ggez("eval", "--list")[1]


def test_eval_writes_rows_and_prints_them(ends: tuple[Path, Path], tmp_path: Path, ggez: Ggez) -> None:
    out_file = tmp_path / "rows.jsonl"
    status, out, err = ggez("eval", ends[0], "--task", "pairs", "-o", out_file, "--device", "cpu", "--json")
    assert status == 0, err
    document = json.loads(out)
    assert [row.as_dict() for row in read_rows(out_file)] == document["rows"]
    assert document["data"] == {"pairs.test": "nobody/pairs@1234"}
    assert document["problems"] == {"pairs.test": [{"row": "row 99", "why": "its picture doesn't open"}]}
    assert set(document["quality"]) == {"global", "regional"}
    assert list((tmp_path / "rows.answers").glob("pairs.test.*.jsonl"))
    status, out, err = ggez("eval", ends[0], "--task", "pairs", "--split", "validation", "--limit", 4)
    assert status == 0
    assert "text_to_image_recall@1 *" in out
    assert err.splitlines()[-1] == "pairs.validation: 1 rows can't be used; the first: row 99: its picture doesn't open"


def test_sweep_leaves_everything_in_its_folder(ends: tuple[Path, Path], tmp_path: Path, ggez: Ggez) -> None:
    folder = tmp_path / "out"
    arguments = (
        "sweep", "--base", ends[0], "--regional", ends[1], "--betas", "0,0.5,1", "--task", "pairs", "-o", folder,
        "--keep-global", 0.98, "--search", "--per-component", "--per-layer", "--budget", 6, "--device", "cpu",
    )  # fmt: skip
    status, out, err = ggez(*arguments, "--json")
    assert status == 0, err
    document = json.loads(out)
    rows = read_rows(folder / "rows.jsonl")
    assert [row.as_dict() for row in rows] == document["rows"]
    assert json.loads((folder / "report.json").read_text()) == {k: v for k, v in document.items() if k != "rows"}
    assert [p["beta"] for p in document["curve"]] == [p.beta for p in curve_of(rows)]
    names = [choice["name"] for choice in document["test"]]
    kept = "keeps 98% of global"
    assert names == [
        "base", kept, "best GRP", f"{kept}, one β a component", f"{kept}, one β a group of layers", "regional",
    ]  # fmt: skip
    assert all("gain_interval" in choice for choice in document["test"] if "one β" in choice["name"])
    readable = (folder / "report.md").read_text()
    assert all(note in readable for note in document["notes"])
    assert f"ggez merge --base {ends[0]} --regional {ends[1]} --beta {document['constrained']:g}" in readable
    layered = next(c for c in document["test"] if c["name"].endswith("a group of layers"))
    assert (folder / "recipe-by-layers.yaml").exists() == any("/" in part for part in layered["parts"])
    own = next(choice["parts"] for choice in document["test"] if choice["name"].endswith("one β a component"))
    assert all(f"--component {name}={beta:g}" in readable for name, beta in own.items())
    figures = {path.name for path in (folder / "figures").iterdir()}
    for name in ("tradeoff", "grp-over-beta", "grp-over-alpha", "countries", "map", "languages-regional"):
        assert {f"{name}.json", f"{name}.csv"} <= figures
    page = (folder / "figures" / "index.html").read_text()
    assert page.count("Plotly.newPlot") >= 6
    assert "<script src" not in page  # nothing is fetched
    assert "<link" not in page
    status, out, _ = ggez(*arguments)
    assert status == 0
    assert "β" in out
    assert document["notes"][0][:20] in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("eval", "no model is named"),
        ("eval {base}", "no task is named"),
        ("eval {base} --task world-retreival", "did you mean world-retrieval?"),
        ("eval {base} --task world-questions", "can be asked of lvlm models, and this one is embedding"),
        ("eval {base} --task pairs --data nowhere", "there is no nowhere"),
        ("eval {base} --task pairs --task world-retrieval --data {base}", "whose data is it"),
        ("eval {base} --task custom:ask=open --data custom={base}", "can be asked of lvlm models"),
        ("eval {base} --task custom:ask=open --task custom:ask=choice --data custom={base}", "whose data is it"),
        ("eval {base} --task pairs --dtype int4", "--dtype int4: is none of"),
        ("eval {base} --task pairs --device tpu9", "--device tpu9: can't be used here"),
        ("eval ./nowhere --task pairs", "no such folder"),
        ("eval {base} --task world-retrieval --split train", "has no split 'train'"),
        ("sweep --base {base}", "Missing option '--regional'"),
        ("sweep --base {base} --regional {regional}", "no task is named"),
        ("sweep --base {base} --regional {regional} --task pairs --betas 0,2", "outside [0, 1]"),
        ("sweep --base {base} --regional {regional} --task pairs --keep-by luck", "neither interval nor score"),
        ("sweep --base {base} --regional {regional} --task pairs --keep-global 98", "--keep-global"),
        ("sweep --base {base} --regional {regional} --task pairs --alpha 0.4 --region SEA", "leave --region"),
        ("sweep --base {base} --regional {regional} --task pairs --region SEE", "did you mean SEA"),
        ("sweep --base {base} --regional demo:siglip/sea --task pairs", ""),
    ],
)
def test_unusable_input_is_status_two_and_one_line(
    arguments: str, says: str, ends: tuple[Path, Path], ggez: Ggez
) -> None:
    given = [part.format(base=ends[0], regional=ends[1]) for part in arguments.split()]
    status, out, err = ggez(*given)
    assert (status, out) == (2, ""), err
    lines = [line for line in err.splitlines() if line.startswith("ggez: ")]
    assert len(lines) == 1
    assert says in lines[0]
    assert "Traceback" not in err
