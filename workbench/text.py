"""What the page says: its words from `languages`, filled in with values, and numbers for a reader.

`say` speaks the language of the visitor whose event is answered. Used by all of `workbench` that shows something.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .languages import language, words

LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "en": "English", "id": "Bahasa Indonesia", "ms": "Bahasa Melayu", "th": "ไทย · Thai", "vi": "Tiếng Việt",
        "fil": "Filipino", "km": "ខ្មែរ · Khmer", "lo": "ລາວ · Lao", "my": "မြန်မာ · Burmese", "ta": "தமிழ் · Tamil",
        "zh": "中文 · Chinese",
        "tet": "Tetun", "pt": "Português", "jv": "Basa Jawa · Javanese",
        "su": "Basa Sunda · Sundanese",
    }
)  # fmt: skip


def say(key: str, **values: object) -> str:
    """The page's text for `key` in the visitor's language, with its values filled in."""
    text = words(language())[key]
    return text.format(**values) if values else text


def language_name(code: str) -> str:
    """How speakers call a language, followed by its English name where they differ much; else the code."""
    return LANGUAGES.get(code, code)


def size(nbytes: int) -> str:
    """Bytes for a reader: 2.3 GB, 9.6 MB, 512 kB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if nbytes >= factor:
            return f"{nbytes / factor:.1f} {unit}"
    return f"{nbytes} bytes"


def duration(milliseconds: float) -> str:
    """A time for a reader: 34 ms, 2.6 s, 3 min 20 s."""
    seconds = milliseconds / 1e3
    if seconds < 1:
        return f"{milliseconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
