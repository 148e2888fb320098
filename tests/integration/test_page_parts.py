"""The parts of the page that need no server: ranking, markup, words, examples, the cache, what importing it costs."""

from __future__ import annotations

import ast
import random
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from workbench import text, world
from workbench.kept import Kept
from workbench.languages import words
from workbench.markup import Html, tag
from workbench.spoken import PREFIX
from workbench.views.embedding import ranking
from workbench.weights import Weights

WORKBENCH = Path(text.__file__).parent
HEAVY = ("torch", "transformers", "diffusers", "open_clip", "numba", "plotly")


def test_importing_the_app_imports_nothing_heavy() -> None:
    code = f"import app, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=WORKBENCH.parent, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_space_installs_what_the_package_needs() -> None:
    root = WORKBENCH.parent
    needed = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    listed = (root / "requirements.txt").read_text("utf-8").splitlines()
    assert [line for line in listed if not line.startswith("#")] == needed


def _said(argument: ast.expr) -> Iterator[str]:
    """The keys that an argument of `say` may be, as patterns: what an f-string fills in may be anything."""
    if isinstance(argument, ast.JoinedStr):
        yield "".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".+" for v in argument.values)
    elif isinstance(argument, ast.Constant):
        yield re.escape(str(argument.value))
    elif isinstance(argument, ast.IfExp):
        yield from _said(argument.body)
        yield from _said(argument.orelse)
    else:
        raise AssertionError(f"say({ast.unparse(argument)}): write the key, so that it is known which texts are used")


def test_every_text_is_used_and_every_used_text_exists() -> None:
    patterns = {
        pattern
        for source in WORKBENCH.rglob("*.py")
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"
        for pattern in _said(node.args[0])
    }
    keys = [key for key in words("en") if not key.startswith(PREFIX)]
    assert {pattern for pattern in patterns if not any(re.fullmatch(pattern, key) for key in keys)} == set()
    assert {key for key in keys if not any(re.fullmatch(pattern, key) for pattern in patterns)} == set()


def test_ranks_are_those_of_sorting() -> None:
    seed = random.randrange(1 << 30)
    scores = np.random.default_rng(seed).permutation(40).astype(np.float32)
    order = sorted(range(40), key=lambda i: -scores[i])
    places = ranking.ranks(scores)
    assert [places[i] for i in order] == list(range(1, 41)), f"seed {seed}"


def test_a_column_says_what_rose_fell_and_entered() -> None:
    base = np.array([0.9, 0.8, 0.7, 0.1], np.float32)
    moved = np.array([0.5, 0.9, 0.1, 0.8], np.float32)
    found = ranking.column("merged", 0.5, moved, base, [False, False, True, False], top=3)
    assert [(h.index, h.rank, h.base_rank, h.rise, h.entered) for h in found.hits] == [
        (1, 1, 2, 1, False), (3, 2, 4, 2, True), (0, 3, 1, -2, False),
    ]  # fmt: skip
    assert found.moves == (1, 1, 1)
    assert found.first_right == 4


def test_what_comes_from_outside_is_escaped() -> None:
    evil = '"><script>alert(1)</script>'
    made = tag("a", evil, href=evil, title="x")
    assert "<script" not in made
    assert made.count("<a ") == 1
    assert tag("p", Html("<b>bold</b>")) == "<p><b>bold</b></p>"


def test_components_that_follow_beta_are_not_set_apart() -> None:
    assert Weights.at(0.5, {"a": 0.5, "b": 0.2}) == Weights(0.5, (("b", 0.2),))
    assert Weights.at(0.5, {"a": 0.5}).single == 0.5
    assert Weights.at(1) == Weights(1.0)


def test_a_query_means_the_concept_it_names_longest() -> None:
    names = {c.names["en"]: c for c in (p.concept for p in world.gallery())}
    assert world.meant("a photo of a CAT") == names["cat"]
    assert world.meant("concatenate") is None
    for example in world.examples():
        assert world.meant(example.text) is not None, example


def test_examples_are_sentences_of_many_languages() -> None:
    languages = {example.language for example in world.examples()}
    assert languages >= {"en", "id", "ms", "th", "vi", "fil", "km", "lo", "my", "ta", "zh"}
    assert all(language in text.LANGUAGES for language in world.languages())


def test_captions_are_one_a_concept_and_in_the_language_asked_for() -> None:
    everything = world.captions(world.ALL_LANGUAGES)
    assert len({c.concept.key for c in everything}) == len(everything) == len(world.gallery())
    assert len({c.language for c in everything}) >= 11
    assert {c.language for c in world.captions("km")} == {"km"}


def test_the_cache_forgets_the_least_recently_used() -> None:
    cache: Kept[str] = Kept(budget=3000)
    for key in "abc":
        cache.put(key, key.upper(), 1000)
    assert cache.get("a") == "A"
    cache.put("d", "D", 1000)
    assert "b" not in cache
    assert cache.keys() == ["c", "a", "d"]
    cache.put("c", "now larger", 2500)
    assert cache.keys() == ["c"]


@pytest.mark.parametrize(("nbytes", "said"), [(12, "12 bytes"), (512_300, "512.3 kB"), (2_300_000_000, "2.3 GB")])
def test_sizes_are_said_as_people_say_them(nbytes: int, said: str) -> None:
    assert text.size(nbytes) == said


def test_styles_name_no_class_that_nothing_uses() -> None:
    styled = set(re.findall(r"\.(gg-[a-z-]+)", (WORKBENCH / "page.css").read_text("utf-8")))
    code = "\n".join(p.read_text("utf-8") for p in WORKBENCH.rglob("*.py"))
    missing = {name for name in styled if name not in code and not re.search(r"gg-\{", code)}
    assert missing == set()
