"""How long does a move of the slider take until the galleries are fresh?

    python benchmarks/refresh.py [--moves 60]

Serves the page in this process, opens it in the system's Chromium, and moves β to positions drawn at random: from the
slider's input event in the browser to the new answer in the page. Prints the median and the 90th percentile, first
for a server that just started, then once it embedded ahead. The bar is a median of 300 ms.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from workbench.build import launch
from workbench.service import Service
from workbench.settings import GIB, Settings

BAR = 300.0
AHEAD = 60  # seconds in which nobody asks and the server embeds ahead
MOVE = """async (beta) => {
  const slider = document.querySelector('.gg-controls input[type=range]');
  const shows = () => document.querySelector('.gg-column.gg-merged h3')?.textContent.includes(`β = ${beta.toFixed(2)}`);
  const started = performance.now();
  slider.value = beta;
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  while (!shows()) {
    if (performance.now() - started > 20000) return null;
    await new Promise((next) => setTimeout(next, 4));
  }
  return performance.now() - started;
}"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=60, help="moves a series")
    moves = parser.parse_args().moves
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as storage:
        url = launch(service=Service(Settings(Path(storage), GIB, shared=False)), wait=False)
        with sync_playwright() as playwright:
            measure(playwright, url, moves)


def measure(playwright: Any, url: str, moves: int) -> None:
    """Two series of moves on a page just opened."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(url)
    page.locator(".gg-columns").wait_for(timeout=120_000)
    seed = random.randrange(1 << 30)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; seed {seed}")
    rng = random.Random(seed)
    print(series("just started", page, rng, moves))
    time.sleep(AHEAD)
    print(series("embedded ahead", page, rng, moves))
    browser.close()


def series(name: str, page: Any, rng: random.Random, moves: int) -> str:
    """One line: median and 90th percentile of `moves` moves in milliseconds."""
    taken = []
    for beta in rng.choices(range(1, 100), k=moves):
        milliseconds = page.evaluate(MOVE, beta / 100)
        if milliseconds is None:
            raise SystemExit(f"{name}: the page didn't answer within 20 s")
        taken.append(milliseconds)
    median, slow = statistics.median(taken), statistics.quantiles(taken, n=10)[-1]
    verdict = "within" if median <= BAR else "beyond"
    return f"{name}: median {median:.0f} ms, 90th percentile {slow:.0f} ms; {verdict} the bar of {BAR:.0f} ms"


if __name__ == "__main__":
    main()
