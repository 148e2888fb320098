"""Adapts again and again, killed with kill -9 in every stage: `python -m tests.kill_adapt CONFIG.yaml FOLDER`.

One process with everything imported forks each adaptation, so that a kill meets the stage and not the start. Each kills
itself at its first word from the stage that it is to die in; in the fine-tuning it first kills the training, which is a
process of its own and would outlive it. Prints, of every kill, the stages that were done then; and those that the last
one, which is left alone, had still to do.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

import yaml

from ggez_core.adapt.run import NAMES, adapt
from ggez_core.adapt.settings import AdaptSettings, adapt_from
from ggez_core.adapt.stages import Stages
from ggez_core.curation import curate, publish  # noqa: F401  (imported once, before the forks)
from ggez_core.evaluation import folder as _folder  # noqa: F401
from ggez_core.evaluation import sweep  # noqa: F401
from ggez_core.progress import Step
from ggez_core.runs import RunFolder
from tests.kills import forked


def dies_in(stage: str, settings: AdaptSettings, folder: Path) -> None:
    """Adapt until the stage is at work."""

    def watch(step: Step) -> None:
        stages = Stages(folder)
        if stages.begun_with(stage) is None or stages.done_with(stage) is not None:
            return
        if stage == "finetune":
            if not list((folder / "training" / "training" / "checkpoints").glob("step-*")):
                return  # not before there is something to go on from
            run = RunFolder(folder / "training")
            pid = run.status.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            while run.status.alive:  # it takes its time to go, and would be followed by the next adaptation
                time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)

    adapt(settings, folder, progress=watch)


def main(config: Path, folder: Path) -> None:
    """Kill it once in every stage, then let it end."""
    settings = adapt_from(yaml.safe_load(config.read_text("utf-8")))
    killed = {}
    for stage in NAMES:
        _, status = os.waitpid(forked(partial(dies_in, stage, settings, folder)), 0)
        if not os.WIFSIGNALED(status):
            raise SystemExit(f"it wasn't killed in {stage}")
        killed[stage] = [name for name in NAMES if Stages(folder).done_with(name)]
    made: list[str] = []
    adapt(settings, folder, tell=made.append)
    left = [line.partition(":")[0] for line in made if not line.endswith("unchanged")]
    sys.stdout.write(json.dumps({"killed": killed, "left": left}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
