"""Whether what a model said is a translation: in the right language, of a plausible length, and one caption."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import regex

from ..scripts import graphemes
from ..signals.text import problems, repeated
from .languages import Target

Identify = Callable[[Sequence[str]], Sequence[tuple[str, float]]]
"""The language (BCP 47) of every text, and how sure that is, 0 to 1; an empty code where it can't be told."""

SURE = 0.5  # identification of short captions errs; below this it objects to nothing
_SLACK = 12  # graphemes that a length may be beside its bounds: short captions vary more
_SCRIPTS = {
    "th": "Thai", "lo": "Lao", "km": "Khmer", "my": "Myanmar", "ta": "Tamil", "zh": "Han", "hi": "Devanagari",
    "bn": "Bengali", "ar": "Arabic", "ko": "Hangul", "ja": "Hiragana}\\p{Katakana}\\p{Han",
}  # fmt: skip
_LETTERS = regex.compile(r"\p{L}")


def objections(
    original: str, translation: str, target: Target, identified: tuple[str, float], ratio: tuple[float, float]
) -> list[str]:
    """Why a text is no translation of the original into the target language; none where nothing speaks against it."""
    said = translation.strip()
    if not said:
        return ["empty"]
    found = []
    if "\n" in said and "\n" not in original.strip():
        found.append("more than a translation: it has several lines")
    if said.casefold() == original.strip().casefold() and len(original.split()) > 2:
        found.append("not translated")
    found += _wrong_script(said, target) or _wrong_language(target, identified)
    length, of = len(graphemes(said)), len(graphemes(original.strip()))
    if not ratio[0] * of - _SLACK <= length <= ratio[1] * of + _SLACK:
        times = f"{length / max(of, 1):.2g} times the original's"
        found.append(f"its length is {times}, which is beyond {ratio[0]:g} to {ratio[1]:g}")
    if repeated(graphemes(said)) > max(0.5, repeated(graphemes(original)) + 0.2):
        found.append("repeats itself")
    if new := _new_problem(original, said):
        found.append(new)
    return found


def _wrong_script(said: str, target: Target) -> list[str]:
    """A language with a script of its own is written in it, but for names."""
    name = _SCRIPTS.get(target.code)
    if name is None:
        return []
    own = len(regex.findall(rf"[\p{{{name}}}]", said))
    letters = len(_LETTERS.findall(said))
    return [] if letters and own >= 0.5 * letters else [f"not in the script of {target.english}"]


def _wrong_language(target: Target, identified: tuple[str, float]) -> list[str]:
    code, sure = identified
    plain = {"tl": "fil"}.get(code, code)
    if not plain or sure < SURE or plain == target.code or plain in target.also:
        return []
    return [f"in {plain} rather than {target.code} ({sure:.0%} sure)"]


def _new_problem(original: str, said: str) -> str:
    """The first kind of junk that a translation has and its original hasn't."""
    had = {problem.partition(":")[0] for problem in problems(original)}
    return next((p for p in problems(said) if p.partition(":")[0] not in had), "")
