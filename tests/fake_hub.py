"""A Hugging Face Hub on this machine: enough of its protocol for the real client to list, refuse, download and push."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import huggingface_hub.constants
import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_aSecretThatNobodyMaySee"


@dataclass
class FakeHub:
    """Repositories by id, each a mapping of files to contents; ids that are gated; what was asked for.

    private: ids that only `TOKEN` sees. stored: contents by SHA-256, as they arrive before a commit names them; their
    order is `uploads`. commits: what was committed, as (repository, title). refusals: statuses for addresses that hold
    a text.
    """

    repos: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    down: bool = False
    downloaded: list[str] = field(default_factory=list)
    private: set[str] = field(default_factory=set)
    stored: dict[str, bytes] = field(default_factory=dict)
    uploads: list[str] = field(default_factory=list)
    commits: list[tuple[str, str]] = field(default_factory=list)
    heads: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    endpoint: str = ""

    def add(self, repo: str, folder: Path) -> None:
        """Publish a folder."""
        found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        self.repos[repo] = found

    def answer(self, path: str, token: str = "") -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a path."""
        if self.down:
            return 503, {}, b""
        parts = unquote(urlsplit(path).path).strip("/").split("/")
        api = parts[:2] == ["api", "models"]
        parts = parts[2:] if api else parts
        repo, rest = "/".join(parts[:2]), parts[2:]
        if repo not in self.repos or (repo in self.private and token != TOKEN):
            return 401, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Invalid username or password."}, b""
        files = self.repos[repo]
        if len(rest) > 1 and rest[1] not in ("main", COMMIT):
            return 404, {"X-Error-Code": "RevisionNotFound", "X-Error-Message": "Invalid rev id"}, b""
        if api and rest[:1] == ["tree"]:
            listed = [{"type": "file", "path": n, "size": len(c), "oid": _digest(c)} for n, c in files.items()]
            return 200, {"Content-Type": "application/json"}, json.dumps(listed).encode()
        if api:
            siblings = [
                {"rfilename": n, "size": self.sizes.get(n, len(c)), "blobId": _digest(c)} for n, c in files.items()
            ]
            info = {"id": repo, "modelId": repo, "sha": self.heads.get(repo, COMMIT), "siblings": siblings, "tags": []}
            info["private"] = repo in self.private
            return 200, {"Content-Type": "application/json"}, json.dumps(info).encode()
        name = "/".join(rest[2:])
        if repo in self.gated:
            return 403, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to it is restricted."}, b""
        if name in self.broken:
            return 500, {}, b""
        headers = {
            "X-Repo-Commit": COMMIT,
            "ETag": f'"{_digest(files[name])}"',
            "Content-Type": "application/octet-stream",
        }
        return 200, headers, files[name]

    def receive(self, path: str, body: bytes, token: str) -> tuple[int, dict[str, str], bytes]:
        """Answer what changes something: a new repository, weights that arrive, a commit."""
        parts = unquote(urlsplit(path).path).strip("/").split("/")
        if refused := next((status for part, status in self.refusals.items() if part in path), None):
            return refused, {}, b"{}"
        if parts[0] == "stored":
            self.stored[parts[1]] = body
            self.uploads.append(parts[1])
            return 200, {}, b""
        if token != TOKEN:
            return 401, {}, b'{"error": "Invalid username or password."}'
        if parts[4:5] == ["commit"]:
            status, said = self._commit("/".join(parts[2:4]), [json.loads(line) for line in body.splitlines()])
        else:
            status, said = self._prepare(parts, json.loads(body))
        return status, {"Content-Type": "application/json"}, json.dumps(said).encode()

    def _prepare(self, parts: list[str], said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if parts == ["api", "validate-yaml"]:
            return 200, {"errors": [], "warnings": []}
        if parts == ["api", "repos", "create"]:
            repo = f"{said['organization']}/{said['name']}"
            if repo in self.repos:
                return 409, {"error": "You already created this model repo"}
            self.repos[repo] = {".gitattributes": b""}
            if said.get("private") or said.get("visibility") == "private":
                self.private.add(repo)
            return 200, {"url": f"{self.endpoint}/{repo}", "name": repo}
        if parts[-1] == "batch":
            objects = [{"oid": o["oid"], "size": o["size"]} for o in said["objects"]]
            for o in objects:
                if o["oid"] not in self.stored:
                    o["actions"] = {"upload": {"href": f"{self.endpoint}/stored/{o['oid']}"}}
            return 200, {"transfer": "basic", "objects": objects}
        assert parts[4] == "preupload", parts
        held = self.repos["/".join(parts[2:4])]
        files = [
            {"path": f["path"], "shouldIgnore": False, "uploadMode": "lfs" if _large(f["path"]) else "regular",
             "oid": _oid(f["path"], held[f["path"]]) if f["path"] in held else None}
            for f in said["files"]
        ]  # fmt: skip
        return 200, {"files": files}

    def _commit(self, repo: str, lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        header, *operations = lines
        if header["value"].get("parentCommit") != self.heads.get(repo, COMMIT):
            return 412, {"error": "A commit has happened since."}
        files = dict(self.repos[repo])
        for operation in operations:
            value = operation["value"]
            if operation["key"] == "deletedFile":
                del files[value["path"]]
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self.stored[value["oid"]]
            else:
                files[value["path"]] = base64.b64decode(value["content"])
        self.repos[repo] = files
        self.commits.append((repo, header["value"]["summary"]))
        self.heads[repo] = hashlib.sha1(f"{repo} {len(self.commits)}".encode()).hexdigest()
        return 200, {"commitUrl": f"{self.endpoint}/{repo}/commit/{self.heads[repo]}", "commitOid": self.heads[repo]}


def _large(name: str) -> bool:
    return name.endswith(".safetensors")


def _oid(name: str, content: bytes) -> str:
    """As the Hub names a file's content: by SHA-256 where it is stored apart, else as git does."""
    whole = content if _large(name) else b"blob %d\0" % len(content) + content
    return (hashlib.sha256 if _large(name) else hashlib.sha1)(whole).hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Iterator[FakeHub]:
    """A fake Hub that huggingface_hub's client talks to, with a cache of its own."""
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = hub.answer(self.path, self._token)
            if status == 200 and "/resolve/" in self.path and self.command == "GET":
                hub.downloaded.append(self.path.rsplit("/", 1)[-1])
            self._send(status, headers, body)

        do_HEAD = do_GET

        def do_POST(self) -> None:
            received = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._send(*hub.receive(self.path, received, self._token))

        do_PUT = do_POST

        @property
        def _token(self) -> str:
            return str(self.headers.get("Authorization", "")).removeprefix("Bearer ")

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    endpoint = hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    constants = huggingface_hub.constants
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # uploads by the older protocol, which is plain HTTP
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
