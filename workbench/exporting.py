"""Writing the merged checkpoint for a visitor: what may be chosen, and what came of it. For Export and `api`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from ggez_core.errors import RecipeError
from ggez_core.progress import Progress, silent

from .exports import ExportedFile
from .service import Service
from .weights import Weights

DTYPES: dict[str, str | None] = {"as base": None, "float32": "float32", "bfloat16": "bfloat16", "float16": "float16"}
SHARD_SIZES = ("1GB", "2GB", "5GB", "10GB")


@dataclass(frozen=True)
class Exported:
    """A finished export. folder: its path on this machine, empty where that means nothing to the visitor.

    loading_code: Python that loads it, from that folder or from where the visitor unpacked it.
    """

    name: str
    weights: Weights
    files: tuple[ExportedFile, ...]
    zip_url: str
    seconds: float
    loading_code: str
    folder: str

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
    progress: Progress = silent,
) -> Exported:
    """Write the merged checkpoint at β into the visitor's own folder."""
    if dtype not in DTYPES:
        raise RecipeError(f"dtype {dtype[:20]!r} is unknown; choose one of {', '.join(DTYPES)}")
    if shard_size not in SHARD_SIZES:
        raise RecipeError(f"shard size {shard_size[:20]!r} is unknown; choose one of {', '.join(SHARD_SIZES)}")
    ticket, pair = service.ticket(session), service.current(session)
    weights = service.weights(session, beta, components)
    folder = service.exports.folder(ticket, name)
    from ggez_core.families import loading_code
    from ggez_core.merging import merge

    started = time.perf_counter()
    merge(
        pair.base,
        pair.regional,
        weights.beta,
        folder,
        components=dict(weights.components) or None,
        dtype=DTYPES[dtype],
        shard_size=shard_size,
        progress=progress,
    )
    shown = "" if service.settings.shared else str(folder)
    return Exported(
        name=folder.name,
        weights=weights,
        files=service.exports.files(ticket, folder.name),
        zip_url=f"exports/{ticket}/{folder.name}.zip",
        seconds=time.perf_counter() - started,
        loading_code=loading_code(pair.base, shown or folder.name),
        folder=shown,
    )
