"""What training a pipeline's UNet needs of the rest: latents of images, texts as conditions, noise and its target.

The VAE and the text encoders are asked beforehand (`latents`, `conditions`); what the UNet has to predict is what the
pipeline's own scheduler says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image, ImageOps

from ..errors import CheckpointError, DataError
from .diffusion import DiffusionModel

_LARGEST_SNR = 1e8  # at the first step of some schedules there is no noise at all


class Denoising:
    """A pipeline whose UNet is trained. resolution: pixels of a side; by default what it was trained on.

    Raises CheckpointError for a pipeline without a UNet, DataError for a resolution that isn't whole latents.
    """

    def __init__(self, model: DiffusionModel, resolution: int | None = None) -> None:
        from diffusers import DDPMScheduler

        pipeline = model.pipeline
        if getattr(pipeline, "unet", None) is None:
            raise CheckpointError(
                f"{type(pipeline).__name__} has no UNet, and only UNets are trained here; choose SDXL or SD"
            )
        self.pipeline, self.unet, self.vae = pipeline, pipeline.unet, pipeline.vae
        self.resolution = resolution or model.limits.width
        if self.resolution % model.limits.multiple:
            raise DataError(f"resolution: {self.resolution} isn't a multiple of {model.limits.multiple}")
        self.scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
        self.prediction = str(self.scheduler.config.prediction_type)
        if self.prediction not in ("epsilon", "v_prediction", "sample"):
            raise CheckpointError(f"its scheduler predicts {self.prediction!r}, which can't be trained here")
        self.steps = int(self.scheduler.config.num_train_timesteps)
        self._kept: torch.Tensor = self.scheduler.alphas_cumprod.double()

    @property
    def sized(self) -> bool:
        """Whether the UNet is told the pictures' sizes and crops (SDXL)."""
        return getattr(self.unet.config, "addition_embed_type", None) == "text_time"

    @torch.inference_mode()
    def latents(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """Scaled latents (n, c, h, w), float32 on the CPU, of the images' middle squares."""
        side, vae = self.resolution, self.vae
        squares = [ImageOps.fit(image.convert("RGB"), (side, side), Image.Resampling.LANCZOS) for image in images]
        pixels = self.pipeline.image_processor.preprocess(squares, height=side, width=side)
        found: torch.Tensor = vae.encode(pixels.to(vae.device, vae.dtype)).latent_dist.mode().float().cpu()
        return (found - (getattr(vae.config, "shift_factor", None) or 0.0)) * float(vae.config.scaling_factor)

    def size_of(self, image: Image.Image) -> tuple[float, ...]:
        """The image's size and what was cut off, as SDXL is told: height, width, top, left, target height and width."""
        scale = self.resolution / min(image.size)
        top, left = (round((length * scale - self.resolution) / 2) for length in (image.height, image.width))
        return (image.height, image.width, top, left, self.resolution, self.resolution)

    @torch.inference_mode()
    def conditions(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """What text encoders say: (n, tokens, width), and pooled (n, width; 0 wide without); float32 on the CPU.

        An empty text gives what the pipeline draws without a prompt.
        """
        device = next(m.device for n, m in self.pipeline.components.items() if n.startswith("text_encoder") and m)
        found = self.pipeline.encode_prompt(
            prompt=list(texts), device=device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )
        hidden = found[0].float().cpu()
        pooled = found[2].float().cpu() if self.sized else hidden.new_zeros(len(texts), 0)
        if getattr(self.pipeline.config, "force_zeros_for_empty_prompt", False):
            empty = torch.tensor([not text for text in texts])
            hidden[empty], pooled[empty] = 0.0, 0.0
        return hidden, pooled

    def noised(self, latents: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """√ᾱ·x + √(1 − ᾱ)·ε at every row's step."""
        kept = self._at(steps, latents)
        return kept.sqrt() * latents + (1 - kept).sqrt() * noise

    def target(self, latents: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """What is to be predicted: ε, √ᾱ·ε − √(1 − ᾱ)·x (v), or x."""
        if self.prediction == "epsilon":
            return noise
        if self.prediction == "sample":
            return latents
        kept = self._at(steps, latents)
        return kept.sqrt() * noise - (1 - kept).sqrt() * latents

    def min_snr(self, steps: torch.Tensor, gamma: float) -> torch.Tensor:
        """(n,) weights of min-SNR (arXiv 2303.09556): min(SNR, γ) over SNR for ε, over SNR + 1 for v, alone for x."""
        kept = self._kept.to(steps.device)[steps]
        snr = (kept / (1 - kept)).clamp(max=_LARGEST_SNR)
        capped = snr.clamp(max=gamma)
        over = {"epsilon": snr.clamp(min=1e-12), "v_prediction": snr + 1, "sample": torch.ones_like(snr)}
        return (capped / over[self.prediction]).float()

    def predict(
        self, noisy: torch.Tensor, steps: torch.Tensor, hidden: torch.Tensor, pooled: torch.Tensor, sizes: torch.Tensor
    ) -> torch.Tensor:
        """The UNet's prediction, with gradients."""
        added: dict[str, Any] = {"text_embeds": pooled, "time_ids": sizes} if self.sized else {}
        found: torch.Tensor = self.unet(
            noisy, steps, encoder_hidden_states=hidden, added_cond_kwargs=added or None, return_dict=False
        )[0]
        return found

    def _at(self, steps: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        return self._kept.to(like.device)[steps].to(like.dtype).view(-1, *[1] * (like.ndim - 1))
