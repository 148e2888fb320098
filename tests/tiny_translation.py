"""Tiny random translation models of the real class with both real tokenizers, M2M100's and NLLB's."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import torch

from tests.tiny import randomized

CORPUS = ["a cat on a mat", "a market by the river", "rice and fish", "the temple at dawn", "boats in the harbour"] * 4
SIZES = {
    "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "max_position_embeddings": 64, "pad_token_id": 1, "bos_token_id": 0,
    "eos_token_id": 2, "decoder_start_token_id": 2,
}  # fmt: skip


def m2m100(folder: Path, seed: int = 1) -> Path:
    """M2M100's tokenizer: SentencePiece with `__th__` and ninety-nine more."""
    import sentencepiece
    from transformers import M2M100Tokenizer

    folder.mkdir(parents=True)
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=trained, vocab_size=200, hard_vocab_limit=False, minloglevel=2
    )
    spm = folder / "sentencepiece.bpe.model"
    spm.write_bytes(trained.getvalue())
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(spm))
    words = ["<s>", "<pad>", "</s>", "<unk>", *(pieces.id_to_piece(i) for i in range(3, pieces.get_piece_size()))]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(spm), model_max_length=64)
    return _saved(tokenizer, len(words) + 100 + 8, folder, seed)


def nllb(folder: Path, seed: int = 1) -> Path:
    """NLLB's tokenizer: BPE with `tha_Thai` and two hundred more."""
    from transformers import NllbTokenizer

    letters = sorted({letter for text in CORPUS for letter in text if letter != " "})
    words = ["<s>", "<pad>", "</s>", "<unk>", "▁", *letters]
    tokenizer = NllbTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[], model_max_length=64)
    return _saved(tokenizer, len(tokenizer), folder, seed)


def _saved(tokenizer: Any, vocabulary: int, folder: Path, seed: int) -> Path:
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    model = randomized(M2M100ForConditionalGeneration(M2M100Config(vocab_size=vocabulary, **SIZES)), seed)
    words = tokenizer.vocab_size if tokenizer.vocab_size < vocabulary else len(set("".join(CORPUS))) + 4
    with torch.no_grad():  # so that it says words: languages and ends are unlikely, as in a model that was trained
        model.model.shared.weight[words:] *= 0.3
        model.model.shared.weight[:4] *= 0.01
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
