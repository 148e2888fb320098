"""Do 20 visitors who move the slider get their own answers, in time, from a server whose memory stays as it is?

    python benchmarks/load.py [--visitors 20] [--seconds 120]

Starts the page as a process of its own. Every visitor is a `gradio_client` with queries and a β of its own, some with
another β for a component; it moves β as a hand does, by steps with pauses drawn at random, and asks at every stop. Each
answer is compared with what the engine, loaded in this process, says at that β: one that belongs to another visitor's
weights is mixed up. Prints errors, such answers, the median and the 95th percentile of a refresh as the client sees
it, and the server's memory after a minute and at the end. The bar is a median of 1.5 s, no error, and memory that grows
by no more than 2 % after the first minute.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from startup import ROOT, _free_port

if TYPE_CHECKING:
    from gradio_client import Client

BAR = 1.5
FLAT = 1.02
MINUTE = 60.0
PATIENCE = 60.0  # seconds until an unanswered request is an error
PAUSE = (0.2, 1.0)  # seconds between two stops of the thumb
CLOSE = 2e-4  # of cosines: several pictures at a time are rounded otherwise than few
QUERIES = (
    "foto jeepney", "ภาพตุ๊กตุ๊ก", "nasi lemak", "rumah gadang", "a red bicycle", "áo dài", "អង្គរវត្ត", "merlion",
    "a cat", "longyi",
)  # fmt: skip

Key = tuple[str, float, float | None]
Scores = tuple[tuple[str, float], ...]


@dataclass
class Seen:
    """What the visitors met, all together."""

    taken: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    answers: list[tuple[Key, Scores]] = field(default_factory=list)


def main() -> None:
    """Measure and print; status 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    asked = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {len(os.sched_getaffinity(0))} cores; seed {asked.seed}")
    with tempfile.TemporaryDirectory() as storage, server(Path(storage)) as (url, process):
        memory: list[tuple[float, int]] = []
        seen = visit(url, asked.visitors, asked.seconds, asked.seed, lambda at: memory.append((at, held(process))))
    mixed = wrong(seen.answers)
    median = statistics.median(seen.taken)
    after_a_minute = next((nbytes for at, nbytes in memory if at >= min(MINUTE, asked.seconds / 2)), memory[-1][1])
    last = memory[-1][1]
    for error in sorted(set(seen.errors)):
        print(f"error, {seen.errors.count(error)} times: {error}")
    print(f"{asked.visitors} visitors, {asked.seconds:.0f} s: {len(seen.taken)} answers, {len(seen.errors)} errors")
    print(f"of {len(seen.answers)} compared with the engine {len(mixed)} belong to other weights {mixed[:3] or ''}")
    print(f"refresh: median {median:.2f} s, 95th percentile {statistics.quantiles(seen.taken, n=20)[-1]:.2f} s")
    print(f"memory: {after_a_minute / 1e6:.0f} MB after a minute, {last / 1e6:.0f} MB at the end")
    good = median <= BAR and last <= FLAT * after_a_minute and not seen.errors and not mixed
    print(f"{'within' if good else 'beyond'} the bar of {BAR} s, without errors, with flat memory")
    raise SystemExit(not good)


@contextmanager
def server(storage: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The page as a process, as on a Space; its address once it answers."""
    import httpx

    port = _free_port()
    environment = os.environ | {
        "GGEZ_STORAGE": str(storage), "GRADIO_SERVER_PORT": str(port), "SPACE_ID": "load/test",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }  # fmt: skip
    running = subprocess.Popen([sys.executable, str(ROOT / "app.py")], env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(600):
            if running.poll() is not None:
                raise SystemExit("the server ended at its start")
            try:
                httpx.get(url).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield url, psutil.Process(running.pid)
    finally:
        running.terminate()
        running.wait()


def visit(url: str, visitors: int, seconds: float, seed: int, tick: Callable[[float], None]) -> Seen:
    """Let them all open the page, then move β at once; `tick` is told the time twice a second."""
    from gradio_client import Client

    def opened(number: int) -> Client:
        client = Client(url, verbose=False, httpx_kwargs={"timeout": PATIENCE})
        client.predict(api_name="/load_pair")
        return client

    with ThreadPoolExecutor(visitors) as pool:
        clients = list(pool.map(opened, range(visitors)))
        seen, started = Seen(), time.monotonic()
        moving = [
            pool.submit(move, client, number, random.Random(seed + number), seen, started + seconds)
            for number, client in enumerate(clients)
        ]
        while not all(one.done() for one in moving):
            tick(time.monotonic() - started)
            time.sleep(0.5)
        for one in moving:
            one.result()
    return seen


def move(client: Client, number: int, rng: random.Random, seen: Seen, ends: float) -> None:
    """Move β until the time is over. Every third visitor has another β for the texts."""
    own = round(rng.random(), 2) if number % 3 == 0 else None
    beta, towards = round(rng.random(), 2), rng.random()
    while time.monotonic() < ends:
        if abs(beta - towards) < 0.02:
            towards = rng.random()
        beta = round(min(1.0, max(0.0, beta + rng.uniform(0.2, 0.8) * (towards - beta))), 2)
        query = QUERIES[number % len(QUERIES)]
        started = time.monotonic()
        try:
            components = None if own is None else {"text_model": own}
            found = client.predict(query, beta, components, api_name="/search_images")
        except Exception as error:
            seen.errors.append(f"{type(error).__name__}: {error}"[:200])
        else:
            seen.taken.append(time.monotonic() - started)
            seen.answers.append(((query, beta, own), hits(found)))
        time.sleep(rng.uniform(*PAUSE))
    client.close()


def hits(found: Mapping[str, Any]) -> Scores:
    """The merged column: ids of pictures with their cosines."""
    merged = next(column for column in found["columns"] if column["model"] == "merged")
    return tuple((hit["id"], hit["score"]) for hit in merged["hits"])


def wrong(answers: list[tuple[Key, Scores]]) -> list[Key]:
    """The answers that aren't the engine's at their own weights."""
    import torch

    import ggez_core as gg
    from ggez_core.demo.world.dataset import pictures
    from ggez_core.families.embedding import load_embedding

    base, regional = gg.open_checkpoint("demo:siglip/base"), gg.open_checkpoint("demo:siglip/sea")
    model = load_embedding(base)
    live = gg.LiveModel(model.model, base, regional)
    gallery = pictures("test")
    prepared = model.prepare_images([picture.image for picture in gallery])
    places: dict[float, torch.Tensor] = {}
    texts: dict[tuple[str, float], torch.Tensor] = {}
    for (query, beta, own), _ in answers:
        at = beta if own is None else own
        if beta not in places:
            live.set_beta(beta)
            places[beta] = model.embed_images(prepared)
        if (query, at) not in texts:
            live.set_beta(at)
            texts[query, at] = model.encode_texts([query])[0]
    mixed = []
    for (query, beta, own), found in answers:
        cosines = places[beta] @ texts[query, beta if own is None else own]
        score = dict(zip((picture.id for picture in gallery), cosines.tolist(), strict=True))
        best = sorted(score.values(), reverse=True)[: len(found)]
        own_scores = all(abs(score[name] - shown) <= CLOSE for name, shown in found)
        if not own_scores or any(abs(a - b) > CLOSE for a, (_, b) in zip(best, found, strict=True)):
            mixed.append((query, beta, own))
    return mixed


def held(process: psutil.Process) -> int:
    """Bytes in memory of a process and its children."""
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))


if __name__ == "__main__":
    main()
