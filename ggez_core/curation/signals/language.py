"""The caption's language and script, and the countries where such captions are written.

A language says who wrote, not what is shown: a cat is captioned in Thai, and Angkor Wat in French. So its evidence
never reaches `MOST` and alone decides nothing at the usual threshold of one half; with another reason it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import DataError
from ..languages import Language, language_of, library_version
from ..signal import Batch, Column, Evidence

# Where captions in a language come from: shares of ours, by speakers online, of countries above a tenth or of a region.
HOMES: dict[str, dict[str, float]] = {
    "th": {"TH": 0.98}, "km": {"KH": 0.97}, "lo": {"LA": 0.95}, "my": {"MM": 0.98}, "vi": {"VN": 0.95},
    "fil": {"PH": 0.95}, "ceb": {"PH": 0.98}, "ilo": {"PH": 0.98}, "id": {"ID": 0.95}, "jv": {"ID": 0.97},
    "su": {"ID": 0.98}, "min": {"ID": 0.98}, "ban": {"ID": 0.98}, "ms": {"MY": 0.85, "SG": 0.05, "BN": 0.06},
    "tet": {"TL": 0.95}, "ta": {"IN": 0.75, "LK": 0.1, "SG": 0.04, "MY": 0.06},
    "zh": {"CN": 0.75, "TW": 0.1, "SG": 0.02, "MY": 0.03, "HK": 0.05}, "pt": {"BR": 0.78, "PT": 0.15, "TL": 0.002},
    "ja": {"JP": 0.97}, "ko": {"KR": 0.95}, "hi": {"IN": 0.97}, "bn": {"BD": 0.6, "IN": 0.38}, "ur": {"PK": 0.8},
    "si": {"LK": 0.98}, "ne": {"NP": 0.9}, "mn": {"MN": 0.95}, "ka": {"GE": 0.97}, "hy": {"AM": 0.85},
    "de": {"DE": 0.78, "AT": 0.11}, "fr": {"FR": 0.65, "CA": 0.1}, "it": {"IT": 0.95}, "nl": {"NL": 0.7, "BE": 0.25},
    "pl": {"PL": 0.97}, "cs": {"CZ": 0.97}, "sk": {"SK": 0.96}, "hu": {"HU": 0.95}, "ro": {"RO": 0.92},
    "bg": {"BG": 0.97}, "el": {"GR": 0.93}, "tr": {"TR": 0.95}, "uk": {"UA": 0.95}, "ru": {"RU": 0.8, "UA": 0.05},
    "sv": {"SE": 0.93}, "da": {"DK": 0.97}, "fi": {"FI": 0.97}, "no": {"NO": 0.98}, "is": {"IS": 0.98},
    "he": {"IL": 0.97}, "fa": {"IR": 0.88}, "es": {"ES": 0.25, "MX": 0.28, "AR": 0.13}, "sw": {"TZ": 0.45, "KE": 0.4},
    "am": {"ET": 0.97}, "ar": {"EG": 0.25, "SA": 0.15},
}  # fmt: skip


@dataclass(frozen=True)
class CaptionLanguage:
    """most: the confidence of a caption that is surely in a language of one country."""

    most: float = 0.4

    name = "language"
    columns = (
        Column("language_code", "str", "BCP 47"),
        Column("language_sure", "float", "0 to 1"),
        Column("language_script", "str", "ISO 15924"),
        Column("language_ambiguous", "str", "the language that it may be instead: Indonesian and Malay share much"),
        Column("language_evidence", "evidence"),
    )

    def __post_init__(self) -> None:
        if not 0 <= self.most < 1:
            raise DataError(f"language: most={self.most} must be at least 0 and below 1")

    @property
    def fingerprint(self) -> str:
        """Of the library, the rules and the setting."""
        return f"1 py3langid {library_version()} {self.most}"

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The columns."""
        found = [language_of(text) if text else Language("", 0.0, "") for text in batch.texts]
        return {
            "language_code": [one.code or None for one in found],
            "language_sure": [one.sure if one.code else None for one in found],
            "language_script": [one.script or None for one in found],
            "language_ambiguous": [one.other or None for one in found],
            "language_evidence": [self._told(one) for one in found],
        }

    def _told(self, found: Language) -> list[Evidence]:
        shares = {code: share * found.sure for code, share in HOMES.get(found.code, {}).items()}
        if found.other:  # half of what is left open goes to the other language
            for code, share in HOMES.get(found.other, {}).items():
                shares[code] = shares.get(code, 0.0) + share * (1 - found.sure) / 2
        why = f"caption in {found.code}" + (f", or {found.other}" if found.other else "")
        return [Evidence(code, self.most * share, why) for code, share in shares.items() if self.most * share >= 0.01]


SIGNAL = CaptionLanguage
