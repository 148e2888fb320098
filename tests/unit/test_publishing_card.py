"""Model cards, by the Hub's own reader: nothing invented, nothing of a person's lost, no markup from names."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch
import yaml
from huggingface_hub import ModelCard, constants
from PIL import Image

from ggez_core import markdown
from ggez_core.errors import DataError, GgezError, OutputError
from ggez_core.evaluation.aggregate import Estimate
from ggez_core.evaluation.curve import ALL, REPORTING, CurvePoint, Q
from ggez_core.evaluation.folder import REPORT, ROWS, read_report
from ggez_core.evaluation.report import Reported, SweepReport
from ggez_core.evaluation.rows import Score, append_rows
from ggez_core.evaluation.setting import Setting
from ggez_core.publishing import write_card
from ggez_core.publishing.card import BEGIN, END, PICTURE
from ggez_core.publishing.cost import RECORD, record
from ggez_core.publishing.lineage import parents
from tests.conftest import Ggez
from tests.tiny import write_checkpoint
from tests.tiny_runs import fabricated


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Hub: cards of Hub ids come from the cache, which is empty but for what a test puts there."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


def merged(folder: Path, base: str, regional: str, beta: float = 0.5, **more: object) -> Path:
    """A folder as a merge leaves it."""
    write_checkpoint(folder, {"text_model.weight": torch.ones(2, 2)}, "siglip")
    recipe = {"merge_method": "linear", "base_model": base, "regional_model": regional, "beta": beta, **more}
    (folder / "ggez_recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return folder


def model_with_card(folder: Path, **front: object) -> Path:
    """A model's folder whose README.md has this front matter."""
    write_checkpoint(folder, {"text_model.weight": torch.zeros(2, 2)}, "siglip")
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump(front)}---\n# A model\n", encoding="utf-8")
    return folder


def swept(folder: Path, base: str, regional: str, rng: random.Random, beta: float = 0.5) -> SweepReport:
    """A sweep's folder with any numbers, chosen at `beta`."""

    def estimate() -> Estimate:
        value = rng.random()
        return Estimate(value, value - rng.random() / 9, value + rng.random() / 9)

    def row(beta: float, task: str, split: str, side: str, metric: str, main: bool, **where: str) -> Score:
        found = estimate()
        return Score(model="m", beta=beta, task=task, split=split, side=side, metric=metric, value=found.value,
                     n=rng.randrange(9, 99), low=found.low, high=found.high, main=main, **where)  # fmt: skip

    rows = []
    for at in (0.0, beta, 1.0):
        for side in ("global", "regional"):
            rows.append(row(at, "cvqa", "test", side, "accuracy", True))
            rows.append(row(at, "cvqa", "validation", side, "accuracy", True))
            rows.append(row(at, ALL, REPORTING, side, Q, False))
        rows += [row(at, ALL, REPORTING, "regional", Q, False, country=country) for country in ("ID", "TH")]
        rows += [row(at, ALL, REPORTING, "regional", Q, False, language=language) for language in ("id", "th")]
    curve = tuple(CurvePoint(at, estimate(), estimate(), estimate()) for at in (0.0, beta, 1.0))
    test = tuple(
        Reported(name, Setting(at), estimate(), 10, estimate(), 20, estimate(), estimate(), estimate())
        for name, at in (("base", 0.0), ("best GRP", beta), ("regional", 1.0))
    )
    report = SweepReport(
        base, regional, 0.43, "SEA 2023", {"cvqa": ("validation", "test")}, None, "interval", curve, curve[1].point,
        None, test, ("Merging is worth it.",), tuple(rows), {},
    )  # fmt: skip
    folder.mkdir()
    document = {key: value for key, value in report.as_dict().items() if key != "rows"}
    (folder / REPORT).write_text(json.dumps(document), encoding="utf-8")
    append_rows(folder / ROWS, rows)
    return report


def test_a_report_is_read_as_it_was_written(tmp_path: Path, seed: int) -> None:
    written = swept(tmp_path / "sweep", "a", "b", random.Random(seed))
    assert read_report(tmp_path / "sweep") == written
    (tmp_path / "sweep" / REPORT).write_text('{"base": 1}')
    with pytest.raises(DataError, match="not the report of a sweep"):
        read_report(tmp_path / "sweep")
    with pytest.raises(DataError, match="no sweep has ended"):
        read_report(tmp_path / "nothing")


def test_a_card_tells_what_the_hub_reads_and_a_person_asks(tmp_path: Path, seed: int) -> None:
    base = model_with_card(tmp_path / "base", license="mit", language=["en", "id"], pipeline_tag="text-ranking")
    regional = model_with_card(
        tmp_path / "regional", license="mit", language="th", co2_eq_emissions={"emissions": 1500}
    )
    report = swept(tmp_path / "sweep", str(base), str(regional), random.Random(seed))
    out = merged(tmp_path / "out", str(base), str(regional), inputs={str(base): "ab" * 16})
    done = write_card(out, sweep=tmp_path / "sweep", name="My merge")
    card = ModelCard.load(out / "README.md")
    assert (card.data.license, card.data.language, card.data.pipeline_tag) == (
        "mit",
        ["en", "id", "th"],
        "text-ranking",
    )
    assert card.data.library_name == "transformers"
    assert {"merge", "ggez", "siglip", "southeast-asia"} <= set(card.data.tags)
    assert card.data.base_model is None  # folders of this machine aren't of the Hub
    assert done.warnings == ()

    measured = {(r.dataset_type, r.dataset_config, r.metric_type): r for r in card.data.eval_results or ()}
    for side in ("global", "regional"):
        (row,) = [r for r in report.rows if (r.task, r.split, r.side, r.beta) == ("cvqa", "test", side, 0.5)]
        found = measured["afaji/cvqa", side, "accuracy"]
        assert found.metric_value == round(row.value, 4)
        assert found.metric_args == {"interval_95": [round(row.low, 4), round(row.high, 4)], "n": row.n}
        assert found.dataset_split == "test"
    chosen = report.test[1]
    assert measured["ggez-sweep", None, "grp"].metric_value == round(chosen.grp.value, 4)
    assert len(measured) == done.scores == 5

    assert f"{chosen.q_global.value:.3f} [{chosen.q_global.low:.3f}, {chosen.q_global.high:.3f}]" in card.text
    assert "α = 0.43 (Southeast Asia, 2023: KOF Globalisation Index" in card.text
    assert "β\\* = 0.5" in card.text
    (indonesia,) = [r for r in report.rows if r.country == "ID" and r.beta == 0.5]
    line = next(line for line in card.text.splitlines() if line.startswith("| Indonesia |"))
    assert f"{indonesia.value:.3f} [{indonesia.low:.3f}, {indonesia.high:.3f}]" in line
    assert "1.5 kg of CO₂eq" in card.text
    assert str(tmp_path) not in card.content  # nobody's business
    assert "beta: 0.5" in card.text
    with Image.open(out / PICTURE) as picture:
        colors = {color for _, color in picture.convert("RGB").getcolors(1 << 20) or ()}
    assert {(76, 134, 214), (217, 114, 43), (15, 157, 122)} <= colors  # three lines


def test_licences_are_told_and_never_invented(tmp_path: Path) -> None:
    mit = model_with_card(tmp_path / "mit", license="mit")
    apache = model_with_card(tmp_path / "apache", license="apache-2.0")
    gemma = model_with_card(tmp_path / "terms", license="gemma", license_link="javascript:alert(1)")
    silent = write_checkpoint(tmp_path / "silent", {"text_model.weight": torch.zeros(2, 2)}, "siglip")
    for number, (base, regional, license, said) in enumerate(
        [
            (mit, mit, "mit", []),
            (mit, apache, None, ["choose it with --license"]),
            (gemma, gemma, "gemma", ["terms: its licence (gemma) isn't a permissive one"]),
            (mit, silent, None, ["silent: its licence isn't known", "choose it with --license"]),
            ("demo:siglip/base", "demo:siglip/sea", "apache-2.0", []),
        ]
    ):
        done = write_card(merged(tmp_path / f"out{number}", str(base), str(regional)))
        assert done.license == license
        assert ModelCard.load(done.path).data.license == license
        for text in said:
            assert any(text in warning for warning in done.warnings), (text, done.warnings)
            if "--license" not in text:
                assert "> **Licence:**" in done.path.read_text()
        assert bool(said) == bool(done.warnings)
        assert "javascript" not in ModelCard.load(done.path).text
    told = write_card(tmp_path / "out1", license="mit")
    assert ModelCard.load(told.path).data.license == "mit"
    with pytest.raises(DataError, match="isn't an identifier"):
        write_card(tmp_path / "out1", license="a\nb")


def test_hub_parents_are_linked_with_their_commit(tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    snapshot = tmp_path / "hub" / "models--owner--base" / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (snapshot / "README.md").write_text("---\nlicense: other\nlicense_name: own terms\nbase_model: a/b\n---\n")
    out = merged(tmp_path / "out", f"owner/base@{commit}", f"owner/regional@{commit}")
    done = write_card(out)
    card = ModelCard.load(done.path)
    assert (card.data.base_model, card.data.base_model_relation) == (["owner/base", "owner/regional"], "merge")
    assert card.data.license is None
    assert "(https://huggingface.co/owner/base)" in card.text
    assert "(https://huggingface.co/a/b)" in card.text
    assert any("own terms" in warning for warning in done.warnings)
    assert any("owner/regional@" in warning and "isn't known" in warning for warning in done.warnings)


def test_a_person_s_readme_stays(tmp_path: Path) -> None:
    out = merged(tmp_path / "out", "demo:siglip/base", "demo:siglip/sea")
    mine = "# Mine\n\nMy own words.\n"
    (out / "README.md").write_text(mine)
    with pytest.raises(OutputError, match="--overwrite"):
        write_card(out)
    assert (out / "README.md").read_text() == mine
    front = "---\nlicense: mit\nbase_model: wrong/one\nthumbnail: x.png\n---\n"
    (out / "README.md").write_text(f"{front}# Mine\n\n{BEGIN}\nold\n{END}\n\nMy own words.\n")
    write_card(out)
    first = (out / "README.md").read_text()
    card = ModelCard(first)
    assert card.text.startswith("\n# Mine\n")
    assert card.text.endswith("\n\nMy own words.\n")
    assert "old" not in card.text.split(BEGIN)[1].split(END)[0].split()
    assert (card.data.license, card.data["thumbnail"]) == ("mit", "x.png")  # a person's own
    assert card.data.base_model is None  # a fact, and a wrong one
    write_card(out)
    assert (out / "README.md").read_text() == first
    (out / "README.md").write_text("---\n: [\n---\n")
    with pytest.raises(OutputError, match="front matter can't be read"):
        write_card(out)
    write_card(out, overwrite=True)
    assert not [path for path in out.rglob("*") if path.name.endswith(".partial")]
    (out / "README.md").unlink()
    (out / "README.md").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="link"):
        write_card(out, overwrite=True)
    assert not (tmp_path / "elsewhere").exists()


EVIL = (
    "<img src=x onerror=alert(1)>`|](http://evil.example)\n# h ![i](http://evil.example/i.png) "
    "\u202eabc www.evil.example"
)


def test_names_never_become_markup(tmp_path: Path) -> None:
    base = model_with_card(tmp_path / "a <b>`x`|[y](z)", license=EVIL, license_name=EVIL, base_model=[EVIL, "../x"])
    out = merged(tmp_path / "out", str(base), str(base))
    write_card(out, name=EVIL)
    text = ModelCard.load(out / "README.md").text
    outside = _without_code(text)
    assert "<img" not in outside
    assert "](http://evil" not in outside
    assert "<b>" not in outside
    assert "\u202e" not in text
    assert "\n# h" not in text
    heads = [line for line in text.splitlines() if line.startswith("| ") and "role" in line]
    (head,) = heads
    for line in text.split(head)[1].splitlines()[2:4]:
        assert not line or line.replace("\\|", "").count("|") == head.count("|")  # no cell was opened or closed


def _without_code(text: str) -> str:
    """What is left without code blocks and code spans, as CommonMark finds them."""
    kept, fence = [], ""
    for line in text.splitlines():
        if fence:
            fence = "" if line.strip() == fence else fence
        elif line.startswith("```"):
            fence = "`" * (len(line) - len(line.lstrip("`")))
        else:
            kept.append(line)
    rest, out = "\n".join(kept), ""
    while "`" in rest:
        before, _, rest = rest.partition("`")
        run = "`" + rest[: len(rest) - len(rest.lstrip("`"))]
        rest = rest.lstrip("`")
        at = 0
        while (at := rest.find(run, at)) >= 0 and (
            rest[at - 1 : at] == "`" or rest[at + len(run) : at + len(run) + 1] == "`"
        ):
            at += 1
        out += before + ("" if at >= 0 else run)
        rest = rest[at + len(run) :] if at >= 0 else rest
    return out + rest


def test_plain_text_has_no_markup() -> None:
    assert markdown.plain("<b> *x* [y](z) & _u_ #1") == "&lt;b&gt; \\*x\\* \\[y\\](z) &amp; \\_u\\_ \\#1"
    assert "://" not in markdown.plain("see https://evil.example")
    assert markdown.code("a``b") == "```a``b```"
    assert markdown.block("x\n````\ny").splitlines()[0] == "`````"


def test_a_sweep_has_to_be_of_the_same_pair(tmp_path: Path, seed: int) -> None:
    swept(tmp_path / "sweep", "demo:siglip/base", "demo:siglip/other", random.Random(seed))
    out = merged(tmp_path / "out", "demo:siglip/base", "demo:siglip/sea")
    with pytest.raises(DataError, match="is a sweep of demo:siglip/base → demo:siglip/other"):
        write_card(out, sweep=tmp_path / "sweep")
    assert not (out / "README.md").exists()
    swept(tmp_path / "own", "demo:siglip/base", "demo:siglip/sea", random.Random(seed), beta=0.25)
    done = write_card(out, sweep=tmp_path / "own")  # β = 0.5 wasn't measured
    assert (done.scores, len(done.warnings)) == (0, 1)
    assert "no scores of it to show" in done.path.read_text()


def test_what_a_card_refuses(tmp_path: Path, ggez: Ggez) -> None:
    out = merged(tmp_path / "out", "demo:siglip/base", "demo:siglip/sea")
    status, said, _ = ggez("card", out, "--json")
    assert status == 0
    assert json.loads(said) == {"path": str(out / "README.md"), "license": "apache-2.0", "warnings": [], "scores": 0}
    (out / "ggez_recipe.yaml").unlink()
    with pytest.raises(GgezError, match=r"holds no ggez_recipe\.yaml"):
        write_card(out)
    status, _, error = ggez("card", tmp_path / "nothing")
    assert (status, error.count("\n")) == (2, 1)


def test_an_adapter_is_a_parent_of_its_own() -> None:
    from ggez_core.merging import Recipe

    recipe = Recipe.make({"base_model": "demo:siglip/base", "regional_model": "/m/base+/m/lora", "beta": 1.0})
    assert [(p.shown, p.role) for p in parents(recipe)] == [
        ("demo:siglip/base", "base"), ("base", "regional"), ("lora", "regional")
    ]  # fmt: skip


def test_what_it_took_is_measured_and_its_energy_says_what_it_assumes(ggez: Ggez, tmp_path: Path) -> None:
    """1,800 s of a merge and two sittings of a run of 3,600 s with two cards: hours × watts × g a kWh, by hand."""
    run = fabricated(tmp_path / "run")
    events = run.path / "events.jsonl"
    lines = [
        {"time": 1000.0, "kind": "began", "step": 0, "machine": {"device": "cuda", "processes": 2}},
        {"time": 2800.0, "kind": "step", "step": 40},
        {"time": 9_000_000.0, "kind": "began", "step": 20, "machine": {"device": "cuda", "processes": 2}},
        {"time": 9_001_800.0, "kind": "ended", "step": 60},
    ]
    events.write_text("".join(json.dumps(line) + "\n" for line in lines))
    model = model_with_card(run.path / "training" / "model", license="mit")
    base = model_with_card(tmp_path / "base", license="mit", co2_eq_emissions=2500)
    out = merged(tmp_path / "out", str(base), str(model))
    record(out, 1800.0)
    status, _, error = ggez("card", out)
    assert status == 0, error
    card = ModelCard.load(out / "README.md")
    kwh = 0.5 * 0.065 + 1.0 * (0.065 + 2 * 0.4)
    assert card.data["co2_eq_emissions"]["emissions"] == pytest.approx(kwh * 480, rel=0.01)
    assert "65 W and 400 W a graphics card" in card.data["co2_eq_emissions"]["source"]
    took = card.text.partition("## What it took")[2]
    assert f"| the merge | 0.5 h | {0.5 * 0.065:.2g} kWh |" in took
    assert f"its training, 60 steps | 1 h | {0.065 + 0.8:.2g} kWh |" in took
    assert "assumes 65 W and 400 W a graphics card, and 480 g of CO₂eq a kWh, the world's mean in 2023" in took
    assert "2.5 kg of CO₂eq for its training, as its card states" in took

    assert ggez("card", out, "--watts", 100, "--carbon", 50)[0] == 0
    again = ModelCard.load(out / "README.md")
    assert again.data["co2_eq_emissions"]["emissions"] == pytest.approx(1.5 * 0.1 * 50, rel=0.01)
    assert "world's mean" not in again.text
    (out / "README.md").write_text(again.content.replace("estimated by ggez card", "my own meter"))
    assert ggez("card", out)[0] == 0
    assert ModelCard.load(out / "README.md").data["co2_eq_emissions"]["emissions"] == pytest.approx(7.5, rel=0.01)
    assert ggez("card", out, "--watts", 0)[0] == 2


def test_a_time_that_nobody_noted_is_not_told(tmp_path: Path) -> None:
    out = merged(tmp_path / "out", "demo:siglip/base", "demo:siglip/sea")
    write_card(out)
    card = ModelCard.load(out / "README.md")
    assert "What it took" not in card.text
    assert "co2_eq_emissions" not in card.data.to_dict()
    (out / RECORD).write_text('{"seconds": "soon"}')
    write_card(out)
    assert "What it took" not in (out / "README.md").read_text("utf-8")


def test_the_command_notes_how_long_a_merge_took(ggez: Ggez, tmp_path: Path) -> None:
    ends = ("--base", "demo:siglip/base", "--regional", "demo:siglip/sea")
    status, _, error = ggez("merge", *ends, "--beta", 0.5, "-o", tmp_path / "out")
    assert status == 0, error
    assert json.loads((tmp_path / "out" / RECORD).read_text("utf-8"))["seconds"] > 0
    assert ggez("card", tmp_path / "out")[0] == 0
    assert "| the merge |" in (tmp_path / "out/README.md").read_text("utf-8")
