"""What a merge is to do, typed and validated: read from YAML or made from arguments, and embedded in the output.

The keys are mergekit's where mergekit has them; `beta` and `components` are ours.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..checkpoints.dtypes import dtype_named
from ..errors import RecipeError


class Recipe(BaseModel):
    """A linear merge: θ = base + β·(regional − base), with a β of its own for the components named.

    `base_model` and `regional_model` are checkpoint sources. `dtype` is the type that weights are written in (default:
    the base's). β outside [0, 1] extrapolates, and has to be asked for.
    `keep_new_rows` keeps what a larger regional vocabulary has more than the base's: its rows, its tokenizer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    merge_method: Literal["linear"] = "linear"
    base_model: str
    regional_model: str
    beta: float
    components: Mapping[str, float] = Field(default_factory=dict)
    dtype: str | None = None
    extrapolate: bool = False
    keep_new_rows: bool = False

    @model_validator(mode="after")
    def _check(self) -> Recipe:
        check_betas(self.beta, self.components, self.extrapolate)
        if self.dtype is not None:
            dtype_named(self.dtype)
        return self

    @classmethod
    def make(cls, document: Any, where: str = "the recipe") -> Recipe:
        """A recipe from plain values. Raises `RecipeError` with the nearest valid name for an unknown key."""
        if not isinstance(document, Mapping):
            raise RecipeError(f"{where}: holds no keys; write merge_method, base_model, regional_model and beta")
        for key in document:
            if key not in cls.model_fields:
                raise RecipeError(f"{where}: {unknown('key', str(key), cls.model_fields)}")
        try:
            return cls.model_validate(dict(document))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"])) or "it"
            raise RecipeError(f"{where}: {name}: {first['msg'].lower()}; correct that key") from None

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """The recipe in a YAML file. Raises `RecipeError` if there is none."""
        import yaml

        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise RecipeError(f"{path}: can't be read as YAML ({error}); check the path and its syntax") from None
        return cls.make(document, str(path))

    def document(self) -> dict[str, Any]:
        """The recipe as plain values, without keys that say nothing."""
        said = self.model_dump(mode="json")
        return {key: value for key, value in said.items() if value not in (None, {}, False)}

    def as_yaml(self) -> str:
        """The recipe as a file that `ggez merge` takes."""
        import yaml

        return yaml.safe_dump(self.document(), sort_keys=False, allow_unicode=True)

    def as_json(self) -> str:
        """The recipe in one line, as it is embedded in the output's metadata."""
        return json.dumps(self.document(), ensure_ascii=False)


def check_betas(beta: float, components: Mapping[str, float], extrapolate: bool) -> None:
    """Refuse a β that is no number, or lies outside [0, 1] without `extrapolate`. Raises `RecipeError`."""
    for name, value in (("β", beta), *((f"β of {name}", value) for name, value in components.items())):
        if not math.isfinite(value):
            raise RecipeError(f"{name} is {value}; it must be a number")
        if not 0 <= value <= 1 and not extrapolate:
            raise RecipeError(
                f"{name} = {value:g} lies outside [0, 1]; choose one inside, or ask for it with extrapolate"
            )


def check_components(named: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a component that the checkpoint hasn't. Raises `RecipeError` with the nearest one it has."""
    options = list(known)
    for name in named:
        if name not in options:
            raise RecipeError(f"the checkpoint has no component of that name: {unknown('component', name, options)}")


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """`unknown key 'betta'; did you mean 'beta'?`"""
    options = list(known)
    near = difflib.get_close_matches(name, options, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(options)}"
    return f"unknown {kind} {name!r}; {hint}"
