"""Trainings as the page shows them: configs to begin with, what one means, runs on disk and what they say.

Plain functions over `ggez_core.runs`; the folder of a run is all that is known of it, so nothing is kept here.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ggez_core.assets import configs_root
from ggez_core.errors import TrainingError
from ggez_core.runs import RunFolder, home, list_runs
from ggez_core.runs.kinds import complete
from ggez_core.written import load_yaml

from .downloads import downloads
from .markup import fine, join, notice, tag
from .problem import Problem, attempt, without_folders
from .spoken import spoken
from .text import duration, say, size

if TYPE_CHECKING:
    from ggez_core.figures import Table

MOST_RUNS = 50  # listed
LAST_STEPS = 2000  # in the table to take home
KINDS = ("finetune", "distill")
OBJECTIVES = ("FD", "ED", "SD", "MCL", "DR", "DR + 0.5 ED")
STATES = {"finished": "good", "failed": "problem"}


@dataclass(frozen=True)
class Wanted:
    """What the fields above the config say; what is empty or 0 leaves the config as it is.

    preset: of a fine-tuning, the family whose settings are taken; of a distillation, its objective.
    """

    model: str = ""
    data: str = ""
    steps: int = 0
    batch: int = 0
    rate: float = 0.0
    lora: bool = False
    preset: str = ""
    samples: bool = True


@dataclass(frozen=True)
class Shown:
    """A run, and others beside it: a status line, figures (None where there is nothing), a table, the log's end.

    samples: of its checkpoints, as markup.
    """

    status: str
    loss: Any = None
    scores: Any = None
    speed: Any = None
    watched: Any = None
    table: Table | None = None
    files: str = ""
    log: str = ""
    samples: str = ""
    betas: tuple[float, ...] = ()
    models: tuple[str, ...] = ()
    alive: bool = False
    resumable: bool = False


def starts(kind: str) -> list[str]:
    """The configs of a kind that ship, by their names: first that of the page's pair, then what runs anywhere."""
    found = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in configs_root().glob("*.yaml")}
    names = [name for name, config in found.items() if config.get("kind") == kind]
    return sorted(names, key=lambda name: ("small-world" not in name, "siglip" not in name, name))


def start_config(name: str) -> str:
    """A shipped config's text. Raises TrainingError where none is called so."""
    known = [found for kind in KINDS for found in starts(kind)]
    if name not in known:
        raise TrainingError(f"{name}: no such config ships; there is: {', '.join(known)}")
    return (configs_root() / f"{name}.yaml").read_text("utf-8")


def presets(kind: str) -> list[str]:
    """What a config of a kind may begin with: families of settings, or objectives."""
    from ggez_core.training.finetune.presets import PRESETS

    return list(OBJECTIVES) if kind == "distill" else list(PRESETS)


def parsed(text: str) -> dict[str, Any]:
    """A config's text as settings. Raises TrainingError where it isn't YAML of the form `name: value`."""
    try:
        found = load_yaml(text)
    except yaml.YAMLError as error:
        raise TrainingError(f"config: is no YAML ({' '.join(str(error).split())[:160]})") from None
    if not isinstance(found, dict):
        raise TrainingError("config: holds no settings; it is YAML of the form `name: value`")
    return found


def changed(text: str, wanted: Wanted) -> str:
    """The config with what the fields say; the same text where they say nothing new."""
    config = parsed(text)
    before = yaml.safe_dump(config)
    loop = dict(config.get("loop") or {})
    if wanted.model.strip():
        config["model"] = wanted.model.strip()
    if wanted.data.strip():
        first = (config.get("data") or [{}])[0]
        config["data"] = [{**first, "source": wanted.data.strip()}, *(config.get("data") or [])[1:]]
    if wanted.steps > 0:
        loop.pop("epochs", None)
        loop["steps"] = int(wanted.steps)
    if wanted.batch > 0:
        loop["batch"] = int(wanted.batch)
    if wanted.rate > 0:
        loop["learning_rate"] = float(wanted.rate)
    if loop:
        config["loop"] = loop
    if wanted.lora != bool(config.get("lora")):
        config["lora"] = {"rank": 16} if wanted.lora else None
    key = _preset_key(config)
    if wanted.preset.strip() != str(config.get(key) or ""):
        config[key] = wanted.preset.strip()
        if not config[key]:
            del config[key]
    if wanted.samples != _sampled(config):
        config["samples"] = {**(config.get("samples") or {}), "count": 3 if wanted.samples else 0}
    same = yaml.safe_dump(config) == before
    return text if same else yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=100)


def fields_of(text: str) -> Wanted:
    """What the fields should show for a config. Raises TrainingError where it isn't YAML."""
    config = parsed(text)
    loop = config.get("loop") or {}
    data = config.get("data") or [{}]
    source = data[0].get("source", "") if isinstance(data, list) and isinstance(data[0], dict) else ""
    return Wanted(
        str(config.get("model", "")), str(source), int(loop.get("steps") or 0), int(loop.get("batch") or 0),
        float(loop.get("learning_rate") or 0.0), bool(config.get("lora")),
        said if isinstance(said := config.get(_preset_key(config)), str) else "", _sampled(config),
    )  # fmt: skip


def kind_of(text: str) -> str:
    """Which kind a config is of."""
    return str(parsed(text).get("kind", ""))


def _preset_key(config: Mapping[str, Any]) -> str:
    return "objective" if config.get("kind") == "distill" else "preset"


def _sampled(config: Mapping[str, Any]) -> bool:
    return (config.get("samples") or {}).get("count") != 0


def checked(text: str) -> str:
    """What a config would run: the command, and what it takes. Raises GgezError for one that can't."""
    from ggez_core.runs.estimate import estimate
    from ggez_core.runs.kinds import settings_of
    from ggez_core.training.devices import check_device

    config = complete(parsed(text))
    found = estimate(config)
    device = attempt(lambda: check_device(settings_of(config).loop))
    command = f"ggez {config['kind']} config.yaml"
    if config["processes"] > 1:
        command += f" --launch {config['processes']}"
    lines = [
        fine(say("train.command")),
        tag("pre", tag("code", command)),
        tag("p", say("train.checked", family=found.family, parameters=count(found.parameters),
                     trained=count(found.trained), fixed=size(found.fixed))),
    ]  # fmt: skip
    if found.seconds is not None and found.steps is not None:
        lines.append(
            tag("p", say("train.time", time=duration(found.seconds * 1e3), steps=found.steps, since=found.since))
        )
    else:
        lines.append(fine(say("train.time.unknown")))
    if isinstance(device, Problem):
        lines.append(notice(device.message, "problem"))
    return join(lines)


def start(text: str) -> RunFolder:
    """Start a run of a config's text. Raises GgezError for one that can't."""
    from ggez_core.runs import start as begin

    return begin(parsed(text))


def choices() -> list[tuple[str, str]]:
    """The runs on disk, the newest first: what is shown, and the name."""
    return [(_label(run), run.name) for run in list_runs()[:MOST_RUNS]]


def empty(shared: bool) -> str:
    """What is said where there are no runs; paths of this machine mean nothing to visitors."""
    return notice(say("train.none") if shared else say("train.empty", folder=shlex.quote(str(home()))))


def called(name: str) -> RunFolder:
    """A run by its name, among those that are listed. Raises TrainingError where none is called so."""
    for run in list_runs():
        if run.name == name:
            return run
    raise TrainingError(say("train.none"))


def stamp(names: Sequence[str]) -> list[object]:
    """What changes when something new is to be seen of these runs."""
    found: list[object] = []
    for name in names:
        path = home() / name
        events = path / "events.jsonl"
        found += [name, events.stat().st_size if events.exists() else 0, RunFolder(path).status.state]
    return found


def shown(names: Sequence[str], beta: float | None, shared: bool) -> Shown:
    """The first of these runs, the others' loss, GRP and speed beside it. Raises TrainingError for an unknown one."""
    from ggez_core.runs import figures
    from ggez_core.runs.samples import samples_of

    from .samples_shown import gallery

    if not names:
        return Shown(notice(say("train.none")))
    runs = [called(name) for name in names]
    events = {run.name: run.events() for run in runs}
    first, own = runs[0], events[runs[0].name]
    status = first.status
    betas = figures.betas_of(own)
    scored = beta if beta in betas else None
    numbers = [figures.step_table(own, LAST_STEPS), figures.score_table(own, scored)]
    return Shown(
        status=_status(first, own, shared),
        loss=figures.losses(events),
        scores=figures.compared_scores(events, scored) if len(runs) > 1 else figures.scores(own, scored),
        speed=figures.speed(events),
        watched=figures.watched(own),
        table=figures.step_table(own),
        files=downloads([table for table in numbers if table.rows]),
        log="" if shared else first.log_tail(),
        samples=gallery(samples_of(first, own)),
        betas=tuple(betas),
        models=tuple(first.models),
        alive=status.alive,
        resumable=status.state in ("stopped", "failed"),
    )


def before_and_after(name: str, which: str) -> tuple[str, str]:
    """The model that a run starts from, and one of its own. Raises TrainingError where there is none yet."""
    run = called(name)
    if which not in run.models:
        raise TrainingError(say("train.nothing_to_send"))
    base = str(run.config["model"])
    directory = Path(run.config.get("directory") or ".")
    local = directory / base
    return (str(local) if local.is_dir() else base), str(run.models[which].absolute())


def pair_of(name: str, which: str) -> tuple[str, str]:
    """A run's base and one of its models, to be loaded as a pair; a student alone, since no teacher has its shape.

    Raises TrainingError where there is none yet.
    """
    before, after = before_and_after(name, which)
    return (after if called(name).config.get("kind") == "distill" else before), after


def count(number: int) -> str:
    """A large number for a reader: 2.1 M, 27 B."""
    for unit, factor in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= factor:
            return f"{number / factor:.3g} {unit}"
    return str(number)


def _label(run: RunFolder) -> str:
    status = run.status
    return say("train.run", name=run.name, state=spoken(status.state), step=status.step, steps=status.steps)


def _status(run: RunFolder, events: Sequence[Mapping[str, Any]], shared: bool) -> str:
    status = run.status
    last = next((event for event in reversed(events) if event["kind"] == "step"), None)
    epoch = last["epoch"] if last else 0.0
    head = say("train.state", state=spoken(status.state), step=status.step, steps=status.steps, epoch=epoch)
    if last and status.alive and last["examples_per_second"]:
        left = (status.steps - status.step) * int(run.config["loop"]["batch"]) / last["examples_per_second"]
        head += ", " + say("train.left", time=duration(left * 1e3))
    why = without_folders(status.message) if shared else status.message
    message = f"{head}. {why}" if why else head
    lines = [notice(f"{run.name}: {message}", STATES.get(status.state, "note"))]
    if last and last["loss"] is not None:
        lines.append(
            fine(say("train.numbers", loss=last["loss"], rate=last["learning_rate"],
                     speed=last["examples_per_second"], memory=size(last["memory"])))
        )  # fmt: skip
    if not shared:
        lines.append(fine(say("train.folder", folder=str(run.path))))
    return join(lines)
