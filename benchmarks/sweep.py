"""What an 11-point sweep costs against eleven separate evaluations, on the demo's SigLIP pair and its own task.

Separate is what one does without a sweep, once for every β: merge to disk, load the merged checkpoint, draw and prepare
the task's pictures and captions, embed them, rank, and make rows. Counted: all of that, for both; not counted: starting
Python and importing libraries, which a shell loop would pay eleven times more. Neither finds anything kept before.
Three pairs: both towers differ, only the image tower, only the text tower (the regional tower put into the base).
What a sweep can't save is the run of the tower that moves, eleven times: its share of an evaluation is the least that
the ratio can be, and is measured and printed too. On the task as it is there are four captions for every picture;
`--captions-per-image 1` makes a task on which both towers weigh alike.

Time is the processor time of all threads, and the clock's beside it, since other work may share the machine. Separate
evaluations are measured at three β and scaled to eleven; with --all all eleven are.

    python benchmarks/sweep.py [--all] [--limit CAPTIONS] [--captions-per-image 1]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from safetensors.torch import load_file, save_file

import ggez_core as gg
from ggez_core.assets import demo_root
from ggez_core.demo.world.dataset import Caption
from ggez_core.evaluation.forms.rows import spread
from ggez_core.evaluation.tasks.world_retrieval import WorldExamples, WorldRetrieval
from ggez_core.families import load

BETAS = [i / 10 for i in range(11)]
SOME = (0.0, 0.5, 1.0)
KINDS = {"both towers differ": "", "image tower differs": "vision_model", "text tower differs": "text_model"}


class OneSplit(WorldRetrieval):
    """The task on one split alone, so that a sweep asks for exactly its eleven points.

    per_image: so many captions for every picture, of each concept's evenly spread ones; by default all.
    """

    def __init__(self, limit: int | None, per_image: int | None) -> None:
        self.info = replace(WorldRetrieval.info, splits=("validation",))
        self._limit, self._per_image = limit, per_image

    def load(self, split: str, *, data: Path | None = None, limit: int | None = None) -> WorldExamples:
        whole = super().load(split, data=data, limit=self._limit)
        if self._per_image is None:
            return whole
        kept = list[Caption]()
        for key, pictures in Counter(picture.concept.key for picture in whole.pictures).items():
            own = [caption for caption in whole.captions if caption.concept.key == key]
            kept += [own[index] for index in spread(len(own), self._per_image * pictures)]
        return replace(whole, captions=tuple(kept))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="measure all eleven separate evaluations")
    parser.add_argument("--limit", type=int, help="about so many captions")
    parser.add_argument("--captions-per-image", type=int, help="so many captions for every picture")
    given = parser.parse_args()
    asked = BETAS if given.all else SOME
    task = OneSplit(given.limit, given.captions_per_image)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        warm_up(work)
        captions, pictures, towers = embedding(task)
        print(
            f"{captions:,} captions take {towers['text_model']:.2f} s of processor to embed, {pictures:,} pictures "
            f"{towers['vision_model']:.2f} s",
            flush=True,
        )
        for kind, tower in KINDS.items():
            regional = with_tower(tower, work / "regional")
            separate = [timed(partial(alone, regional, beta, work, task)) for beta in asked]
            together = timed(partial(swept, regional, work, task))
            cpu, clock = (sum(column) * len(BETAS) / len(asked) for column in zip(*separate, strict=True))
            share = len(BETAS) * sum(seconds for name, seconds in towers.items() if name.startswith(tower)) / cpu
            ratio = together[0] / cpu
            print(
                f"{kind}: sweep {together[0]:.1f} s of processor ({together[1]:.1f} s), eleven evaluations {cpu:.1f} s "
                f"({clock:.1f} s): ratio {ratio:.2f} ({together[1] / clock:.2f}); what moves is {share:.2f} of an "
                f"evaluation, the least that the ratio can be: {ratio / share:.2f} × that",
                flush=True,
            )
            shutil.rmtree(regional)


def with_tower(prefix: str, folder: Path) -> Path:
    """The base with the tensors of the regional checkpoint that start so."""
    base, sea = (demo_root() / "siglip" / end for end in ("base", "sea"))
    shutil.copytree(base, folder)
    tensors = load_file(base / "model.safetensors")
    tensors |= {name: t for name, t in load_file(sea / "model.safetensors").items() if name.startswith(prefix)}
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


def embedding(task: OneSplit) -> tuple[int, int, dict[str, float]]:
    """How many captions and pictures there are, and the processor time that each tower takes for all of them."""
    examples, model = task.load("validation"), load(gg.open_checkpoint("demo:siglip/base"))
    texts = [caption.text for caption in examples.captions]
    images = [picture.image for picture in examples.pictures]
    ready: dict[str, tuple[Callable[[Any], object], list[Any]]] = {
        "text_model": (model.embed_texts, [model.prepare_texts(texts[i : i + 64]) for i in range(0, len(texts), 64)]),
        "vision_model": (
            model.embed_images,
            [model.prepare_images(images[i : i + 64]) for i in range(0, len(images), 64)],
        ),
    }
    seconds = {
        name: median(timed(lambda embed=embed, ready=batches: [embed(batch) for batch in ready])[0] for _ in range(3))
        for name, (embed, batches) in ready.items()
    }
    return len(texts), len(images), seconds


def alone(regional: Path, beta: float, work: Path, task: OneSplit) -> None:
    """Merge, load and evaluate one β with nothing kept from before."""
    merged, cache = work / "merged", work / "cache"
    gg.merge(gg.open_checkpoint("demo:siglip/base"), gg.open_checkpoint(regional), beta, merged)
    gg.evaluate(merged, [task], cache=cache, output=work / "rows.jsonl")
    for leftover in (merged, cache, work / "rows.answers"):
        shutil.rmtree(leftover)
    (work / "rows.jsonl").unlink()


def swept(regional: Path, work: Path, task: OneSplit) -> None:
    """Eleven β in one sweep, nothing kept from before either."""
    gg.sweep("demo:siglip/base", regional, BETAS, [task], cache=work / "cache", output=work / "out")
    shutil.rmtree(work / "cache")
    shutil.rmtree(work / "out")


def warm_up(work: Path) -> None:
    """Import everything and compile the kernels."""
    pair = with_tower("", work / "warm")
    alone(pair, 0.5, work, OneSplit(60, None))
    swept(pair, work, OneSplit(60, None))
    shutil.rmtree(pair)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds of all threads, and seconds of the clock."""
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - clock


if __name__ == "__main__":
    main()
