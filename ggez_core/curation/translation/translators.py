"""Models that translate, behind one protocol: by transformers on this machine, or served elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

from ..embedder import best_place, checkpoint, version
from ..endpoint import Endpoint, Failure
from .config import Through
from .languages import Target

if TYPE_CHECKING:
    from ...families.translation import TranslationModel

PROMPT = (
    "Translate this image caption from {source} into {target}. Keep names of places, people and dishes as speakers of "
    "{target} write them. Answer with the translation alone, in one line, without quotation marks.\n\n{text}"
)
LONGEST = 4_000  # characters of a caption that is sent; longer ones are documents, not captions
ANSWER_TOKENS = 1024
_QUOTES = {'"': '"', "“": "”", "'": "'", "«": "»", "「": "」", "『": "』"}


class Translator(Protocol):
    """Translates texts of one language into another."""

    @property
    def name(self) -> str:
        """Of the model, as rows tell it."""

    @property
    def version(self) -> str:
        """Of the model and how it is asked, for the cache."""

    def translate(self, texts: Sequence[str], source: Target, target: Target) -> list[str | Failure]:
        """A translation or a failure for each text."""


def translator(through: Through) -> Translator:
    """The translator that a config describes; its model is loaded with the first text."""
    if through.through == "endpoint":
        endpoint = Endpoint(through.url, through.model, through.key, through.timeout, through.tries, through.at_once)
        return ByEndpoint(endpoint)
    return ByTransformers(through.model, through.beams)


@dataclass(frozen=True)
class ByTransformers:
    """NLLB, M2M100 and their like. model: a source."""

    model: str
    beams: int

    @property
    def name(self) -> str:
        """The source."""
        return self.model

    @property
    def version(self) -> str:
        """Of its weights and the beams."""
        return f"transformers {version(self.model)} beams={self.beams}"

    def translate(self, texts: Sequence[str], source: Target, target: Target) -> list[str | Failure]:
        """Translations; a text that the model can't read whole is a failure."""
        model = _loaded(self.model, self.beams)
        short = [text[:LONGEST] for text in texts]
        said = model.translate(short, source.models, target.models)
        return [
            Failure(f"the caption is longer than the model's {model.longest:,} tokens")
            if translation is None or len(text) > LONGEST
            else translation
            for text, translation in zip(texts, said, strict=True)
        ]


@cache
def _loaded(model: str, beams: int) -> TranslationModel:
    from ...families.translation import load_translator

    return load_translator(checkpoint(model), best_place(), beams)


@dataclass(frozen=True)
class ByEndpoint:
    """A chat model that is served elsewhere."""

    endpoint: Endpoint

    @property
    def name(self) -> str:
        """As the server calls it."""
        return self.endpoint.model

    @property
    def version(self) -> str:
        """Of the server's name for the model, and the prompt."""
        return f"endpoint {self.endpoint.url} {self.endpoint.model} {PROMPT}"

    def translate(self, texts: Sequence[str], source: Target, target: Target) -> list[str | Failure]:
        """Translations; what the server couldn't answer are failures."""
        found: list[str | Failure] = [Failure(f"the caption is longer than {LONGEST:,} characters") for _ in texts]
        sent = [at for at, text in enumerate(texts) if len(text) <= LONGEST]
        prompts = [
            PROMPT.format(source=source.english, target=target.english, text=" ".join(texts[at].split())) for at in sent
        ]
        replies = self.endpoint.ask(
            [[{"role": "user", "content": asked}] for asked in prompts], max_tokens=ANSWER_TOKENS
        )
        for at, reply in zip(sent, replies, strict=True):
            found[at] = reply if isinstance(reply, Failure) else bare(reply.text)
        return found


def bare(text: str) -> str:
    """An answer without the quotation marks that a chat model likes to put around it."""
    plain = text.strip()
    if len(plain) > 2 and _QUOTES.get(plain[0]) == plain[-1]:
        return plain[1:-1].strip()
    return plain
