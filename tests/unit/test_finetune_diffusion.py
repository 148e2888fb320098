"""Fine-tuning of a UNet: noise, target and weights as the scheduler defines them; the rest of it isn't touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import diffusers
import pytest
import torch
from PIL import Image

from ggez_core.checkpoints import compare, open_checkpoint
from ggez_core.errors import CheckpointError, TrainingError
from ggez_core.families import load
from ggez_core.families.denoising import Denoising
from ggez_core.families.diffusion import DiffusionModel
from ggez_core.progress import silent
from ggez_core.training.finetune import plan
from ggez_core.training.finetune.diffusion import DenoisingTuning
from ggez_core.training.finetune.settings import settings_from
from ggez_core.training.loop import train
from tests.tiny_diffusion import PIPELINES
from tests.tiny_training import pairs

PICTURE = Image.new("RGB", (64, 32), "blue")


def saved(folder: Path, name: str, prediction: str = "epsilon") -> Path:
    pipeline = PIPELINES[name](1)
    if prediction != "epsilon":
        pipeline.scheduler.register_to_config(prediction_type=prediction)
    pipeline.save_pretrained(folder)
    return folder


def config(folder: Path, model: Path, **more: Any) -> dict[str, Any]:
    return {"model": str(model), "data": [{"source": str(pairs(folder / "data"))}], "preset": "diffusion",
            "loop": {"batch": 4, "steps": 2, "learning_rate": 0.01, "device": "cpu"}, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "prediction"),
    [("StableDiffusionXLPipeline", "epsilon"), ("StableDiffusionPipeline", "v_prediction"),
     ("StableDiffusionPipeline", "sample")],
)  # fmt: skip
def test_the_loss_is_what_the_scheduler_defines(tmp_path: Path, name: str, prediction: str) -> None:
    model = saved(tmp_path / "m", name, prediction)
    settings = settings_from(config(tmp_path, model, diffusion={"min_snr": 5, "caption_dropout": 0.5}))
    objective = cast(DenoisingTuning, plan(settings, tmp_path / "work", silent).objective)
    inputs = objective.batch([0, 3, 8, 9], [11, 12, 13, 14]).inputs
    again = objective.batch([9, 3], [14, 12]).inputs
    assert torch.equal(inputs["noise"][[3, 1]], again["noise"])
    assert torch.equal(inputs["steps"][[3, 1]], again["steps"])

    pipeline = diffusers.DiffusionPipeline.from_pretrained(model)
    scheduler = diffusers.DDPMScheduler.from_config(pipeline.scheduler.config)
    assert scheduler.config.prediction_type == prediction
    x, noise, steps = inputs["latents"], inputs["noise"], inputs["steps"]
    if "XL" in name:
        assert inputs["sizes"][:, :2].tolist() == [[36, 40], [36, 43], [36, 48], [36, 49]]  # heights and widths
    added = {"text_embeds": inputs["pooled"], "time_ids": inputs["sizes"]} if "XL" in name else None
    noisy = scheduler.add_noise(x, noise, steps)
    found = pipeline.unet(noisy, steps, inputs["hidden"], added_cond_kwargs=added).sample.double()
    target = {"epsilon": noise, "sample": x, "v_prediction": scheduler.get_velocity(x, noise, steps)}[prediction]
    kept = scheduler.alphas_cumprod.double()[steps]
    snr = kept / (1 - kept)
    weight = snr.clamp(max=5) / {"epsilon": snr, "sample": torch.ones(4), "v_prediction": snr + 1}[prediction]
    expected = (weight * (found - target.double()).square().mean((1, 2, 3))).mean()
    loss = objective(inputs)["denoising"]
    torch.testing.assert_close(loss.double(), expected, rtol=1e-4, atol=1e-7)
    mine = torch.autograd.grad(loss, list(objective.denoising.unet.parameters()))
    theirs = torch.autograd.grad(expected, list(pipeline.unet.parameters()))
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=2e-3, atol=1e-6)


def test_conditions_and_latents_are_the_pipelines(tmp_path: Path) -> None:
    model = saved(tmp_path / "m", "StableDiffusionXLPipeline")
    denoising = Denoising(cast(DiffusionModel, load(open_checkpoint(model))))
    hidden, pooled = denoising.conditions(["a cat", ""])
    pipeline = diffusers.DiffusionPipeline.from_pretrained(model)
    prompt, negative, pooled_prompt, pooled_negative = pipeline.encode_prompt(
        "a cat", device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True
    )
    torch.testing.assert_close(hidden, torch.cat([prompt, negative]))  # the empty text is what is drawn without one
    torch.testing.assert_close(pooled, torch.cat([pooled_prompt, pooled_negative]))
    latents = denoising.latents([PICTURE])
    shift = pipeline.vae.config.shift_factor or 0.0
    back = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor + shift).sample
    assert back.shape == (1, 3, denoising.resolution, denoising.resolution)
    assert denoising.size_of(PICTURE)[:4] == (32, 64, 0, denoising.resolution // 2)


@pytest.mark.parametrize("lora", [None, {"rank": 2, "targets": ["to_q", "to_v"]}])
def test_only_the_unet_changes(tmp_path: Path, lora: Any) -> None:
    model = saved(tmp_path / "m", "StableDiffusionXLPipeline")
    settings = settings_from(config(tmp_path, model, lora=lora, gradient_checkpointing=lora is None))
    made = plan(settings, tmp_path / "work", silent)
    ended = train(made.objective, made.order, settings.loop, tmp_path / "run")
    assert ended.model is not None
    compared = compare(open_checkpoint(model), open_checkpoint(ended.model))
    assert compared.compatible
    assert {name for name, part in compared.components.items() if part.counts.get("changed")} == {"unet"}
    pipeline = diffusers.DiffusionPipeline.from_pretrained(ended.model)
    assert pipeline("a cat", num_inference_steps=1, output_type="np").images.shape[0] == 1


def test_pictures_that_are_encoded_once_are_not_changed(tmp_path: Path) -> None:
    settings = settings_from(config(tmp_path, saved(tmp_path / "m", "StableDiffusionPipeline"), augment={"mirror": 1}))
    with pytest.raises(TrainingError, match="augment: a diffusion model's pictures are encoded once"):
        plan(settings, tmp_path, silent)


def test_pipelines_without_a_unet_are_refused(tmp_path: Path) -> None:
    model = saved(tmp_path / "m", "StableDiffusion3Pipeline")
    with pytest.raises(CheckpointError, match="has no UNet"):
        plan(settings_from(config(tmp_path, model)), tmp_path, silent)
