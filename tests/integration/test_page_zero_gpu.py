"""On ZeroGPU the page answers as it does elsewhere, though what is computed there is computed in a forked process.

`spaces` is a stand-in here that forks as the package does: results go through a pipe, and what the process changes
stays in it. Where the package is missing, or ZeroGPU is off, nothing of it is used.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
import pytest
import torch

from ggez_core.errors import Cancelled, DataError, GgezError
from workbench.service import Service
from workbench.settings import GIB, Settings
from workbench.weights import Weights
from workbench.zero import zero_gpu

FORK = multiprocessing.get_context("fork")
AT = (Weights(0.37), Weights.at(0.8, {"text_model": 0.1}))


class Spaces(ModuleType):
    """A stand-in for the package `spaces`: every call of a `GPU` function runs in a process that is forked for it."""

    def __init__(self) -> None:
        super().__init__("spaces")
        self.asked_for: list[int] = []
        self.processes: list[int] = []
        self.refused = ""

    def GPU(self, *, duration: Callable[..., int]) -> Callable[[Callable[..., Iterator[Any]]], Callable[..., Any]]:
        def decorate(task: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
            def lent(*args: Any) -> Iterator[Any]:
                self.asked_for.append(duration(*args))
                if self.refused:
                    raise gr.Error(self.refused)
                ours, theirs = FORK.Pipe()
                process = FORK.Process(target=_serve, args=(task, args, theirs), daemon=True)
                process.start()
                theirs.close()
                assert process.pid
                self.processes.append(process.pid)
                try:
                    while (part := ours.recv()) is not None:
                        yield part
                finally:
                    process.kill()
                    process.join()

            return lent

        return decorate


def _serve(task: Callable[..., Iterator[Any]], args: tuple[Any, ...], pipe: Connection) -> None:
    for part in task(*args):
        pipe.send(part)
    pipe.send(None)


@pytest.fixture
def spaces(monkeypatch: pytest.MonkeyPatch) -> Spaces:
    """ZeroGPU is on, and no model is so small that it does without."""
    found = Spaces()
    monkeypatch.setitem(sys.modules, "spaces", found)
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setattr("workbench.live.SMALL", 0)
    return found


def served(storage: Path) -> Service:
    return Service(Settings(storage, GIB, shared=True))


def loaded(storage: Path, family: str) -> Service:
    service = served(storage)
    service.load_pair("visitor", f"demo:{family}/base", f"demo:{family}/sea")
    return service


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Service]:
    """The same page where ZeroGPU is off."""

    def made(family: str) -> Service:
        with monkeypatch.context() as off:
            off.delenv("SPACES_ZERO_GPU", raising=False)
            return loaded(tmp_path / "elsewhere", family)

    return made


def test_a_search_is_the_same(spaces: Spaces, elsewhere: Callable[[str], Service], tmp_path: Path) -> None:
    from workbench.views.embedding.search import rank_captions, search_images

    there, here = loaded(tmp_path, "siglip"), elsewhere("siglip")
    before = {name: p.clone() for name, p in there.live("visitor")._model.model.named_parameters()}
    for weights in AT:
        at = (weights.beta, dict(weights.components))
        for ask, what in ((search_images, "foto jeepney"), (rank_captions, "test/cat/0")):
            found, expected = ask(there, "visitor", what, *at), ask(here, "visitor", what, *at)
            assert [c.hits for c in found.columns] == [c.hits for c in expected.columns]
    assert spaces.processes
    assert os.getpid() not in spaces.processes
    assert set(spaces.asked_for) == {30}
    after = dict(there.live("visitor")._model.model.named_parameters())
    assert all(torch.equal(p, after[name]) for name, p in before.items())  # β never reached this process


def test_a_drawing_is_the_same_and_its_steps_are_told(
    spaces: Spaces, elsewhere: Callable[[str], Service], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ggez_core.families.drawing import Drawing
    from workbench.views.diffusion.draw import asked, draw_images, image_of
    from workbench.views.slowly import SoFar, answer_each, three

    monkeypatch.setattr("workbench.live.THREADS", 1)  # as in the forked process: sums depend on it in the last bits
    drawing, at = Drawing("a jeepney", steps=3, seed=5), Weights(0.4)
    service = loaded(tmp_path, "sdxl")
    expected, _ = draw_images(elsewhere("sdxl"), "visitor", drawing, at)
    seen: list[SoFar] = []
    live = service.live("visitor")
    found = answer_each(live, asked(live, drawing), three(at), seen.append)
    for one, other in zip(found.parts, expected.parts, strict=True):
        assert one.whole
        assert image_of(one).tobytes() == image_of(other).tobytes()  # type: ignore[union-attr]
    assert {part.step.done for so_far in seen for part in so_far.parts if part.step} == {1, 2, 3}
    assert spaces.asked_for == [33] * 3  # by how many steps it has


def test_an_answer_is_the_same_as_it_grows(spaces: Spaces, elsewhere: Callable[[str], Service], tmp_path: Path) -> None:
    from ggez_core.families.visual_questions import VisualQuestion
    from workbench import world
    from workbench.views.lvlm.ask import answer_of, answer_question

    picture = world.gallery()[3]
    asking = VisualQuestion("What is this?", picture.image, max_new_tokens=12)
    services = (loaded(tmp_path, "gemma3"), elsewhere("gemma3"))
    found, expected = (answer_question(one, "visitor", picture.id, asking, AT[0]) for one in services)
    assert [answer_of(part) for part in found.parts] == [answer_of(part) for part in expected.parts]
    assert all(answer_of(part) for part in found.parts)
    assert spaces.asked_for == [46] * 3


def test_who_gives_up_gives_the_card_back(spaces: Spaces, tmp_path: Path) -> None:
    from ggez_core.families.drawing import Drawing
    from workbench.views.diffusion.draw import asked
    from workbench.views.slowly import SoFar, answer_each, three

    live = loaded(tmp_path, "sdxl").live("visitor")
    seen: list[SoFar] = []
    with pytest.raises(Cancelled):
        answer_each(live, asked(live, Drawing("a cat", steps=200)), three(AT[0]), seen.append, lambda: len(seen) > 4)
    assert len(spaces.processes) == 1
    assert not multiprocessing.active_children()


def test_what_goes_wrong_there_is_said_here(spaces: Spaces, tmp_path: Path) -> None:
    from workbench.zero import PREVIEW, Job

    pair = loaded(tmp_path, "siglip").current("visitor")
    gpu = zero_gpu()
    assert gpu is not None
    job = Job(str(pair.base.folder), str(pair.regional.folder), 0.5, (), (), "prepare_texts", [])
    with pytest.raises(DataError, match="no texts to embed"):
        list(gpu.ask(job, 10))
    spaces.refused = "You have exceeded your quota\n(60s requested)"
    with pytest.raises(GgezError, match=r"can't be had: You have exceeded your quota \(60s requested\); try again"):
        list(gpu.ask(Job(job.base, job.regional, 0.5, (), (), PREVIEW, None), 10))


def test_a_small_model_needs_no_card(spaces: Spaces, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from workbench.views.embedding.search import search_images

    monkeypatch.setattr("workbench.live.SMALL", 100_000_000)
    search_images(loaded(tmp_path, "siglip"), "visitor", "a cat", 0.5)
    assert spaces.asked_for == []


def test_without_the_package_or_with_zero_gpu_off_nothing_changes(
    spaces: Spaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert zero_gpu() is not None
    monkeypatch.setitem(sys.modules, "spaces", None)  # as if it weren't installed
    assert zero_gpu() is None
    monkeypatch.setitem(sys.modules, "spaces", spaces)
    monkeypatch.setenv("SPACES_ZERO_GPU", "false")
    assert zero_gpu() is None
    monkeypatch.delenv("SPACES_ZERO_GPU")
    assert zero_gpu() is None
