"""A page as strangers visit it, and what they would send it by hand: any value to any event, through plain HTTP."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from workbench.service import Service


@dataclass
class Stranger:
    """A visitor with a session of their own, who needs no browser."""

    url: str
    config: dict[str, Any]
    session: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def http(self) -> httpx.Client:
        """To the page."""
        return httpx.Client(base_url=self.url, timeout=120)

    def event(self, function: str, label: str = "") -> int:
        """The number of an event, by its function and what the component is called that sets it off."""
        names = {part["id"]: str(part["props"].get("label") or part["props"].get("value")) for part in
                 self.config["components"]}  # fmt: skip
        found = [
            one["id"]
            for one in self.config["dependencies"]
            if one["api_name"] == function or (one["api_name"].rpartition("_")[0] == function and label)
            if not label or any(names.get(target[0]) == label for target in one["targets"])
        ]
        assert len(found) == 1, (function, label, found)
        return int(found[0])

    def fire(self, event: int | str, *data: Any, event_data: Any = None) -> tuple[bool, str]:
        """Set an event off with these values: whether it went through, and all that it answers, as text."""
        number = event if isinstance(event, int) else self.event(event)
        asked = {"data": list(data), "fn_index": number, "session_hash": self.session, "event_data": event_data}
        with self.http as http:
            joined = http.post("/gradio_api/queue/join", json=asked)
            if joined.status_code != 200:
                return False, joined.text
            with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as stream:
                for line in stream.iter_lines():
                    message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                    if message.get("msg") == "process_completed":
                        return bool(message["success"]), json.dumps(message["output"], ensure_ascii=False)
        raise AssertionError("the page gave no answer")

    def get(self, path: str) -> httpx.Response:
        """Fetch an address below the page's, just as it is written, and where it leads within the page."""
        with self.http as http:
            found = http.send(http.build_request("GET", httpx.URL(self.url).copy_with(raw_path=path.encode())))
        if found.status_code == 307:  # to the same with a slash at its end, or without
            return self.get(found.headers["location"].removeprefix(self.url))
        return found


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page keeps what is written for visitors."""
    return tmp_path_factory.mktemp("storage")


@pytest.fixture(scope="session")
def service(storage: Path) -> Service:
    """What is behind the page."""
    from workbench.service import Service
    from workbench.settings import GIB, Settings

    return Service(Settings(storage, GIB, shared=True, training=False))


@pytest.fixture(scope="session")
def url(service: Service) -> Iterator[str]:
    """The address of a page as a Space serves it."""
    from workbench.build import build, launch

    page = build(service)
    yield launch(service=service, page=page, wait=False)
    page.close()


@pytest.fixture(scope="session")
def config(url: str) -> dict[str, Any]:
    """What the page tells browsers of its components and events."""
    found: dict[str, Any] = httpx.get(f"{url}config", timeout=60).json()
    return found


@pytest.fixture
def stranger(url: str, config: dict[str, Any]) -> Stranger:
    """A new visitor."""
    return Stranger(url.rstrip("/"), config)


@pytest.fixture
def other(url: str, config: dict[str, Any]) -> Stranger:
    """Another one, who has secrets."""
    return Stranger(url.rstrip("/"), config)
