"""Captions in, translations and failures out: batched, cached, checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ...progress import Progress, Step, silent
from ..endpoint import Failure
from .cache import Said
from .checks import Identify, objections
from .config import Through, TranslationConfig
from .languages import Target, language
from .translators import Translator, translator

AT_ONCE = 256  # captions between two looks at the cache: what a run that is killed may lose


@dataclass(frozen=True)
class Translated:
    """A caption in another language. row: the number of its original; by: the model."""

    row: int
    language: str
    text: str
    by: str


@dataclass(frozen=True)
class Failed:
    """A caption without a translation, why, and what the model said, if it said something."""

    row: int
    language: str
    why: str
    said: str = ""


@dataclass(frozen=True)
class Translations:
    """All of them, by language in the config's order, then by row. computed: how many a model was asked for."""

    good: tuple[Translated, ...]
    failed: tuple[Failed, ...]
    computed: int

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """Good ones and failures by language."""
        good, failed = Counter(t.language for t in self.good), Counter(f.language for f in self.failed)
        return {code: (good[code], failed[code]) for code in dict.fromkeys([*good, *failed])}


def translate(
    texts: Sequence[str],
    config: TranslationConfig,
    said: Said,
    identify: Identify,
    *,
    progress: Progress = silent,
) -> Translations:
    """Translate every text into every language of the config; the texts themselves stay as they are.

    Equal texts are translated once. What a model has said before under the same version and settings is taken from
    `said`; failures of a server are not kept, so that the next run asks again. `progress` counts captions and may raise
    Cancelled: what was said until then is kept. Raises GgezError where a model can't be loaded or doesn't know a
    language, or a server refuses the key.
    """
    work = _Work(texts, language(config.source), said, identify, progress, len(config.languages) * len(texts))
    for code, through in config.languages.items():
        work.into(language(code), through)
    return Translations(tuple(work.good), tuple(work.failed), work.computed)


@dataclass
class _Work:
    texts: Sequence[str]
    source: Target
    said: Said
    identify: Identify
    progress: Progress
    total: int
    good: list[Translated] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    computed: int = 0
    done: int = 0

    def into(self, target: Target, through: Through) -> None:
        """All texts into one language."""
        by = translator(through)
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(self.texts):
            rows.setdefault(text.strip(), []).append(row)
        good: list[Translated] = []
        failed: list[Failed] = []
        for some in _pieces(list(rows)):
            self.progress(Step(self.done, self.total, "captions", f"into {target.english}"))
            for text, found in zip(some, self._checked(some, by, target, through), strict=True):
                for row in rows[text]:
                    if isinstance(found, Failed):
                        failed.append(Failed(row, target.code, found.why, found.said))
                    else:
                        good.append(Translated(row, target.code, found, by.name))
            self.done += sum(len(rows[text]) for text in some)
            self.progress(Step(self.done, self.total, "captions", f"into {target.english}"))
        self.good += sorted(good, key=lambda t: t.row)
        self.failed += sorted(failed, key=lambda f: f.row)

    def _checked(
        self, texts: Sequence[str], by: Translator, target: Target, through: Through
    ) -> Iterator[str | Failed]:
        said = self._said(texts, by, target)
        answers = ["" if isinstance(answer, Failure) else answer for answer in said]
        identified = self.identify(answers)
        for text, answer, found in zip(texts, said, identified, strict=True):
            if isinstance(answer, Failure):
                yield Failed(0, target.code, answer.why)
            elif against := objections(text, answer, target, found, through.ratio or target.ratio):
                yield Failed(0, target.code, "; ".join(against), answer)
            else:
                yield answer

    def _said(self, texts: Sequence[str], by: Translator, target: Target) -> list[str | Failure]:
        """What the model says, now or before."""
        keys = [Said.key(text, by.version, self.source.code, target.code) for text in texts]
        known = self.said.get(keys)
        missing = [at for at, key in enumerate(keys) if key not in known and texts[at]]
        answers = by.translate([texts[at] for at in missing], self.source, target) if missing else []
        self.computed += len(missing)
        new = dict(zip(missing, answers, strict=True))
        self.said.put((keys[at], answer) for at, answer in new.items() if not isinstance(answer, Failure))
        return [
            new[at] if at in new else known.get(key, Failure("the original has no caption"))
            for at, key in enumerate(keys)
        ]


def _pieces(texts: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), AT_ONCE):
        yield texts[start : start + AT_ONCE]
