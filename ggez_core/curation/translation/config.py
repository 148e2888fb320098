"""Which model translates into which language: a YAML file.

    source: en
    default: {model: facebook/nllb-200-distilled-600M}
    languages:
      id: {}
      th: {through: endpoint, url: http://localhost:8000/v1, model: google/gemma-3-27b-it}
      km: {model: facebook/nllb-200-3.3B, beams: 2, ratio: [0.2, 2.5]}

The default holds for what a language doesn't say. The paper's choice was Gemma-3 27B for ind, vie, zsm, fil and zho,
and Gemini 2.5 flash for tha, mya, lao, khm and tam, with NLLB as baseline.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...errors import DataError
from ...written import load_yaml
from .languages import language


class Through(BaseModel):
    """How one language is translated into.

    through: transformers runs the model here; endpoint asks a server with OpenAI's interface at `url`. key: the
    environment variable with its key. beams: of transformers. ratio: bounds of a translation's length to its source's,
    in graphemes, instead of the language's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    through: Literal["transformers", "endpoint"] = "transformers"
    model: str = Field(min_length=1)
    url: str = ""
    key: str = "OPENAI_API_KEY"
    timeout: float = Field(60.0, gt=0)
    tries: int = Field(5, ge=1)
    at_once: int = Field(16, ge=1)
    beams: int = Field(4, ge=1)
    ratio: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Through:
        if self.through == "endpoint" and not self.url:
            raise ValueError("through: endpoint needs a url, such as http://localhost:8000/v1")
        if self.ratio is not None and not 0 <= self.ratio[0] < self.ratio[1]:
            raise ValueError("ratio: is two numbers, the lower one first")
        return self


class TranslationConfig(BaseModel):
    """What is translated into what, and by whom. languages: by BCP 47 code."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = "en"
    languages: dict[str, Through]

    @model_validator(mode="before")
    @classmethod
    def _with_default(cls, given: Any) -> Any:
        """Give every language what the default says and it doesn't, under its BCP 47 code."""
        if not isinstance(given, dict):
            return given
        given = dict(given)
        default = given.pop("default", None) or {}
        languages = given.get("languages")
        if isinstance(default, dict) and isinstance(languages, dict):
            filled: dict[str, Any] = {}
            for name, own in languages.items():
                code = _code(name)
                if code in filled:
                    raise ValueError(f"languages: {code} is named twice")
                filled[code] = {**default, **own} if isinstance(own, dict) else dict(default) if own is None else own
            given["languages"] = filled
        return given

    @model_validator(mode="after")
    def _is_a_translation(self) -> TranslationConfig:
        if not self.languages:
            raise ValueError("languages: names none")
        if _code(self.source) in self.languages:
            raise ValueError(f"languages: {self.source} is the source itself")
        return self


def _code(name: object) -> str:
    try:
        return language("no" if name is False else str(name)).code  # YAML takes a bare `no` for false
    except DataError as error:
        raise ValueError(str(error)) from None


def read_config(path: Path) -> TranslationConfig:
    """The config in a YAML file. Raises DataError in one line for one that can't be used."""
    try:
        given = load_yaml(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{path}: can't be read as YAML ({' '.join(str(error).split())[:150]})") from None
    try:
        return TranslationConfig.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DataError(f"{path}: {where}: {first['msg'].removeprefix('Value error, ')}") from None
