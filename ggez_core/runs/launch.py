"""Starting, stopping and resuming a run's process: a session of its own, so that it outlives whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import TrainingError
from .folder import LOG, STOP, RunFolder, home, new_name
from .kinds import complete
from .status import Status, is_there

GRACE = 60.0  # seconds to save and end in
_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN")


def start(config: Mapping[str, Any], folder: Path | None = None) -> RunFolder:
    """Make a run of a config and start its process; returns at once.

    folder: where it will be, by default a new one at home. Raises TrainingError for a wrong config, OutputError where
    the folder can't be made.
    """
    whole = complete({"directory": str(Path.cwd()), **config})
    run = RunFolder.create((folder or home() / new_name(whole, home())).absolute(), whole)
    _spawn(run, int(whole["processes"]), whole["directory"])
    return run


def resume(run: RunFolder, *, processes: int | None = None) -> RunFolder:
    """Start a process that goes on from the last checkpoint; `processes` may be others than before.

    Raises TrainingError where one is at work, or the run has finished.
    """
    status = run.status
    if status.alive:
        raise TrainingError(f"{run.name}: is {status.state}; a run goes on once it has stopped")
    if status.state == "finished":
        raise TrainingError(f"{run.name}: has finished; there is nothing to resume")
    whole = complete(run.config)
    (run.path / STOP).unlink(missing_ok=True)
    run.set_status(replace(status, state="queued", since=time.time(), pid=None, began=None, message=""))
    _spawn(run, processes or int(whole["processes"]), whole["directory"])
    return run


def ask_to_stop(run: RunFolder) -> None:
    """Ask the process to save and end; returns at once. Raises TrainingError where none is at work."""
    status = run.status
    if not status.alive:
        raise TrainingError(f"{run.name}: isn't running, it has {status.state}")
    (run.path / STOP).touch()


def stop(run: RunFolder, *, grace: float = GRACE, waiting: Callable[[], None] = lambda: None) -> Status:
    """Ask the process to save and end, wait, and end it where it doesn't; what it saved before is there then too.

    waiting: called while it is waited for. Raises TrainingError where none is at work.
    """
    ask_to_stop(run)
    until = time.monotonic() + grace
    while run.status.alive and time.monotonic() < until:
        waiting()
        time.sleep(0.1)
    status = run.status
    if not status.alive:
        return status
    if status.pid is not None and status.began is not None and is_there(status.pid, status.began):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(os.getpgid(status.pid), signal.SIGKILL)
        while is_there(status.pid, status.began):
            time.sleep(0.02)
    ended = replace(status, state="stopped", since=time.time(), message=f"ended after {grace:.0f} s without an answer")
    run.set_status(ended)
    return ended


def command(run: RunFolder, processes: int) -> list[str]:
    """What is started."""
    module = ["-m", "ggez_core.runs.work", str(run.path)]
    if processes == 1:
        return [sys.executable, *module]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return [sys.executable, *torchrun, *module]


def _spawn(run: RunFolder, processes: int, directory: str | None) -> None:
    with (run.path / LOG).open("ab") as log:
        process = subprocess.Popen(
            command(run, processes), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(),
            cwd=directory, start_new_session=True, close_fds=True,
        )  # fmt: skip
    _reap(process)


def environment() -> dict[str, str]:
    """What a run's process inherits: not the secret of the page's login, and on a Space no token of its operator.

    Modules come from where they are installed: a file `yaml.py` beside a config that was downloaded is never imported.
    """
    hidden = {"OAUTH_CLIENT_SECRET", *(_TOKENS if "SPACE_ID" in os.environ else ())}
    package = str(Path(__file__).parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}


def _reap(process: subprocess.Popen[bytes]) -> None:
    """Take note of the process's end, so that it doesn't stay as a zombie of a server that lives for long."""
    threading.Thread(target=process.wait, name="ggez-run-end", daemon=True).start()
