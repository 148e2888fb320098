"""The report of a curation as a folder: a page with figures and rows to look at, tables, and the data card."""

from __future__ import annotations

import html
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import OutputError
from ...figures import Drawn, Table, write_page
from ..curated import Curated
from ..samples import Sample, duplicate_groups, rows_of, samples
from .figures import distribution, dropped_bars, dropped_table, group_sizes, stays_bars, stays_table

SHOWN = 24  # rows of each kind
GROUPS, IN_GROUP = 12, 6


def write_report(curated: Curated, target: Path) -> None:
    """Write the report of the newest cut into `target`, in place of an older one: whole, or not at all.

    Raises OutputError where it can't be written, or something else is there.
    """
    if target.exists() and not (target / "index.html").is_file():
        raise OutputError(f"{target}: is no report; choose another name or remove it first")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        decision = curated.decide(curated.cut)
        told = curated.tally(decision)
        write_page(part, f"{told.kept:,} of {told.rows:,} rows are kept", drawn(curated), _looked_at(curated))
        (part / "README.md").write_text(curated.card(curated.cut, decision), "utf-8")
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
    except OSError as error:
        raise OutputError(f"{target}: can't be written ({error.strerror}); check its rights and room") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def drawn(curated: Curated) -> list[Drawn]:
    """All figures of the newest cut, each with its table."""
    decision = curated.decide(curated.cut)
    told = curated.tally(decision)
    found = [Drawn("dropped", dropped_bars(told.drops), dropped_table(told.drops, told.rows))]
    found += [Drawn(kind, stays_bars(told, kind), stays_table(told, kind)) for kind in told.slices]
    for limit in curated.cut.limits:
        values = curated.measured.columns[limit.column]
        if not limit.empty and np.isfinite(values).any():
            figure = distribution(values, limit)
            bars = figure.data[0]
            rows = tuple((float(x), int(y)) for x, y in zip(bars.x, bars.y, strict=True))
            name = "-".join(limit.name.split())
            found.append(Drawn(name, figure, Table(f"Spread of {limit.column}", (limit.column, "rows"), rows)))
    if decision.groups is not None:
        sizes = np.bincount(decision.groups)
        sizes = sizes[sizes > 1]
        values, counts = np.unique(sizes, return_counts=True)
        rows = tuple((int(size), int(count)) for size, count in zip(values, counts, strict=True))
        found.append(Drawn("near-duplicates", group_sizes(sizes), Table("Groups", ("rows", "groups"), rows)))
    return found


def _looked_at(curated: Curated) -> str:
    """Kept and dropped rows, and groups of near-duplicates, as markup."""
    cut, decision = curated.cut, curated.decide(curated.cut)
    parts = []
    for which in ("kept", "dropped"):
        rows = rows_of(decision, which)[:SHOWN].tolist()
        parts += [f"<h2>Some rows that are {which}</h2>", *map(_figure, samples(curated, cut, decision, rows))]
    groups, total = duplicate_groups(decision, GROUPS, IN_GROUP)
    if groups:
        parts.append(f"<h2>The largest of {total:,} groups of near-duplicates, the row that stays first</h2>")
        for group in groups:
            parts += ["<hr>", *map(_figure, samples(curated, cut, decision, group))]
    return "\n".join(parts)


def _figure(sample: Sample) -> str:
    picture = f'<img src="{html.escape(sample.picture)}" alt="">' if sample.picture else ""
    lines: Sequence[str] = ("; ".join(sample.reasons), " · ".join(sample.facts), "; ".join(sample.evidence))
    small = "".join(f"<small>{html.escape(line)}</small>" for line in lines if line)
    caption = html.escape(sample.caption[:300]) or html.escape(sample.place)
    return f"<figure>{picture}<figcaption>{caption}{small}</figcaption></figure>"
