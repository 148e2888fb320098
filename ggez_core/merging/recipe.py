"""What a merge is to do, typed and validated: read from YAML or made from arguments, and embedded in the output.

The keys are mergekit's where mergekit has them; `beta`, `components`, `regional_model` and a few more are ours. What
can be checked without the checkpoints is checked here; the rest in `resolve`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..checkpoints.dtypes import dtype_named
from ..errors import RecipeError
from .settings import Setting, unknown
from .slices import without_slices

if TYPE_CHECKING:
    from .methods import Method

LINEAR = "linear"
_NOT_OURS = {
    "modules": "list the models under `models`; parameters of one module take a `filter` on its name",
    "tokenizer": "the tokenizer is the base's; drop the key",
    "chat_template": "the chat template is the base's; drop the key",
}
_HINT = "write base_model, regional_model and beta, or merge_method and models"


class Entry(BaseModel):
    """One model of a recipe: its source, its parameters, and for `fisher` the file of its Fisher diagonal.

    `layer_range` is what mergekit's slices say: all layers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    fisher: str | None = None
    layer_range: tuple[int, int] | None = None


class Recipe(BaseModel):
    """A merge: a method, the models it takes, its parameters, and what is written.

    The short form is `base_model`, `regional_model` and `beta`: θ = base + β·(regional − base), with a β of its own for
    the `components` named. Any other method that has a β takes it through its own parameter (`t`, `lambda`, …). The
    long form lists `models` with parameters of their own. All are checkpoint sources; a LoRA adapter is one too, and
    `model+adapter` is a model with its adapter.

    `out_dtype`, else `dtype`, is the type that weights are written in (default: the base's); arithmetic is float32. β
    outside [0, 1] extrapolates, and has to be asked for. `keep_new_rows` keeps what a larger regional vocabulary has
    more than the base's. `seed` is of methods that draw. `inputs` are hashes of what each model holds, as a merge that
    was run recorded them; a merge of other content is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    merge_method: str = LINEAR
    base_model: str | None = None
    regional_model: str | None = None
    models: tuple[Entry, ...] = ()
    beta: float | None = None
    components: Mapping[str, float] = Field(default_factory=dict)
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    dtype: str | None = None
    out_dtype: str | None = None
    tokenizer_source: Literal["base"] | None = None
    seed: int = 0
    extrapolate: bool = False
    keep_new_rows: bool = False
    shard_size: int | str | None = None
    inputs: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Recipe:
        if (self.regional_model is None) == (not self.models):
            raise RecipeError(f"a merge needs either regional_model or models; {_HINT}")
        if self.regional_model is not None and self.base_model is None:
            raise RecipeError(f"base_model: names what to merge into, and is missing; {_HINT}")
        check_betas(self.beta, self.components, self.extrapolate)
        for name in filter(None, (self.dtype, self.out_dtype)):
            dtype_named(name)
        if self.interpolates:
            if self.beta is None:
                raise RecipeError("beta: says how far to go from the base (0) to the regional model (1); give it")
        else:
            self._check_parameters()
        return self

    @property
    def interpolates(self) -> bool:
        """Whether it is the short form of `linear`, which needs no more than base, regional model and β."""
        return self.merge_method == LINEAR and self.regional_model is not None and not self.parameters

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The models, in the short form too."""
        return self.models or (Entry(model=str(self.regional_model)),)

    @property
    def base(self) -> str:
        """The source whose layout, config and tokenizer the output has: `base_model`, or the first model."""
        return self.base_model or self.entries[0].model

    @property
    def written(self) -> str | None:
        """The type that weights are written in, or None for the base's own."""
        return self.out_dtype or self.dtype

    @property
    def method(self) -> Method:
        """The merge method. Imports torch."""
        from .methods import get

        return get(self.merge_method)

    def settings(self, entry: Entry | None = None) -> dict[str, Setting]:
        """The parameters of one model, or those of the whole merge, ready to be evaluated."""
        given = self.parameters if entry is None else entry.parameters
        where = "parameters" if entry is None else f"parameters of {entry.model}"
        return {name: Setting.read(value, f"{where}: {name}") for name, value in given.items()}

    def _check_parameters(self) -> None:
        method = self.method
        declared = {each.name: each for each in method.parameters}
        for entry in (None, *self.entries):
            for name, setting in self.settings(entry).items():
                if name in method.unused:
                    continue
                if name not in declared:
                    raise RecipeError(f"{setting.where}: {unknown('parameter', name, declared)}")
                if entry is not None and not declared[name].per_model:
                    raise RecipeError(f"{setting.where}: is one for all models; move it to the recipe's parameters")
                for value in setting.values():
                    declared[name].check(value, 1, setting.where.rpartition(":")[0])
            if entry is not None and entry.fisher and not method.diagonals:
                raise RecipeError(f"{entry.model}: merge_method {method.name} takes no fisher; leave it out")
        if self.beta is not None or self.components:
            self._check_beta(method)

    def _check_beta(self, method: Method) -> None:
        if method.beta is None:
            with_beta = "linear (base_model and regional_model), slerp, task_arithmetic, ties"
            raise RecipeError(
                f"merge_method {method.name} has no β; methods that have one are {with_beta} and the like"
            )
        if method.beta in self.parameters and self.beta is not None:
            raise RecipeError(f"beta and parameters: {method.beta} say the same thing; give one of them")

    def filled(self) -> Recipe:
        """The same recipe with every parameter said that is at its default."""
        if self.interpolates:
            return self
        said = {*self.parameters, *([self.method.beta] if self.beta is not None else [])}
        defaults = {each.name: each.default for each in self.method.parameters if each.name not in said}
        return self.model_copy(update={"parameters": {**self.parameters, **defaults}})

    @classmethod
    def make(cls, document: Any, where: str = "the recipe") -> Recipe:
        """A recipe from plain values. Raises `RecipeError` with the nearest valid name for an unknown key."""
        if not isinstance(document, Mapping):
            raise RecipeError(f"{where}: holds no keys; {_HINT}")
        for key in document:
            if key in _NOT_OURS:
                raise RecipeError(f"{where}: {key} isn't supported: {_NOT_OURS[key]}")
            if key not in cls.model_fields and key != "slices":
                raise RecipeError(f"{where}: {unknown('key', str(key), [*cls.model_fields, 'slices'])}")
        try:
            return cls.model_validate(without_slices(document))
        except RecipeError as error:
            raise RecipeError(f"{where}: {error}") from None
        except ValidationError as error:
            raise RecipeError(f"{where}: {_first(error)}") from None

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """The recipe in a YAML file. Raises `RecipeError` if there is none."""
        import yaml

        from ..written import load_yaml

        try:
            document = load_yaml(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise RecipeError(f"{path}: can't be read as YAML ({error}); check the path and its syntax") from None
        return cls.make(document, str(path))

    def renamed(self, names: Mapping[str, str]) -> Recipe:
        """The same recipe with other names for its sources."""

        def entry(old: Entry) -> Entry:
            fisher = old.fisher and names.get(old.fisher, old.fisher)
            return old.model_copy(update={"model": names.get(old.model, old.model), "fisher": fisher})

        bases = {
            key: (said := getattr(self, key)) and names.get(said, said) for key in ("base_model", "regional_model")
        }
        return self.model_copy(update={**bases, "models": tuple(map(entry, self.models))})

    def document(self) -> dict[str, Any]:
        """The recipe as plain values, without keys that say nothing."""
        said = self.model_dump(mode="json", exclude_defaults=True)
        return {"merge_method": self.merge_method, **said}

    def as_yaml(self) -> str:
        """The recipe as a file that `ggez merge` takes."""
        import yaml

        return yaml.safe_dump(self.document(), sort_keys=False, allow_unicode=True)

    def as_json(self) -> str:
        """The recipe in one line, as it is embedded in the output's metadata."""
        return json.dumps(self.document(), ensure_ascii=False)


def check_betas(beta: float | None, components: Mapping[str, float], extrapolate: bool) -> None:
    """Refuse a β that is no number, or lies outside [0, 1] without `extrapolate`. Raises `RecipeError`."""
    own = ((f"β of {name}", value) for name, value in components.items())
    for name, value in (("β", beta), *own) if beta is not None else own:
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


def _first(error: ValidationError) -> str:
    """The first thing that pydantic found wrong, in one line."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden" and place[:1] == ["models"]:
        return f"models: {unknown('key', place[-1], Entry.model_fields)}"
    return f"{'.'.join(place) or 'it'}: {first['msg'].lower()}; correct that key"
