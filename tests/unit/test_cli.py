"""The command line's promises: statuses, one line for what is wrong, one JSON document, and a quick start."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from ggez_core import cli, errors
from ggez_core.cli._shared import guard, print_json, progress_bar
from ggez_core.errors import Cancelled, GgezError
from ggez_core.progress import Step, silent
from tests.conftest import Ggez


def test_alpha(ggez: Ggez) -> None:
    status, out, err = ggez("alpha", "SEA", "--year", "2023")
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == "α = 0.43   SEA, 2023 (index 43.40)"
    assert "KOF" in out
    status, out, _ = ggez("alpha", "sea", "--countries", "--json")
    document = json.loads(out)
    assert (document["value"], document["index"], document["year"]) == (0.43, 43.4, 2023)
    assert {c["code"] for c in document["countries"]} >= {"ID", "TH", "TL"}
    assert "countries" not in json.loads(ggez("alpha", "LAC", "--json")[1])
    assert "BR  Brazil" in ggez("alpha", "LAC", "--countries")[1]


def test_alpha_of_every_year(ggez: Ggez) -> None:
    document = json.loads(ggez("alpha", "SEA", "--all-years", "--json")[1])
    assert [one["year"] for one in document["years"]] == list(range(1993, 2024))
    assert document["years"][-1] == json.loads(ggez("alpha", "SEA", "--json")[1])
    assert ggez("alpha", "SEA", "--all-years")[1].count("α = ") == 31


def test_alpha_and_grp_of_countries_of_ones_own_choice(ggez: Ggez, tmp_path: Path) -> None:
    index = tmp_path / "kof.csv"
    index.write_text(
        "code,country,year,KOFIpGIdf\nIDN,Indonesia,2022,30\nIDN,Indonesia,2023,31\nTHA,Thailand,2022,50.5\n"
        "VNM,Vietnam,2022,\n"
    )
    found = json.loads(ggez("alpha", "ID+thailand", "--index", index, "--json")[1])
    assert (found["value"], found["year"], found["region"]) == (0.40, 2022, "ID+TH")  # 2022: the last that both have
    asked = ("--global", 60, "--regional", 40, "--region", "ID,TH", "--index", index, "--json")
    assert json.loads(ggez("grp", *asked)[1])["grp"] == pytest.approx(0.40 * 60 + 0.60 * 40)
    for wrong, said in (
        (("alpha", "ID+TH"), "isn't in the table"),
        (("alpha", "ID+VN", "--index", index), "has no KOFIpGIdf of ID, VN"),
        (("alpha", "ID+TH", "--index", index, "--year", "2023"), "has no KOFIpGIdf of TH in 2023"),
        (("alpha", "ID+Thialand", "--index", index), "did you mean Thailand (TH)?"),
        (("alpha", "ID", "--index", tmp_path / "none.csv"), "can't be read as CSV"),
        (("alpha", "SEA", "--all-years", "--year", "2023"), "leave --year and --index out"),
    ):
        status, _, err = ggez(*wrong)
        assert status == 2
        assert said in err


def test_grp(ggez: Ggez) -> None:
    scores = ("--global", 63.5, "--regional", 56.3)
    assert ggez("grp", *scores, "--alpha", 0.43) == (0, "GRP = 59.40   (α = 0.43, given)\n", "")
    status, out, _ = ggez("grp", *scores, "--region", "SEA", "--year", 2023, "--json")
    assert status == 0
    assert json.loads(out) == {
        "grp": pytest.approx(59.396), "alpha": 0.43, "global": 63.5, "regional": 56.3, "region": "SEA", "year": 2023,
    }  # fmt: skip
    assert "SEA 2023" in ggez("grp", *scores, "--region", "sea")[1]
    tasks = ("--global", 59.8, "--global", 67.2, "--regional", 41.0, "--regional", 60.1, "--regional", 67.8)
    said = ggez("grp", *tasks, "--region", "SEA")[1]
    assert said == "GRP = 59.40   (global 63.50, regional 56.30, α = 0.43, SEA 2023)\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("alpha SEE", "unknown region 'SEE'; did you mean SEA?"),
        ("alpha SEA --year 1900", "no globalization index for SEA in 1900; the table covers 1993 to 2023"),
        ("alpha SEA --year soon", "Invalid value for '--year'"),
        ("alpha", "Missing argument"),
        ("alpha SEA --qqqq", "No such option: --qqqq; see: ggez alpha --help"),
        ("nope", "No such command 'nope'; see: ggez --help"),
        ("grp --global 1", "Missing option '--regional'"),
        ("grp --global 1 --regional 2", "give either --alpha"),
        ("grp --global 1 --regional 2 --alpha 0.4 --region SEA", "and not both"),
        ("grp --global 1 --regional 2 --alpha 0.4 --year 2023", "--year and --index belong to --region"),
        ("grp --global 1 --regional 2 --alpha 1.4", "α must lie between 0"),
        ("grp --global nan --regional 2 --alpha 0.4", "the global score is nan"),
        ("grp --global x --regional 2 --alpha 0.4", "Invalid value for '--global'"),
        ("inspect ./nowhere", "no such folder"),
        ("demo show --sheet /nowhere/at/all.png", "can't be written"),
        ("demo show siglip --sheet /nowhere/at/all.xyz", "name a .png file"),
    ],
)
@pytest.mark.parametrize("json_too", [False, True])
def test_unusable_input_is_status_two_and_one_line(arguments: str, says: str, json_too: bool, ggez: Ggez) -> None:
    extra = ["--json"] if json_too and arguments != "nope" else []
    status, out, err = ggez(*arguments.split(), *extra)
    assert (status, out, err.count("\n")) == (2, "", 1), err
    assert err.startswith("ggez: ")
    assert says in err
    assert "Traceback" not in err


def test_a_failure_of_ours_is_status_one_with_a_way_to_its_traceback(
    ggez: Ggez, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from ggez_core import regions

    def broken(*_: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(regions, "alpha", broken)
    said = "ggez: internal error: ZeroDivisionError: two lines (run with GGEZ_LOG=debug for the traceback)\n"
    assert ggez("alpha", "SEA") == (1, "", said)
    with caplog.at_level("DEBUG", "ggez"):
        ggez("alpha", "SEA")
    assert caplog.records[-1].exc_info


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Cancelled])
def test_stopped_is_told_and_not_a_failure(stop: type[BaseException], capsys: pytest.CaptureFixture[str]) -> None:
    def stopped() -> None:
        raise stop

    with pytest.raises(SystemExit) as ended:
        guard(stopped)
    assert (ended.value.code, capsys.readouterr().err) == (130, "ggez: stopped\n")


def test_every_error_of_ours_is_one_a_caller_can_catch() -> None:
    ours = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception) and e is not Cancelled]
    assert len(ours) >= 8
    for error in ours:
        assert issubclass(error, GgezError)
        with pytest.raises(SystemExit) as ended:
            guard(lambda error=error: (_ for _ in ()).throw(error("x")))
        assert ended.value.code == 2
    assert not issubclass(Cancelled, GgezError)


def test_an_unknown_log_level_is_told(ggez: Ggez, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GGEZ_LOG", "loud")
    said = "ggez: GGEZ_LOG is 'loud', which is no level; use debug, info, warning or error\n"
    assert ggez("alpha", "SEA") == (2, "", said)


def test_json_never_holds_what_json_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            print_json({"a": value})
    assert capsys.readouterr().out == ""
    print_json({"ключ": "ខ្មែរ"})
    assert "ខ្មែរ" in capsys.readouterr().out


def test_progress_is_drawn_on_a_terminal_only(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("work") as progress:
        assert progress is silent
        progress(Step(1, 2, "bytes"))
    assert capsys.readouterr() == ("", "")


def test_progress_on_a_terminal_says_how_much(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with progress_bar("merging") as progress:
        progress(Step(1_500_000, 3_000_000, "bytes", "shard 1"))
    captured = capsys.readouterr()
    assert captured.out == ""
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", captured.err)
    assert "merging: shard 1" in plain
    assert "2 of 3 MB" in plain or "1.5 of 3" in plain
    assert "50 %" in plain
    with progress_bar("merging", quiet=True) as progress:
        assert progress is silent


def test_every_verb_has_help_and_json() -> None:
    command = typer.main.get_command(cli.ggez)
    assert set(command.commands) == set(cli.VERBS)
    leaves = [
        leaf for verb in command.commands.values() for leaf in getattr(verb, "commands", {verb.name: verb}).values()
    ]
    for verb in (v for v in leaves if v.name != "app"):
        assert verb.help
        assert "--json" in [option for p in verb.params for option in p.opts], verb.name
        assert all(getattr(p, "help", "") for p in verb.params), verb.name


def test_help_is_quick_to_have() -> None:
    program = (
        "import sys\n"
        "sys.argv = ['ggez', '--help']\n"
        "from ggez_core.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as ended:\n    assert not ended.code, ended.code\n"
        "slow = {'torch', 'transformers', 'gradio', 'plotly'} & sys.modules.keys()\n"
        "assert not slow, slow\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "inspect" in ran.stdout
    assert ran.stderr == ""
