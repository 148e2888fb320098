"""Tiny random vision-language models of the real classes with processors of the real classes; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from ggez_core.demo.build.gemma3_processor import CHAT_TEMPLATE
from tests.tiny import randomized

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
DECODER = {**SMALL, "num_key_value_heads": 1, "max_position_embeddings": 512}
CHATML = """{% for m in messages %}<|im_start|>{{ m.role }}
{% for c in m.content %}{% if c.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c.text }}\
{% endif %}{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
SMOL = """<|im_start|>{% for m in messages %}{{ m.role | capitalize }}{% if m.content[0].type == 'image' %}:\
{% else %}: {% endif %}{% for c in m.content %}{% if c.type == 'image' %}<image>{% else %}{{ c.text }}{% endif %}\
{% endfor %}<end_of_utterance>
{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"""


def tokenizer(special: dict[str, str], more: tuple[str, ...] = (), **named: Any) -> Any:
    """Every byte is a token, and so is " " before a letter; special tokens come first. named: `image_token=…`."""
    tokens = [*special.values(), *more, *named.values()]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pairs = [("Ġ", letter) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    vocabulary = {token: i for i, token in enumerate([*dict.fromkeys(tokens), *alphabet, *map("".join, pairs)])}
    made = Tokenizer(models.BPE(vocabulary, pairs))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(dict.fromkeys(tokens)))
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, **special, extra_special_tokens=named or list(more)
    )


def gemma3(seed: int) -> tuple[Any, Any]:
    named = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    turns = ("<start_of_turn>", "<end_of_turn>")
    words = tokenizer({"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>"}, turns, **named)
    ids = words.convert_tokens_to_ids
    config = transformers.Gemma3Config(
        text_config={**DECODER, **_ends(words), "head_dim": 16, "sliding_window": 64},
        vision_config={**SMALL, "image_size": 28, "patch_size": 14, "vision_use_head": False},
        mm_tokens_per_image=4, boi_token_index=ids("<start_of_image>"), eoi_token_index=ids("<end_of_image>"),
        image_token_index=ids("<image_soft_token>"),
    )  # fmt: skip
    images = transformers.Gemma3ImageProcessor(size={"height": 28, "width": 28})
    processor = transformers.Gemma3Processor(images, words, chat_template=CHAT_TEMPLATE, image_seq_length=4)
    return randomized(transformers.Gemma3ForConditionalGeneration(config), seed), processor


def qwen2_5_vl(seed: int) -> tuple[Any, Any]:
    special = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
    words = tokenizer({"pad_token": "<|endoftext|>", "eos_token": "<|im_end|>"}, special)
    ids = words.convert_tokens_to_ids
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    vision = {"hidden_size": 32, "intermediate_size": 64, "depth": 1, "num_heads": 2, "out_hidden_size": 32}
    config = transformers.Qwen2_5_VLConfig(
        text_config={**DECODER, **_ends(words), "rope_parameters": rope, "tie_word_embeddings": False},
        vision_config={**vision, "fullatt_block_indexes": [0]},
        image_token_id=ids("<|image_pad|>"), video_token_id=ids("<|video_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"), vision_end_token_id=ids("<|vision_end|>"),
    )  # fmt: skip
    processor = transformers.Qwen2_5_VLProcessor(
        transformers.Qwen2VLImageProcessor(size={"shortest_edge": 56 * 56, "longest_edge": 84 * 84}), words,
        transformers.Qwen2VLVideoProcessor(), chat_template=CHATML,
    )  # fmt: skip
    return randomized(transformers.Qwen2_5_VLForConditionalGeneration(config), seed), processor


def paligemma2(seed: int) -> tuple[Any, Any]:
    words = tokenizer({"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>"}, image_token="<image>")
    images = transformers.SiglipImageProcessor(size={"height": 28, "width": 28})
    images.image_seq_length = 4
    processor = transformers.PaliGemmaProcessor(images, words)  # adds 1,152 places and segments to the tokenizer
    config = transformers.PaliGemmaConfig(
        text_config={**DECODER, **_ends(words), "model_type": "gemma2", "head_dim": 16},
        vision_config={**SMALL, "model_type": "siglip_vision_model", "image_size": 28, "patch_size": 14,
                       "vision_use_head": False},
        projection_dim=32, image_token_index=words.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    return randomized(transformers.PaliGemmaForConditionalGeneration(config), seed), processor


def smolvlm(seed: int) -> tuple[Any, Any]:
    named = {
        "image_token": "<image>", "fake_image_token": "<fake_token_around_image>", "global_image_token": "<global-img>",
        "end_of_utterance_token": "<end_of_utterance>",
    }  # fmt: skip
    words = tokenizer({"pad_token": "<|im_end|>", "eos_token": "<|im_end|>", "bos_token": "<|im_start|>"}, **named)
    config = transformers.SmolVLMConfig(
        text_config={**DECODER, **_ends(words), "model_type": "llama"},
        vision_config={**SMALL, "image_size": 32, "patch_size": 8},
        image_token_id=words.convert_tokens_to_ids("<image>"), scale_factor=2,
    )  # fmt: skip
    images = transformers.SmolVLMImageProcessor(
        size={"longest_edge": 32}, max_image_size={"longest_edge": 32}, do_image_splitting=False
    )
    processor = transformers.SmolVLMProcessor(
        images, words, transformers.SmolVLMVideoProcessor(), image_seq_len=4, chat_template=SMOL
    )
    return randomized(transformers.SmolVLMForConditionalGeneration(config), seed), processor


LVLMS: dict[str, Callable[[int], tuple[Any, Any]]] = {
    "gemma3": gemma3, "qwen2_5_vl": qwen2_5_vl, "paligemma": paligemma2, "smolvlm": smolvlm,
}  # fmt: skip


def saved(kind: str, seed: int, folder: Path) -> Path:
    """A model of `LVLMS` with its processor, saved as anyone would."""
    model, processor = LVLMS[kind](seed)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _ends(words: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(words),
        "pad_token_id": words.pad_token_id,
        "bos_token_id": words.bos_token_id,
        "eos_token_id": words.eos_token_id,
    }
