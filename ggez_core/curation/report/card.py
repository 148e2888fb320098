"""The data card of a curated set: Markdown with the YAML front matter that the Hub reads, from counts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from ...figures import Table
from ...markdown import code, one_line, plain
from ..limits import Limit
from .figures import dropped_table, stays_table
from .tally import UNKNOWN, Tally

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
          (10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"), (1_000_000_000, "100M<n<1B"))  # fmt: skip


def data_card(
    tally: Tally,
    *,
    region: str,
    inputs: Sequence[str],
    limits: Sequence[Limit],
    signals: Mapping[str, str],
    reward: str = "",
    near: str = "",
    files: Sequence[str] = ("kept/*.parquet",),
    name: str = "",
) -> str:
    """The card. region: as a person calls it. inputs: where rows came from. signals: fingerprint by name. reward: the
    scale of the reward. near: how near-duplicates were found. files: of the kept rows, as globs beside the card.
    """
    title = one_line(name or f"{region}, curated")
    front = {
        "pretty_name": title,
        "language": [code for code, (_, kept) in tally.slices.get("language", {}).items() if kept and code != UNKNOWN],
        "size_categories": [size_category(tally.kept)],
        "task_categories": ["image-to-text", "text-to-image", "zero-shot-image-classification"],
        "tags": ["image-text", "regional", "ggez"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": list(files)}]}],
    }
    parts = [
        f"---\n{yaml.safe_dump(front, allow_unicode=True, sort_keys=False).strip()}\n---",
        f"# {plain(title)}",
        f"{tally.kept:,} of {tally.rows:,} rows ({tally.share:.1%}) of image-text data belong to {plain(region)} and "
        "are good by the signals and limits below. Made by the GG-EZ Workbench.",
        "## Where the rows come from",
        "\n".join(f"- {code(source)}" for source in inputs) or "- not stated",
        "Rights of pictures and captions stay with their owners; this card grants none. Check every source's licence.",
        "## What every row passed",
        "\n".join(f"- **{plain(limit.name)}**: {bounds(limit)}" for limit in limits) or "- no limit",
        *([f"Reward: {plain(reward)}."] if reward else []),
        *([f"Near-duplicates: {plain(near)}."] if near else []),
        "## What was dropped",
        as_markdown(dropped_table(tally.drops, tally.rows)),
        *(
            f"## By {kind}\n\n{as_markdown(stays_table(tally, kind))}"
            for kind in tally.slices
            if len(tally.slices[kind]) > 1 or UNKNOWN not in tally.slices[kind]
        ),
        "## How it was measured",
        "\n".join(f"- {code(signal)}: {plain(version[:200])}" for signal, version in signals.items()) or "- nothing",
        "## What to know before using it",
        "Region, language and quality were measured by rules and models, which err; the evidence for every row, and "
        "the reason for every dropped one, lie beside the data. Languages and places that the signals know less well "
        "are kept less often.",
    ]
    return "\n\n".join(parts) + "\n"


def bounds(limit: Limit) -> str:
    """What a limit asks for, in words."""
    if limit.empty:
        return f"`{limit.column}` says nothing"
    parts = [f"≥ {limit.at_least:g}"] if limit.at_least is not None else []
    parts += [f"≤ {limit.at_most:g}"] if limit.at_most is not None else []
    return f"`{limit.column}` {' and '.join(parts)}{', or not measured' if limit.missing else ''}"


def size_category(rows: int) -> str:
    """The Hub's word for a number of rows."""
    return next((word for most, word in _SIZES if rows < most), "n>1T" if rows > 10**12 else "1B<n<10B")


def as_markdown(table: Table) -> str:
    """A table in Markdown, whose cells are text."""
    lines = [table.heads, ["---"] * len(table.heads), *table.rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(cell: object) -> str:
    return plain(f"{cell:,}" if isinstance(cell, int) else str(cell))
