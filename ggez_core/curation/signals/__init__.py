"""Signals, one file each; named in `FILES` beside the module and imported only when one is asked for.

A file ends in `SIGNAL`, its dataclass. Options follow a name as they do in tasks: `quality:side=64`.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
from collections.abc import Mapping
from typing import Any

from ...errors import DataError
from ..signal import Signal

FILES: Mapping[str, str] = {
    "stated": "stated",
    "coordinates": "coordinates",
    "url": "url",
    "language": "language",
    "gazetteer": "gazetteer",
    "similarity": "similarity",
    "text": "text",
    "picture": "picture",
    "sharpness": "sharpness",
    "phash": "phash",
    "reward": "reward",
    "embedding": "embedding",
}


def signal(text: str) -> Signal:
    """The signal of that name, with the options that follow it: `similarity:model=demo:siglip/sea`.

    An option's text becomes the type of the field's default: text, float, int or bool (yes or no). Options are
    separated by commas. Raises DataError, with the nearest one, where there is no such signal or option, or for a value
    that isn't right.
    """
    name, _, rest = text.partition(":")
    if name not in FILES:
        near = difflib.get_close_matches(name, FILES, 1)
        raise DataError(f"no signal {name!r}; " + (f"did you mean {near[0]}?" if near else f"there is {list(FILES)}"))
    made = importlib.import_module(f"{__name__}.{FILES[name]}").SIGNAL
    defaults = {field.name: field.default for field in dataclasses.fields(made)}
    given: dict[str, Any] = {}
    for part in rest.split(",") if rest else ():
        key, equals, value = part.partition("=")
        if key not in defaults or not equals:
            near = difflib.get_close_matches(key, defaults, 1)
            hint = f"did you mean {near[0]}?" if near else f"it has: {', '.join(defaults) or 'none'}"
            raise DataError(f"{name}: {part!r} isn't one of its options, written key=value; {hint}")
        given[key] = _typed(f"{name}: {part}", value, defaults[key])
    found: Signal = made(**given)
    return found


def _typed(where: str, value: str, default: Any) -> Any:
    if isinstance(default, bool):
        if value not in ("yes", "no"):
            raise DataError(f"{where}: write yes or no")
        return value == "yes"
    try:
        return type(default)(value) if isinstance(default, (int, float)) else value
    except ValueError:
        raise DataError(f"{where}: is no {'whole number' if isinstance(default, int) else 'number'}") from None
