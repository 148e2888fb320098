"""Whether a written answer is right: exact and normalised match, in any script. Pure functions."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"  # zero-width spaces and joiners, soft hyphen
_UNSPACED = ("THAI", "LAO", "KHMER", "MYANMAR", "CJK", "HIRAGANA", "KATAKANA", "JAVANESE", "BALINESE", "TAI ")


def exact_match(answer: str, right: Sequence[str]) -> bool:
    """Whether the answer is one of the right ones, but for space around it."""
    return answer.strip() in {expected.strip() for expected in right}


def normalised_match(answer: str, right: Sequence[str]) -> bool:
    """Whether the answer is one of the right ones once both are `normalised`; an empty answer never is."""
    said = normalised(answer)
    return bool(said) and said in {normalised(expected) for expected in right}


def normalised(text: str) -> str:
    """The text as it is compared: compatibility form (NFKC), case folded, digits of every script as 0–9, without
    invisible signs, and without punctuation or symbols around words.

    Space is single between words; beside a letter of a script that is written without spaces (Thai, Lao, Khmer,
    Burmese, Chinese, …) it means nothing and is dropped. Vowel signs and tone marks are letters' parts and stay.

    >>> normalised("  The  Cat! ") == normalised("the cat")
    True
    >>> normalised("ข้าว ผัด ๒ จาน") == normalised("ข้าวผัด 2 จาน")
    True
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(_plain(sign) for sign in folded if sign not in _INVISIBLE)
    words = plain.split()
    joined = words[:1]
    for word in words[1:]:
        if _unspaced(joined[-1][-1]) or _unspaced(word[0]):
            joined[-1] += word
        else:
            joined.append(word)
    return " ".join(joined)


def _plain(sign: str) -> str:
    """A digit of any script as ASCII, punctuation and symbols as space, everything else as it is."""
    if unicodedata.category(sign) == "Nd":
        return str(unicodedata.decimal(sign))
    if unicodedata.category(sign)[0] in "PSZC":
        return " "
    return sign


def _unspaced(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith(_UNSPACED)
