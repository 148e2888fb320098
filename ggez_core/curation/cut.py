"""The cheap stage: which rows are kept, from what was measured alone; no picture is opened and no model loaded.

Reads the columns that limits and evidence need, of all rows at once; decides; then goes through the files once more and
writes `kept/*.parquet` with every column, `dropped.parquet` with the reasons, and `summary.json`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import regions
from ..checkpoints.output import sync_folder
from ..errors import DataError
from .limits import Limit
from .near import MatchesByCosine, near_duplicates
from .near.embedded import embedding_pairs
from .region import Beliefs, Told, combine

if TYPE_CHECKING:
    import pyarrow

REGION = "not of the region"
NEAR = "near-duplicate"
SAME_FILE = "same picture and caption"
READABLE = (
    Limit("row can't be read", "row_error", empty=True),
    Limit("no picture", "image_error", empty=True),
    Limit("no caption, or a damaged one", "text_error", empty=True),
)
CODES = tuple(sorted(regions.COUNTRIES))
_KEPT_ROWS = 100_000  # rows of a file of kept ones


@dataclass(frozen=True)
class Cut:
    """What is kept. Nothing here needs a row to be measured again.

    region: a code such as SEA, or countries such as ID+TH; None keeps all regions. confidence: the least belief in the
    region. limits: bounds on columns. distance: bits in which the perceptual hashes of near-duplicates differ at most;
    cosine: the least of their embeddings; None for either leaves it aside. trust: a signal's evidence is multiplied by
    it (default 1; 0 ignores the signal).
    """

    region: str | None = "SEA"
    confidence: float = 0.5
    limits: tuple[Limit, ...] = ()
    distance: int | None = 8
    cosine: float | None = None
    trust: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "limits": [asdict(limit) for limit in self.limits], "trust": dict(self.trust)}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Cut:
        """Back again."""
        return cls(**{**found, "limits": tuple(Limit(**limit) for limit in found["limits"])})


@dataclass(frozen=True)
class Summary:
    """What became of the rows. dropped: by first reason. broken: by every limit, whether it was the first or not."""

    rows: int
    kept: int
    dropped: dict[str, int]
    broken: dict[str, int]
    countries: dict[str, int]
    duplicate_ids: int
    problems: dict[str, int]
    cut: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Measured:
    """The measured columns that decisions need, of all rows in the order of the input."""

    files: tuple[Path, ...]
    counts: tuple[int, ...]
    columns: dict[str, NDArray[Any]]
    told: dict[str, Told]
    names: tuple[str, ...] = ()
    """The columns that are written with a row: those of the signals asked for, which every file has."""
    near: MatchesByCosine | None = None
    """Pairs of near embeddings, where a cut asks for them: `with_pairs`."""

    def __len__(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Decision:
    """What a cut decides: for each limit (n,) whether it keeps a row; the beliefs; and which rows are kept."""

    names: tuple[str, ...]
    passes: tuple[NDArray[np.bool_], ...]
    beliefs: Beliefs
    groups: NDArray[np.int64] | None

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which rows break nothing."""
        kept: NDArray[np.bool_] = np.logical_and.reduce(self.passes)
        return kept


def read_measured(files: Sequence[Path], wanted: Sequence[str], known: Sequence[str] = ()) -> Measured:
    """The columns `wanted`, hashes of `id`, and all evidence. Raises DataError for a column that wasn't measured.

    known: the columns that count, where files may hold more from an earlier call with more signals; all if none.
    """
    import pyarrow.parquet as parquet

    there = tuple(known) or tuple(parquet.read_schema(files[0]).names)
    told_columns = [name for name in there if name.endswith("_evidence")]
    missing = [name for name in wanted if name not in there]
    if missing:
        raise DataError(
            f"no column {missing[0]!r} was measured; there is {', '.join(there)}; add the signal that has it"
        )
    names = list(dict.fromkeys([*wanted, *told_columns]))
    with ThreadPoolExecutor(2) as pool:
        tables = list(pool.map(lambda file: parquet.read_table(file, columns=[*names, "id"], use_threads=False), files))
    counts = tuple(table.num_rows for table in tables)
    columns = {name: np.concatenate([_plain(table[name]) for table in tables]) for name in wanted}
    columns["id"] = np.concatenate([_hashed(table["id"]) for table in tables])
    told = {name.removesuffix("_evidence"): _told([table[name] for table in tables], counts) for name in told_columns}
    return Measured(tuple(files), counts, columns, told, there)


def with_pairs(measured: Measured, cut: Cut) -> Measured:
    """What was measured with the pairs of near embeddings that a cut asks for. Raises DataError without embeddings."""
    import pyarrow.parquet as parquet

    if cut.cosine is None or measured.near is not None:
        return measured
    if "embedding" not in parquet.read_schema(measured.files[0]).names:
        raise DataError("near-duplicates by cosine need embeddings; add --signal embedding:model=NAME")
    return replace(measured, near=embedding_pairs(measured.files))


def decide(measured: Measured, cut: Cut) -> Decision:
    """Apply a cut. Raises RegionError for an unknown region."""
    inside = np.zeros(len(CODES), bool)
    if cut.region is not None:
        inside[[CODES.index(c.code) for c in regions.region(cut.region).countries]] = True
    told = [
        Told(one.rows, one.countries, one.confidences * cut.trust.get(name, 1.0))
        for name, one in measured.told.items()
        if cut.trust.get(name, 1.0) > 0
    ]
    beliefs = combine(len(measured), told, inside)
    names, passes = [], []
    for limit in cut.limits:
        names.append(limit.name)
        passes.append(limit.kept(measured.columns))
    if cut.region is not None:
        names.append(REGION)
        passes.append(beliefs.region_belief >= cut.confidence)
    so_far = np.logical_and.reduce(passes) if passes else np.ones(len(measured), bool)
    groups = None
    by_hash = cut.distance is not None and "phash" in measured.columns
    if by_hash or (cut.cosine is not None and measured.near is not None):
        found = near_duplicates(
            so_far,
            np.arange(len(measured)),
            measured.columns.get("reward", np.full(len(measured), np.nan)),
            hashes=measured.columns["phash"] if by_hash else None,
            distance=cut.distance or 0,
            pairs=measured.near.at(cut.cosine) if measured.near is not None and cut.cosine is not None else None,
        )
        groups = found.group
        names.append(NEAR)
        passes.append(~found.dropped)
    return Decision(tuple(names), tuple(passes or [so_far]), beliefs, groups)


def write_cut(folder: Path, measured: Measured, cut: Cut, decision: Decision) -> Summary:
    """Write kept rows, dropped rows and the summary into `folder`, in place of an earlier cut's."""
    part = folder / f".cut-{os.getpid()}"
    shutil.rmtree(part, ignore_errors=True)
    (part / "kept").mkdir(parents=True)
    try:
        summary = _written(part, measured, cut, decision)
        (part / "summary.json").write_text(json.dumps(summary.as_dict(), ensure_ascii=False, indent=1), "utf-8")
        for path in (*part.rglob("*.parquet"), part / "summary.json"):
            with path.open("rb") as file:
                os.fsync(file.fileno())
        (folder / "summary.json").unlink(missing_ok=True)  # first to go and last to come: with it the cut is whole
        for name in ("kept", "dropped.parquet"):
            target = folder / name
            if target.is_dir():
                target.rename(part / "old")
            (part / name).replace(target)
        (part / "summary.json").replace(folder / "summary.json")
        sync_folder(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return summary


def _written(part: Path, measured: Measured, cut: Cut, decision: Decision) -> Summary:
    import pyarrow as arrow

    kept = decision.kept
    fails = ~np.stack(decision.passes) if decision.names else np.zeros((0, len(measured)), bool)
    first = np.where(kept, -1, fails.argmax(axis=0) if len(fails) else -1)
    limits = {limit.name: limit for limit in cut.limits}
    problems: Counter[str] = Counter()
    with _Writer(part / "kept", _KEPT_ROWS) as good, _Writer(part / "dropped.parquet") as bad:
        for table, rows in _in_order(measured):
            table = table.append_column("region_country", _codes(decision.beliefs.country[rows]))
            table = table.append_column("region_country_belief", arrow.array(decision.beliefs.country_belief[rows]))
            table = table.append_column("region_belief", arrow.array(decision.beliefs.region_belief[rows]))
            for name in ("row_error", "image_error", "text_error", "signal_errors"):
                for value in table[name].drop_null().value_counts().to_pylist():
                    problems[f"{name}: {_kind_of(value['values'])}"] += value["counts"]
            mask = kept[rows]
            good.write(table.filter(arrow.array(mask)))
            broken, some = table.filter(arrow.array(~mask)), rows[~mask]
            bad.write(_told_why(broken, some, fails[:, some], first[some], decision, limits))
    unique = np.unique(measured.columns["id"])
    codes, counts = np.unique(decision.beliefs.country[kept], return_counts=True)
    return Summary(
        len(measured), int(kept.sum()),
        {name: int((first == at).sum()) for at, name in enumerate(decision.names)},
        {name: int(fails[at].sum()) for at, name in enumerate(decision.names)},
        {(CODES[code] if code >= 0 else ""): int(n) for code, n in zip(codes.tolist(), counts.tolist(), strict=True)},
        len(measured) - len(unique), dict(problems.most_common(100)), cut.as_dict(),
    )  # fmt: skip


class _Writer:
    """Tables into one Parquet file, or into a folder of files of about `rows` rows each, behind the caller's back."""

    def __init__(self, path: Path, rows: int | None = None) -> None:
        self._path, self._rows = path, rows
        self._writer: Any = None
        self._written = self._files = 0
        self._pool = ThreadPoolExecutor(1)
        self._waiting: list[Future[None]] = []

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=True)
        if self._writer is not None:
            self._writer.close()
        if error[0] is None:
            for one in self._waiting:
                one.result()

    def write(self, table: pyarrow.Table) -> None:
        """Write a table after those before it; at most two wait in memory."""
        self._waiting.append(self._pool.submit(self._write, table))
        if len(self._waiting) > 2:
            self._waiting.pop(0).result()

    def _write(self, table: pyarrow.Table) -> None:
        import pyarrow.parquet as parquet

        if self._writer is not None and not table.num_rows:
            return
        if self._writer is None or (self._rows is not None and self._written >= self._rows):
            if self._writer is not None:
                self._writer.close()
            path = self._path if self._rows is None else self._path / f"part-{self._files:05d}.parquet"
            self._writer = parquet.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
            self._written, self._files = 0, self._files + 1
        self._writer.write_table(table)
        self._written += table.num_rows


def _in_order(measured: Measured) -> Iterator[tuple[pyarrow.Table, NDArray[np.int64]]]:
    """Every measured file whole, with the numbers of its rows; the next is read meanwhile."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    start = 0
    columns = list(measured.names)

    def read(file: Path) -> arrow.Table:
        return parquet.read_table(file, columns=columns, use_threads=False)

    with ThreadPoolExecutor(1) as ahead:
        reading = [ahead.submit(read, file) for file in measured.files[:1]]
        for at, count in enumerate(measured.counts):
            table = reading.pop().result()
            if at + 1 < len(measured.files):
                reading.append(ahead.submit(read, measured.files[at + 1]))
            table = table.replace_schema_metadata(None)
            assert isinstance(table, arrow.Table)
            yield table, np.arange(start, start + count)
            start += count


def _told_why(
    table: pyarrow.Table,
    rows: NDArray[np.int64],
    fails: NDArray[np.bool_],
    first: NDArray[np.int64],
    decision: Decision,
    limits: Mapping[str, Limit],
) -> pyarrow.Table:
    """Dropped rows with `reason`, the first limit that they break, and `reasons`, all of them with their values."""
    import pyarrow as arrow

    reasons: list[list[str]] = [[] for _ in rows]
    for at, name in enumerate(decision.names):
        broken = np.flatnonzero(fails[at])
        if not len(broken):
            continue
        if name in limits:
            values = table[limits[name].column].take(arrow.array(broken)).to_pylist()
            told = [f"{name}: {limits[name].why(value)}" for value in values]
        elif name == REGION:
            some = rows[broken]
            beliefs = decision.beliefs
            told = [
                f"{name}: believed {belief:.2f}, most likely {CODES[code]} {best:.2f}" if code >= 0
                else f"{name}: nothing speaks for a country"
                for belief, code, best in zip(
                    beliefs.region_belief[some].tolist(), beliefs.country[some].tolist(),
                    beliefs.country_belief[some].tolist(), strict=True,
                )
            ]  # fmt: skip
        else:
            told = [name] * len(broken)
        for row, why in zip(broken.tolist(), told, strict=True):
            reasons[row].append(why)
    names = arrow.array(list(decision.names) or [""])
    table = table.append_column("reason", names.take(arrow.array(np.maximum(first, 0))))
    return table.append_column("reasons", arrow.array(reasons, arrow.list_(arrow.string())))


def _codes(codes: NDArray[np.int16]) -> pyarrow.Array:
    import pyarrow as arrow

    return arrow.array(CODES).take(arrow.array(np.where(codes < 0, 0, codes), mask=codes < 0))


def _kind_of(problem: str) -> str:
    """A problem without what is one row's alone, so that equal ones are counted together."""
    import re

    return re.sub(r"'[^']*'|\d[\d,.]*", "…", problem)[:120]


def _plain(column: pyarrow.ChunkedArray) -> NDArray[Any]:
    """Numbers as float64 with NaN for missing; hashes and texts as objects, texts only as whether there is one."""
    import pyarrow as arrow
    import pyarrow.compute as compute

    kind = column.type
    if arrow.types.is_uint64(kind):
        found: NDArray[Any] = np.array(column.to_pylist(), dtype=object)
        return found
    if arrow.types.is_string(kind):
        said: NDArray[Any] = compute.fill_null(compute.greater(compute.utf8_length(column), 0), False).to_numpy()
        return said.astype(object)
    return np.asarray(column.cast(arrow.float64()).to_numpy(), np.float64)


def _hashed(column: pyarrow.ChunkedArray) -> NDArray[np.uint64]:
    """A hash of each text (n,)."""
    import xxhash

    return np.array([xxhash.xxh3_64_intdigest(text.encode()) for text in column.to_pylist()], np.uint64)


def _told(columns: Sequence[pyarrow.ChunkedArray], counts: Sequence[int]) -> Told:
    """A signal's evidence of all rows, flat; countries that aren't known are left out."""
    import pyarrow as arrow
    import pyarrow.compute as compute

    codes = arrow.array([*CODES, "ZZ"])
    rows, countries, confidences = [], [], []
    start = 0
    for column, count in zip(columns, counts, strict=True):
        lists = column.combine_chunks()
        flat = lists.flatten()
        parents = np.asarray(compute.list_parent_indices(lists), np.int64) + start
        code = compute.index_in(flat.field("country"), codes)
        at = np.asarray(code.fill_null(-2), np.int16)
        rows.append(parents[at != -2])
        countries.append(np.where(at == len(CODES), -1, at)[at != -2].astype(np.int16))
        confidences.append(np.asarray(flat.field("confidence").to_numpy(zero_copy_only=False), float)[at != -2])
        start += count
    return Told(np.concatenate(rows), np.concatenate(countries), np.concatenate(confidences))
