"""Checkpoints of published geometry with random weights: SigLIP2-SO400M, SDXL base 1.0 and Gemma-3-4B, in bfloat16.

Models are built on the meta device from the libraries' own configs, and their weights written shard by shard, so that a
model larger than memory can be written. Tokenizers and processors are of the real classes, with as many tokens as the
published ones. Used by `families.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

SHARD = 2 << 30  # bytes
SPREAD = 0.02


class Noise:
    """Random bfloat16 numbers, cut from one block so that billions of them take no longer than copying."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._block = (torch.randn(1 << 24, generator=self._generator) * SPREAD).bfloat16()

    def tensor(self, shape: torch.Size) -> torch.Tensor:
        """A tensor of that shape."""
        start = int(torch.randint(len(self._block), (), generator=self._generator))
        copies = -(-(start + shape.numel()) // len(self._block))
        return self._block.repeat(copies)[start : start + shape.numel()].reshape(shape).clone()


def write_pair(name: str, folder: Path, scale: float = 1.0) -> None:
    """Write `base` and `regional` of a geometry below `folder`; they differ in what the paper trains."""
    WRITERS[name](folder / "base", Noise(1), None, scale)
    WRITERS[name](folder / "regional", Noise(2), folder / "base", scale)


def save(model: torch.nn.Module, folder: Path, noise: Noise, stem: str) -> None:
    """Random weights for a model of the meta device, as the libraries shard them; of tied weights, one."""
    tied = set(getattr(model, "all_tied_weights_keys", None) or ())
    names = {n: t for n, t in model.state_dict().items() if n not in tied}
    shards: list[list[str]] = [[]]
    room = SHARD
    for name, tensor in names.items():
        size = 2 * tensor.numel()
        if shards[-1] and size > room:
            shards.append([])
            room = SHARD
        shards[-1].append(name)
        room -= size
    files = [
        f"{stem}.safetensors" if len(shards) == 1 else f"{stem}-{number:05}-of-{len(shards):05}.safetensors"
        for number in range(1, len(shards) + 1)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for file, shard in zip(files, shards, strict=True):
        save_file({name: noise.tensor(names[name].shape) for name in shard}, folder / file, {"format": "pt"})
    if len(shards) > 1:
        weight_map = {name: file for file, shard in zip(files, shards, strict=True) for name in shard}
        (folder / f"{stem}.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


def shared(folder: Path, base: Path) -> None:
    """A component that both checkpoints have: the same files, linked."""
    folder.mkdir(parents=True)
    for file in base.iterdir():
        (folder / file.name).hardlink_to(file)


def layers(count: int, scale: float) -> int:
    """How many layers there are at a scale."""
    return max(1, round(count * scale))


def tokenizer(size: int, special: Mapping[str, str], length: int, **more: Any) -> Any:
    """A byte-level tokenizer of `size` tokens, most of which no text has."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    named = [*special.values(), *(t for t in more.values() if isinstance(t, str))]
    tokens = list(dict.fromkeys([*named, *sorted(pre_tokenizers.ByteLevel.alphabet())]))
    tokens += [f"<unused{number}>" for number in range(size - len(tokens))]
    made = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(dict.fromkeys(named)))
    end = special["eos_token"]
    if "bos_token" not in special:
        made.post_processor = processors.TemplateProcessing(
            single=f"$A {end}", pair=None, special_tokens=[(end, tokens.index(end))]
        )
    return PreTrainedTokenizerFast(tokenizer_object=made, **special, model_max_length=length, extra_special_tokens=more)


def siglip2(folder: Path, noise: Noise, base: Path | None, scale: float) -> None:
    """google/siglip2-so400m-patch14-384: 1.1 billion parameters, all trained."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel, SiglipProcessor

    tower = {
        "hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": layers(27, scale),
        "num_attention_heads": 16,
    }  # fmt: skip
    text = {**tower, "vocab_size": 256_000, "max_position_embeddings": 64, "projection_size": 1152,
            "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 1}  # fmt: skip
    config = SiglipConfig(text_config=text, vision_config={**tower, "image_size": 384, "patch_size": 14})
    write_transformers(SiglipModel, config, folder, noise)
    words = tokenizer(256_000, {"pad_token": "<pad>", "eos_token": "<eos>"}, 64)
    SiglipProcessor(SiglipImageProcessor(size={"height": 384, "width": 384}), words).save_pretrained(folder)


def gemma3(folder: Path, noise: Noise, base: Path | None, scale: float) -> None:
    """google/gemma-3-4b-it: 4.3 billion parameters, all trained."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration, Gemma3ImageProcessor, Gemma3Processor

    from ggez_core.demo.build.gemma3_processor import CHAT_TEMPLATE

    named = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    special = {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>"}
    words = tokenizer(262_144, special, 131_072, **named, start="<start_of_turn>", end="<end_of_turn>")
    ids = words.convert_tokens_to_ids
    config = Gemma3Config(
        text_config={
            "vocab_size": 262_208, "hidden_size": 2560, "intermediate_size": 10_240,
            "num_hidden_layers": layers(34, scale), "num_attention_heads": 8, "num_key_value_heads": 4,
            "head_dim": 256, "sliding_window": 1024,
            "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2,
        },
        vision_config={
            "hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": layers(27, scale),
            "num_attention_heads": 16, "image_size": 896, "patch_size": 14, "vision_use_head": False,
        },
        mm_tokens_per_image=256, boi_token_index=ids("<start_of_image>"), eoi_token_index=ids("<end_of_image>"),
        image_token_index=ids("<image_soft_token>"),
    )  # fmt: skip
    write_transformers(Gemma3ForConditionalGeneration, config, folder, noise)
    images = Gemma3ImageProcessor(size={"height": 896, "width": 896})
    Gemma3Processor(images, words, chat_template=CHAT_TEMPLATE, image_seq_length=256).save_pretrained(folder)


def write_transformers(kind: Any, config: Any, folder: Path, noise: Noise) -> None:
    """Config and random weights of a transformers model."""
    with torch.device("meta"):
        model = kind(config)
    model.config.architectures = [kind.__name__]
    model.config.dtype = torch.bfloat16
    model.config.save_pretrained(folder)
    save(model, folder, noise, "model")


def sdxl_unet(scale: float) -> torch.nn.Module:
    """The UNet of stable-diffusion-xl-base-1.0 on the meta device: 2.57 billion parameters in 1,680 tensors."""
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        unet: torch.nn.Module = UNet2DConditionModel(
            sample_size=128, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=(320, 640, 1280),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, layers(2, scale), layers(10, scale)), attention_head_dim=(5, 10, 20),
            use_linear_projection=True, cross_attention_dim=2048, addition_embed_type="text_time",
            addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816,
        )  # fmt: skip
    return unet


def sdxl(folder: Path, noise: Noise, base: Path | None, scale: float) -> None:
    """stabilityai/stable-diffusion-xl-base-1.0: 3.5 billion parameters, of which the UNet's 2.6 are trained."""
    from diffusers import AutoencoderKL, EulerDiscreteScheduler
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    unet = sdxl_unet(scale)
    with torch.device("meta"):
        vae = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512), layers_per_block=2, sample_size=1024, latent_channels=4,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            scaling_factor=0.13025, force_upcast=False,
        )  # fmt: skip
    folder.mkdir(parents=True)
    unet.save_config(folder / "unet")
    save(unet, folder / "unet", noise, "diffusion_pytorch_model")
    if base is not None:
        for part in ("vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler"):
            shared(folder / part, base / part)
        (folder / "model_index.json").write_bytes((base / "model_index.json").read_bytes())
        return
    vae.save_config(folder / "vae")
    save(vae, folder / "vae", noise, "diffusion_pytorch_model")
    small = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": layers(12, scale),
             "num_attention_heads": 12, "projection_dim": 768}  # fmt: skip
    large = {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": layers(32, scale),
             "num_attention_heads": 20, "projection_dim": 1280, "hidden_act": "gelu"}  # fmt: skip
    encoders: dict[str, tuple[Any, dict[str, Any]]] = {
        "text_encoder": (CLIPTextModel, small), "text_encoder_2": (CLIPTextModelWithProjection, large),
    }  # fmt: skip
    for part, (kind, settings) in encoders.items():
        write_transformers(kind, CLIPTextConfig(**settings), folder / part, noise)
        clip_tokenizer().save_pretrained(folder / part.replace("text_encoder", "tokenizer"))
    EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1
    ).save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "StableDiffusionXLPipeline", "force_zeros_for_empty_prompt": True,
        "scheduler": ["diffusers", "EulerDiscreteScheduler"], "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"], "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": ["transformers", "CLIPTokenizer"], "tokenizer_2": ["transformers", "CLIPTokenizer"],
    }  # fmt: skip
    (folder / "model_index.json").write_text(json.dumps(index, indent=2))


def clip_tokenizer() -> Any:
    """CLIP's class of tokenizer with its 49,408 tokens, of which texts have only letters."""
    from tokenizers import pre_tokenizers
    from transformers import CLIPTokenizer

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*letters, *(f"{letter}</w>" for letter in letters)]
    tokens += [f"<unused{number}>" for number in range(49_406 - len(tokens))]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=[], model_max_length=77)


WRITERS: dict[str, Callable[[Path, Noise, Path | None, float], None]] = {
    "siglip2": siglip2, "sdxl": sdxl, "gemma3": gemma3,
}  # fmt: skip
