"""A Hub with one data set, on this machine: as much of its protocol as reading files by ranges needs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import huggingface_hub.constants
import pytest
from huggingface_hub import HfFileSystem

COMMIT = "fedcba9876543210fedcba9876543210fedcba98"


@dataclass
class DataHub:
    """files: of the data set `repo`. ranges: what was transferred, as (file, first byte, last byte)."""

    repo: str
    files: Mapping[str, bytes]
    ranges: list[tuple[str, int, int]] = field(default_factory=list)

    def info(self) -> dict[str, Any]:
        """Of the data set."""
        siblings = [{"rfilename": name, "size": len(data), "blobId": "0" * 40} for name, data in self.files.items()]
        return {"id": self.repo, "sha": COMMIT, "siblings": siblings, "tags": [], "private": False}

    def listed(self, names: list[str]) -> list[dict[str, Any]]:
        """Files of these names, as the Hub describes them."""
        return [
            {"type": "file", "path": name, "size": len(self.files[name]), "oid": "0" * 40}
            for name in names
            if name in self.files
        ]


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, repo: str, files: Mapping[str, bytes]) -> Iterator[DataHub]:
    """A data set that huggingface_hub's client finds."""
    hub = DataHub(repo, files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            if path.startswith(f"/api/datasets/{repo}/tree/"):
                self._json(hub.listed(list(files)))
            elif path == f"/api/datasets/{repo}" or path.startswith(f"/api/datasets/{repo}/revision/"):
                self._json(hub.info())
            elif path.startswith(f"/datasets/{repo}/resolve/{COMMIT}/"):
                name = path.removeprefix(f"/datasets/{repo}/resolve/{COMMIT}/")
                asked = self.headers["Range"] or f"bytes=0-{len(files[name]) - 1}"
                first, last = map(int, asked.removeprefix("bytes=").split("-"))
                hub.ranges.append((name, first, last))
                self._send(206 if self.headers["Range"] else 200, files[name][first : last + 1])
            else:
                self._send(404, b"", {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked = json.loads(body) if body.startswith("{") else None
            names = (
                asked["paths"] if asked else [unquote(p.partition("=")[2]) for p in body.split("&") if "paths=" in p]
            )
            self._json(hub.listed(names))

        def _json(self, document: Any) -> None:
            self._send(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

        def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *told: object) -> None:
            """Nothing is said on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    constants = huggingface_hub.constants
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    HfFileSystem.clear_instance_cache()
    try:
        yield hub
    finally:
        HfFileSystem.clear_instance_cache()
        server.shutdown()
        server.server_close()
        thread.join()
