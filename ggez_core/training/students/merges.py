"""Byte-pair encoding of one token by itself: which merges, and which tokens in between, make it.

Merges are never undone, and none crosses a border between two tokens of the result. So a token of any text was made
inside of it by the merges that make it from its own letters alone, and by no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Pair = tuple[str, str]


@dataclass(frozen=True)
class Merges:
    """The merges of a tokenizer by their rank, with the marks that its words carry ("</w>" at a word's end)."""

    rank: Mapping[Pair, int]
    prefix: str
    suffix: str

    @classmethod
    def of(cls, model: Mapping[str, Any]) -> Merges:
        """Read from the `model` of a tokenizer.json."""
        pairs = (tuple(merge.split(" ", 1)) if isinstance(merge, str) else tuple(merge) for merge in model["merges"])
        rank = {(one, other): place for place, (one, other) in enumerate(pairs)}
        return cls(rank, model.get("continuing_subword_prefix") or "", model.get("end_of_word_suffix") or "")

    def letters(self, token: str) -> list[str]:
        """What encoding starts from. Of a token that can't stand at a word's start or end, the marks are left out."""
        ends = bool(self.suffix) and token.endswith(self.suffix) and token != self.suffix
        body = token.removesuffix(self.suffix) if ends else token
        continued = bool(self.prefix) and body.startswith(self.prefix)
        found = [letter if place == 0 and not continued else self.prefix + letter
                 for place, letter in enumerate(body.removeprefix(self.prefix) if continued else body)]  # fmt: skip
        if ends and found:
            found[-1] += self.suffix
        return found

    def joined(self, pair: Pair) -> str:
        """What a merge makes."""
        return pair[0] + pair[1].removeprefix(self.prefix)

    def making(self, token: str) -> tuple[list[Pair], list[str]]:
        """The merges that are applied when the token's letters are encoded, in order, and what they end in."""
        parts = self.letters(token)
        applied: list[Pair] = []
        while len(parts) > 1:
            known = [(self.rank[pair], place) for place, pair in enumerate(pairwise(parts))
                     if pair in self.rank]  # fmt: skip
            if not known:
                break
            place = min(known)[1]
            pair = (parts[place], parts[place + 1])
            applied.append(pair)
            parts[place : place + 2] = [self.joined(pair)]
        return applied, parts
