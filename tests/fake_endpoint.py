"""A chat-completions server on this machine that answers as told: well, late, never, wrongly, or with an error."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the server does with a request: wait, then a status and a body; text is put into a chat completion."""

    text: str = ""
    status: int = 200
    wait: float = 0.0
    body: str | None = None
    first: dict[str, float] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False


@dataclass
class Served:
    """The address and every request that came: its body, its headers, and how many were on their way at most."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    at_once: int = 0


def question(request: dict[str, Any]) -> str:
    """The text of the last turn."""
    content = request["messages"][-1]["content"]
    return content if isinstance(content, str) else next(part["text"] for part in content if part["type"] == "text")


@contextmanager
def served(answer: Callable[[dict[str, Any], int], Answer]) -> Iterator[Served]:
    """A server that asks `answer` what to do with a request; the number is how often that question came before."""
    known = Served("")
    lock = threading.Lock()
    seen: dict[str, int] = {}
    busy = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal busy
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                known.requests.append(request)
                known.headers.append({k.lower(): v for k, v in self.headers.items()})
                key = question(request)
                before, seen[key] = seen.get(key, 0), seen.get(key, 0) + 1
                busy += 1
                known.at_once = max(known.at_once, busy)
            told = answer(request, before)
            time.sleep(told.wait)
            with lock:
                busy -= 1
            if told.hang_up:
                self.close_connection = True
                return
            body = told.body if told.body is not None else json.dumps(_completion(told))
            try:
                self.send_response(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())
            except OSError:
                pass  # whoever asked has left

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    known.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()


def _completion(told: Answer) -> dict[str, Any]:
    import math

    choice: dict[str, Any] = {"index": 0, "message": {"role": "assistant", "content": told.text}}
    if told.first is not None:
        likeliest = [{"token": token, "logprob": math.log(p)} for token, p in told.first.items()]
        choice["logprobs"] = {"content": [{"token": likeliest[0]["token"], "top_logprobs": likeliest}]}
    return {"id": "x", "object": "chat.completion", "choices": [choice]}
