"""Tiny random text-to-image pipelines of diffusers' real classes, whole: they draw 16 × 16 pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
)

from tests.tiny import randomized
from tests.tiny_families import _TEXT, _tokenizer, sdxl


def stable_diffusion(seed: int) -> Any:
    """SD 1.5: one text encoder, a UNet with cross-attention."""
    from diffusers import PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel

    unet = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(8, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), norm_num_groups=4, attention_head_dim=2,
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=32,
    )  # fmt: skip
    return StableDiffusionPipeline(
        vae=_vae(seed), text_encoder=randomized(CLIPTextModel(CLIPTextConfig(**_TEXT)), seed + 1),
        tokenizer=_tokenizer(), unet=randomized(unet, seed + 2), scheduler=PNDMScheduler(skip_prk_steps=True),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def with_safety_checker(pipeline: Any) -> Any:
    """The SD 1.5 pipeline with the classifier that its checkpoints come with."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(vision_config={**vision, "image_size": 32, "patch_size": 16}, projection_dim=16)
    size = {"height": 32, "width": 32}
    parts = {
        "safety_checker": randomized(StableDiffusionSafetyChecker(config), 7),
        "feature_extractor": CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=size),
    }
    return type(pipeline)(**{**pipeline.components, **parts})


def stable_diffusion_3(seed: int) -> Any:
    """SD 3: two CLIP text encoders and a T5, a transformer, flow matching."""
    from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline

    transformer = SD3Transformer2DModel(
        sample_size=8, patch_size=2, in_channels=4, out_channels=4, num_layers=2, attention_head_dim=8,
        num_attention_heads=2, joint_attention_dim=32, caption_projection_dim=16, pooled_projection_dim=32,
        pos_embed_max_size=16,
    )  # fmt: skip
    text = CLIPTextConfig(**_TEXT, projection_dim=16)
    return StableDiffusion3Pipeline(
        vae=_vae(seed), transformer=randomized(transformer, seed + 1), scheduler=FlowMatchEulerDiscreteScheduler(),
        text_encoder=randomized(CLIPTextModelWithProjection(text), seed + 2),
        text_encoder_2=randomized(CLIPTextModelWithProjection(text), seed + 3), text_encoder_3=_t5(seed + 4),
        tokenizer=_tokenizer(), tokenizer_2=_tokenizer(), tokenizer_3=_words(),
    )  # fmt: skip


def flux(seed: int) -> Any:
    """Flux: CLIP and T5, a transformer over packed latents, embedded guidance."""
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8),
        guidance_embeds=True,
    )  # fmt: skip
    return FluxPipeline(
        vae=_vae(seed), transformer=randomized(transformer, seed + 1), scheduler=FlowMatchEulerDiscreteScheduler(),
        text_encoder=randomized(CLIPTextModel(CLIPTextConfig(**_TEXT)), seed + 2), text_encoder_2=_t5(seed + 3),
        tokenizer=_tokenizer(), tokenizer_2=_words(),
    )  # fmt: skip


PIPELINES = {
    "StableDiffusionXLPipeline": sdxl,
    "StableDiffusionPipeline": stable_diffusion,
    "StableDiffusion3Pipeline": stable_diffusion_3,
    "FluxPipeline": flux,
}


def pipeline_pair(name: str, folder: Path, dtype: Any = None) -> tuple[Path, Path]:
    """A base, and a regional pipeline whose denoiser (UNet or transformer) alone is another."""
    base, regional = PIPELINES[name](1), PIPELINES[name](101)
    for part in ("vae", *(p for p in base.components if p.startswith("text_encoder"))):
        regional.register_modules(**{part: base.components[part]})
    for pipeline, kind in ((base, "base"), (regional, "regional")):
        (pipeline if dtype is None else pipeline.to(dtype)).save_pretrained(folder / kind)
    return folder / "base", folder / "regional"


def _vae(seed: int) -> Any:
    from diffusers import AutoencoderKL

    vae = AutoencoderKL(
        block_out_channels=(8, 8), norm_num_groups=4, sample_size=16, latent_channels=4, shift_factor=0.05,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    return randomized(vae, seed)


def _t5(seed: int) -> T5EncoderModel:
    config = T5Config(vocab_size=60, d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=2)
    return randomized(T5EncoderModel(config), seed)


def _words() -> PreTrainedTokenizerFast:
    """A tokenizer of whole words, with T5's special tokens."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = ["<pad>", "</s>", "<unk>", "a", "cat", "dog", "boat", "on", "the", "sea"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=512
    )
