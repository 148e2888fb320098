"""What every verb shares: the `--json` option, progress bars, and errors as one clear line.

Exit status: 0, or 2 for unusable input, or 1 for a failure of ours.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from ..errors import Cancelled, GgezError
from ..progress import Progress, Step

log = logging.getLogger("ggez")

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout; logs go to stderr.")]


def guard(run: Callable[[], Any]) -> None:
    """Call `run`, turning errors into one line on stderr and the exit status they deserve.

    A status other than 0 that `run` returns becomes the exit status.
    """
    try:
        logging.basicConfig(stream=sys.stderr, level=_log_level(), format="%(message)s")
        status = run()
    except TyperException as error:
        _fail(_usage(error), 2)
    except GgezError as error:
        _fail(str(error), 2)
    except (KeyboardInterrupt, Cancelled):
        _fail("stopped", 130)
    except Exception as error:
        log.debug("traceback", exc_info=True)
        _fail(f"internal error: {type(error).__name__}: {error} (run with GGEZ_LOG=debug for the traceback)", 1)
    if status:
        raise SystemExit(status)


def _log_level() -> int:
    name = os.environ.get("GGEZ_LOG", "warning")
    known = logging.getLevelNamesMapping()
    if name.upper() not in known:
        raise GgezError(f"GGEZ_LOG is {name!r}, which is no level; use debug, info, warning or error")
    return known[name.upper()]


def _usage(error: TyperException) -> str:
    """What is wrong with the command line itself, and where its help is; nothing where the help was just shown."""
    message = error.format_message().strip().rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{message}; see: {context.command_path} --help" if message and context else message


def _fail(message: str, status: int) -> NoReturn:
    if message:
        one_line = " ".join(message.split())
        sys.stderr.write(f"ggez: {one_line}\n")
    raise SystemExit(status)


def print_json(document: Any) -> None:
    """Write the verb's one JSON document to stdout. NaN and infinity are refused: they aren't JSON."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


@contextmanager
def progress_bar(title: str, quiet: bool = False) -> Iterator[Progress]:
    """A progress callback drawn on stderr when it is a terminal: share, amount, speed and time left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        from ..progress import silent

        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
               TextColumn("{task.fields[amount]}"), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(title, total=None, amount="")

        def show(step: Step) -> None:
            speed = bars.tasks[0].speed
            bars.update(task, completed=step.done, total=step.total, amount=_amount(step, speed),
                        description=f"{title}: {step.what}" if step.what else title)  # fmt: skip

        yield show


def _amount(step: Step, speed: float | None) -> str:
    if step.unit == "bytes":
        rate = f", {speed / 1e6:.0f} MB/s" if speed else ""
        return f"{step.done / 1e6:,.0f} of {step.total / 1e6:,.0f} MB{rate}"
    return f"{step.done:,} of {step.total:,} {step.unit}"
