"""Tiny random models of every family the engine merges, of the libraries' real classes; nothing is downloaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    PreTrainedModel,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Siglip2Config,
    Siglip2Model,
)

from tests.tiny import randomized, siglip

if TYPE_CHECKING:
    from diffusers import StableDiffusionXLPipeline

_TOWER = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
_TEXT = {**_TOWER, "vocab_size": 60, "max_position_embeddings": 16, "bos_token_id": 1, "eos_token_id": 2}
_DECODER = {**_TOWER, "num_key_value_heads": 1, "vocab_size": 60, "bos_token_id": 1, "eos_token_id": 2}
_XLMR = "tiny-xlmr-clip"


def siglip2(seed: int) -> Siglip2Model:
    text, vision = {**_TEXT, "projection_size": 32}, {**_TOWER, "patch_size": 4, "num_patches": 16}
    return randomized(Siglip2Model(Siglip2Config(text_config=text, vision_config=vision)), seed)


def clip(seed: int) -> CLIPModel:
    vision = {**_TOWER, "image_size": 32, "patch_size": 16}
    return randomized(CLIPModel(CLIPConfig(text_config=_TEXT, vision_config=vision, projection_dim=16)), seed)


def gemma3(seed: int, vocabulary: int = 60) -> Gemma3ForConditionalGeneration:
    config = Gemma3Config(
        text_config={**_DECODER, "head_dim": 16, "sliding_window": 8, "vocab_size": vocabulary},
        vision_config={**_TOWER, "image_size": 28, "patch_size": 14},
        mm_tokens_per_image=4, boi_token_index=3, eoi_token_index=4, image_token_index=5,
    )  # fmt: skip
    return randomized(Gemma3ForConditionalGeneration(config), seed)


def qwen2_5_vl(seed: int, tied: bool = False) -> Qwen2_5_VLForConditionalGeneration:
    vision = {"hidden_size": 32, "intermediate_size": 64, "depth": 1, "num_heads": 2, "out_hidden_size": 32}
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    config = Qwen2_5_VLConfig(
        text_config={**_DECODER, "rope_parameters": rope, "tie_word_embeddings": tied},
        vision_config={**vision, "fullatt_block_indexes": [0]},
        tie_word_embeddings=tied,
    )
    return randomized(Qwen2_5_VLForConditionalGeneration(config), seed)


FAMILIES = {"siglip": siglip, "siglip2": siglip2, "clip": clip, "gemma3": gemma3, "qwen2_5_vl": qwen2_5_vl}


def asked(model: PreTrainedModel) -> torch.Tensor:
    """What a model of `FAMILIES` answers to a fixed input."""
    ids = torch.arange(12, 24).reshape(2, 6)
    with torch.no_grad():
        if isinstance(model, Gemma3ForConditionalGeneration | Qwen2_5_VLForConditionalGeneration):
            return model(input_ids=ids).logits
        if isinstance(model, Siglip2Model):
            pixels, mask = torch.linspace(-1, 1, 2 * 16 * 48).reshape(2, 16, 48), torch.ones(2, 16)
            shapes = torch.tensor([[4, 4], [4, 4]])
            return model(
                input_ids=ids, pixel_values=pixels, pixel_attention_mask=mask, spatial_shapes=shapes
            ).logits_per_image
        pixels = torch.linspace(-1, 1, 2 * 3 * 32 * 32).reshape(2, 3, 32, 32)
        return model(input_ids=ids, pixel_values=pixels).logits_per_image


def unet(seed: int) -> Any:
    """An SDXL UNet of three levels, two of them with attention."""
    from diffusers import UNet2DConditionModel

    return randomized(
        UNet2DConditionModel(
            sample_size=8, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=(8, 16, 16),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), norm_num_groups=4,
            transformer_layers_per_block=(1, 1, 2), attention_head_dim=(1, 2, 2), use_linear_projection=True,
            cross_attention_dim=64, addition_embed_type="text_time", addition_time_embed_dim=4,
            projection_class_embeddings_input_dim=6 * 4 + 16,
        ),
        seed,
    )  # fmt: skip


def sdxl(seed: int) -> StableDiffusionXLPipeline:
    """An SDXL pipeline: UNet, VAE and two text encoders by `seed`, tokenizers of single letters."""
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline

    text = CLIPTextConfig(**_TEXT, projection_dim=16)
    vae = AutoencoderKL(
        block_out_channels=(8, 8), norm_num_groups=4, sample_size=16, latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    return StableDiffusionXLPipeline(
        vae=randomized(vae, seed),
        text_encoder=randomized(CLIPTextModel(text), seed + 1),
        text_encoder_2=randomized(CLIPTextModelWithProjection(text), seed + 2),
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        unet=unet(seed + 3),
        scheduler=EulerDiscreteScheduler(),
    )


def _tokenizer() -> Any:
    letters = [f"{letter}{end}" for letter in "abcdefghijklmnopqrstuvwxyz" for end in ("", "</w>")]
    tokens = ["<pad>", "<|startoftext|>", "<|endoftext|>", *letters]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=16)


def xlmr_clip(folder: Path, seed: int) -> tuple[Any, dict[str, Any]]:
    """An open_clip model with an XLM-R text tower, and its config; it is registered under its name."""
    import open_clip

    text = folder / "xlmr"
    if not text.exists():
        own = {**_TEXT, "max_position_embeddings": 40, "pad_token_id": 1}
        transformers.XLMRobertaConfig(**own).save_pretrained(text)
    config = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "patch_size": 16, "head_width": 16},
        "text_cfg": {"hf_model_name": str(text), "hf_tokenizer_name": str(text), "hf_pooler_type": "mean_pooler"},
    }
    file = folder / f"{_XLMR}.json"
    file.write_text(json.dumps(config))
    open_clip.add_model_config(file)
    return randomized(open_clip_model(None), seed), config


def open_clip_model(weights: Path | None) -> Any:
    """The registered model with weights from a file, which open_clip loads strictly, or none."""
    import open_clip

    pretrained = str(weights) if weights else None
    required = weights is not None
    model = open_clip.create_model(_XLMR, pretrained=pretrained, pretrained_text=False, require_pretrained=required)
    return model.eval()
