"""How long until the page answers, against an empty Gradio page with as many tabs?

    python benchmarks/startup.py [--rounds 5]

Starts both as processes of their own, in turns, and measures from the start of the process to the first HTTP 200.
Prints the median of each and the median of the ratios of the rounds. The bar is a ratio of 1.5.
"""

from __future__ import annotations

import argparse
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BAR = 1.5
PATIENCE = 180.0
EMPTY = """
import gradio as gr
with gr.Blocks(analytics_enabled=False) as demo:
    with gr.Tabs():
        for name in ("Models", "Compare", "Export"):
            with gr.Tab(name):
                gr.Markdown(name)
demo.launch(ssr_mode=False)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as storage:
        pages = {"empty": [sys.executable, "-c", EMPTY], "workbench": [sys.executable, str(ROOT / "app.py")]}
        taken: dict[str, list[float]] = {name: [] for name in pages}
        for turn in range(rounds + 1):  # the first turn fills the file cache and is not counted
            for name, command in pages.items():
                seconds = first_answer(command, Path(storage))
                if turn:
                    taken[name].append(seconds)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {rounds} rounds")
    for name, seconds_taken in taken.items():
        print(f"{name}: median {statistics.median(seconds_taken):.2f} s")
    ratio = statistics.median(ours / empty for ours, empty in zip(taken["workbench"], taken["empty"], strict=True))
    print(f"ratio {ratio:.2f}; {'within' if ratio <= BAR else 'beyond'} the bar of {BAR}")


def first_answer(command: list[str], storage: Path) -> float:
    """Seconds from the start of a server to its first answer; the server is stopped afterwards."""
    port = _free_port()
    settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False", "GGEZ_STORAGE": str(storage)}
    started = time.perf_counter()
    server = subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, cwd=ROOT)
    try:
        while time.perf_counter() - started < PATIENCE:
            if server.poll() is not None:
                raise SystemExit(f"the server ended with status {server.returncode} before it answered")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
                    if answer.status == 200:
                        return time.perf_counter() - started
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.02)
        raise SystemExit(f"no answer within {PATIENCE:.0f} s")
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
