"""How long a text is, in units that mean the same in every script: graphemes, and words where no spaces tell them.

A leaf over the `regex` library, which knows Unicode's grapheme clusters (UAX 29) and scripts and is compiled; Python's
own `re` knows neither, and counting white-space words takes a Thai sentence for one word. Used by text rules and the
translation's checks.
"""

from __future__ import annotations

import math

import regex

# Graphemes a word, on average, in scripts that are written without spaces between words. Estimates of ours, to within a
# half: Thai, Lao and Khmer words have one or two syllables of one to three clusters, Burmese words of one or two; most
# Chinese words have one or two characters.
UNSPACED = {"Thai": 3.0, "Lao": 3.0, "Khmer": 2.5, "Myanmar": 2.5, "Han": 1.6, "Hiragana": 2.5, "Katakana": 3.5}

_GRAPHEME = regex.compile(r"\X\p{M}*")  # Burmese vowels and tones that UAX 29 counts alone are joined too
_UNSPACED = {name: regex.compile(rf"[\p{{Script={name}}}&&[\p{{L}}\p{{M}}]]+", regex.V1) for name in UNSPACED}
_ANY_UNSPACED = regex.compile("[" + "".join(rf"\p{{Script={name}}}" for name in UNSPACED) + "]")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’-][\p{L}\p{M}\p{N}]+)*")


def graphemes(text: str) -> list[str]:
    """What a reader counts as characters: a letter with its vowel signs, tone marks and accents is one.

    >>> len(graphemes("น้ำ")), len(graphemes("nước"))
    (1, 4)
    """
    found: list[str] = _GRAPHEME.findall(text)
    return found


def words(text: str) -> int:
    """How many words a speaker would count, in any script and in mixtures of them.

    Words between spaces or punctuation count as they are; runs of a script without spaces count by the average length
    of its words, one at least.

    >>> words("nasi goreng di Jakarta"), words("ข้าวผัดในกรุงเทพ")
    (4, 4)
    """
    count, rest = 0, text
    if _ANY_UNSPACED.search(text):
        for name, pattern in _UNSPACED.items():
            runs = pattern.findall(rest)
            if runs:
                count += sum(max(1, math.ceil(len(graphemes(run)) / UNSPACED[name])) for run in runs)
                rest = pattern.sub(" ", rest)
    return count + len(_WORD.findall(rest))
