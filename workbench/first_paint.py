"""The first paint: the page's name stands there as soon as the bare document is read, before any script has run.

Gradio paints nothing before its scripts have laid the page out, and puts what `head` says into the page only then. So
the style goes into the document on its way to the browser. Used by `build`.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .text import say

# It goes when the tabs are there, and stands where the title will: see `.main` and `.gg-title` in page.css.
STYLE = """<style>
gradio-app:not(:has([role="tablist"]))::before {
  content: "TITLE"; position: absolute; top: 1rem; left: max(clamp(.8rem, 3vw, 2rem), 50vw - 628px);
  font: 700 1.3rem/1.5 system-ui, sans-serif;
}
</style>"""
BEFORE = b"<script>window.gradio_config"  # the largest part of the document; what comes after it is painted later


class FirstPaint:
    """Middleware: the document of the page with the style in its head; everything else goes through as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message = {}

        async def written(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start:
                body: bytes = message.get("body", b"")
                plain = "content-encoding" not in Headers(raw=start["headers"]) and not message.get("more_body")
                if plain and BEFORE in body:
                    style = STYLE.replace("TITLE", say("title")).encode()
                    message = {**message, "body": body.replace(BEFORE, style + BEFORE, 1)}
                    headers = MutableHeaders(raw=start["headers"])
                    headers["content-length"] = str(len(message["body"]))
                await send(start)
                start = {}
            await send(message)

        await self._app(scope, receive, written)
