"""The demo's image autoencoder: 48 × 48 pixels to 8 channels at 12 × 12 and back, trained on the small world.

Eight channels, since four lose half of what tells the drawings apart at this size. Used by the build of `demo:sdxl`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from ..world.dataset import IMAGE_SIZE
from .training import Course, Stage, batches, train

VAE = Stage("vae", steps=1600, batch=32, learning_rate=2e-3, seed=11, weight_decay=0.0, average=0.99)
CHANNELS = 8
SHARPNESS = 1.0  # weight of the loss between the pictures' edges beside the one between their pixels
KL = 2e-5  # weight of the divergence from a unit Gaussian, a latent value: only keeps the latents bounded


def trained_vae(pixels: torch.Tensor, course: Course) -> Any:
    """An `AutoencoderKL` trained on pictures (n, 3, s, s) uint8, whose latents have mean 0 and deviation 1."""
    from diffusers import AutoencoderKL

    with torch.random.fork_rng():
        torch.manual_seed(VAE.seed)
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 3,
            up_block_types=("UpDecoderBlock2D",) * 3,
            block_out_channels=(16, 32, 64),
            layers_per_block=1,
            latent_channels=CHANNELS,
            norm_num_groups=8,
            sample_size=IMAGE_SIZE,
            mid_block_add_attention=False,
            scaling_factor=1.0,
        )
    vae = vae.to(memory_format=torch.channels_last)

    def loss_of(step: int, generator: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(pixels), (VAE.batch,), generator=generator)
        shown = as_floats(pixels[chosen])
        posterior = vae.encode(shown).latent_dist
        noise = torch.randn(posterior.mean.shape, generator=generator)
        drawn = vae.decode(posterior.mean + posterior.std * noise).sample
        divergence: torch.Tensor = posterior.kl().mean() / posterior.mean[0].numel()
        return reconstruction_loss(drawn, shown) + KL * divergence

    train(vae, VAE, loss_of, course)
    _standardise(vae, encoded(vae, pixels[:: max(1, len(pixels) // 2000)]))
    return vae


@torch.no_grad()
def _standardise(vae: Any, latents: torch.Tensor) -> None:
    """Give every channel of the latents mean 0 and deviation 1, by changing the convolutions around them alone.

    SDXL's pipeline knows one factor for all channels, and a mean only of four.
    """
    mean, deviation = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    into, out = vae.quant_conv, vae.post_quant_conv
    into.weight[:CHANNELS] /= deviation.view(-1, 1, 1, 1)
    into.bias[:CHANNELS] = (into.bias[:CHANNELS] - mean) / deviation
    into.bias[CHANNELS:] -= 2 * deviation.log()  # the second half are logarithms of variances
    out.bias += out.weight[:, :, 0, 0] @ mean
    out.weight *= deviation.view(1, -1, 1, 1)


def reconstruction_loss(drawn: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of pixels, and of the differences between neighbouring pixels: (n, 3, s, s) in [-1, 1].

    Measured at four scales, each half of the one before: the coarse ones hold the colours.
    """
    loss = torch.zeros(())
    for _ in range(4):
        loss = loss + F.l1_loss(drawn, shown)
        for axis in (2, 3):
            loss = loss + SHARPNESS * F.l1_loss(drawn.diff(dim=axis), shown.diff(dim=axis))
        drawn, shown = F.avg_pool2d(drawn, 2), F.avg_pool2d(shown, 2)
    return loss


def as_floats(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 (n, 3, s, s) → float32 in [-1, 1], channels last in memory."""
    return (pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def encoded(vae: Any, pixels: torch.Tensor) -> torch.Tensor:
    """The latents' means (n, 8, s / 4, s / 4) of pictures (n, 3, s, s) uint8."""
    return torch.cat([vae.encode(as_floats(pixels[part])).latent_dist.mean for part in batches(len(pixels), 256)])
