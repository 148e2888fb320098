"""The documentation holds: it is built without a warning, its links lead somewhere, what it shows is what happens."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests import doc_pages
from tests.doc_pages import DOCS, ROOT

READ_BY_PEOPLE = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *doc_pages.pages(),
]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+)\)")
_NAMED = re.compile(r"`((?:assets|benchmarks|docs|examples|ggez_core|tests|workbench|\.ci)/[\w./-]*)`")
_FENCE = re.compile(r"^```.*?^```$", re.M | re.S)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_documentation_is_built_without_a_warning() -> None:
    """Strict: links and anchors between pages, names of the API, and files that are included are all there."""
    if importlib.util.find_spec("zensical") is None:
        pytest.fail("zensical isn't installed; it is in the extra `docs`, which `test` holds")
    command = [sys.executable, "-m", "zensical", "build", "-f", str(DOCS / "zensical.toml"), "--strict", "--clean"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "No issues found" in done.stdout + done.stderr
    reference = (DOCS / "_site/reference/merging/index.html").read_text("utf-8")
    assert "bit for bit, those that" in reference  # from LiveModel's docstring


@pytest.mark.parametrize("path", READ_BY_PEOPLE, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    text = _FENCE.sub("", path.read_text("utf-8"))
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), f"{target}: isn't fetched safely"
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file) if file else path
        assert found.exists(), f"{name_of(path)} links to {target}, which isn't there"
        if anchor:
            assert anchor in anchors(found.read_text("utf-8")), f"{name_of(path)}: {found.name} has no #{anchor}"
    for named in _NAMED.findall(text):
        assert (ROOT / named).exists(), f"{name_of(path)} names {named}, which isn't there"


def anchors(text: str) -> set[str]:
    """Of a page's headings, as GitHub and the documentation make them, and of the names whose docstrings it shows."""
    heads = re.findall(r"^#+ (.*?)\s*$", _FENCE.sub("", text), re.M)
    return {*re.findall(r"^::: (\S+)$", text, re.M)} | {
        re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", head.lower())).strip("-") for head in heads
    }


def test_every_page_is_in_the_navigation() -> None:
    listed = (DOCS / "zensical.toml").read_text("utf-8")
    for path in doc_pages.pages():
        assert f'"{path.relative_to(DOCS).as_posix()}"' in listed


@pytest.mark.parametrize("path", doc_pages.pages(), ids=name_of)
def test_every_command_that_is_shown_is_run_or_says_why_not(path: Path) -> None:
    assert doc_pages.unmarked(path.read_text("utf-8")) == []


RUN = [path for path in doc_pages.pages() if re.search("^<!-- run", path.read_text("utf-8"), re.M)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[doc_pages.Workshop]:
    """What all pages are run with."""
    with doc_pages.workshop(tmp_path_factory.mktemp("workshop")) as made:
        yield made


@pytest.mark.parametrize("path", RUN, ids=name_of)
def test_what_a_page_shows_is_what_happens(path: Path, tmp_path: Path, shop: doc_pages.Workshop) -> None:
    for ran in doc_pages.run(path.read_text("utf-8"), tmp_path, shop):
        problem = doc_pages.differences(ran.said.text, ran.printed)
        assert problem is None, f"{problem}\n\n{ran.printed}"


def test_lines_are_compared_with_what_was_printed() -> None:
    printed = "global 0.973 [0.96, 0.98]\nin 1.5 s\nβ* = 0.75\n"
    assert doc_pages.differences("global 0.968 [0.96, 0.98]\nin … s\nβ* = 0.75\n", printed) is None
    assert doc_pages.differences("…\nβ* = 0.75\n", printed) is None
    for wrong in ("global 0.5 [0.96, 0.98]\n…\n", "β* = 0.75\n", "…\nβ* = 0.25\n", "global 0.973 [0.96, 0.98]\n"):
        assert doc_pages.differences(wrong, printed) is not None
    assert doc_pages.unmarked("<!-- run -->\n```bash\nls\n```\n\n```python\nimport os\n```\n") == ["import os"]


def test_parts_that_the_code_knows_best_are_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    found = list(generate.pages())
    assert len(found) >= 4
    for path in found:
        page = path.read_text("utf-8")
        assert generate.filled(page) == page, f"{path.name} isn't up to date; run: python docs/generate.py"


def test_the_citation_is_one() -> None:
    """The fields that version 1.2.0 of the format asks for, and our own version."""
    from ggez_core import __version__

    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()
    assert (cited["cff-version"], cited["version"], cited["license"]) == ("1.2.0", __version__, "Apache-2.0")
    for work in (cited, *cited["references"]):
        assert all({"name"} <= author.keys() or {"family-names"} <= author.keys() for author in work["authors"])
    for work in cited["references"]:
        assert {"type", "title", "authors"} <= work.keys()
