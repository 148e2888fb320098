"""Tiny random embedding models of the real classes with real processors, saved as their publishers save them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import pre_tokenizers

from ggez_core.families.embedding import EmbeddingModel

WIDTH = 32
TOWER = {"hidden_size": WIDTH, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
CORPUS = ["a photo of a cat", "A Dog on the beach", "nasi lemak", "rumah gadang di Sumatra", "งานวัด", "ပုံ", "தமிழ்"] * 4


def siglip(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A SigLIP of the first kind, with its own class of tokenizer (SentencePiece), whose texts have 64 tokens."""
    import sentencepiece
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel, SiglipProcessor, SiglipTokenizer

    folder.mkdir(parents=True)
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=trained, vocab_size=300, hard_vocab_limit=False,
        byte_fallback=True, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2,
    )  # fmt: skip
    (folder / "spiece.model").write_bytes(trained.getvalue())
    tokenizer = SiglipTokenizer(str(folder / "spiece.model"), pad_token="<pad>", model_max_length=64)
    config = SiglipConfig(
        text_config={**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 64, "projection_size": WIDTH,
                     "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1},
        vision_config={**TOWER, "image_size": 32, "patch_size": 16},
    )  # fmt: skip
    processor = SiglipProcessor(SiglipImageProcessor(size={"height": 32, "width": 32}), tokenizer)
    return _saved(SiglipModel(config), processor, folder, dtype)


def siglip_two(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A fixed-size SigLIP2: the first kind's model class with a tokenizer that keeps upper case, as first published."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel, SiglipProcessor

    tokenizer = byte_tokenizer()
    config = SiglipConfig(
        text_config={**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 64, "projection_size": WIDTH,
                     "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1},
        vision_config={**TOWER, "image_size": 32, "patch_size": 16},
    )  # fmt: skip
    processor = SiglipProcessor(SiglipImageProcessor(size={"height": 32, "width": 32}), tokenizer)
    return _saved(SiglipModel(config), processor, folder, dtype)


def naflex(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A SigLIP2 of any image shape: patches, their mask and their grid's shape instead of square pixels."""
    from tokenizers import processors
    from transformers import Siglip2Config, Siglip2ImageProcessor, Siglip2Model, Siglip2Processor, Siglip2Tokenizer

    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    words += [chr(letter) for letter in range(ord("a"), ord("z") + 1)]
    tokenizer = Siglip2Tokenizer(
        {word: i for i, word in enumerate(words)}, [], model_max_length=64, model_input_names=["input_ids"],
        padding_side="right",
    )  # fmt: skip
    end = processors.TemplateProcessing(single="$A <eos>", pair=None, special_tokens=[("<eos>", 1)])
    tokenizer.backend_tokenizer.post_processor = end
    config = Siglip2Config(
        text_config={**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 64, "projection_size": WIDTH,
                     "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1},
        vision_config={**TOWER, "num_patches": 256, "patch_size": 16},
    )  # fmt: skip
    processor = Siglip2Processor(Siglip2ImageProcessor(), tokenizer)
    return _saved(Siglip2Model(config), processor, folder, dtype)


def clip(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A CLIP with its byte-level tokenizer, whose texts have 77 tokens at most."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer({word: i for i, word in enumerate(words)}, [], model_max_length=77)
    end = len(words) - 1
    config = CLIPConfig(
        text_config={**TOWER, "vocab_size": len(words), "max_position_embeddings": 77, "projection_dim": 24,
                     "bos_token_id": end - 1, "eos_token_id": end, "pad_token_id": end},
        vision_config={**TOWER, "image_size": 32, "patch_size": 16, "projection_dim": 24},
        projection_dim=24,
    )  # fmt: skip
    images = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return _saved(CLIPModel(config), CLIPProcessor(images, tokenizer), folder, dtype)


def metaclip_two(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A MetaCLIP 2, the multilingual CLIP, with an XLM tokenizer."""
    from transformers import CLIPProcessor, MetaClip2Config, MetaClip2Model

    tokenizer = xlm_tokenizer(77)
    config = MetaClip2Config(
        text_config={**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 77, "projection_dim": 24,
                     "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1},
        vision_config={**TOWER, "image_size": 32, "patch_size": 16, "projection_dim": 24},
        projection_dim=24,
    )  # fmt: skip
    return _saved(MetaClip2Model(config), CLIPProcessor(_clip_images(), tokenizer), folder, dtype)


def alt_clip(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """An AltCLIP: CLIP's vision tower with an XLM-R text tower."""
    from transformers import AltCLIPConfig, AltCLIPModel, AltCLIPProcessor

    tokenizer = xlm_tokenizer(512)
    config = AltCLIPConfig(
        text_config={**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 514, "project_dim": 24},
        vision_config={**TOWER, "image_size": 32, "patch_size": 16},
        projection_dim=24,
    )
    return _saved(AltCLIPModel(config), AltCLIPProcessor(_clip_images(), tokenizer), folder, dtype)


def chinese_clip(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A Chinese-CLIP: CLIP's vision tower with a BERT text tower."""
    from transformers import ChineseCLIPConfig, ChineseCLIPImageProcessor, ChineseCLIPModel, ChineseCLIPProcessor

    tokenizer = bert_tokenizer()
    config = ChineseCLIPConfig(
        text_config={**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 52},
        vision_config={**TOWER, "image_size": 32, "patch_size": 16},
        projection_dim=24,
    )
    images = ChineseCLIPImageProcessor(size={"height": 32, "width": 32}, do_center_crop=False)
    return _saved(ChineseCLIPModel(config), ChineseCLIPProcessor(images, tokenizer), folder, dtype)


def dual_xlmr(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A VisionTextDualEncoder of CLIP's vision tower and XLM-R, whose positions count from the padding token on."""
    from transformers import CLIPVisionConfig, XLMRobertaConfig

    tokenizer = xlm_tokenizer(10**30)  # as one that was saved without saying
    text = XLMRobertaConfig(**TOWER, vocab_size=len(tokenizer), max_position_embeddings=66, type_vocab_size=1)
    vision = CLIPVisionConfig(**TOWER, image_size=32, patch_size=16)
    return _dual(vision, text, _clip_images(), tokenizer, folder, dtype)


def dual_bert(folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    """A VisionTextDualEncoder of ViT and BERT."""
    from transformers import BertConfig, ViTConfig, ViTImageProcessor

    tokenizer = bert_tokenizer()
    text = BertConfig(**TOWER, vocab_size=len(tokenizer), max_position_embeddings=52)
    images = ViTImageProcessor(size={"height": 32, "width": 32})
    return _dual(ViTConfig(**TOWER, image_size=32, patch_size=16), text, images, tokenizer, folder, dtype)


EMBEDDINGS: dict[str, Callable[..., Path]] = {
    "siglip": siglip,
    "siglip_two": siglip_two,
    "naflex": naflex,
    "clip": clip,
    "metaclip_two": metaclip_two,
    "alt_clip": alt_clip,
    "chinese_clip": chinese_clip,
    "dual_xlmr": dual_xlmr,
    "dual_bert": dual_bert,
}


def aligned(model: EmbeddingModel) -> EmbeddingModel:
    """The model with its weights in memory of its own: else a mapped file is not aligned, and rounds otherwise."""
    for parameter in model.model.parameters():
        parameter.data = parameter.data.clone()
    return model


def _dual(vision: Any, text: Any, images: Any, tokenizer: Any, folder: Path, dtype: torch.dtype) -> Path:
    from transformers import (
        VisionTextDualEncoderConfig,
        VisionTextDualEncoderModel,
        VisionTextDualEncoderProcessor,
    )

    config = VisionTextDualEncoderConfig.from_vision_text_configs(vision, text, projection_dim=24)
    processor = VisionTextDualEncoderProcessor(images, tokenizer)
    return _saved(VisionTextDualEncoderModel(config), processor, folder, dtype)


def _clip_images() -> Any:
    from transformers import CLIPImageProcessor

    return CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})


def xlm_tokenizer(length: int) -> Any:
    """XLM-R's class of tokenizer over single letters."""
    from transformers import XLMRobertaTokenizer

    letters = sorted({letter for text in CORPUS for letter in text if letter != " "})
    words = ["<s>", "<pad>", "</s>", "<unk>", "▁", *letters, "<mask>"]
    return XLMRobertaTokenizer(vocab=[(word, -float(i)) for i, word in enumerate(words)], model_max_length=length)


def bert_tokenizer() -> Any:
    """BERT's class of tokenizer over single letters."""
    from transformers import BertTokenizer

    letters = sorted({letter for text in CORPUS for letter in text.lower() if letter != " "})
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    return BertTokenizer(vocab={word: i for i, word in enumerate(words)}, model_max_length=52)


def byte_tokenizer() -> Any:
    """Byte-level BPE with the special tokens of Gemma's, no lower-casing, padded on the right, no mask returned."""
    from tokenizers import Tokenizer, decoders, models, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<pad>", "<eos>"], initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <eos>", pair=None, special_tokens=[("<eos>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", model_max_length=64,
        model_input_names=["input_ids"],
    )  # fmt: skip


def _saved(model: Any, processor: Any, folder: Path, dtype: torch.dtype) -> Path:
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    model.to(dtype).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
