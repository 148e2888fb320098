"""Runs what the documentation's pages show, and compares what they say it prints.

A comment before a fenced block says what becomes of it:

    <!-- run -->              run it: bash, or python
    <!-- run: A -> B -->      run it with B for A, so that it is small; several are separated by `;`
    <!-- save: NAME -->       write it to the file NAME
    <!-- output -->           what the last one printed: numbers may differ by a tenth, and … stands for anything
    <!-- not run: WHY -->     leave it

`python -m tests.doc_pages PAGE…` runs pages and writes what came out into them where it differs from what they say.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CODE = ("bash", "python", "yaml")
_BLOCK = re.compile(r"(?:^<!-- (?P<marker>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
_NUMBER = re.compile(r"[-+−×]?\d[\d,]*(?:\.\d+)?|\.\d+")
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
    known = ("run", "run:", "save:", "not run:")
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


def run(page: str, folder: Path, cache: Path) -> list[Ran]:
    """Run a page's blocks one after another in a folder. Raises AssertionError for one that fails."""
    for name in ("assets", "examples"):
        (folder / name).symlink_to(ROOT / name)
    environment = _environment(folder, cache)
    printed, ran = "", []
    for block in blocks(page):
        if block.marker.startswith("save: "):
            (folder / block.marker.removeprefix("save: ")).write_text(block.text, encoding="utf-8")
        elif block.marker == "run" or block.marker.startswith("run: "):
            printed = _run(block, folder, environment)
        elif block.marker == "output":
            ran.append(Ran(block, printed))
    return ran


def _environment(folder: Path, cache: Path) -> Mapping[str, str]:
    """As on a machine that has the command installed, and no network."""
    commands = cache / "bin"
    commands.mkdir(parents=True, exist_ok=True)
    ggez = commands / "ggez"
    ggez.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from ggez_core.cli import main; main()" "$@"\n')
    ggez.chmod(0o755)
    (commands / "python").unlink(missing_ok=True)
    (commands / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (commands / "python").chmod(0o755)
    return {
        **os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "COLUMNS": "100",
        "GGEZ_CACHE": str(cache / "kept"), "GGEZ_RUNS": str(folder / "runs"), "HF_HUB_OFFLINE": "1",
        "GGEZ_STORAGE": str(folder / "storage"), "NO_COLOR": "1", "TRANSFORMERS_VERBOSITY": "error",
    }  # fmt: skip


def _run(block: Block, folder: Path, environment: Mapping[str, str]) -> str:
    text = block.text
    for change in filter(None, block.marker.removeprefix("run").lstrip(": ").split(";")):
        old, arrow, new = change.strip().partition(" -> ")
        if not arrow or old not in text:
            raise AssertionError(f"{change!r} changes nothing in:\n{text}")
        text = text.replace(old, new)
    command = ["bash", "-euo", "pipefail", "-c", text] if block.language == "bash" else [sys.executable, "-c", text]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{text}\nended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return "\n".join(line.rstrip() for line in _ANSI.sub("", done.stdout).splitlines()).strip("\n") + "\n"


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
    a, b = (float(text.replace(",", "").replace("−", "-").replace("×", "")) for text in (one, other))
    return abs(a - b) <= max(0.1 * max(abs(a), abs(b)), 0.03)


def main() -> None:
    """Run pages and write what came out into them."""
    with tempfile.TemporaryDirectory() as scratch:
        for index, name in enumerate(sys.argv[1:]):
            path = Path(name)
            folder = Path(scratch) / str(index)
            folder.mkdir()
            page = path.read_text("utf-8")
            kept = Path(os.environ.get("DOC_CACHE", scratch)) / "cache"
            for ran in reversed(run(page, folder, kept)):
                if differences(ran.said.text, ran.printed) is not None:
                    page = page[: ran.said.start] + ran.printed + page[ran.said.end :]
            path.write_text(page, encoding="utf-8")
            sys.stdout.write(f"{name}: ran\n")


if __name__ == "__main__":
    main()
