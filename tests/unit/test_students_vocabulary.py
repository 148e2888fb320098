"""Trimmed tokenizers against the untrimmed ones: kept texts are cut alike, token for token, in every kind there is."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from ggez_core.demo.world.dataset import caption_rows
from ggez_core.errors import TrainingError
from ggez_core.training.students.merges import Merges
from ggez_core.training.students.vocabulary import Trimmed, trimmed

KEPT = ("en", "id", "th", "km")
TEXTS = {split: [(row.text, row.language) for row in caption_rows(split)] for split in ("train", "test")}


def texts(split: str, languages: tuple[str, ...] = KEPT) -> list[str]:
    return [text for text, language in TEXTS[split] if language in languages]


def everything() -> list[str]:
    return [text for text, _ in TEXTS["train"]]


def gemma(size: int = 3000) -> Tokenizer:
    """As Gemma's: no words, spaces are letters, bytes to fall back on, merges of one token in several ways."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")  # else training takes whole texts as words
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokenizer.train_from_iterator(
        everything(), trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    )
    document = json.loads(tokenizer.to_str())
    document["pre_tokenizer"] = None
    document["added_tokens"] = document["added_tokens"][:5]  # bytes are tokens of the model
    known = document["model"]["vocab"]
    ways = [
        [text[:cut], text[cut:]]
        for text, _ in sorted(known.items(), key=lambda entry: entry[1])
        for cut in range(1, len(text))
        if text[:cut] in known and text[cut:] in known and not text.startswith("<")
    ]
    document["model"]["merges"] = ways
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", pair=None, special_tokens=[("<bos>", 2), ("<eos>", 1)]
    )
    return tokenizer


def xlmr(size: int = 3000) -> Tokenizer:
    """As XLM-R's: Unigram behind Metaspace, an unknown, a mask at the end."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(everything(), trainer)
    tokenizer.add_special_tokens(["<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def clip(size: int = 3000) -> Tokenizer:
    """As CLIP's: bytes as letters, a mark at a word's end, special tokens behind all others."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    trainer = trainers.BpeTrainer(
        vocab_size=size, end_of_word_suffix="</w>", show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )  # fmt: skip
    tokenizer.train_from_iterator(everything(), trainer)
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    start, end = (tokenizer.token_to_id(token) for token in ("<|startoftext|>", "<|endoftext|>"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|startoftext|> $A <|endoftext|>", pair=None,
        special_tokens=[("<|startoftext|>", start), ("<|endoftext|>", end)],
    )  # fmt: skip
    return tokenizer


def bert(size: int = 3000) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(everything(), trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


KINDS: dict[str, Callable[[], Tokenizer]] = {"gemma": gemma, "xlmr": xlmr, "clip": clip, "bert": bert}


@pytest.fixture(scope="module", params=list(KINDS))
def whole(request: pytest.FixtureRequest) -> Tokenizer:
    return KINDS[request.param]()


def ids(tokenizer: Tokenizer, lines: list[str]) -> list[np.ndarray]:
    return [np.array(found.ids) for found in tokenizer.encode_batch(lines)]


def counted(tokenizer: Tokenizer, lines: list[str]) -> np.ndarray:
    largest = max(tokenizer.get_vocab().values())
    return np.bincount(np.concatenate([np.zeros(0, np.int64), *ids(tokenizer, lines)]), minlength=largest + 1)


def cut(tokenizer: Tokenizer, lines: list[str], most: int | None = None) -> tuple[Trimmed, Tokenizer]:
    found = trimmed(json.loads(tokenizer.to_str()), counted(tokenizer, lines), most)
    return found, Tokenizer.from_str(json.dumps(found.document))


def test_kept_texts_are_cut_alike(whole: Tokenizer) -> None:
    smaller, tokenizer = cut(whole, texts("train"))
    assert len(smaller.kept) < whole.get_vocab_size()
    assert tokenizer.get_vocab_size() == len(smaller.kept)
    assert sorted(tokenizer.get_vocab().values()) == list(range(len(smaller.kept)))
    back = {number: text for text, number in whole.get_vocab().items()}
    assert all(back[int(smaller.kept[new])] == text for text, new in tokenizer.get_vocab().items())
    for old, new in zip(ids(whole, texts("train")), ids(tokenizer, texts("train")), strict=True):
        assert smaller.kept[new].tolist() == old.tolist()


def test_other_texts_of_those_languages_are_too_where_their_tokens_are_kept(whole: Tokenizer) -> None:
    smaller, tokenizer = cut(whole, texts("train"))
    held, covered = texts("test"), 0
    for old, new in zip(ids(whole, held), ids(tokenizer, held), strict=True):
        if smaller.holds(old[None])[0]:
            covered += 1
            assert smaller.kept[new].tolist() == old.tolist()
    assert covered > 0.1 * len(held)


def test_any_text_still_comes_back(whole: Tokenizer, seed: int) -> None:
    """Bytes fall back on bytes; where there are none, what was unknown stays unknown."""
    _, tokenizer = cut(whole, texts("train", ("en",)))
    rng = random.Random(seed)
    letters = sorted({letter for text in everything() for letter in text.lower()} - {" "})
    strange = ["".join(rng.choices(letters, k=12)) for _ in range(20)]
    kind = json.loads(whole.to_str())["model"]
    for text in strange:
        found = tokenizer.encode(text, add_special_tokens=False)
        assert found.ids
        if kind.get("byte_fallback"):
            parts = (bytes([int(t[3:5], 16)]) if t.startswith("<0x") else t.encode() for t in found.tokens)
            assert b"".join(parts).decode() == text


def test_the_most_used_tokens_come_first_where_room_is_short(whole: Tokenizer) -> None:
    least = len(cut(whole, [])[0].kept)
    most = least + 120
    smaller, tokenizer = cut(whole, texts("train"), most)
    assert least < len(smaller.kept) <= most
    held = [old for old in ids(whole, texts("train")) if smaller.holds(old[None])[0]]
    lines = [text for text, old in zip(texts("train"), ids(whole, texts("train")), strict=True)
             if smaller.holds(old[None])[0]]  # fmt: skip
    assert lines
    for old, new in zip(held, ids(tokenizer, lines), strict=True):
        assert smaller.kept[new].tolist() == old.tolist()
    with pytest.raises(TrainingError, match="entries are too few"):
        cut(whole, texts("train"), least - 1)


def test_a_merge_that_is_needed_on_the_way_is_kept() -> None:
    """`abc` can be made as ab+c and a+bc; only the way that encoding takes is kept."""
    model = {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "z": 3, "bc": 4, "ab": 5, "abc": 6, "zz": 7},
             "merges": [["b", "c"], ["a", "b"], ["ab", "c"], ["a", "bc"], ["z", "z"]]}  # fmt: skip
    assert Merges.of(model).making("abc") == ([("b", "c"), ("a", "bc")], ["abc"])
    found = trimmed({"model": model}, np.array([0, 0, 0, 0, 0, 0, 1, 0]))
    assert found.kept.tolist() == [0, 1, 2, 4, 6]
    assert found.document["model"]["merges"] == [["b", "c"], ["a", "bc"]]


def test_the_lowest_score_is_kept_since_the_unknown_costs_more() -> None:
    pieces = [["<unk>", 0.0], ["▁", -1.0], ["a", -3.0], ["b", -3.0], ["ab", -4.0], ["q", -50.0]]
    document = {"model": {"type": "Unigram", "unk_id": 0, "vocab": pieces}}
    assert trimmed(document, np.array([0, 0, 0, 0, 9, 0])).kept.tolist() == [0, 1, 2, 3, 4, 5]


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(TrainingError, match="kind Magic can't be trimmed"):
        trimmed({"model": {"type": "Magic", "vocab": {}}}, np.zeros(0, np.int64))
