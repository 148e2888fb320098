"""The style of the first paint gets into the document, whole and with its length right, and into nothing else."""

from __future__ import annotations

import gzip

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from workbench.first_paint import BEFORE, FirstPaint

DOCUMENT = b"<html><head>" + BEFORE + b" = {};</script></head><body>\xe0\xb9\x84\xe0\xb8\x97\xe0\xb8\xa2</body></html>"


@pytest.fixture
def client() -> TestClient:
    """A page behind the middleware, plain or compressed, and another file."""

    def page(request: Request) -> Response:
        if "packed" in request.query_params:
            return Response(gzip.compress(DOCUMENT), media_type="text/html", headers={"content-encoding": "gzip"})
        return Response(DOCUMENT, media_type="text/html")

    def other(request: Request) -> Response:
        return Response(DOCUMENT, media_type="text/html")

    routes = [Route("/", page), Route("/other", other)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(FirstPaint)]))


def test_the_document_has_the_style_before_its_largest_part(client: TestClient) -> None:
    answer = client.get("/")
    assert int(answer.headers["content-length"]) == len(answer.content)
    head, _, tail = answer.content.partition(b"<style>")
    style, _, rest = tail.partition(b"</style>")
    assert head + rest == DOCUMENT
    assert b'content: "GG-EZ Workbench"' in style


def test_everything_else_goes_through_as_it_is(client: TestClient) -> None:
    assert client.get("/other").content == DOCUMENT
    assert client.get("/?packed=1").content == DOCUMENT
    assert client.head("/").status_code == 200
    assert client.get("/missing").status_code == 404
