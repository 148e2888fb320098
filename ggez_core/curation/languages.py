"""Which language a caption is in: by its script where that decides, by py3langid and telling words where it doesn't.

Khmer, Lao, Burmese, Thai and Tamil have scripts to themselves, for captions. Among the languages of the Latin script a
library decides: py3langid (5 MB, 20,000 captions a second on one core), which on short captions of
Southeast Asia beats fastText's lid.176 (which takes Indonesian for Italian) and knows Javanese, which lingua doesn't.
Where it can't tell by letters alone, words that one language has and its neighbour hasn't decide (ours): Indonesian and
Malay, Javanese, Sundanese, Minangkabau, Tetum. Indonesian and Malay without such a word are ambiguous, and said to be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

READ = 1000  # characters
_SCRIPTS = {
    "Thai": "\u0e00-\u0e7f", "Laoo": "\u0e80-\u0eff", "Khmr": "\u1780-\u17ff\u19e0-\u19ff",
    "Mymr": "\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff", "Taml": "\u0b80-\u0bff", "Hira": "\u3040-\u30ff",
    "Hang": "\uac00-\ud7af\u1100-\u11ff", "Hani": "\u3400-\u9fff\uf900-\ufaff", "Arab": "\u0600-\u06ff\u0750-\u077f",
    "Cyrl": "\u0400-\u052f", "Deva": "\u0900-\u097f", "Beng": "\u0980-\u09ff", "Grek": "\u0370-\u03ff\u1f00-\u1fff",
    "Hebr": "\u0590-\u05ff", "Sinh": "\u0d80-\u0dff", "Java": "\ua980-\ua9df", "Bali": "\u1b00-\u1b7f",
    "Latn": "A-Za-z\u00aa-\u024f\u1e00-\u1eff",
}  # fmt: skip
_PATTERNS = {name: re.compile(f"[{signs}]") for name, signs in _SCRIPTS.items()}
_BY_SCRIPT = {
    "Thai": "th", "Laoo": "lo", "Khmr": "km", "Mymr": "my", "Taml": "ta", "Hira": "ja", "Hang": "ko", "Hani": "zh",
    "Beng": "bn", "Grek": "el", "Hebr": "he", "Sinh": "si", "Java": "jv", "Bali": "ban",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# Words that tell a language from its neighbours, and common ones: what Indonesian and Malay both have tells neither.
_TELLING = {
    "id": "bisa karena mobil sepeda uang kantor polisi kalian bagaimana nggak bahwa sepatu tas pohon gedung cokelat "
          "sore kemarin jeruk handuk warga indonesia tersebut kopi foto di dari dengan ini sini itu gambar melihat "
          "adalah menunjukkan oleh yang untuk pada",
    "ms": "ialah boleh kerana basikal wang pejabat hospital polis awak bahawa kasut pokok coklat petang kelmarin oren "
          "tuala nampak terdapat inilah bangunan beg ais tandas malaysia kereta foto di dari dengan ini sini itu "
          "gambar melihat adalah menunjukkan oleh yang untuk pada",
    "jv": "iki ing iku karo lan ora kang sing wong saka gambare kene ana katon bisa dadi wis arep apik omah kabeh "
          "iku mau kuwi ngendi sapa kowe aku",
    "su": "ieu éta nu jeung dina aya teu anu téh mah jalma ti ka urang sareng ngagambarkeun gambarna didieu "
          "nembongkeun nunjukkeun di hiji pikeun kudu geus bari abdi",
    "min": "iko ko nan jo indak ado di urang dek lah pai ka lai sadang rancak bana awak kito mancaliak",
    "tet": "ne'e iha nia hatudu ita haree ema no sira mak ho husi hela la'ós maibé uluk ida imajen bele tebes sai "
           "fotografia hosi nian rua de'it",
    "fil": "ang ng sa mga ito ay at na may isang nasa dito natin para kay ni si hindi kung po",
    "pt": "uma um o os as de do da na no esta este isto imagem com em que é são mostra vemos aqui há foto",
    "en": "the a an of in on with this is are and we here it image photo picture shows at to for see",
    "vi": "là và của có trong ảnh này một đây cho thấy với các những",
}  # fmt: skip
_OWN = {language: frozenset(words.split()) for language, words in _TELLING.items()}
_NEIGHBOURS = ("id", "ms", "jv", "su", "min", "tet")
_SHARED = _OWN["id"] & _OWN["ms"]


@dataclass(frozen=True)
class Language:
    """code: BCP 47, empty where there are no words. sure: 0 to 1. script: ISO 15924. other: what it may be instead."""

    code: str
    sure: float
    script: str
    other: str = ""


def language_of(text: str) -> Language:
    """The language of a text; of one in two scripts that of the one that decides a language, else the commoner one."""
    read = text[:READ]
    counts = {name: len(pattern.findall(read)) for name, pattern in _PATTERNS.items()}
    letters = sum(counts.values())
    if not letters:
        return Language("", 0.0, "")
    script = max(counts, key=lambda name: counts[name])
    if counts["Hira"] and script == "Hani":
        script = "Hira"
    if script == "Latn":
        tall = max((name for name in _BY_SCRIPT), key=lambda name: counts[name])
        if counts[tall] < 0.3 * letters:
            return _latin(read)
        script = tall
    share = counts[script] / letters
    if script == "Hira":
        share = (counts["Hira"] + counts["Hani"]) / letters
    if script in _BY_SCRIPT:
        return Language(_BY_SCRIPT[script], min(0.99, 0.5 + share / 2), script)
    code, sure = _classified(read)
    return Language(code, sure, script)


def _latin(text: str) -> Language:
    """A text in the Latin script: what the library says, corrected by telling words among neighbours."""
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    hits = {language: sum(word in own for word in words) for language, own in _OWN.items()}
    code, sure = _classified(text)
    malay = {"id", "ms"}
    own = {x: sum(word in _OWN[x] and word not in _SHARED for word in words) for x in ("id", "ms")}
    local = {x: hits[x] for x in ("jv", "su", "min", "tet") if hits[x]}
    best_local = max(local, key=lambda x: local[x], default="")
    base = max(hits["id"], hits["ms"])
    others = max(hits["en"], hits["pt"], hits["fil"], hits["vi"])
    if best_local and local[best_local] > base and local[best_local] > others:
        return Language(best_local, 0.8, "Latn", "id" if best_local != "tet" else "pt")
    if code not in (*malay, "vi") and base > others:
        code, sure = "id", 0.6
    elif hits.get(code) == 0 and others:  # a language of which no common word is there, and of another one there is
        code, sure = max(("en", "pt", "fil", "vi"), key=lambda x: hits[x]), 0.7
    if code in malay:
        if own["id"] == own["ms"]:
            return Language(code, 0.5, "Latn", (malay - {code}).pop())
        code = "id" if own["id"] > own["ms"] else "ms"
        return Language(code, 0.85, "Latn")
    return Language({"tl": "fil"}.get(code, code), sure, "Latn")


# Those in which pictures are captioned in numbers; small ones like them only draw short captions to themselves.
_KNOWN = (
    "en id ms jv vi fil tl pt es fr de it nl pl cs sk hu ro bg el tr uk ru sv da fi nb is he fa ar hi bn ta ur si ne "
    "th km lo my zh ja ko mn ka hy am sw hr sr sl lt lv et sq az kk uz"
)


def _classified(text: str) -> tuple[str, float]:
    """What the library says and how sure it is, which grows with length: a probability that it gives is too sure."""
    code, _ = _identifier().classify(text.lower())
    letters = len(text)
    return {"tl": "fil", "nb": "no", "nn": "no"}.get(code, code), min(0.95, 0.5 + letters / 80)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE)
    found.set_languages([code for code in _KNOWN.split() if code in found.labels])
    return found


def library_version() -> str:
    """For fingerprints."""
    from importlib.metadata import version

    return version("py3langid")
