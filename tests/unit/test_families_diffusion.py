"""Text-to-image models against diffusers itself, run as its documentation says on what `merge` writes."""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline
from PIL import Image

from ggez_core.checkpoints import open_checkpoint
from ggez_core.errors import Cancelled, CheckpointError, DataError
from ggez_core.families import Placement, family_of, load, loading_code
from ggez_core.families.diffusion import DiffusionModel
from ggez_core.families.drawing import Drawing, Drawn
from ggez_core.merging import LiveModel, merge
from ggez_core.progress import Step
from tests.tiny_diffusion import PIPELINES, pipeline_pair, with_safety_checker

BETA = 0.4
NAMES = list(PIPELINES)
SDXL = NAMES[0]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    return {name: pipeline_pair(name, tmp_path_factory.mktemp(name)) for name in NAMES}


def by_library(folder: Path, drawing: Drawing, **more: Any) -> Image.Image:
    """The picture that diffusers draws, called by hand."""
    pipeline = DiffusionPipeline.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(
        drawing.prompt, num_inference_steps=drawing.steps, guidance_scale=drawing.guidance, width=drawing.width,
        height=drawing.height, generator=torch.Generator().manual_seed(drawing.seed), **more,
    ).images[0]  # fmt: skip


def last(model: DiffusionModel, drawing: Drawing, **more: Any) -> Image.Image:
    image = list(model.preview(drawing, **more))[-1].image
    assert image is not None
    return image


def assert_same(found: Image.Image, expected: Image.Image) -> None:
    assert np.array_equal(np.asarray(found), np.asarray(expected))


def drawing(seed: int, **more: Any) -> Drawing:
    return Drawing("a cat on the sea", seed=seed, steps=3, guidance=4.0, width=16, height=16, **more)


@pytest.mark.parametrize("name", NAMES)
def test_a_moved_model_draws_what_the_library_draws_from_the_merged_checkpoint(
    name: str, pairs: dict[str, tuple[Path, Path]], tmp_path: Path, seed: int
) -> None:
    base, regional = pairs[name]
    model = load(open_checkpoint(base))
    assert isinstance(model, DiffusionModel)
    live = LiveModel(model.model, open_checkpoint(base), open_checkpoint(regional))
    assert live.component_names == (("unet",) if "unet" in model.pipeline.components else ("transformer",))
    merge(base, regional, BETA, tmp_path / "merged")
    asked = drawing(seed)
    shown = []
    for beta, folder in ((0.0, base), (BETA, tmp_path / "merged"), (1.0, regional)):
        live.set_beta(beta)
        shown.append(last(model, asked))
        assert_same(shown[-1], by_library(folder, asked))
    assert len({image.tobytes() for image in shown}) == 3
    assert model.texts_computed == len([n for n in model.pipeline.components if n.startswith("text_encoder")]) * (
        2 if name == "StableDiffusion3Pipeline" or name == "StableDiffusionPipeline" else 1
    )  # the prompt, and for those two an empty one for guidance; nothing again at another β


def test_text_encoders_that_move_are_asked_again(tmp_path: Path, seed: int) -> None:
    for kind, number in (("base", 1), ("regional", 2)):
        PIPELINES[SDXL](number).save_pretrained(tmp_path / kind)
    model = load(open_checkpoint(tmp_path / "base"))
    live = LiveModel(model.model, *(open_checkpoint(tmp_path / kind) for kind in ("base", "regional")))
    merge(tmp_path / "base", tmp_path / "regional", BETA, tmp_path / "out")
    asked = drawing(seed)
    for beta, folder in ((0.0, "base"), (BETA, "out"), (0.0, "base"), (BETA, "out")):
        live.set_beta(beta)
        assert_same(last(model, asked, beta_of=lambda _, at=beta: at), by_library(tmp_path / folder, asked))
    assert model.texts_computed == 4


def test_text_encoders_under_their_names_on_the_hub(tmp_path: Path, seed: int) -> None:
    from safetensors.torch import load_file, save_file

    for kind, number in (("base", 1), ("regional", 2)):
        PIPELINES[SDXL](number).save_pretrained(tmp_path / kind)
        file = tmp_path / kind / "text_encoder" / "model.safetensors"
        named = {f"text_model.{name.removeprefix('text_model.')}": tensor for name, tensor in load_file(file).items()}
        save_file(named, file, metadata={"format": "pt"})  # as SDXL's were saved by earlier versions of transformers
    base, regional = (open_checkpoint(tmp_path / kind) for kind in ("base", "regional"))
    model = load(base)
    live = LiveModel(model.model, base, regional)
    live.set_beta(1.0)
    assert live.component_names == ("text_encoder", "text_encoder_2", "unet", "vae")
    assert_same(last(model, drawing(seed)), by_library(tmp_path / "regional", drawing(seed)))


def test_a_safety_checker_under_its_names_on_the_hub(tmp_path: Path, seed: int) -> None:
    from safetensors.torch import load_file, save_file

    for kind, number in (("base", 1), ("regional", 2)):
        with_safety_checker(PIPELINES["StableDiffusionPipeline"](number)).save_pretrained(tmp_path / kind)
        file = tmp_path / kind / "safety_checker" / "model.safetensors"
        tower = "vision_model."
        named = {tower + n if n.startswith(tower) else n: tensor for n, tensor in load_file(file).items()}
        save_file(named, file, metadata={"format": "pt"})
    base, regional = (open_checkpoint(tmp_path / kind) for kind in ("base", "regional"))
    model = load(base)
    live = LiveModel(model.model, base, regional)
    live.set_beta(1.0)
    assert live.component_names == ("text_encoder", "unet", "vae")
    assert_same(last(model, drawing(seed)), by_library(tmp_path / "regional", drawing(seed)))


def test_settings_reach_the_library(pairs: dict[str, tuple[Path, Path]], seed: int) -> None:
    folder = pairs[SDXL][0]
    model = load(open_checkpoint(folder))
    plain = drawing(seed)
    assert_same(last(model, drawing(seed, negative_prompt="dog")), by_library(folder, plain, negative_prompt="dog"))
    wide = Drawing("boat", seed=seed, steps=2, guidance=1.0, width=24, height=32)
    assert_same(last(model, wide), by_library(folder, wide))
    from diffusers import DDIMScheduler

    pipeline = DiffusionPipeline.from_pretrained(folder)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    expected = pipeline(
        plain.prompt, num_inference_steps=3, guidance_scale=4.0, generator=torch.Generator().manual_seed(seed)
    ).images[0]
    assert_same(last(model, drawing(seed, scheduler="DDIM")), expected)
    for scheduler in model.limits.schedulers:
        assert last(model, drawing(seed, scheduler=scheduler)).size == (16, 16)
    assert_same(last(model, plain), by_library(folder, plain))  # the model's own scheduler is back


def test_a_batch_is_what_each_is_alone(pairs: dict[str, tuple[Path, Path]], seed: int) -> None:
    rng = random.Random(seed)
    model = load(open_checkpoint(pairs[SDXL][0]))
    asked = [
        Drawing(prompt, seed=rng.getrandbits(40), steps=3, width=16, height=16)
        for prompt in ("a cat", "dog", "a boat on the sea")
    ]
    together = model.draw(asked)
    for one, found in zip(asked, together, strict=True):
        difference = np.abs(np.asarray(found, int) - np.asarray(last(model, one), int))
        assert difference.max() <= 1
    assert len({image.tobytes() for image in together}) == 3
    assert model.draw([]) == []
    with pytest.raises(DataError, match="one batch a setting"):
        model.draw([asked[0], Drawing("cat", steps=4, width=16, height=16)])


def test_steps_are_told_and_can_be_stopped(pairs: dict[str, tuple[Path, Path]]) -> None:
    model = load(open_checkpoint(pairs[SDXL][0]))
    steps: list[Step] = []
    shown = list(model.preview(Drawing("cat", steps=5), progress=steps.append))
    assert [(s.done, s.total, s.unit) for s in steps] == [(n, 5, "steps") for n in range(1, 6)]
    assert [(d.step, d.image is None) for d in shown] == [*((n, True) for n in range(1, 6)), (5, False)]

    def stop(step: Step) -> None:
        if step.done == 2:
            raise Cancelled

    seen: list[Drawn] = []
    with pytest.raises(Cancelled):
        seen.extend(model.preview(Drawing("cat", steps=100), progress=stop))
    with pytest.raises(Cancelled):
        model.draw([Drawing("cat", steps=100)], progress=stop)
    left = model.preview(Drawing("cat", steps=100))
    next(left)
    left.close()  # a visitor who leaves
    assert not [thread for thread in threading.enumerate() if thread.name == "drawing"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Drawing("  "), "there is no prompt"),
        (Drawing("a" * 40), "the prompt has 42 tokens, this model reads 16"),
        (Drawing("cat", negative_prompt="a" * 40), "the negative prompt has 42 tokens"),
        (Drawing("cat", steps=0), "the steps: 0 can't be used; give a whole number from 1 to 200"),
        (Drawing("cat", seed=-1), "the seed: -1"),
        (Drawing("cat", width=17), "the width is 17 pixels; give a multiple of 8, say 16"),
        (Drawing("cat", height=4096), "the height in pixels: 4096 can't be used; give a whole number from 8 to 32"),
        (Drawing("cat", guidance=float("nan")), "the guidance is nan"),
        (Drawing("cat", scheduler="Eular"), "no scheduler 'Eular'; it has: Euler, DDIM"),
    ],
)
def test_unusable_input_is_told_in_a_line(asked: Drawing, told: str, pairs: dict[str, tuple[Path, Path]]) -> None:
    model = load(open_checkpoint(pairs[SDXL][0]))
    for ask in (lambda: list(model.preview(asked)), lambda: model.draw([asked])):
        with pytest.raises(DataError) as error:
            ask()
        assert told in str(error.value)
        assert "\n" not in str(error.value)


def test_folders_that_cannot_be_run(pairs: dict[str, tuple[Path, Path]], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    def copied(name: str) -> Path:
        PIPELINES[SDXL](3).save_pretrained(tmp_path / name)
        return tmp_path / name

    pickled = copied("pickled")
    weights = pickled / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    lacking = copied("lacking")
    weights = lacking / "text_encoder" / "model.safetensors"
    tensors = load_file(weights)
    gone = sorted(name for name in tensors if "norm" in name)[0]
    save_file({k: v for k, v in tensors.items() if k != gone}, weights, metadata={"format": "pt"})
    foreign = copied("foreign")
    index = json.loads((foreign / "model_index.json").read_text())
    (foreign / "model_index.json").write_text(json.dumps(index | {"_class_name": ["own", "OwnPipeline"]}))
    inpainting = copied("inpainting")
    (inpainting / "model_index.json").write_text(
        json.dumps(index | {"_class_name": "StableDiffusionXLInpaintPipeline"})
    )
    for folder, told in (
        (pickled, "is a pickle"),
        (lacking, "lacks 1 weights"),
        (foreign, "OwnPipeline"),
        (inpainting, "can be merged but not run here"),
    ):
        with pytest.raises(CheckpointError) as error:
            load(open_checkpoint(folder))
        assert told in str(error.value)
        assert "\n" not in str(error.value)


def test_where_and_in_which_type_it_is_loaded(tmp_path: Path, seed: int) -> None:
    base, _ = pipeline_pair(SDXL, tmp_path, torch.float16)
    checkpoint = open_checkpoint(base)
    assert {info.dtype for info in checkpoint.tensors.values()} == {"F16"}
    found = load(checkpoint)
    assert {p.dtype for p in found.model.parameters()} == {torch.float32}
    assert not any(p.requires_grad for p in found.model.parameters())
    assert {p.dtype for p in load(checkpoint, Placement(dtype=torch.bfloat16)).model.parameters()} == {torch.bfloat16}
    asked = drawing(seed)
    for placement in (Placement(low_cpu_mem=False), Placement(device_map="cpu"), Placement(device="cpu")):
        assert_same(last(load(checkpoint, placement), asked), last(found, asked))
    with pytest.raises(CheckpointError, match="give the device_map"):
        load(checkpoint, Placement(device_map={"unet": 0}))


def test_a_variant_is_loaded_where_it_is_all_there_is(tmp_path: Path, seed: int) -> None:
    PIPELINES[SDXL](5).to(torch.bfloat16).save_pretrained(tmp_path / "a", variant="fp16")
    checkpoint = open_checkpoint(tmp_path / "a")
    assert all(".fp16." in file.name for group in checkpoint.groups for file in group.files)
    assert {p.dtype for p in load(checkpoint).model.parameters()} == {torch.bfloat16}


def test_the_family_names_itself_and_its_loading_code(pairs: dict[str, tuple[Path, Path]]) -> None:
    for name, (base, _) in pairs.items():
        checkpoint = open_checkpoint(base)
        assert family_of(checkpoint).name == "diffusion"
        names: dict[str, Any] = {}
        exec(loading_code(checkpoint, str(base)), names)
        assert type(names["pipeline"]).__name__ == name


def test_own_settings_are_the_pipelines(pairs: dict[str, tuple[Path, Path]]) -> None:
    limits = {name: load(open_checkpoint(base)).limits for name, (base, _) in pairs.items()}
    assert {name: (x.width, x.multiple, x.guidance) for name, x in limits.items()} == {
        "StableDiffusionXLPipeline": (16, 8, 5.0),
        "StableDiffusionPipeline": (16, 8, 7.5),
        "StableDiffusion3Pipeline": (16, 4, 7.0),
        "FluxPipeline": (256, 4, 3.5),
    }
    assert limits["FluxPipeline"].schedulers[0] == "flow Euler"
    assert limits["StableDiffusionPipeline"].schedulers[0] == "PNDM"
