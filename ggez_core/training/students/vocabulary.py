"""A tokenizer of fewer entries that cuts the texts it is kept for exactly as before.

What may go are entries that no kept text uses, on its way to its tokens or in them. Encoding takes the best of the
steps that it can take; leaving out steps that were never the best changes nothing: BPE keeps every merge that makes a
kept token (`merges`); Unigram keeps the pieces of the best path and the lowest score, from which the penalty of the
unknown comes; WordPiece keeps the longest matches. New ids follow the order of the old ones, so that towers which pool
the highest id (CLIP's end of text) still do.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import TrainingError
from .merges import Merges

Counts = NDArray[np.int64]
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_FIRST = 3  # ids that keep their place: configs give 0, 1 and 2 special meanings


@dataclass(frozen=True)
class Trimmed:
    """A smaller tokenizer. document: its tokenizer.json. kept: the old id of every new one, ascending: (n,)."""

    document: Mapping[str, Any]
    kept: NDArray[np.int64]

    def renumber(self, old: int) -> int | None:
        """The new id of an old one; None where it is gone."""
        place = int(np.searchsorted(self.kept, old))
        return place if place < len(self.kept) and self.kept[place] == old else None

    def holds(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which rows of token ids (n, length) have all of theirs kept: (n,)."""
        found: NDArray[np.bool_] = np.all(np.isin(ids, self.kept), axis=-1)
        return found

    def renumbered(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """New ids of old ones that are kept."""
        return np.searchsorted(self.kept, ids)


def trimmed(document: Mapping[str, Any], counts: Counts, most: int | None = None) -> Trimmed:
    """Keep the tokens that are counted, and what they need.

    document: a tokenizer.json. counts: how often every id occurs in the texts to keep: (ids,). most: entries at most;
    tokens used most often come first. Raises TrainingError for a kind of tokenizer that can't be trimmed.
    """
    kind = document["model"].get("type")
    if kind not in _NEEDS:
        raise TrainingError(
            f"vocabulary: a tokenizer of the kind {kind} can't be trimmed, only {', '.join(_NEEDS)}; "
            "say vocabulary: all"
        )
    content = _contents(document)
    token_id = {text: number for number, text in content.items()}
    needs = _NEEDS[kind](document, token_id)
    kept = {number for number in content if number < _FIRST}
    for number in [*_special(document), *_alphabet(document, token_id)]:
        kept |= {number, *needs(content[number])}
    used = [number for number in np.argsort(-counts, kind="stable").tolist() if counts[number] and number in content]
    for number in used:
        wanted = {number, *needs(content[number])}
        if most is None or len(kept | wanted) <= most:
            kept |= wanted
    if most is not None and len(kept) > most:
        raise TrainingError(
            f"vocabulary: {most:,} entries are too few: {len(kept):,} are special tokens and the alphabet; allow more"
        )
    old = np.array(sorted(kept), np.int64)
    return Trimmed(_rewritten(document, old, content), old)


def _contents(document: Mapping[str, Any]) -> dict[int, str]:
    """Every token's text by its id; one that was added over one of the model counts as added."""
    vocabulary = document["model"]["vocab"]
    if isinstance(vocabulary, list):
        found = {number: piece for number, (piece, _) in enumerate(vocabulary)}
    else:
        found = {number: text for text, number in vocabulary.items()}
    return found | {added["id"]: added["content"] for added in document.get("added_tokens") or ()}


def _special(document: Mapping[str, Any]) -> list[int]:
    return [added["id"] for added in document.get("added_tokens") or () if added["special"]]


def _alphabet(document: Mapping[str, Any], token_id: Mapping[str, int]) -> list[int]:
    """What any text can fall back on: tokens of bytes, the letters that bytes are written with, and the unknown."""
    model = document["model"]
    found = [number for text, number in token_id.items() if _BYTE.fullmatch(text)]
    if _by_bytes(document.get("pre_tokenizer")):
        from tokenizers.pre_tokenizers import ByteLevel

        ends = ("", model.get("end_of_word_suffix") or "")
        letters = (letter + end for letter in sorted(ByteLevel.alphabet()) for end in ends)
        found += [token_id[letter] for letter in letters if letter in token_id]
    if model.get("unk_token") in token_id:
        found.append(token_id[model["unk_token"]])
    if model.get("unk_id") is not None:
        found.append(int(model["unk_id"]))
    return found


def _by_bytes(part: Any) -> bool:
    if isinstance(part, Mapping):
        return part.get("type") == "ByteLevel" or any(_by_bytes(inner) for inner in part.values())
    return isinstance(part, list) and any(_by_bytes(inner) for inner in part)


Needs = Callable[[str], Iterable[int]]
"""Ids that a token can't be had without."""


def _by_merges(document: Mapping[str, Any], token_id: Mapping[str, int]) -> Needs:
    merges = Merges.of(document["model"])

    def needs(token: str) -> Iterable[int]:
        applied, _ = merges.making(token)
        tokens = [*merges.letters(token), *map(merges.joined, applied)]
        return [token_id[text] for text in tokens if text in token_id]

    return needs


def _by_scores(document: Mapping[str, Any], token_id: Mapping[str, int]) -> Needs:
    vocabulary = document["model"]["vocab"]
    lowest = min(score for _, score in vocabulary)
    least = next(number for number, (_, score) in enumerate(vocabulary) if score == lowest)
    return lambda token: [least, *(token_id[letter] for letter in token if letter in token_id)]


def _by_matches(document: Mapping[str, Any], token_id: Mapping[str, int]) -> Needs:
    prefix = document["model"].get("continuing_subword_prefix") or "##"

    def needs(token: str) -> Iterable[int]:
        letters = token.removeprefix(prefix)
        return [token_id[form] for letter in letters for form in (letter, prefix + letter) if form in token_id]

    return needs


def _by_words(document: Mapping[str, Any], token_id: Mapping[str, int]) -> Needs:
    return lambda token: ()


_NEEDS: dict[str, Callable[[Mapping[str, Any], Mapping[str, int]], Needs]] = {
    "BPE": _by_merges,
    "Unigram": _by_scores,
    "WordPiece": _by_matches,
    "WordLevel": _by_words,
}


def _rewritten(document: Mapping[str, Any], old: NDArray[np.int64], content: Mapping[int, str]) -> dict[str, Any]:
    new = {int(number): place for place, number in enumerate(old)}
    written = copy.deepcopy({name: part for name, part in document.items() if name != "model"})
    written["added_tokens"] = [
        {**added, "id": new[added["id"]]} for added in document.get("added_tokens") or () if added["id"] in new
    ]
    if written.get("padding"):
        written["padding"]["pad_id"] = new.get(written["padding"]["pad_id"], 0)
    _renumber(written.get("post_processor"), new)
    model = dict(document["model"])
    if isinstance(model["vocab"], list):
        model["vocab"] = [entry for number, entry in enumerate(model["vocab"]) if number in new]
        if model.get("unk_id") is not None:
            model["unk_id"] = new[int(model["unk_id"])]
    else:
        model["vocab"] = {text: new[number] for text, number in model["vocab"].items() if number in new}
    if "merges" in model:
        merges, known = Merges.of(model), model["vocab"]
        made = {pair for text in {content[int(number)] for number in old} for pair in merges.making(text)[0]}
        model["merges"] = [
            list(pair) for pair in merges.rank if pair in made and merges.joined(pair) in known
            and pair[0] in known and pair[1] in known
        ]  # fmt: skip
    return {**written, "model": model}


def _renumber(part: Any, new: Mapping[int, int]) -> None:
    """Give the special tokens in a post-processor their new ids."""
    if isinstance(part, list):
        for inner in part:
            _renumber(inner, new)
    elif isinstance(part, dict):
        for token in (part.get("special_tokens") or {}).values():
            token["ids"] = [new[number] for number in token["ids"]]
        for name in ("sep", "cls"):
            if isinstance(part.get(name), list):
                part[name][1] = new[part[name][1]]
        _renumber(part.get("processors"), new)
