"""The page as a Space runs it: code that isn't installed and can't be written, another working folder, strangers.

By default with this interpreter. Where GGEZ_SPACE_PYTHONS names others, separated by `:`, whose environments have
requirements.txt and nothing else, with those: `.ci/run` makes one of Python 3.12 where there is one.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PYTHONS = [python for python in os.environ.get("GGEZ_SPACE_PYTHONS", "").split(":") if python] or [sys.executable]
PATIENCE = 180.0
TITLE = "The page of this folder"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a Space has of the repository, in a folder that can't be written, with a title that tells it from ours."""
    folder = tmp_path_factory.mktemp("space") / "code"
    skipped = shutil.ignore_patterns("__pycache__", "*.partial", "screenshots")
    for name in ("ggez_core", "workbench", "assets"):
        shutil.copytree(ROOT / name, folder / name, ignore=skipped)
    for name in ("app.py", "requirements.txt", "README.md"):
        shutil.copy(ROOT / name, folder)
    app = folder / "app.py"
    app.write_text(
        app.read_text("utf-8").replace("demo = build(service)", f"demo = build(service)\ndemo.title = {TITLE!r}")
    )
    _allow(folder, writing=False)
    yield folder
    _allow(folder, writing=True)


@contextmanager
def running(python: str, code: Path, place: Path) -> Iterator[str]:
    """The page as a process of an interpreter; its address. All folders that it may write in are in `place`."""
    for name in ("home", "working", "tmp"):
        (place / name).mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(place / "home"), "TMPDIR": str(place / "tmp"),
        "GGEZ_STORAGE": str(place / "storage"), "PYTHONDONTWRITEBYTECODE": "1",
        "NUMBA_CACHE_DIR": str(place / "tmp" / "numba"),  # root could write beside the code
        "SPACE_ID": "owner/space", "GRADIO_SERVER_PORT": str(port), "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", ""), "GRADIO_ANALYTICS_ENABLED": "False",
    }  # fmt: skip
    log = place / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, str(code / "app.py")], cwd=place / "working", env={k: v for k, v in environment.items() if v},
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            ends = time.monotonic() + PATIENCE
            url = f"http://127.0.0.1:{port}/"
            while not _answers(url):
                assert process.poll() is None, log.read_text("utf-8", "replace")
                assert time.monotonic() < ends, log.read_text("utf-8", "replace")
                time.sleep(0.2)
            yield url
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.parametrize("python", PYTHONS)
def test_the_main_job_is_done_where_only_requirements_are_installed(python: str, code: Path, tmp_path: Path) -> None:
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    before = _files(code)
    with running(python, code, tmp_path) as url:
        assert TITLE in httpx.get(url, timeout=60).text  # this folder's code, not what may be installed
        client = Client(url, verbose=False, httpx_kwargs={"timeout": PATIENCE})
        assert client.predict(api_name="/load_pair")["live"]
        for family, ask, arguments in (
            ("siglip", "/search_images", ("foto jeepney", 0.5)),
            ("gemma3", "/answer_question", ("test/jeepney/0", "What is this?", 0.5)),
        ):
            client.predict(f"demo:{family}/base", f"demo:{family}/sea", api_name="/load_pair")
            assert [c["model"] for c in client.predict(*arguments, api_name=ask)["columns"]] == [
                "base",
                "merged",
                "regional",
            ]
        done = client.predict("mine", 0.5, api_name="/export")
        assert done["folder"] == ""
        names = zipfile.ZipFile(io.BytesIO(httpx.get(url + done["zip_url"], timeout=60).content)).namelist()
        assert {"mine/model.safetensors", "mine/config.json"} <= set(names)
        folder = str(code / "assets" / "demo" / "siglip" / "base")
        for refused, why in ((folder, "aren't opened for visitors"), ("someone/model", "isn't among the models")):
            with pytest.raises(AppError, match=why):
                client.predict(refused, refused, api_name="/load_pair")
        client.close()
    assert _files(code) == before
    assert list((tmp_path / "working").iterdir()) == []
    assert any((tmp_path / "storage").rglob("model.safetensors"))  # which wasn't there before, as /data at first
    assert [path for path in _files(tmp_path / "home") if ".cache" not in Path(path).parts] == []


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=30.0).status_code == 200
    except httpx.HTTPError:
        return False


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _allow(folder: Path, *, writing: bool) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod((path.stat().st_mode | 0o200) if writing else (path.stat().st_mode & ~0o222))
