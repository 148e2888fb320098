"""Files behind URLs, for data that names images instead of holding them: only when a user asks, and carefully.

https alone; every address a name resolves to must be public, and the connection is made to the address that was
checked; at most `LIMIT` bytes; redirects pass the same checks. What was fetched is kept.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import os
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from ..errors import DataError
from .places import cache_folder

LIMIT = 32 << 20  # bytes of one file
REDIRECTS = 5
TIMEOUT = 20.0  # seconds without a byte
PATIENCE = 120.0  # seconds for one file
_PIECE = 1 << 16
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address behind a translator
AGENT = "ggez-workbench/0.1 (evaluation of vision-language models)"


@dataclass(frozen=True)
class Fetch:
    """Fetches URLs into `folder`, each once. Calling it gives the file; raises DataError saying why there is none."""

    folder: Path = field(default_factory=lambda: cache_folder() / "fetched")
    limit: int = LIMIT

    def __call__(self, url: str) -> Path:
        target = self.folder / hashlib.blake2b(url.encode(), digest_size=16).hexdigest()
        if target.is_file():
            return target
        data = _download(url, self.limit)
        self.folder.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{os.getpid()}-{threading.get_ident()}.part")
        part.write_bytes(data)
        part.replace(target)
        return target


def _download(url: str, limit: int) -> bytes:
    for _ in range(REDIRECTS + 1):
        parts = _checked(url)
        address = _public_address(parts)
        connection = _Connection(parts.hostname or "", parts.port or 443, address)
        try:
            path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers={"User-Agent": AGENT, "Accept": "image/*,*/*;q=0.5"})
            reply = connection.getresponse()
            if reply.status in (301, 302, 303, 307, 308):
                url = urljoin(url, reply.headers.get("Location") or "")
                continue
            if reply.status != 200:
                raise DataError(f"{_short(url)}: the server answers {reply.status} {reply.reason}")
            data = _read(reply, limit + 1)
        except (OSError, http.client.HTTPException) as error:
            raise DataError(f"{_short(url)}: can't be fetched ({type(error).__name__}: {error})") from None
        finally:
            connection.close()
        if len(data) > limit:
            raise DataError(f"{_short(url)}: is larger than {limit / 1e6:.0f} MB, the most that is fetched")
        return data
    raise DataError(f"{_short(url)}: is redirected more than {REDIRECTS} times")


def _read(reply: http.client.HTTPResponse, most: int) -> bytes:
    """So many bytes at most of a reply. Raises OSError where they take too long, however steadily they come."""
    until, parts, left = time.monotonic() + PATIENCE, [], most
    while left and (part := reply.read(min(left, _PIECE))):
        parts.append(part)
        left -= len(part)
        if time.monotonic() > until:
            raise TimeoutError("too slow")
    return b"".join(parts)


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise DataError(f"{_short(url)}: is no URL") from None
    if parts.scheme != "https":
        raise DataError(f"{_short(url)}: only https is fetched, not {parts.scheme or 'a URL without a scheme'}")
    if not parts.hostname or parts.username is not None or port not in (None, 443):
        raise DataError(f"{_short(url)}: only a host at its usual port is asked, without a user's name")
    return parts


def _public_address(parts: SplitResult) -> str:
    """The first address of the host, when all of them are public."""
    host = parts.hostname or ""
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise DataError(f"the host {host} isn't known; check the network") from None
    for address in found:
        known = ipaddress.ip_address(address.partition("%")[0])
        if not all(map(_is_public, (known, *_within(known)))):
            raise DataError(f"the host {host} is at {address}, which isn't public; only public addresses are asked")
    return found[0]


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not getattr(address, "is_site_local", False)


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for, by which it may lead to where nobody shall look."""
    if not isinstance(address, ipaddress.IPv6Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _TRANSLATED or int(address) >> 32 == 0:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


class _Connection(http.client.HTTPSConnection):
    """HTTPS to a host at an address that was checked before."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]
        self.sock = context.wrap_socket(plain, server_hostname=self.host)


def _short(url: str) -> str:
    return url if len(url) <= 120 else f"{url[:117]}..."
