"""Pictures that models drew, fetched by who asked for them: each visitor's under a random name that nobody guesses.

Kept in memory within a byte budget; a picture that was dropped is drawn again when it is asked for again.
"""

from __future__ import annotations

import hashlib

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .kept import Kept

BUDGET = 256 << 20


class Drawn:
    """Pictures (PNG bytes) by a visitor's ticket and by what they show."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._kept: Kept[bytes] = Kept(budget)

    def offer(self, ticket: str, png: bytes) -> str:
        """Keep a picture for who has the ticket; the address it is fetched from, relative to the page's."""
        name = hashlib.sha256(ticket.encode() + png).hexdigest()[:32]
        self._kept.put((ticket, name), png, len(png))
        return f"drawn/{ticket}/{name}.png"

    def routes(self) -> list[Route]:
        """The addresses of the pictures."""
        return [Route("/drawn/{ticket}/{name}.png", self._serve, methods=["GET"])]

    def _serve(self, request: Request) -> Response:
        png = self._kept.get((str(request.path_params["ticket"]), str(request.path_params["name"])))
        if png is None:
            raise HTTPException(404)
        return Response(png, media_type="image/png", headers={"cache-control": "private, max-age=3600"})
