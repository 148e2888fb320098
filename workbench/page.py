"""The page in the language of each visitor: laid out once, and once more for the words of every other language.

The events are those of the first; of the others only what their components say is kept. Used by `build`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import gradio as gr
from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from .languages import DEFAULT, PARAMETER, choose, language, speaking

log = logging.getLogger(__name__)

Config = dict[str, Any]


class Page(gr.Blocks):
    """Blocks whose config, which is what a browser lays the page out by, speaks the visitor's language."""

    _lay_out: Callable[[], gr.Blocks] | None = None

    def translate(self, lay_out: Callable[[], gr.Blocks]) -> None:
        """Lay out the same page again, under `speaking`, where a visitor wants another language than this one has."""
        self._words: dict[str, list[Config]] = {}
        self._translating = threading.Lock()
        self._lay_out = lay_out

    @property
    def config(self) -> Config:
        """What the page consists of. Programs, which say no language, get English."""
        code = language()
        return self._config if self._lay_out is None or code == DEFAULT else self._in(code)

    @config.setter
    def config(self, config: Config) -> None:
        self._config = config

    def get_api_info(self, all_endpoints: bool = False, page: str | None = None) -> Any:
        """The named endpoints. Gradio asks once and keeps the answer for all visitors, so it is English."""
        with speaking(DEFAULT):
            return super().get_api_info(all_endpoints, page)

    def _in(self, code: str) -> Config:
        components = self._config["components"]
        said = self._said(code)
        if [c["type"] for c in components] != [c["type"] for c in said]:
            log.error("the page in %s has other parts than in English", code)
            return self._config
        translated = [{**component, "props": other["props"]} for component, other in zip(components, said, strict=True)]
        head = f'<script>document.documentElement.lang = "{code}";</script>'
        return {**self._config, "components": translated, "head": (self._config["head"] or "") + head}

    def _said(self, code: str) -> list[Config]:
        with self._translating:
            if code not in self._words:
                assert self._lay_out is not None
                with speaking(code):
                    self._words[code] = self._lay_out().config["components"]
            return self._words[code]


class Speaking:
    """Middleware: what is written while a request is answered is in its visitor's language."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        asked = QueryParams(scope["query_string"]).get(PARAMETER)
        with speaking(choose(asked, Headers(scope=scope).get("accept-language"))):
            return await self._app(scope, receive, send)
