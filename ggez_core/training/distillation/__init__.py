"""Distillation of a multilingual text encoder into a smaller one: data, teacher, student and losses put together."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch

from ...checkpoints import Checkpoint, open_checkpoint
from ...errors import TrainingError
from ...families import Placement
from ...families.embedding import EmbeddingModel, blank_model, load_embedding
from ...families.text_encoders import TextEncoder
from ...progress import Progress
from ..losses import Collapse, WeightedSum, parsed
from ..plan import Kind, Plan
from ..samples import translations
from ..students import build_student
from .captions import Captions, load_captions
from .objective import Distillation
from .sampling import ByLanguage
from .settings import DistillSettings, settings_from
from .teacher import teacher_targets

__all__ = ["KIND", "DistillSettings", "Distillation", "load_captions", "plan"]
_REPORT = "student.json"


def plan(settings: DistillSettings, work: Path, progress: Progress) -> Plan:
    """Teacher, captions, student and losses; what the teacher says is computed now, where it isn't kept already.

    Raises DataError for captions without what the objective needs or a language without pairs, TrainingError for a
    teacher of another width or a tokenizer that doesn't fit, before the first step.
    """
    terms = parsed(settings.objective)
    teacher = open_checkpoint(settings.model)
    model = load_embedding(teacher, dtype=torch.float32)
    _check_tokenizer(teacher, model)
    kinds = {term.target for term in terms} | ({"english"} if any("control" in t.loss.inputs for t in terms) else set())
    captions = load_captions(settings.data, images="image" in kinds, progress=progress)
    order = ByLanguage(captions.language, settings.loop.batch, settings.loop.seed, settings.temperature)
    folder, report = _student(settings, teacher, model, captions, work, progress)
    opened = open_checkpoint(folder)
    student = load_embedding(opened, dtype=torch.float32)
    width = _width(student)
    if width != _width(model):
        raise TrainingError(
            f"source: {settings.source}'s text vectors have {width} numbers and the teacher's {_width(model)}; choose "
            "a teacher of the same width, or leave `source` out"
        )
    if settings.student.start == "random":
        _begin_anew(opened, student, settings.loop.seed)
    losses = WeightedSum(terms, width, settings.queue)
    placement = Placement(dtype=torch.float32)
    targets = teacher_targets(teacher, model, captions, losses.targets, placement=placement, progress=progress)
    objective = Distillation(opened, student, captions, targets, losses, Collapse(settings.collapse))
    facts = {"captions": len(captions), "left_out": captions.dropped, "languages": captions.languages,
             "shares": order.shares, "student": report}  # fmt: skip
    asked = None
    if settings.sampled:
        asked = translations(captions.text, captions.english, captions.language, settings.samples)
    return Plan(objective, order, facts, asked)


def _student(
    settings: DistillSettings, teacher: Checkpoint, model: EmbeddingModel, captions: Captions, work: Path,
    progress: Progress,
) -> tuple[Path, dict[str, Any]]:  # fmt: skip
    """The student's files, built once: a resumed run finds them."""
    folder, note = work / "student", work / _REPORT
    if folder.is_dir() and note.is_file():
        found: dict[str, Any] = json.loads(note.read_text("utf-8"))
        return folder, found
    shutil.rmtree(folder, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    source, of = teacher, model
    if settings.source is not None:
        source = open_checkpoint(settings.source)
        of = load_embedding(source, dtype=torch.float32)
        _check_tokenizer(source, of)
    texts = list(dict.fromkeys([*captions.text, *captions.english]))
    built = build_student(source, of, texts, settings.student, folder, progress=progress).as_dict()
    note.write_text(json.dumps(built), encoding="utf-8")
    return folder, built


def _check_tokenizer(checkpoint: Checkpoint, model: EmbeddingModel) -> None:
    """Refuse a tokenizer whose ids the table of tokens doesn't have."""
    rows = TextEncoder.of(checkpoint, model).vocabulary
    tokenizer = model.tokenizer_of_library
    largest = max(tokenizer.get_vocab().values()) if tokenizer is not None else rows - 1
    if largest >= rows:
        raise TrainingError(
            f"{checkpoint.source}: its tokenizer gives ids up to {largest:,} and its text encoder has {rows:,} tokens; "
            "they aren't of one model: put the right tokenizer files beside the weights"
        )


def _width(model: EmbeddingModel) -> int:
    return int(model.encode_texts(["a"]).shape[1])


def _begin_anew(checkpoint: Checkpoint, student: EmbeddingModel, seed: int) -> None:
    """Give the text encoder the weights that a new model begins with."""
    fresh = dict(blank_model(checkpoint, seed).named_parameters())
    with torch.no_grad():
        for name, parameter in student.model.named_parameters():
            if checkpoint.component_of(name) in student.text_components:
                parameter.copy_(fresh[name])


KIND = Kind("distill", settings_from, plan)
