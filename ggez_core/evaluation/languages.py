"""Languages by the names and codes that data sets use: BCP 47 codes, and the country where each is at home."""

from __future__ import annotations

from ..errors import DataError
from ..regions import Region

CODES = {  # English names as in CVQA
    "amharic": "am", "bengali": "bn", "breton": "br", "bulgarian": "bg", "chinese": "zh", "egyptian arabic": "arz",
    "english": "en", "filipino": "fil", "french": "fr", "hindi": "hi", "igbo": "ig", "indonesian": "id", "irish": "ga",
    "japanese": "ja", "javanese": "jv", "kinyarwanda": "rw", "korean": "ko", "malay": "ms", "marathi": "mr",
    "minangkabau": "min", "mongolian": "mn", "norwegian": "no", "oromo": "om", "portuguese": "pt", "romanian": "ro",
    "russian": "ru", "sinhala": "si", "spanish": "es", "sundanese": "su", "swahili": "sw", "tamil": "ta",
    "telugu": "te", "thai": "th", "urdu": "ur", "vietnamese": "vi", "khmer": "km", "lao": "lo", "burmese": "my",
}  # fmt: skip
ISO_639_3 = {  # of the languages of Southeast Asia and CVQA that have a two-letter code
    "ind": "id", "zsm": "ms", "msa": "ms", "tha": "th", "vie": "vi", "khm": "km", "lao": "lo", "mya": "my", "tam": "ta",
    "zho": "zh", "eng": "en", "jav": "jv", "sun": "su", "por": "pt", "amh": "am", "ben": "bn", "bre": "br", "bul": "bg",
    "hin": "hi", "ibo": "ig", "gle": "ga", "jpn": "ja", "kin": "rw", "kor": "ko", "mar": "mr", "mon": "mn", "nor": "no",
    "orm": "om", "ron": "ro", "rus": "ru", "sin": "si", "spa": "es", "swa": "sw", "tel": "te", "urd": "ur", "fra": "fr",
    "deu": "de", "ces": "cs", "tgl": "fil",
}  # fmt: skip
HOMES = {  # the one country where a language is at home; not for those of many countries: en, es, pt, ar, sw
    "am": "ET", "arz": "EG", "bg": "BG", "bn": "BD", "br": "FR", "cs": "CZ", "da": "DK", "de": "DE", "el": "GR",
    "fa": "IR", "fi": "FI", "fil": "PH", "fr": "FR", "ga": "IE", "he": "IL", "hi": "IN", "hr": "HR", "hu": "HU",
    "id": "ID", "ig": "NG", "it": "IT", "ja": "JP", "jv": "ID", "km": "KH", "ko": "KR", "lo": "LA", "mi": "NZ",
    "min": "ID", "mn": "MN", "mr": "IN", "ms": "MY", "my": "MM", "nl": "NL", "no": "NO", "om": "ET", "pl": "PL",
    "quz": "PE", "ro": "RO", "ru": "RU", "rw": "RW", "si": "LK", "su": "ID", "sv": "SE", "ta": "IN", "te": "IN",
    "tet": "TL", "th": "TH", "tr": "TR", "uk": "UA", "ur": "PK", "vi": "VN", "yo": "NG", "zh": "CN",
}  # fmt: skip


def language_code(name: str) -> str:
    """The BCP 47 code of a language given by English name, ISO 639-3 or BCP 47 code; as it is if it is none of them."""
    plain = name.strip().replace("_", " ").lower()
    if plain in CODES:
        return CODES[plain]
    first, dash, rest = name.strip().replace("_", "-").partition("-")
    code = ISO_639_3.get(first.lower(), "fil" if first.lower() == "tl" else first.lower())
    return f"{code}{dash}{rest}"


def regional_languages(counts: str, region: Region) -> frozenset[str]:
    """The languages that are at home in a region, whose rows belong to it: of Southeast Asia id, th, not en, zh, ta.

    counts: where all rows count alike (global, regional), none are needed. Raises DataError for a region in which none
    is at home.
    """
    found = frozenset(language for language, home in HOMES.items() if home in region)
    if not found and counts in ("both", "split"):
        raise DataError(
            f"no language is known to be at home in {region.name}, so its rows can't be told by language; choose "
            "another region, or counts=global"
        )
    return found
