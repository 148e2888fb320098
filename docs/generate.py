"""Fills the parts of the pages that the code knows best: merge methods, losses, tasks, signals, the command line.

    python docs/generate.py            # between `<!-- made: NAME -->` and `<!-- end -->`, in every page

A test fails where a page isn't what this writes.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

PAGES = Path(__file__).parent
_PART = re.compile(r"<!-- made: (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def filled(page: str) -> str:
    """A page with all its parts made anew."""
    return _PART.sub(lambda part: f"<!-- made: {part[1]} -->\n\n{MAKERS[part[1]]().strip()}\n\n<!-- end -->", page)


def pages() -> Iterator[Path]:
    """The pages that have such parts."""
    for path in sorted(PAGES.rglob("*.md")):
        if "_site" not in path.parts and _PART.search(path.read_text("utf-8")):
            yield path


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in lines
    )


def _methods() -> str:
    """Every merge method: formula and source as its function says, parameters as its signature does."""
    from ggez_core.merging.methods import Base, methods

    bases = {
        Base.REQUIRED: " besides the base",
        Base.OPTIONAL: ", with or without a base besides",
        Base.NONE: ", of which a base is one",
    }
    said: list[str] = []
    formulas: dict[str, str] = {}
    for method in sorted(methods().values(), key=lambda method: method.name):
        opening, _, formula = method.doc.partition("\n\n")
        if formula and (same := formulas.setdefault(formula, method.name)) != method.name:
            formula = f"The formula is that of [{same}](#{same}), with the parameters below."
        count = _count(method.least, method.most)
        facts = [f"Source: {method.source}.", f"It takes {count}{bases[method.base]}."]
        if method.beta:
            facts.append(f"β is its `{method.beta}`.")
        if method.random:
            facts.append("What it draws depends on the recipe's seed and the tensor's name alone.")
        said += [f"## {method.name}", opening, formula, " ".join(facts)]
        rows = [(f"`{one.name}`", f"`{_plain(one.default)}`", _bounded(one)) for one in method.parameters]
        said += [_table(("parameter", "default", "meaning"), rows)] if rows else []
    return "\n\n".join(part for part in said if part)


def _count(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} or more models"
    return f"{least} model{'s' if least > 1 else ''}" if most == least else f"{least} to {most} models"


def _bounded(one: Any) -> str:
    bounds = _bounds(one.minimum, one.maximum)
    return one.doc + (f" ({bounds})" if bounds else "")


def _bounds(least: float | None, most: float | None) -> str:
    return ", ".join(f"{sign} {bound:g}" for sign, bound in (("≥", least), ("≤", most)) if bound is not None)


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def _losses() -> str:
    """Every distillation loss."""
    from ggez_core.training.losses import losses

    said: list[str] = []
    for loss in losses().values():
        target = f"Its target t is {_or(loss.targets)}; the first is the default."
        said += [f"### {loss.name}: {loss.title}", f"`{loss.formula}`", loss.doc, target, f"Source: {loss.source}."]
        rows = [(f"`{one.name}`", f"`{_plain(one.default)}`", _bounded(one)) for one in loss.parameters]
        said += [_table(("parameter", "default", "meaning"), rows)] if rows else []
    return "\n\n".join(said)


def _or(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _tasks() -> str:
    """Every task that can be asked."""
    from ggez_core.evaluation.tasks import tasks

    rows = [
        (f"`{task.info.name}`", ", ".join(task.info.families), " + ".join(task.info.sides), ", ".join(task.info.splits),
         f"`{task.info.hub_id}`" if task.info.hub_id else "–", task.info.doc)
        for task in tasks()
    ]  # fmt: skip
    return _table(("task", "family", "counts", "splits", "data", "what is asked"), rows)


def _signals() -> str:
    """Every signal of curation and its columns."""
    from ggez_core.curation.signals import FILES, signal

    rows = []
    for name in FILES:
        made = signal("similarity:references=REFERENCES" if name == "similarity" else name)
        about = (inspect.getdoc(inspect.getmodule(type(made))) or "").split("\n\n")[0]
        columns = "<br>".join(
            f"`{column.name}`" + (f" {column.about}" if column.about else "") for column in made.columns
        )
        rows.append((f"`{name}`", about, columns))
    return _table(("signal", "what it measures", "columns"), rows)


def _limits() -> str:
    """The usual limits of curation."""
    from ggez_core.curation.quality import QUALITY

    rows = []
    for limit in QUALITY:
        bounds = [
            f"{sign} {bound:g}" for sign, bound in (("≥", limit.at_least), ("≤", limit.at_most)) if bound is not None
        ]
        rows.append((limit.name, f"`{limit.column}`", " and ".join(bounds) or "empty"))
    return _table(("a row is dropped as", "unless its column", "is"), rows)


def _verbs() -> str:
    """Every verb of the command line with its options."""
    import typer

    from ggez_core.cli import ggez

    return "\n\n".join(_verb(typer.main.get_command(ggez), "ggez", 1)).strip()


def _verb(command: Any, name: str, depth: int) -> Iterator[str]:
    if depth > 1:
        yield f"{'#' * depth} {name}"
        yield inspect.cleandoc(command.help or "")
    rows = []
    for option in command.params:
        if option.name == "help" or "--install-completion" in option.opts or "--show-completion" in option.opts:
            continue
        argument = not option.opts[0].startswith("-")
        called = (
            option.metavar or option.name.upper() if argument else ", ".join([*option.opts, *option.secondary_opts])
        )
        rows.append((f"`{called}`", _default(option), option.help or ""))
    if rows and depth > 1:
        yield _table(("option", "default", "meaning"), rows)
    for inner in sorted(getattr(command, "commands", {})):
        yield from _verb(command.commands[inner], f"{name} {inner}", depth + 1)


def _default(option: Any) -> str:
    if option.required:
        return "must be given"
    given = option.default
    if given in (None, False, "", ()) or callable(given):
        return "–"
    return f"`{_plain(given)}`"


MAKERS: dict[str, Callable[[], str]] = {
    "limits": _limits,
    "losses": _losses,
    "methods": _methods,
    "signals": _signals,
    "tasks": _tasks,
    "verbs": _verbs,
}

if __name__ == "__main__":
    for path in pages():
        before = path.read_text("utf-8")
        if (after := filled(before)) != before:
            path.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(PAGES)}: made anew\n")
