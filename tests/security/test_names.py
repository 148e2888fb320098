"""Names that visitors of a shared page give to models, data, tasks, runs and exports: none opens what isn't theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ggez_core.checkpoints.sources import resolve
from ggez_core.errors import DataError, GgezError, SourceError, TrainingError
from workbench import strangers, trainings
from workbench.service import Service
from workbench.settings import GIB, Settings

from .conftest import Stranger

DEMO = "demo:siglip/sea"
NO_RUN = "Choose a run"
PATHS = (
    "/etc", "/proc/self/environ", "~", "~root/x", ".", "..", "./model", "../../etc/passwd", "..\\..\\x", "C:\\x",
    "a/../../b", "local-dir:/etc", "hf-hub:/etc/passwd", "hf-hub:../x", "demo:../../x", "demo:siglip/../siglip/base",
    "demo:/etc", "a\0b/c", "file:///etc/passwd",
)  # fmt: skip
ADDRESSES = (
    "https://evil.example/model", "http://169.254.169.254/latest/meta-data", "//evil.example/x", "hf://models/a/b",
    "owner/name?revision=x", "owner/name#x", "owner/name@../../other/repo", "owner/name@/main", "owner/name@a@b",
    "user:pass@host/name", "evil.example:443/x", "owner/..", "../owner/name", "owner/name/../../x", "owner/name/file",
    "owner//name", "-owner/name", "owner/-name", "owner/na me", "owner/na\nme", "ｏwner/name", "owner/name@",
)  # fmt: skip


@pytest.mark.parametrize("name", [*PATHS, *ADDRESSES])
def test_no_path_and_no_address_is_a_model_to_a_stranger(name: str) -> None:
    """Neither is opened, and a folder that is called like a Hub id isn't taken for it."""
    with pytest.raises(GgezError, match=r"visitors|no demo checkpoint"):
        resolve(strangers.checkpoint(name)) if name.startswith("demo:") else strangers.checkpoint(name)
    with pytest.raises(DataError, match="visitors"):
        strangers.check_data(name, "demo:world")


def test_a_folder_called_like_a_hub_id_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`owner/name` may exist below the working directory, and a link may stand there."""
    (tmp_path / "owner").mkdir()
    (tmp_path / "owner" / "name").symlink_to(Path(resolve("demo:siglip/base").path))
    monkeypatch.chdir(tmp_path)
    assert resolve("owner/name").path.is_dir()  # to its owner it is a folder
    asked: list[str] = []

    def download(repo: str, revision: str | None, *_: object) -> tuple[Path, str]:
        asked.append(f"{repo}@{revision}")
        raise SourceError("asked the Hub")

    monkeypatch.setattr("ggez_core.checkpoints.hub.download", download)
    service = Service(Settings(tmp_path / "storage", GIB, shared=True))
    for name in ("owner/name", "hf-hub:owner/name", "owner/name@main"):
        with pytest.raises(SourceError, match="asked the Hub"):
            service.load_pair("stranger", name, DEMO)
    assert asked == ["owner/name@None", "owner/name@None", "owner/name@main"]
    with pytest.raises(DataError, match="can't be had"):
        service.curations._check(_asked("owner/name"))


def _asked(data: str, reward: str = "") -> object:
    from workbench.curations import Asked

    return Asked(data, reward)


@pytest.mark.parametrize("reward", [
    "by=endpoint,url=http://169.254.169.254/v1,model=x", "model=x,by=endpoint,url=http://localhost/v1", "model=/etc",
    "model=../x", "model=owner/..", "key=HF_TOKEN", "by=lvlm,model=owner/name", "model=demo:siglip/sea,key=HF_TOKEN",
    "model", "=", "model=DEMO:x",
])  # fmt: skip
def test_a_stranger_names_no_server_and_no_variable(reward: str) -> None:
    with pytest.raises(DataError, match="no such reward"):
        strangers.check_reward(reward)
    strangers.check_reward("model=demo:siglip/sea")
    strangers.check_reward("")


def test_every_field_of_the_page_refuses_a_path(stranger: Stranger, storage: Path, tmp_path: Path) -> None:
    """The page itself, asked by hand: models, an export, a curation, a sweep, trainings."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "config.yaml").write_text("model: hidden-name\n")
    (secret / "status.json").write_text(json.dumps({"state": "finished", "since": 0.0}))
    half = [0.5] * 6
    calls = {
        "models": ("pressed", [str(secret), DEMO, 0.5]),
        "models at the start": ("first", [0.5, [str(secret), str(secret)], f"?base={secret}&regional={secret}"]),
        "preflight": ("preflight", [str(secret), DEMO]),
        "load_pair": ("load_pair", [DEMO, str(secret)]),
        "export": (stranger.event("pressed", "Export"), ["../../stolen", 0.5, "as base", "5GB", True, *half]),
        "export by name": ("export", ["/tmp/stolen", 0.5, None, "as base", "5GB", False]),
        "curate": ("curate", [str(secret), ""]),
        "curated": ("export_curated", ["../stolen", "SEA", 0.5, 8, None]),
        "task": ("start", [["custom:ask=choice"], "6", 0.5, 0.98, None]),
        "check": ("say_what", [f"kind: finetune\nmodel: {secret}\n"]),
        "start": ("go", [f"kind: finetune\nmodel: {secret}\n"]),
        "config": ("take", ["../../../pyproject"]),
        "stop": ("end", [[str(secret)]]),
        "resume": ("go_on", [[str(secret)]]),
        "send": ("send", [[str(secret)], "model"]),
        "send across": ("send_across", [[str(secret)], "model"]),
        "runs": ("anew", [[str(secret)], None]),
    }
    for what, (event, data) in calls.items():
        _, said = stranger.fire(event, *data)
        assert "hidden-name" not in said, what
        assert str(storage) not in said, what
        assert "Traceback" not in said, what
    assert not list(storage.rglob("*stolen*"))
    assert not (storage.parent / "stolen").exists()


def test_runs_are_known_by_name_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies elsewhere is no run to the page, whoever asks; and of a config only its name is taken, cleaned."""
    from ggez_core.runs.folder import new_name

    monkeypatch.setenv("GGEZ_RUNS", str(tmp_path / "runs"))
    for name, folder in (("mine", tmp_path / "runs" / "mine"), ("theirs", tmp_path / "theirs")):
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(yaml.safe_dump({"model": name}))
        (folder / "status.json").write_text(json.dumps({"state": "finished", "since": 0.0}))
    assert trainings.called("mine").config == {"model": "mine"}
    for name in ("theirs", "../theirs", str(tmp_path / "theirs"), "../runs/mine", ".", "", "mine/../mine"):
        with pytest.raises(TrainingError, match=NO_RUN):
            trainings.shown([name], None, shared=False)
        with pytest.raises(TrainingError, match=NO_RUN):
            trainings.pair_of(name, "model")
    for model in ("../../x", "/etc/passwd", "a/../b", "<b>x", "x\0y", "%2e%2e/x", "C:\\x"):
        name = new_name({"kind": "finetune", "model": model}, tmp_path)
        assert "/" not in name
        assert ".." not in name
        assert name.isascii()


@pytest.mark.parametrize("name", [
    "", ".", "..", "../x", "/x", "a/b", "a\\b", ".hidden", "x.zip", "x.", "a b", "x\0",
    "x\ny", "é", "-x", "%2e%2e", "<b>",
    "x" * 65, "con:", "~", "$HOME", "a;b",
])  # fmt: skip
def test_an_export_is_called_by_a_plain_name(name: str, tmp_path: Path) -> None:
    from workbench.exports import Exports

    exports = Exports(tmp_path)
    with pytest.raises(GgezError, match="no name for an export"):
        exports.folder(exports.new_ticket(), name)
    assert not list(tmp_path.iterdir())
