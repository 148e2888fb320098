"""Writing the merged checkpoint for a visitor: what may be chosen, and what came of it. For Export and `api`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ggez_core.errors import RecipeError
from ggez_core.progress import Progress, silent

from .exports import ExportedFile
from .pairs import Pair
from .problem import Problem, attempt
from .service import Service
from .weights import Weights

DTYPES: dict[str, str | None] = {"as base": None, "float32": "float32", "bfloat16": "bfloat16", "float16": "float16"}
SHARD_SIZES = ("1GB", "2GB", "5GB", "10GB")


@dataclass(frozen=True)
class Exported:
    """A finished export. folder: its path on this machine, empty where that means nothing to the visitor.

    loading_code: Python that loads it, from that folder or from where the visitor unpacked it. notes: what its model
    card asks to be settled before it is published, or why there is none.
    """

    name: str
    weights: Weights
    files: tuple[ExportedFile, ...]
    zip_url: str
    seconds: float
    loading_code: str
    folder: str
    notes: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of all files."""
        return sum(file.nbytes for file in self.files)


def export(
    service: Service,
    session: str,
    name: str,
    beta: float,
    components: Mapping[str, float] | None = None,
    *,
    dtype: str = "as base",
    shard_size: str = "5GB",
    card: bool = False,
    progress: Progress = silent,
) -> Exported:
    """Write the merged checkpoint at β into the visitor's own folder; `card`: with a model card.

    The card has the scores of the pair's sweep, once that has ended. Raises OutputError for a name that can't be or
    more than a visitor may have, Cancelled once the visitor stopped it: then nothing of it is left.
    """
    if dtype not in DTYPES:
        raise RecipeError(f"dtype {dtype[:20]!r} is unknown; choose one of {', '.join(DTYPES)}")
    if shard_size not in SHARD_SIZES:
        raise RecipeError(f"shard size {shard_size[:20]!r} is unknown; choose one of {', '.join(SHARD_SIZES)}")
    ticket, pair = service.ticket(session), service.current(session)
    weights = service.weights(session, beta, components)
    from ggez_core.families import loading_code
    from ggez_core.merging import merge

    with service.errands.run(session, "export") as errand:
        folder = service.exports.folder(ticket, name, _nbytes(pair, DTYPES[dtype]))
        started = time.perf_counter()
        done = merge(
            pair.base,
            pair.regional,
            weights.beta,
            folder,
            components=dict(weights.components) or None,
            dtype=DTYPES[dtype],
            shard_size=shard_size,
            progress=errand.watched(progress),
        )
        notes = _write_card(service, pair, folder, done.seconds) if card else ()
    shown = "" if service.settings.shared else str(folder)
    return Exported(
        name=folder.name,
        weights=weights,
        files=service.exports.files(ticket, folder.name),
        zip_url=f"exports/{ticket}/{folder.name}.zip",
        seconds=time.perf_counter() - started,
        loading_code=loading_code(pair.base, shown or folder.name),
        folder=shown,
        notes=notes,
    )


def _nbytes(pair: Pair, dtype: str | None) -> int:
    """About the bytes of an export."""
    if dtype is None:
        return pair.base.nbytes
    return sum(tensor.size for tensor in pair.base.tensors.values()) * (4 if dtype == "float32" else 2)


def _write_card(service: Service, pair: Pair, folder: Path, seconds: float) -> tuple[str, ...]:
    """Write the model card; what it warns of. The export is whole without it, so a problem is only said."""
    from ggez_core.publishing import Cost, write_card

    job = service.sweeps.latest(pair)
    sweep = job.folder if job is not None and job.report is not None else None
    done = attempt(lambda: write_card(folder, sweep=sweep, took=Cost("the merge", seconds)))
    return (done.message,) if isinstance(done, Problem) else done.warnings
