"""What every request passes before Gradio sees it: a limit to its size, and addresses that this page doesn't serve.

Gradio streams any public address through `file=https://…` and other Spaces through `proxy=…`; the page needs neither,
and nobody shall look at the web through it. A page of one's own is asked by itself alone: not by a page elsewhere that
is open in the same browser, nor by one whose name was turned to this machine meanwhile.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 32 << 20  # bytes of a request: an upload of the largest size as base64, and a little
_CLOSED = re.compile(
    r"/+gradio_api/+(proxy=|file=\s*[a-z][a-z0-9+.-]*:|stream/|dev/|vibe|run-history|process_recording)", re.I
)


class Guard:
    """ASGI middleware. hosts: the names that a page of one's own is asked by; None for one that anybody may ask."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None = None, largest: int = LARGEST) -> None:
        self._app, self._hosts, self._largest = app, hosts, largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _CLOSED.match(scope["path"]):
            await PlainTextResponse("not found", 404)(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._hosts is not None and (stranger := _stranger(headers, self._hosts)):
            told = f"{stranger[:80]!r} isn't this page; if it is yours, add its name to GGEZ_HOSTS"
            await PlainTextResponse(told, 403)(scope, receive, send)
            return
        said = headers.get("content-length", "0")
        if not said.isdecimal() or int(said[:20]) > self._largest:
            await PlainTextResponse("too large", 413)(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._largest:  # it didn't say so beforehand
                raise HTTPException(413, "too large")
            return message

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-content-type-options"] = "nosniff"
            await send(message)

        await self._app(scope, counted, answered)


def _stranger(headers: Headers, hosts: frozenset[str]) -> str:
    """The host that is asked, or that asks, if it is none of these."""
    asked, origin = _name(f"//{headers.get('host', '')}"), headers.get("origin")
    if asked not in hosts:
        return asked or "no host"
    asking = _name(origin) if origin is not None else asked
    return "" if asking == asked or asking in hosts else str(origin) or "no origin"


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
