"""Tokens and keys: who has them, and where they are never found. What a push says is in test_publishing_push."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ggez_core.runs import launch
from ggez_core.runs.folder import RunFolder
from tests.fake_hub import TOKEN
from tests.fake_hub import serving as hub_serving
from workbench.service import Service
from workbench.settings import GIB, Settings

SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OAUTH_CLIENT_SECRET")


def test_a_shared_page_has_no_token_of_its_operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With it, a visitor would open private repositories by naming them, and push to the operator's name."""
    from huggingface_hub import get_token

    from ggez_core.errors import GgezError, OutputError
    from ggez_core.publishing import push
    from tests.tiny import saved, siglip

    with hub_serving(monkeypatch, tmp_path / "hub") as hub:
        hub.add("operator/private", saved(siglip(1), tmp_path / "m"))
        hub.private.add("operator/private")
        for name in SECRETS[:2]:
            monkeypatch.setenv(name, TOKEN)
        monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
        own = Service(Settings(tmp_path / "own", GIB, shared=False))
        assert own.preflight("operator/private", "demo:siglip/sea").base.source.startswith("operator/private@")
        assert get_token() == TOKEN
        hub.downloaded.clear()
        shared = Service(Settings(tmp_path / "shared", GIB, shared=True))
        assert get_token() is None
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "empty"))
        with pytest.raises(GgezError, match=r"operator/private: .*no such model"):
            shared.preflight("operator/private", "demo:siglip/sea")
        with pytest.raises(OutputError, match="aren't logged in"):
            push(tmp_path / "m", "operator/new")
        assert not hub.downloaded
        assert not hub.commits


def test_a_run_s_process_has_no_secret_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "hf_secret")
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert launch.environment()["HF_TOKEN"] == "hf_secret"  # on one's own machine it trains private models
    assert "OAUTH_CLIENT_SECRET" not in launch.environment()
    monkeypatch.setenv("SPACE_ID", "someone/space")
    assert "hf_secret" not in launch.environment().values()
    assert launch.environment()["PATH"] == os.environ["PATH"]


def test_a_token_is_in_no_file_and_no_message_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither from the environment, nor from a config, which has no place for one."""
    from ggez_core.errors import TrainingError
    from workbench import trainings

    secret = "hf_theSecretOfSomebody"
    monkeypatch.setenv("GGEZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("HF_TOKEN", secret)
    caplog.set_level(logging.DEBUG)
    text = trainings.start_config("small-world-siglip")
    for name in ("token", "hf_token", "api_key"):
        with pytest.raises(TrainingError) as error:
            trainings.start(f"{text}\n{name}: {secret}\n")
        assert secret not in str(error.value)
    run = trainings.start(trainings.changed(text, trainings.Wanted(data="/nowhere.parquet")))
    until = time.monotonic() + 120
    while run.status.alive and time.monotonic() < until:
        time.sleep(0.2)
    assert run.status.state == "failed"
    for file in run.path.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file
    assert secret not in caplog.text
    assert secret not in trainings.shown([run.name], None, shared=False).status
    assert secret not in RunFolder(run.path).log_tail()


def test_a_key_is_in_no_file_of_a_curation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is recorded is the name of the variable, never its value, and an address without a password."""
    from ggez_core.curation.signals import signal

    monkeypatch.setenv("MY_API_KEY", "sk-secret")
    asked = signal("reward:by=endpoint,url=http://localhost:1/v1,model=m,key=MY_API_KEY")
    assert "sk-secret" not in asked.fingerprint
    assert "sk-secret" not in repr(asked)


def test_a_planned_push_doesn_t_show_its_token() -> None:
    from ggez_core.publishing.upload import Upload

    planned = Upload(Path("x"), "a/b", True, False, {}, 0, token="hf_secret")
    assert "hf_secret" not in repr(planned) + json.dumps(planned.as_dict())


EVIL = "import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n"


def test_a_file_beside_a_config_is_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run works where its config lies, which may be a folder that was downloaded."""
    for name in ("yaml.py", "torch.py", "psutil.py", "sitecustomize.py", "ggez_core.py", "json.py"):
        (tmp_path / name).write_text(EVIL)
    run = RunFolder.create(tmp_path / "run", {"kind": "finetune", "model": "demo:siglip/base"})
    done = subprocess.run(
        launch.command(run, 1), cwd=tmp_path, env=launch.environment(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2, done.stderr  # the config lacks the rest, and that is all that is wrong
    assert run.status.state == "failed"
    assert not (tmp_path / "ran").exists()


def test_nor_by_the_processes_that_the_command_starts(tmp_path: Path) -> None:
    """`cd downloaded && ggez curate . -o out` starts workers, which Python lets import from where they are."""
    for name in ("random.py", "multiprocessing.py", "pickle.py"):
        (tmp_path / name).write_text(EVIL)
    code = (
        "import sys; sys.argv = ['ggez', '--help']\n"
        "from ggez_core.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "import subprocess\n"
        "subprocess.run([sys.executable, '-c', 'import random, multiprocessing, pickle'], check=True)\n"
    )
    package = str(Path(launch.__file__).parents[2])
    subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": package}, check=True,
        capture_output=True, timeout=120,
    )  # fmt: skip
    assert not (tmp_path / "ran").exists()
