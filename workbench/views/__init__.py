"""What can be asked of each family's models, and how the answers are shown. A new family is one entry and one package.

`VIEWS` is the only place on the page that maps families to anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from . import diffusion, embedding, lvlm
from .view import View, ViewModule

__all__ = ["VIEWS", "View", "ViewModule"]

VIEWS: Mapping[str, ViewModule] = MappingProxyType({"embedding": embedding, "diffusion": diffusion, "lvlm": lvlm})
