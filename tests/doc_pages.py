"""Runs what the documentation's pages show, and compares what they say it prints.

A comment before a fenced block says what becomes of it:

    <!-- run -->              run it: bash, or python
    <!-- run: A -> B -->      run it with B for A, so that it is small, or goes on in the background
    <!-- save: NAME -->       write it to the file NAME
    <!-- patch -->            apply the diff
    <!-- output -->           what the last one printed: numbers may differ by a tenth, and … stands for anything
    <!-- not run: WHY -->     leave it

`python -m tests.doc_pages PAGE…` runs pages and writes what came out into them where it differs from what they say.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doc_commands import served
from tests.fake_hub import TOKEN, serving

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CODE = ("bash", "diff", "python", "yaml")
_BLOCK = re.compile(r"(?:^<!-- (?P<marker>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
_NUMBER = re.compile(r"(?:[-+−×]?\d[\d,]*(?:\.\d+)?|\.\d+)%?")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TABLE = re.compile(r"[─━┄]+")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, what its comment says, and where its text lies in the page."""

    language: str
    text: str
    marker: str
    start: int
    end: int


def pages() -> list[Path]:
    """All pages that are written by hand."""
    return [path for path in sorted(DOCS.rglob("*.md")) if "_site" not in path.parts and ".cache" not in path.parts]


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page."""
    for found in _BLOCK.finditer(page):
        yield Block(found["language"], found["text"], found["marker"] or "", found.start("text"), found.end("text"))


def unmarked(page: str) -> list[str]:
    """Blocks of code of which no comment says what becomes of them, by their first lines."""
    known = ("run", "run:", "save:", "patch", "not run:")
    return [
        block.text.partition("\n")[0]
        for block in blocks(page)
        if block.language in CODE and not block.marker.startswith(known)
    ]


@dataclass(frozen=True)
class Ran:
    """A block of output in a page, and what really came out."""

    said: Block
    printed: str


@dataclass(frozen=True)
class Workshop:
    """What pages are run with. environment: as on a machine with a login to a Hub, which is one of this process.

    quick: a folder with the commands `ggez` and `python`, in forks of a process that has imported what they need.
    plain: the same without, for a page that changes the engine.
    """

    environment: Mapping[str, str]
    quick: Path
    plain: Path


@contextmanager
def workshop(folder: Path) -> Iterator[Workshop]:
    """A workshop, as long as the context lasts. The Hub is empty and takes what is pushed."""
    plain = folder / "plain"
    plain.mkdir()
    for name, said in (("ggez", '-c "from ggez_core.cli import main; main()" '), ("python", "")):
        (plain / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {said}"$@"\n')
        (plain / name).chmod(0o755)
    with pytest.MonkeyPatch.context() as patch, serving(patch, folder / "hub") as hub:
        environment = {
            "COLUMNS": "100", "GGEZ_CACHE": str(folder / "kept"), "GGEZ_RUNS": "runs", "GGEZ_STORAGE": "storage",
            "HF_TOKEN": TOKEN, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(folder / "hub"), "HF_HUB_DISABLE_XET": "1",
            "GRADIO_ANALYTICS_ENABLED": "no", "NO_COLOR": "1", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
            "TRANSFORMERS_VERBOSITY": "error", "TOKENIZERS_PARALLELISM": "false",
        }  # fmt: skip
        with tempfile.TemporaryDirectory() as short, served(Path(short), environment) as quick:
            yield Workshop(environment, quick, plain)


def run(page: str, folder: Path, shop: Workshop) -> list[Ran]:
    """Run a page's blocks one after another in a folder. Raises AssertionError for one that fails.

    What they leave running ends with the page. Where they say 7860, a free port is taken. A page that changes the
    engine gets a copy of it.
    """
    for name in ("assets", "examples", "app.py"):
        (folder / name).symlink_to(ROOT / name)
    commands, paths = shop.quick, str(ROOT)
    if "<!-- save: ggez_core/" in page:
        shutil.copytree(ROOT / "ggez_core", folder / "ggez_core", ignore=shutil.ignore_patterns("__pycache__"))
        commands, paths = shop.plain, f"{folder}{os.pathsep}{ROOT}"
    environment = {
        **os.environ, **shop.environment, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": paths,
        "GRADIO_SERVER_PORT": _free_port(),
    }  # fmt: skip
    started: list[int] = []
    try:
        return list(_ran(page, folder, environment, started))
    finally:
        for group in started:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def _free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def _ran(page: str, folder: Path, environment: Mapping[str, str], started: list[int]) -> Iterator[Ran]:
    printed = ""
    for block in blocks(page):
        if block.marker.startswith("save: "):
            (folder / block.marker.removeprefix("save: ")).write_text(block.text, encoding="utf-8")
        elif block.marker == "patch":
            _patch(block.text, folder)
        elif block.marker == "run" or block.marker.startswith("run: "):
            printed = _run(block, folder, environment, started)
        elif block.marker == "output":
            yield Ran(block, printed)


def _patch(diff: str, folder: Path) -> None:
    """Apply a diff of one place in one file, wherever in the file it is now."""
    lines = diff.splitlines()
    file = folder / next(line.split()[1].removeprefix("b/") for line in lines if line.startswith("+++ "))
    body = [line for line in lines if not line.startswith(("--- ", "+++ ", "@@"))]
    before, after = ("\n".join(line[1:] for line in body if line[:1] in (" ", sign)) for sign in "-+")
    text = file.read_text("utf-8")
    assert text.count(before) == 1, f"{file.name} doesn't hold once:\n{before}"
    file.write_text(text.replace(before, after), encoding="utf-8")


def _run(block: Block, folder: Path, environment: Mapping[str, str], started: list[int]) -> str:
    text = block.text
    if change := block.marker.removeprefix("run").lstrip(": "):
        old, arrow, new = change.partition(" -> ")
        if not arrow or old not in text:
            raise AssertionError(f"{change!r} changes nothing in:\n{text}")
        text = text.replace(old, new)
    port = environment["GRADIO_SERVER_PORT"]
    text = text.replace("7860", port)
    command = ["bash", "-euo", "pipefail"] if block.language == "bash" else ["python"]
    with subprocess.Popen(
        [*command, "-c", text], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        started.append(process.pid)
        out, error = process.communicate(timeout=300)
    assert process.returncode == 0, f"{text}\nended with {process.returncode}:\n{out[-2000:]}\n{error[-3000:]}"
    out = _ANSI.sub("", out).replace(f"{folder}/", "…/")  # … stands for anything
    out = out.replace(port, "7860").replace(environment["HF_ENDPOINT"], "https://huggingface.co")
    return "\n".join(line.rstrip() for line in out.splitlines()).strip("\n") + "\n"


def differences(said: str, printed: str) -> str | None:
    """The first line that a page shows and that wasn't printed so; None where all were."""
    rest = printed.splitlines()
    anywhere = False
    for line in said.splitlines():
        if line.strip() == "…":
            anywhere = True
            continue
        at = next((i for i, other in enumerate(rest) if alike(line, other)), None)
        if at is None or (at > 0 and not anywhere):
            return f"the page says {line!r}, and there is {rest[0] if rest else 'nothing more'!r}"
        rest, anywhere = rest[at + 1 :], False
    return None if anywhere or not rest else f"the page doesn't say {rest[0]!r}"


def alike(said: str, printed: str) -> bool:
    """Whether two lines are one but for numbers that are near each other, and for what `…` stands for."""
    forms = [" ".join(_TABLE.sub("─", _NUMBER.sub("0", line)).split()) for line in (said, printed)]
    pattern = ".*".join(re.escape(part.strip()) for part in forms[0].split("…"))
    if not re.fullmatch(pattern, forms[1]):
        return False
    if "…" in said:
        return True
    return all(_near(*pair) for pair in zip(_NUMBER.findall(said), _NUMBER.findall(printed), strict=True))


def _near(one: str, other: str) -> bool:
    a, b = (float(text.strip("%×").replace(",", "").replace("−", "-")) for text in (one, other))
    return abs(a - b) <= max(0.1 * max(abs(a), abs(b)), 3 if one.endswith("%") else 0.03)


def main() -> None:
    """Run pages and write what came out into them."""
    with tempfile.TemporaryDirectory() as scratch, workshop(Path(scratch).resolve()) as shop:
        for index, name in enumerate(sys.argv[1:]):
            path = Path(name)
            folder = Path(scratch).resolve() / str(index)
            folder.mkdir()
            page = path.read_text("utf-8")
            for ran in reversed(run(page, folder, shop)):
                if differences(ran.said.text, ran.printed) is not None:
                    page = page[: ran.said.start] + ran.printed + page[ran.said.end :]
            path.write_text(page, encoding="utf-8")
            sys.stdout.write(f"{name}: ran\n")


if __name__ == "__main__":
    main()
