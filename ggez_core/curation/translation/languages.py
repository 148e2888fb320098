"""The languages that captions are translated into: what models and people call them, and how long a caption gets there.

Codes of NLLB are FLORES-200's, those of M2M100 its own. A ratio is graphemes of the translation to graphemes of the
English; the bounds are wide (about a third to three times what is usual, estimates of ours), since they are to catch
what isn't a translation, not what is a free one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import DataError
from ...families.translation import Language


@dataclass(frozen=True)
class Target:
    """A language, by BCP 47. ratio: the least and most graphemes for each of the English caption's.

    also: languages that identification may take it for, since they are nearly the same in a short caption.
    """

    code: str
    english: str
    models: Language
    ratio: tuple[float, float] = (0.35, 3.0)
    also: tuple[str, ...] = ()


_LATIN, _DENSE = (0.4, 3.0), (0.2, 2.0)
_MALAY = ("id", "ms", "min", "jv", "su", "bjn")
TARGETS = {
    target.code: target
    for target in (
        Target("en", "English", Language("eng_Latn", "en")),
        Target("id", "Indonesian", Language("ind_Latn", "id"), _LATIN, _MALAY),
        Target("ms", "Malay", Language("zsm_Latn", "ms"), _LATIN, _MALAY),
        Target("jv", "Javanese", Language("jav_Latn", "jv"), _LATIN, _MALAY),
        Target("su", "Sundanese", Language("sun_Latn", "su"), _LATIN, _MALAY),
        Target("min", "Minangkabau", Language("min_Latn", "min"), _LATIN, _MALAY),
        Target("vi", "Vietnamese", Language("vie_Latn", "vi"), _LATIN),
        Target("fil", "Filipino", Language("tgl_Latn", "tl"), _LATIN, ("tl", "ceb", "ilo")),
        Target("ceb", "Cebuano", Language("ceb_Latn", "ceb"), _LATIN, ("fil", "tl", "ilo")),
        Target("ilo", "Ilocano", Language("ilo_Latn", "ilo"), _LATIN, ("fil", "tl", "ceb")),
        Target("th", "Thai", Language("tha_Thai", "th"), _DENSE),
        Target("lo", "Lao", Language("lao_Laoo", "lo"), _DENSE),
        Target("km", "Khmer", Language("khm_Khmr", "km"), _DENSE),
        Target("my", "Burmese", Language("mya_Mymr", "my"), _DENSE),
        Target("ta", "Tamil", Language("tam_Taml", "ta"), _DENSE),
        Target("zh", "Chinese", Language("zho_Hans", "zh"), (0.08, 1.2)),
        Target("pt", "Portuguese", Language("por_Latn", "pt"), _LATIN, ("gl",)),
        Target("tet", "Tetum", Language("tet_Latn", "tet"), _LATIN, ("pt",)),
        Target("hi", "Hindi", Language("hin_Deva", "hi")),
        Target("bn", "Bengali", Language("ben_Beng", "bn")),
        Target("ar", "Arabic", Language("arb_Arab", "ar")),
        Target("sw", "Swahili", Language("swh_Latn", "sw")),
        Target("fr", "French", Language("fra_Latn", "fr")),
        Target("es", "Spanish", Language("spa_Latn", "es")),
        Target("de", "German", Language("deu_Latn", "de")),
        Target("ja", "Japanese", Language("jpn_Jpan", "ja"), (0.1, 1.5)),
        Target("ko", "Korean", Language("kor_Hang", "ko"), (0.15, 1.5)),
    )
}
_OTHER = {"zho": "zh", "tl": "fil", "msa": "ms"} | {t.models.nllb.partition("_")[0]: t.code for t in TARGETS.values()}


def language(code: str) -> Target:
    """The language of a BCP 47 or ISO 639-3 code. Raises DataError for one that isn't described."""
    plain = code.strip().lower().partition("-")[0]
    found = TARGETS.get(plain) or TARGETS.get(_OTHER.get(plain, ""))
    if found is None:
        raise DataError(
            f"language {code!r}: isn't described here; there is {', '.join(TARGETS)}; add it to translation/languages"
        )
    return found
