"""What a study leaves in its folder: report.json for programs, report.md for people, and figures."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..evaluation.folder import FIGURES, READABLE, REPORT
from ..figures import write_page
from ..markdown import plain
from .compare import METRICS, Comparison, Line
from .figures import drawn
from .grid import Results
from .measures import Found
from .settings import StudySettings

_HEADS = {"recall@5": "R@5", "recall@10": "R@10", "mrr@10": "MRR@10", "accuracy": "VQA", "agreement": "agreement",
          "cosine": "cosine", "v_measure": "V-measure"}  # fmt: skip


def as_document(study: StudySettings, results: Results, comparison: Comparison) -> dict[str, Any]:
    """The whole study, ready for JSON."""
    document = {
        "study": study.model_dump(mode="json"),
        "best": comparison.best,
        "notes": list(comparison.notes),
        "sizes": results.sizes,
        "lines": [asdict(line) | {"rank": line.rank} for line in comparison.lines],
        "teachers": {name: asdict(reported) for name, (_, reported) in results.teachers.items()},
        "cells": [{**asdict(r.cell), "measures": asdict(r.reported)} for r in results.cells],
    }
    found: dict[str, Any] = _finite(document)
    return found


def write_study(study: StudySettings, results: Results, comparison: Comparison, folder: Path) -> None:
    """Write the report. Raises OutputError where the folder can't be written."""
    document = json.dumps(as_document(study, results, comparison), ensure_ascii=False, indent=2, allow_nan=False)
    try:
        (folder / REPORT).write_text(f"{document}\n", encoding="utf-8")
        (folder / READABLE).write_text(readable(study, results, comparison), encoding="utf-8")
        write_page(folder / FIGURES, f"Distillations of {', '.join(study.teachers)}", drawn(comparison))
    except OSError as error:
        raise OutputError(f"{folder}: can't be written ({error.strerror}); free space or name another place") from None


def readable(study: StudySettings, results: Results, comparison: Comparison) -> str:
    """The report in Markdown."""
    seeds = len(study.seeds)
    spoken = f" ({', '.join(study.languages)})" if study.languages else ""
    sides = f"the {study.sides[0]} side" if len(study.sides) == 1 else "both sides"
    lines = [
        f"# Distillations of {plain(', '.join(study.teachers))}",
        "",
        f"{seeds} seeds; means over them with 95 % t-intervals. Chosen on {study.choose}, reported on {study.report}: "
        f"{', '.join((*study.retrieval, *study.out_of_domain))}. R@5, R@10 and MRR@10 are means over languages, each "
        f"alike, of both directions and {sides}{spoken}. The five losses are working definitions, ours, of what arXiv "
        "2510.26271 names so.",
        "",
        *(f"- {note}" for note in comparison.notes),
    ]
    for teacher, (_, reported) in results.teachers.items():
        own = [line for line in comparison.lines if line.teacher == teacher]
        metrics = [metric for metric in METRICS if metric in own[0].means]
        size = results.sizes[teacher]
        before, after = size["teacher"], size["student"]
        lines += [
            "",
            f"## {plain(teacher)}",
            "",
            f"Text encoder: {before['parameters']:,} → {after['parameters']:,} parameters ({size['share']:.1%}), "
            f"layers {before['layers']} → {after['layers']}, tokens {before['vocabulary']:,} → "
            f"{after['vocabulary']:,}, table {before['embedding_share']:.0%} → {after['embedding_share']:.0%}.",
            "",
            f"| objective | rank | R@5 kept | {' | '.join(_HEADS[m] for m in metrics)} | worst language | "
            "uneven over languages | over tasks |",
            f"|{'---|' * (len(metrics) + 6)}",
            f"| teacher | | 100 % | {' | '.join(f'{reported.value(m):.3f}' for m in metrics)} | | | |",
        ]
        for line in own:
            kept = line.kept["recall@5"]
            worst = line.languages[line.worst]
            lines.append(
                f"| {line.objective} | {line.rank:.1f} | {kept.value:.1%} [{kept.low:.1%}, {kept.high:.1%}] | "
                f"{' | '.join(str(line.means[m]) for m in metrics)} | {line.worst} {worst.value:+.3f} | "
                f"{line.spread.value:.3f} | {line.tasks.value:.3f} |"
            )
        lines += _by_language(own, reported)
    return "\n".join(lines) + "\n"


def _by_language(lines: Sequence[Line], teacher: Found) -> list[str]:
    """A table of every metric that is known by language."""
    found: list[str] = []
    for metric, languages in lines[0].by_language.items():
        found += [
            "",
            f"{_HEADS[metric]} by language, ± half of the 95 % interval:",
            "",
            f"| objective | {' | '.join(languages)} |",
            f"|{'---|' * (len(languages) + 1)}",
            f"| teacher | {' | '.join(f'{teacher.value(metric, code):.3f}' for code in languages)} |",
        ]
        for line in lines:
            values = [line.by_language[metric][code] for code in languages]
            shown = (f"{value.value:.3f} ± {value.high - value.value:.3f}" for value in values)
            found.append(f"| {line.objective} | {' | '.join(shown)} |")
    return found


def _finite(value: Any) -> Any:
    """Numbers that are none as null: JSON has no others."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
