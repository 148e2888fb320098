"""Which kinds of training there are, and reading a config as one of them: everything wrong with it in one line."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ..errors import TrainingError
from ..written import load_yaml

if TYPE_CHECKING:
    from ..training.plan import Kind, RunSettings

_MODULES = {
    "finetune": "ggez_core.training.finetune",
    "distill": "ggez_core.training.distillation",
}  # each has a KIND


def kind_of(config: Mapping[str, Any]) -> Kind:
    """The kind that a config names. Raises TrainingError where it names none that is known."""
    name = str(config.get("kind", ""))
    if name not in _MODULES:
        near = difflib.get_close_matches(name, _MODULES, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise TrainingError(f"kind: is {name or 'missing'}; a config's kind is one of {', '.join(_MODULES)}{hint}")
    found: Kind = importlib.import_module(_MODULES[name]).KIND
    return found


def settings_of(config: Mapping[str, Any]) -> RunSettings:
    """A config as typed settings. Raises TrainingError, saying what would be right."""
    rest = {name: value for name, value in config.items() if name != "kind"}
    return kind_of(config).settings(rest)


def complete(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config with every setting said, as it is written into a run's folder."""
    return {"kind": config["kind"], **settings_of(config).model_dump(mode="json")}


def read_config(path: Path) -> dict[str, Any]:
    """A config file. Paths in it are from where the file lies. Raises TrainingError where it can't be read."""
    try:
        found = load_yaml(path.read_text("utf-8"))
    except OSError as error:
        raise TrainingError(f"{path}: can't be read ({error.strerror}); name a config in YAML") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: is no YAML ({' '.join(str(error).split())[:160]})") from None
    if not isinstance(found, dict):
        raise TrainingError(f"{path}: holds no settings; a config is YAML of the form `name: value`")
    return found
