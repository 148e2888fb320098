"""Samples in a run's folder: pictures as small files in `samples/`, all else in its events of the kind "samples".

The run's process makes them whenever it evaluates; command line and page read the same. What can't be sampled never
stops a training: it is said in the log.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from ..errors import Cancelled, GgezError
from ..progress import Step
from ..training.samples import Asked, Sample, SampleSettings, ask
from .events import Event

if TYPE_CHECKING:
    from ..families import Placement
    from .folder import RunFolder
    from .work import Reporter

log = logging.getLogger("ggez")
KIND, FOLDER = "samples", "samples"
SIDES = {"asked": 128, "searched": 96, "drawn": 256}  # pixels of a kept picture's longer side
MOST = 12  # checkpoints whose drawings are kept
_NAME = re.compile(r"[a-z]+-\d+(-\d+)?\.webp")


@dataclass(frozen=True)
class Item:
    """A sample as it lies on disk. picture: what was asked about; pictures: found or drawn; lines: found."""

    asked: str
    language: str
    wanted: str
    said: str
    rank: int | None
    lines: tuple[str, ...]
    picture: Path | None
    pictures: tuple[Path, ...]


@dataclass(frozen=True)
class Samples:
    """Those of one checkpoint; step 0 is the model that the training starts from."""

    step: int
    items: tuple[Item, ...]

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        items = [
            {**asdict(item), "picture": str(item.picture or ""), "pictures": list(map(str, item.pictures))}
            for item in self.items
        ]
        return {"step": self.step, "items": items}


def samples_of(run: RunFolder, events: Sequence[Event]) -> list[Samples]:
    """The samples that a run's events tell of, by step; pictures that aren't there any more are left out."""
    found = {}
    for event in events:
        if event["kind"] == KIND:
            items = tuple(_item(run.path / FOLDER, item) for item in event.get("items") or ())
            if not any(item.get("pictures") for item in event.get("items") or ()) or any(i.pictures for i in items):
                found[int(event["step"])] = Samples(int(event["step"]), items)
    return [found[step] for step in sorted(found)]


def _item(folder: Path, item: Mapping[str, Any]) -> Item:
    def there(name: Any) -> list[Path]:
        """The picture of that name; a folder that came from elsewhere names nothing outside of it."""
        path = folder / str(name)
        return [path] if _NAME.fullmatch(str(name)) and path.is_file() and not path.is_symlink() else []

    rank = item.get("rank")
    return Item(
        str(item.get("asked", "")), str(item.get("language", "")), str(item.get("wanted", "")),
        str(item.get("said", "")), rank if isinstance(rank, int) else None,
        tuple(map(str, item.get("lines") or ())), next(iter(there(item.get("picture"))), None),
        tuple(path for name in item.get("pictures") or () for path in there(name)),
    )  # fmt: skip


class Sampler:
    """Asks every checkpoint the same, and keeps what it makes of it."""

    def __init__(self, asked: Asked, settings: SampleSettings, placement: Placement, reporter: Reporter) -> None:
        self._asked, self._seconds, self._placement = asked, settings.seconds, placement
        self._reporter, self._folder = reporter, reporter.run.path / FOLDER

    def before(self, model: str) -> None:
        """Ask the model that the training starts from; once, however often the run is resumed."""
        if not any(event["kind"] == KIND and event["step"] == 0 for event in self._reporter.run.events()):
            self(model, 0)

    def __call__(self, model: str | Path, step: int) -> None:
        """Ask a checkpoint. Raises Cancelled where the run was asked to stop; nothing else."""
        until = time.monotonic() + self._seconds

        def progress(now: Step) -> None:
            self._reporter.evaluating(Step(now.done, now.total, now.unit, "samples"))
            if self._reporter.asked_to_stop():
                raise Cancelled
            if time.monotonic() > until:
                raise _TooLong

        items: list[dict[str, Any]] = []
        started = time.monotonic()
        try:
            self._folder.mkdir(exist_ok=True)
            for place, sample in enumerate(ask(self._loaded(model), self._asked, progress)):
                items.append(self._kept(place, step, sample))
        except _TooLong:
            log.warning("samples of step %d took over %g s; the rest is left out", step, self._seconds)
        except Cancelled:
            raise
        except GgezError as error:
            log.warning("samples of step %d: %s", step, error)
        except Exception:  # a look at the model isn't worth its training
            log.exception("samples of step %d failed", step)
        _give_back()
        if items:
            seconds = round(time.monotonic() - started, 3)
            self._reporter.event(KIND, {"step": step, "items": items, "seconds": seconds})
            self._thin_out()

    def _loaded(self, model: str | Path) -> Any:
        from ..checkpoints import open_checkpoint
        from ..families import load

        return load(open_checkpoint(model), self._placement)

    def _kept(self, place: int, step: int, sample: Sample) -> dict[str, Any]:
        """A sample as an event has it, its pictures written."""
        asked = self._asked
        item: dict[str, Any] = {"asked": asked.texts[place], "said": sample.said, "rank": sample.rank}
        item["language"] = asked.languages[place] if asked.languages else ""
        item["wanted"] = asked.wanted[place] if asked.wanted else ""
        item["lines"] = [asked.lines[found] for found in sample.found] if asked.lines else []
        if sample.drawn is not None:
            item["pictures"] = [self._picture(f"drawn-{step}-{place}.webp", sample.drawn, "drawn")]
        elif asked.lines:
            pass
        elif sample.found:
            item["pictures"] = [
                self._picture(f"searched-{found}.webp", asked.pictures[found], "searched") for found in sample.found
            ]
        elif asked.pictures:
            item["picture"] = self._picture(f"asked-{place}.webp", asked.pictures[place], "asked")
        return item

    def _picture(self, name: str, image: Image.Image, size: str) -> str:
        """Write a small picture, unless it is there and every checkpoint has the same; its name."""
        path = self._folder / name
        if size == "drawn" or not path.exists():
            small = image.convert("RGB")
            small.thumbnail((SIDES[size], SIDES[size]))
            partial = path.with_name(f".{name}.{os.getpid()}")
            small.save(partial, format="WEBP", quality=85)
            partial.replace(path)
        return name

    def _thin_out(self) -> None:
        """Of many checkpoints' drawings, keep the first, the last, and some between that are far apart."""
        found: dict[int, list[Path]] = {}
        for path in self._folder.glob("drawn-*-*.webp"):
            found.setdefault(int(path.name.split("-")[1]), []).append(path)
        steps = sorted(found)
        while len(steps) > MOST:
            gaps = [(after - before, step) for before, step, after in zip(steps, steps[1:], steps[2:], strict=False)]
            least = min(gaps)[1]
            steps.remove(least)
            for path in found[least]:
                path.unlink(missing_ok=True)


def _give_back() -> None:
    """Let the training have the GPU's memory that the checkpoint took."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


class _TooLong(Cancelled):
    """The time for samples is over."""
