"""Requests that are too large, and the web seen through the page."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse

from ggez_core.curation.endpoint import Endpoint
from ggez_core.data import fetch
from ggez_core.errors import DataError
from workbench.build import _hosts
from workbench.guard import Guard
from workbench.service import Service
from workbench.settings import Settings

from .conftest import Stranger

MB = 1 << 20


def test_a_file_larger_than_the_limit_is_refused(stranger: Stranger) -> None:
    with stranger.http as http:
        assert http.post("/gradio_api/upload", files={"files": ("x.png", b"0" * (20 * MB + 1))}).status_code == 413
        many = [("files", (f"{k}.png", b"0" * (8 * MB))) for k in range(5)]
        assert http.post("/gradio_api/upload", files=many).status_code == 413
        assert http.post("/gradio_api/upload", files={"files": ("x.png", b"0" * MB)}).status_code == 200


def test_a_request_larger_than_the_limit_is_refused_whatever_it_says_of_its_size(stranger: Stranger) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * MB

    json = {"content-type": "application/json"}
    with stranger.http as http:
        for path in ("/gradio_api/queue/join", "/gradio_api/call/preflight", "/gradio_api/run/preflight", "/login"):
            assert http.post(path, content=b" " * (33 * MB), headers=json).status_code == 413, path
        assert http.post("/gradio_api/queue/join", content=endless(), headers=json).status_code == 413
        for length in ("-1", "1e9", "9" * 4000):
            request = http.build_request("POST", "/gradio_api/queue/join", content=b"{}")
            request.headers["content-length"] = length
            with suppress(httpx.HTTPError):  # the server may hang up
                assert http.send(request).status_code in (400, 413)


@pytest.mark.parametrize("path", [
    "file=https://example.com/", "file=http://127.0.0.1/", "file=HTTP://169.254.169.254/", "file=ftp://x/",
    "file=%20https://example.com", "file%3dhttps://example.com", "proxy=https://a.hf.space/x", "/file=https://x.y/",
])  # fmt: skip
def test_nobody_sees_the_web_through_the_page(stranger: Stranger, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **_: asked.append(host) or look_up("127.0.0.1", 9))
    assert _get(stranger, f"/gradio_api/{path}") in (403, 404)
    assert asked == []


def _get(stranger: Stranger, path: str) -> int:
    """The status of an address, without looking any name up."""
    host, _, port = stranger.url.removeprefix("http://").partition(":")
    with socket.socket() as connection:
        connection.connect((host, int(port)))
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        return int(connection.recv(64).split()[1])


@pytest.mark.parametrize(("host", "origin", "status"), [
    ("127.0.0.1:7860", None, 200), ("localhost:7860", None, 200), ("[::1]:7860", "http://[::1]:7860", 200),
    ("127.0.0.1:7860", "http://127.0.0.1:7860", 200), ("localhost", "http://localhost", 200),
    ("mine.example", "https://mine.example", 200), ("127.0.0.1:7860", "https://mine.example", 200),
    ("evil.example", None, 403), ("evil.example:7860", "http://evil.example:7860", 403), ("", None, 403),
    ("127.0.0.1.evil.example", None, 403), ("localhost:7860", "https://evil.example", 403),
    ("localhost:7860", "null", 403), ("localhost:7860", "", 403), ("127.0.0.1@evil.example", None, 403),
    ("mine.example.evil.example", None, 403), ("[evil", None, 403),
])  # fmt: skip
def test_a_page_of_one_s_own_is_asked_by_itself_alone(
    host: str, origin: str | None, status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A page elsewhere can't use the browser that has both open, nor a name that it turned to this machine."""
    monkeypatch.setenv("GGEZ_HOSTS", "mine.example")
    monkeypatch.delenv("GRADIO_SERVER_NAME", raising=False)
    service = Service(replace(Settings.from_environment(), storage=tmp_path))
    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin is not None else [])
    assert _passed(Guard(_fine, hosts=_hosts(service, None)), headers) == status
    assert _passed(Guard(_fine, hosts=_hosts(service, "0.0.0.0")), headers) == 200  # meant for others too
    shared = Service(replace(service.settings, shared=True))
    assert _passed(Guard(_fine, hosts=_hosts(shared, None)), headers) == 200  # strangers may, from anywhere


async def _fine(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("fine")(scope, receive, send)


def _passed(app: Any, headers: list[tuple[bytes, bytes]]) -> int:
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/gradio_api/queue/join",
        "headers": headers,
        "query_string": b"",
    }
    with ThreadPoolExecutor(1) as elsewhere:  # the browser tests leave an event loop running in this thread
        elsewhere.submit(asyncio.run, app(scope, None, send)).result()
    return statuses[0]


@pytest.mark.parametrize("url", [
    "http://example.com/a.png", "file:///etc/passwd", "ftp://example.com/x", "gopher://x/", "data:image/png;base64,AA",
    "https://user:word@example.com/", "https://example.com:8443/", "https:///x", "https://[::1", "//example.com/x", "",
    "javascript:alert(1)", "HTTPS://user@x/", "https://example.com:0/",
])  # fmt: skip
def test_only_https_at_its_port_is_fetched(url: str) -> None:
    with pytest.raises(DataError):
        fetch._checked(url)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:169.254.169.254",
    "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "2002:7f00:1::", "64:ff9b::7f00:1", "fec0::1",
    "2001:0:a9fe:a9fe::1", "::127.0.0.1",
])  # fmt: skip
def test_a_name_that_leads_inside_is_not_asked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that has a public address besides, and one that is written into an IPv6 address."""
    for addresses in ([address], ["93.184.216.34", address]):
        found = [(0, 0, 0, "", (a, 443)) for a in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, found=found, **__: found)
        with pytest.raises(DataError, match="isn't public"):
            fetch._public_address(fetch._checked("https://evil.example/x"))


class _Reply:
    """What a server answers, piece by piece."""

    def __init__(self, status: int, location: str = "", body: Iterator[bytes] = iter(())) -> None:  # noqa: B008
        self.status, self.reason, self.headers, self._body = status, "", {"Location": location}, body

    def read(self, size: int) -> bytes:
        return next(self._body, b"")[:size]


@pytest.mark.parametrize("location", [
    "http://example.com/x", "https://169.254.169.254/latest", "https://localhost/x", "file:///etc/passwd", "//[::1]/x",
    "https://user@example.com/",
])  # fmt: skip
def test_a_redirect_passes_the_same_checks(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"public.example": "93.184.216.34", "localhost": "127.0.0.1"}
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *_, **__: [(0, 0, 0, "", (known.get(host, host.strip("[]")), 443))]
    )
    asked = _serve(monkeypatch, lambda path: _Reply(302, location))
    with pytest.raises(DataError):
        fetch._download("https://public.example/a.png", MB)
    assert asked == [("93.184.216.34", "/a.png")]  # and the connection went to the address that was checked


def test_a_file_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """By size, and by time where a byte comes now and then."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("93.184.216.34", 443))])
    _serve(monkeypatch, lambda path: _Reply(200, body=iter(lambda: b"x" * 65536, None)))
    with pytest.raises(DataError, match="larger than"):
        fetch._download("https://public.example/a.png", MB)
    now = iter(range(0, 100_000, 10))
    monkeypatch.setattr(fetch.time, "monotonic", lambda: float(next(now)))
    _serve(monkeypatch, lambda path: _Reply(200, body=iter(lambda: b"x", None)))
    with pytest.raises(DataError, match="too slow"):
        fetch._download("https://public.example/a.png", MB)


def _serve(monkeypatch: pytest.MonkeyPatch, answer: object) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []

    class Connection:
        def __init__(self, host: str, port: int, address: str) -> None:
            self.address = address

        def request(self, method: str, path: str, headers: object) -> None:
            asked.append((self.address, path))

        def getresponse(self) -> _Reply:
            return answer(asked[-1][1])  # type: ignore[operator]

        def close(self) -> None:
            pass

    monkeypatch.setattr(fetch, "_Connection", Connection)
    return asked


@pytest.mark.parametrize(("settings", "why"), [
    ({"url": "file:///etc/passwd"}, "no address"),
    ({"url": "localhost:8000/v1"}, "no address"),
    ({"url": "http:///v1"}, "no address"),
    ({"url": "http://[::1/v1"}, "no address"),
    ({"url": "https://me:secretword@host.example/v1"}, "written down"),
    ({"url": "https://host.example/v1?key=secretword"}, "written down"),
    ({"url": "https://host.example/v1", "key": "HF_TOKEN"}, "API_KEY"),
    ({"url": "https://host.example/v1", "key": "AWS_SECRET_ACCESS_KEY"}, "API_KEY"),
    ({"url": "https://host.example/v1", "key": "OAUTH_CLIENT_SECRET"}, "API_KEY"),
    ({"url": "https://host.example/v1", "key": "x API_KEY"}, "API_KEY"),
])  # fmt: skip
def test_a_config_from_elsewhere_gives_no_secret_away(settings: dict[str, str], why: str) -> None:
    """It may name a server, and what is sent there is a key that is meant for servers; neither is written down."""
    with pytest.raises(DataError, match=why) as error:
        Endpoint(model="m", **settings)
    assert "secretword" not in str(error.value)
    Endpoint("http://localhost:8000/v1", "m", key="MY_OWN_API_KEY")
