"""Diffusion pairs on the page: pictures as each model alone draws them, step by step, stopped, found nearby again."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import torch
from PIL import Image

from ggez_core.families.drawing import Drawing

if TYPE_CHECKING:
    from workbench.service import Service
    from workbench.views.diffusion.answers import Answers

VISITOR = "visitor"
STEPS = 3


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A tiny SDXL pair in which the UNet alone differs."""
    from tests.tiny_diffusion import pipeline_pair

    base, regional = pipeline_pair("StableDiffusionXLPipeline", tmp_path_factory.mktemp("sdxl"))
    return str(base), str(regional)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The service behind the page."""
    from workbench.service import Service
    from workbench.settings import GIB, Settings

    return Service(Settings(tmp_path_factory.mktemp("storage"), GIB, shared=False))


@pytest.fixture
def loaded(service: Service, pair: tuple[str, str]) -> Service:
    """The service, with the pair chosen by the visitor."""
    assert service.load_pair(VISITOR, *pair).why_not_live == ""
    return service


def pixels(image: Image.Image) -> Any:
    return np.asarray(image.convert("RGB"))


def alone(folder: str | Path, drawing: Drawing) -> Any:
    """What the pipeline in a folder draws by itself."""
    from diffusers import StableDiffusionXLPipeline

    pipeline = StableDiffusionXLPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    asked = {"negative_prompt": drawing.negative_prompt or None, "num_inference_steps": drawing.steps}
    asked |= {} if drawing.guidance is None else {"guidance_scale": drawing.guidance}
    generator = torch.Generator().manual_seed(drawing.seed)
    return pixels(pipeline(drawing.prompt, generator=generator, **asked).images[0])


def test_the_three_pictures_are_what_each_model_alone_draws(loaded: Service, pair: tuple[str, str], seed: int) -> None:
    from workbench.exporting import export
    from workbench.exports import _zipped
    from workbench.views.diffusion.draw import draw_images, image_of

    beta = round(0.05 + 0.9 * (seed % 997) / 997, 3)
    drawing = Drawing("a cat", negative_prompt="dog", seed=seed, steps=STEPS, guidance=3.0)
    found, whole = draw_images(loaded, VISITOR, drawing, loaded.weights(VISITOR, beta))
    assert whole.width == whole.height == 16
    done = export(loaded, VISITOR, f"drawn-{seed}", beta)
    folders = (pair[0], done.folder, pair[1])
    assert [part.model for part in found.parts] == ["base", "merged", "regional"]
    for part, folder in zip(found.parts, folders, strict=True):
        assert np.array_equal(pixels(image_of(part)), alone(folder, drawing)), part.model
    assert "StableDiffusionXLPipeline" in done.loading_code
    written = {p.relative_to(done.folder).as_posix() for p in Path(done.folder).rglob("*") if p.is_file()}
    assert {file.name for file in done.files} == written
    assert "unet/config.json" in written
    archive = b"".join(_zipped(Path(done.folder)))
    names = zipfile.ZipFile(io.BytesIO(archive)).namelist()
    assert set(names) == {f"drawn-{seed}/{name}" for name in written}  # a pipeline's folders too


def test_the_ends_of_the_slider_are_the_two_models(loaded: Service) -> None:
    from workbench.views.diffusion.draw import draw_images, image_of

    drawing = Drawing("a boat", seed=7, steps=STEPS)
    for beta, end in ((0.0, 0), (1.0, 2)):
        found, _ = draw_images(loaded, VISITOR, drawing, loaded.weights(VISITOR, beta))
        assert np.array_equal(pixels(image_of(found.parts[1])), pixels(image_of(found.parts[end])))
    assert not np.array_equal(pixels(image_of(found.parts[0])), pixels(image_of(found.parts[2])))


def controls(**changed: Any) -> tuple[Any, ...]:
    """Values of the view's inputs, as the browser sends them."""
    values = {
        "prompt": "a dog", "negative": "", "seed": 3, "steps": STEPS, "guidance": 2, "width": 16, "height": 16,
        "scheduler": "Euler", "which": "0",
    }  # fmt: skip
    return tuple({**values, **changed}.values())


@pytest.fixture
def answers(loaded: Service) -> Answers:
    """What answers the view's events."""
    import gradio as gr

    from workbench.views.diffusion.answers import Answers, Controls

    kinds = [gr.HTML] * 4 + [gr.Button, gr.Textbox, gr.Number, gr.Slider, gr.Slider, gr.Textbox]
    kinds += [gr.Slider, gr.Slider, gr.Dropdown, gr.Radio]
    return Answers(loaded, Controls(*(kind() for kind in kinds)))


def test_what_was_drawn_nearby_is_shown_at_its_own_beta(answers: Answers, loaded: Service) -> None:
    asked = controls(seed=11)
    weights = [loaded.weights(VISITOR, beta) for beta in (0.4, 0.6)]
    assert answers.at_once(VISITOR, weights[0], *asked).updates == {}
    assert list(answers.settled(VISITOR, weights[0], *asked)) == []
    last = list(answers.in_time(VISITOR, weights[0], *asked))[-1]
    assert last.pace is not None
    assert last.updates[answers.controls.cancel]["interactive"] is False
    exact = answers.at_once(VISITOR, weights[0], *asked).updates[answers.controls.answer]
    assert "nearest so far" not in exact
    near = answers.at_once(VISITOR, weights[1], *asked).updates[answers.controls.answer]
    assert "β = 0.60" in near
    assert "Drawn at β = 0.40, the nearest so far" in near
    assert list(answers.settled(VISITOR, weights[1], *asked))
    assert "nearest so far" not in answers.at_once(VISITOR, weights[1], *asked).updates[answers.controls.answer]


def test_every_step_is_told_and_cancel_stops_between_two(answers: Answers, loaded: Service) -> None:
    weights = loaded.weights(VISITOR, 0.5)
    shown = answers.in_time(VISITOR, weights, *controls(steps=100, seed=5))
    for update in shown:
        if "of 100" in str(update.updates.get(answers.controls.answer)):
            break
    started = time.monotonic()
    assert loaded.slow.cancel(VISITOR)
    last = list(shown)[-1]
    assert "Stopped" in last.updates[answers.controls.status]
    assert time.monotonic() - started < 20
    again = list(answers.in_time(VISITOR, weights, *controls(seed=5)))[-1]
    assert "Done" in again.updates[answers.controls.status]


def test_a_newer_drawing_stops_the_older_one_in_silence(answers: Answers, loaded: Service) -> None:
    weights = loaded.weights(VISITOR, 0.5)
    older = answers.in_time(VISITOR, weights, *controls(steps=100, seed=21))
    next(older)
    newer = list(answers.in_time(VISITOR, weights, *controls(seed=22)))
    assert "Done" in newer[-1].updates[answers.controls.status]
    assert not any("Stopped" in str(shown.updates.values()) for shown in older)


def test_a_slow_drawing_keeps_nobody_with_another_pair_waiting(answers: Answers, loaded: Service) -> None:
    from workbench.views.embedding.search import search_images

    search_images(loaded, "another visitor", "cat", 0.5)
    drawing = iter(answers.in_time(VISITOR, loaded.weights(VISITOR, 0.5), *controls(steps=100, seed=31)))
    while "of 100" not in str(next(drawing).updates.get(answers.controls.answer)):
        pass
    assert search_images(loaded, "another visitor", "jeepney", 0.37).columns[1].hits
    assert "of 100" in str(next(drawing).updates.get(answers.controls.answer))
    loaded.slow.cancel(VISITOR)
    list(drawing)


def test_visitors_at_different_beta_get_their_own_pictures(loaded: Service, pair: tuple[str, str]) -> None:
    from workbench.views.diffusion.draw import draw_images, image_of

    for name in ("one", "other"):
        loaded.load_pair(name, *pair)
    drawing, found = Drawing("a cat on the sea", seed=2, steps=STEPS), {}

    def ask(name: str, beta: float) -> None:
        found[name] = draw_images(loaded, name, drawing, loaded.weights(name, beta))[0].parts[1]

    threads = [threading.Thread(target=ask, args=args) for args in (("one", 0.2), ("other", 0.9))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = {
        name: draw_images(
            loaded, name, Drawing("a cat on the sea", seed=2, steps=STEPS, guidance=5.0), loaded.weights(name, beta)
        )[0].parts[1]
        for name, beta in (("one", 0.2), ("other", 0.9))
    }
    for name, part in found.items():
        assert np.array_equal(pixels(image_of(part)), pixels(image_of(again[name])))
    assert not np.array_equal(pixels(image_of(found["one"])), pixels(image_of(found["other"])))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"prompt": "  "}, "no prompt"),
        ({"seed": 1.5}, "whole number"),
        ({"steps": 0}, "the steps"),
        ({"width": 13}, "multiple of"),
        ({"scheduler": "magic"}, "no scheduler"),
        ({"prompt": "x" * 2000}, "characters"),
    ],
)
def test_a_drawing_that_cannot_be_made_gets_one_clear_line(
    answers: Answers, loaded: Service, changed: dict[str, Any], said: str
) -> None:
    shown = list(answers.in_time(VISITOR, loaded.weights(VISITOR, 0.5), *controls(**changed)))
    assert said in shown[-1].updates[answers.controls.status]
    assert 'role="alert"' in shown[-1].updates[answers.controls.status]


@pytest.fixture(scope="module")
def url(service: Service) -> Iterator[str]:
    """The address of a served page."""
    from workbench.build import build, launch

    page = build(service)
    yield launch(service=service, page=page, wait=False)
    page.close()


def test_a_program_draws_and_fetches_pictures_that_nobody_else_can(url: str, pair: tuple[str, str]) -> None:
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    mine, other = Client(url, verbose=False), Client(url, verbose=False)
    with pytest.raises(AppError, match="can't be asked this"):
        mine.predict("a cat", api_name="/draw_images")  # the demo pair, of another family
    assert mine.predict(*pair, api_name="/load_pair")["live"]
    found = mine.predict("a cat", 0.3, None, 4, STEPS, api_name="/draw_images")
    assert [column["model"] for column in found["columns"]] == ["base", "merged", "regional"]
    assert [column["beta"] for column in found["columns"]] == [0, 0.3, 1]
    assert found["columns"][0]["change"] == 0
    assert found["columns"][2]["change"] > 0
    picture = Image.open(io.BytesIO(httpx.get(url + found["columns"][0]["url"], timeout=60).content))
    assert picture.size == (found["width"], found["height"])
    assert np.array_equal(pixels(picture), alone(pair[0], Drawing("a cat", seed=4, steps=STEPS)))
    other.predict(*pair, api_name="/load_pair")
    theirs = other.predict("a cat", 0.3, None, 4, STEPS, api_name="/draw_images")
    _, ticket, name = found["columns"][0]["url"].split("/")
    _, their_ticket, their_name = theirs["columns"][0]["url"].split("/")
    assert (ticket, name) != (their_ticket, their_name)
    assert httpx.get(f"{url}drawn/{their_ticket}/{name}", timeout=60).status_code == 404
    assert httpx.get(f"{url}drawn/{'A' * 22}/{their_name}", timeout=60).status_code == 404
    with pytest.raises(AppError, match="can't be asked this"):
        mine.predict("cat", api_name="/search_images")
