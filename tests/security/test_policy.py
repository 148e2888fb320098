"""What SECURITY.md promises: tests that exist, and minimum versions as they are declared."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
SAID = (ROOT / "SECURITY.md").read_text("utf-8")
TABLE = dict(re.findall(r"^\| ([\w-]+)(?: \(extra\))? \| ([\d.]+)[^|]* \|", SAID, re.MULTILINE))


def declared() -> dict[str, Version]:
    """The minimums in pyproject.toml, of extras too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    found = [Requirement(line) for line in lines]
    return {r.name.lower(): Version(next(iter(r.specifier)).version) for r in found if r.specifier}


def test_every_attack_names_tests_that_exist() -> None:
    attacks = SAID.partition("## Attacks")[2].partition("## What is left")[0]
    rows = [line for line in attacks.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
    assert len(rows) > 30
    for row in rows:
        names = re.findall(r"`(test_[\w*]+)`", row.split("|")[-2])
        assert names, f"no test: {row}"
        for name in names:
            assert list((ROOT / "tests").rglob(f"{name}.py")), name


@pytest.mark.parametrize("package", TABLE)
def test_a_minimum_is_declared_as_it_is_told(package: str) -> None:
    assert declared()[package] >= Version(TABLE[package])


def test_what_is_installed_is_no_older() -> None:
    from importlib.metadata import version

    for name in TABLE:
        if name != "ray":
            assert Version(version(name)) >= Version(TABLE[name]), name
