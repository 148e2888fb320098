"""Regional quality filtering from inputs to kept rows: measure what isn't measured yet, then cut.

A folder is the protocol: `measured/` is the ledger, `curation.json` what was asked for, `kept/`, `dropped.parquet` and
`summary.json` the newest cut. The same call again goes on where it stopped; `recut` moves thresholds in seconds.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import DataError, OutputError
from ..progress import Progress, Step, silent
from .columns import ROW
from .cut import READABLE, Cut, Summary, decide, read_measured, with_pairs, write_cut
from .limits import Limit
from .measure import Work
from .pieces import ROWS, Piece, pieces_of
from .signals import FILES
from .workers import measure_all

REGIONAL = ("stated", "coordinates", "url", "language", "gazetteer")
QUALITY = ("text", "picture", "sharpness", "phash")


@dataclass(frozen=True)
class Curation:
    """A folder of curated data. summary: what its newest cut kept. measured: rows measured by this call; seconds: of
    the costly stage and of the cut."""

    folder: Path
    summary: Summary
    measured: int
    seconds: tuple[float, float]

    @property
    def kept(self) -> list[Path]:
        """The Parquet files of the rows that are kept, in order."""
        return sorted((self.folder / "kept").glob("*.parquet"))

    @property
    def dropped(self) -> Path:
        """The Parquet file of the rows that aren't, with `reason` and `reasons`."""
        return self.folder / "dropped.parquet"


def default_cut(region: str | None = "SEA", min_reward: float | None = None) -> Cut:
    """The usual limits: what can be read, quality, and, where asked for, the least reward."""
    from .quality import QUALITY as USUAL

    reward = () if min_reward is None else (Limit("low reward", "reward", at_least=min_reward),)
    return Cut(region, limits=(*READABLE, *USUAL, *reward))


def curate(
    inputs: Sequence[str | Path],
    output: Path,
    *,
    signals: Sequence[str] = (*REGIONAL, *QUALITY),
    cut: Cut | None = None,
    names: Mapping[str, str] | None = None,
    runner: str = "native",
    workers: int | None = None,
    rows: int = ROWS,
    progress: Progress = silent,
) -> Curation:
    """Measure the rows of `inputs` and keep those that `cut` keeps, in the folder `output`.

    inputs: files, folders or data sets of the Hub, as `pieces.pieces_of` takes them. signals: names with options.
    names: our column → the input's. runner: native or ray. workers: processes; one a processor if None. rows: of a
    piece.

    Raises DataError for inputs, signals or columns that can't be used at all, OutputError for a folder in use.
    """
    known = signals_of(signals)
    output.mkdir(parents=True, exist_ok=True)
    with _alone(output):
        started = time.perf_counter()
        folder = output / "measured"
        folder.mkdir(exist_ok=True)
        for left in folder.glob(".*.part"):
            left.unlink(missing_ok=True)
        work = Work(str(folder.resolve()), tuple(known), dict(names or {}))
        _ = work.fingerprints  # settings that can't be are refused before anything is read
        pieces = pieces_of(inputs, rows, output)
        lacking = [piece for piece in pieces if work.lacking(piece) != []]
        there = sum(piece.rows or 0 for piece in pieces) - sum(piece.rows or 0 for piece in lacking)
        total = sum(piece.rows or 0 for piece in pieces)
        done = 0

        def tell(count: int) -> None:
            nonlocal done
            done += count
            speed = done / max(time.perf_counter() - started, 1e-9)
            progress(Step(there + done, max(total, there + done), "rows", f"{speed:,.0f} rows/s"))

        progress(Step(there, total, "rows", "measuring"))
        measure_all(work, lacking, runner, workers or os.cpu_count() or 1, tell)
        chosen = cut or default_cut()
        _write_plan(output, work, pieces, chosen)
        _refuse_nothing(output, work, pieces)
        between = time.perf_counter()
        summary = _cut(output, chosen)
        return Curation(output, summary, done, (between - started, time.perf_counter() - between))


def recut(output: Path, cut: Cut) -> Curation:
    """Keep other rows of what was measured in `output`. Raises DataError where nothing was, or a column is missing."""
    with _alone(output, exists=True):
        started = time.perf_counter()
        plan = read_plan(output)
        summary = _cut(output, cut)
        _replace(output / "curation.json", json.dumps({**plan, "cut": cut.as_dict()}, ensure_ascii=False, indent=1))
        return Curation(output, summary, 0, (0.0, time.perf_counter() - started))


def read_plan(output: Path) -> dict[str, Any]:
    """What was asked for: inputs' pieces, signals with their fingerprints, names, the cut. Raises DataError."""
    try:
        found: dict[str, Any] = json.loads((output / "curation.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise DataError(f"{output}: holds no finished curation; make one with: ggez curate INPUT -o {output}") from None
    return found


def plan_files(output: Path) -> tuple[list[Piece], list[Path]]:
    """The pieces of a finished curation and their measured files, in the order of the input."""
    pieces = [Piece(**piece) for piece in read_plan(output)["pieces"]]
    return pieces, [output / "measured" / f"{piece.key}.parquet" for piece in pieces]


def signals_of(signals: Sequence[str]) -> list[str]:
    """The signals by name, each once, the later one where two have the same name."""
    by_name = {text.partition(":")[0]: text for text in signals}
    if not by_name:
        raise DataError(f"no signal is named; there is {', '.join(FILES)}")
    return list(by_name.values())


def limit_columns(cut: Cut, known: Sequence[str]) -> list[str]:
    """The columns that a cut reads, of those that were measured."""
    wanted = [limit.column for limit in cut.limits]
    return list(dict.fromkeys([*wanted, *(name for name in ("phash", "reward") if name in known)]))


def _cut(output: Path, cut: Cut) -> Summary:
    _, files = plan_files(output)
    names = read_plan(output)["columns"]
    usable = replace(cut, limits=tuple(limit for limit in cut.limits if limit.column in names or not _optional(limit)))
    measured = with_pairs(read_measured(files, limit_columns(usable, names), names), usable)
    return write_cut(output, measured, usable, decide(measured, usable))


def _optional(limit: Limit) -> bool:
    """Whether a limit is one of the usual ones, which fall away with the signal that they are on."""
    from .quality import QUALITY as USUAL

    return limit.name in {usual.name for usual in USUAL}


def _write_plan(output: Path, work: Work, pieces: Sequence[Piece], cut: Cut) -> None:
    from dataclasses import asdict

    told = {
        "pieces": [asdict(piece) for piece in pieces],
        "signals": {name: work.fingerprints[name] for name in work.fingerprints if name},
        "asked": list(work.signals),
        "columns": [c.name for c in (*ROW, *(column for one in work.made for column in one.columns))],
        "names": dict(work.names),
        "cut": cut.as_dict(),
    }
    _replace(output / "curation.json", json.dumps(told, ensure_ascii=False, indent=1))


def _refuse_nothing(output: Path, work: Work, pieces: Sequence[Piece]) -> None:
    """Raise DataError where no row has a picture or none a caption because the column has another name."""
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet

    first: dict[str, str] = {}
    for piece in pieces:
        table = parquet.read_table(work.file(piece), columns=["image_error", "text_error"], use_threads=False)
        for name in ("image", "text"):
            column = table[f"{name}_error"]
            missing = compute.fill_null(compute.starts_with(column, f"there is no column {name}"), False)
            if table.num_rows and not compute.all(missing).as_py():
                first[name] = ""
            elif table.num_rows:
                first.setdefault(name, f"{piece.source}: {column[0].as_py()}")
    for wrong in first.values():
        if wrong:
            raise DataError(wrong)


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


@contextmanager
def _alone(output: Path, exists: bool = False) -> Iterator[None]:
    """Keep a second process out of the folder. The lock ends with the process, however that ends."""
    import fcntl

    if exists and not (output / "curation.json").is_file():
        read_plan(output)
    with (output / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutputError(f"{output}: another curation is writing here; wait for it, or name another") from None
        yield
