"""Whether a caption can be learned from: how long it is, what it is made of, and whether it is no caption at all.

Works in every script: lengths are graphemes and words as speakers count them. Alternative texts of the web are often
file names, addresses, the names of buttons, or read in a wrong encoding; `text_problem` says which, with the place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from unicodedata import category

import regex

from ..scripts import graphemes, words
from ..signal import Batch, Column

READ = 20_000  # characters of a caption that are looked at; of what follows only the number counts
_WINDOW = 6  # graphemes: shorter pieces come again in any honest sentence
_VERSION = "1"

_URL = regex.compile(r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|net|org|info)(?:/\S*)?\b", regex.I)
_FILE = regex.compile(r"\b[\w()%+.-]*\.(?:jpe?g|png|gif|webp|bmp|tiff?|svg|heic|pdf)\b", regex.I)
_CAMERA = regex.compile(
    r"(?:IMG|DSC[NF]?|DCIM|PICT|P\d{2}|WP|Screenshot|WhatsApp Image|Untitled)[\s_-]*[\d_ -]*", regex.I
)
_MARKUP = regex.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|&(?:[a-z]{2,8}|#\d{2,6});", regex.I)
# U+FFFD, and UTF-8 that was read as Latin-1 or Windows-1252: a lead byte's letter with continuation bytes' signs.
_GARBLED = regex.compile("\ufffd|[ÃÂ][\u0080-\u00bf]|à[¸¹º»]|á[ºž»]|â€.|[ÐÑ][\u0080-\u00bf]")
_PHRASES = regex.compile(
    r"image may contain|no (?:photo|image) description|click (?:here|to|for|on)|tap to|add to (?:cart|wish ?list)|"
    r"all rights reserved|stock (?:photo|image|vector|illustration)|royalty[- ]free|free shipping|read more|"
    r"sign (?:in|up)|log ?in|subscribe|download (?:now|free)|lorem ipsum|javascript|cookie policy|page not found|"
    r"image not (?:found|available)|"
    r"klik (?:di sini|untuk)|baca selengkapnya|hak cipta|คลิก|อ่านต่อ|สงวนลิขสิทธิ์|bấm vào|nhấn (?:vào|để)|xem thêm|"
    r"bản quyền|i-click|magbasa pa|点击|阅读更多|版权所有|ចុចទីនេះ|ຄລິກ|နှိပ်ပါ",
    regex.I,
)  # fmt: skip
_NAMES = (  # what an alternative text says when nobody wrote one: the whole caption is one of these, perhaps numbered
    "image|img|photo|picture|pic|pics|photos|images|figure|fig|logo|icon|banner|thumbnail|thumb|avatar|default|cover|"
    "untitled|placeholder|null|none|nan|undefined|n/a|test|gambar|foto|ikon|รูป|รูปภาพ|ภาพ|ภาพประกอบ|ảnh|hình|hình ảnh|"
    "larawan|litrato|រូបភាព|រូបថត|ຮູບ|ຮູບພາບ|ပုံ|ဓာတ်ပုံ|படம்|புகைப்படம்|图片|照片|图像|图"
)
_PLACEHOLDER = regex.compile(rf"\W*(?:{_NAMES})[\W\d_]*", regex.I)
_RULES = (
    ("garbled encoding", _GARBLED),
    ("markup", _MARKUP),
    ("boilerplate", _PHRASES),
    ("address", _URL),
    ("file name", _FILE),
)


@dataclass(frozen=True)
class Text:
    """Lengths, make-up and first problem of a caption."""

    name = "text"
    columns = (
        Column("text_length", "int", "graphemes; 0 where there is no caption"),
        Column("text_words", "int", "words as speakers count them, also where no spaces tell them"),
        Column("text_letters", "float", "share of its graphemes, without spaces, that are letters"),
        Column("text_repeated", "float", "share of the text that came before in it"),
        Column("text_upper", "float", "share of its letters with case that are capitals"),
        Column("text_problem", "str", "why it is no caption: which rule, and what it found"),
    )

    @property
    def fingerprint(self) -> str:
        """Of the rules."""
        return _VERSION

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The columns; shares are missing where there is no letter to take a share of."""
        rows = [_measured(text or "") for text in batch.texts]
        return {column.name: [row[at] for row in rows] for at, column in enumerate(self.columns)}


def _measured(text: str) -> tuple[int, int, float | None, float, float | None, str | None]:
    read = text[:READ].strip()
    signs = graphemes(read)
    dark = [sign for sign in signs if not sign.isspace()]
    letters = sum(category(sign[0])[0] in "LM" for sign in dark)
    capitals, small = sum(s[0].isupper() for s in dark), sum(s[0].islower() for s in dark)
    return (
        len(signs) + max(len(text) - READ, 0),
        words(read),
        letters / len(dark) if dark else None,
        repeated(signs),
        capitals / (capitals + small) if capitals + small else None,
        next(problems(read), None),
    )


def repeated(signs: list[str]) -> float:
    """The share of a text that came before in it: windows of six graphemes seen earlier, or one grapheme in a row."""
    if not signs:
        return 0.0
    longest = max(sum(1 for _ in run) for _, run in groupby(signs))
    windows = len(signs) - _WINDOW + 1
    seen = {tuple(signs[at : at + _WINDOW]) for at in range(max(windows, 0))}
    again = 1 - len(seen) / windows if windows > 0 else 0.0
    return max(again, longest / len(signs) if longest > 4 else 0.0)


def problems(text: str) -> Iterator[str]:
    """Every reason why a text is no caption, with what was found."""
    if not text:
        yield "empty"
        return
    if _PLACEHOLDER.fullmatch(text):
        yield f"placeholder: {text[:60]}"
    if _CAMERA.fullmatch(text):
        yield f"camera's file name: {text[:60]}"
    for name, rule in _RULES:
        if found := rule.search(text):
            yield f"{name}: {found[0][:60]}"


SIGNAL = Text
