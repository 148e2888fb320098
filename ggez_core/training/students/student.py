"""Builds a student from a teacher's checkpoint: some of its layers, the tokens its texts use, the image tower as it is.

Written tensor by tensor into a folder of the teacher's own layout, which appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from ...checkpoints import Checkpoint, TensorInfo, open_checkpoint
from ...checkpoints.dtypes import DTYPES
from ...checkpoints.header import write_header
from ...checkpoints.output import OutputFolder, Position
from ...errors import CheckpointError, TrainingError
from ...families.embedding import EmbeddingModel, load_embedding
from ...families.text_encoders import TextEncoder, tokenizer_files, without_tokenizer
from ...progress import Progress, Step, silent
from ..settings import Settings
from .vocabulary import Trimmed, trimmed

log = logging.getLogger(__name__)

_BATCH = 512  # texts prepared at a time
Ids = NDArray[np.int64]


class StudentSettings(Settings):
    """What a student has of its teacher.

    layers: every second one from the first, all, or these by their numbers. vocabulary: the tokens that the captions
    use, all, or at most so many entries (the most used ones). start: with the teacher's weights, or at random.
    """

    layers: Literal["every second", "all"] | tuple[Annotated[int, Field(ge=0)], ...] = "every second"
    vocabulary: Literal["used", "all"] | Annotated[int, Field(ge=1)] = "used"
    start: Literal["teacher", "random"] = "teacher"

    def chosen(self, depth: int) -> tuple[int, ...]:
        """The numbers of the layers kept of so many. Raises TrainingError for one that isn't there."""
        if self.layers == "all":
            return tuple(range(depth))
        if self.layers == "every second":
            return tuple(range(0, depth, 2))
        found = tuple(sorted(set(map(int, self.layers))))
        if not found or found[-1] >= depth:
            raise TrainingError(
                f"student.layers: {list(self.layers)} aren't all layers of a teacher whose text encoder has {depth}; "
                f"say numbers from 0 to {depth - 1}"
            )
        return found


@dataclass(frozen=True)
class Size:
    """A text encoder: parameters, the share of its table of tokens, layers, tokens."""

    parameters: int
    embedding_share: float
    layers: int
    vocabulary: int

    @classmethod
    def of(cls, encoder: TextEncoder) -> Size:
        """As the checkpoint's headers say."""
        return cls(encoder.parameters, encoder.embedding_share, encoder.depth, encoder.vocabulary)


@dataclass(frozen=True)
class Built:
    """A student's report. texts: captions that it was built for; covered: of them, those cut exactly as before."""

    teacher: Size
    student: Size
    layers: tuple[int, ...]
    texts: int
    covered: int

    @property
    def share(self) -> float:
        """The student's parameters of the teacher's."""
        return self.student.parameters / self.teacher.parameters

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {**asdict(self), "share": self.share}

    def __str__(self) -> str:
        before, after = self.teacher, self.student
        return (
            f"text encoder: {before.parameters:,} → {after.parameters:,} parameters ({self.share:.0%}), "
            f"table of tokens {before.embedding_share:.0%} → {after.embedding_share:.0%}, "
            f"layers {before.layers} → {after.layers}, tokens {before.vocabulary:,} → {after.vocabulary:,}; "
            f"{self.covered / max(self.texts, 1):.1%} of {self.texts:,} captions are cut as before"
        )


def build_student(
    teacher: Checkpoint,
    model: EmbeddingModel,
    texts: Sequence[str],
    settings: StudentSettings,
    output: Path,
    *,
    progress: Progress = silent,
) -> Built:
    """Write the student into the new folder `output`; `model` is the loaded teacher, `texts` what is kept for.

    Raises TrainingError for a tokenizer that can't be trimmed or layers that aren't there, CheckpointError for a text
    encoder that isn't known or if a kept text were cut otherwise than before, OutputError where it can't be written.
    """
    encoder = TextEncoder.of(teacher, model)
    layers = settings.chosen(encoder.depth)
    smaller = None
    if settings.vocabulary != "all":
        smaller = _trimmed(model, texts, None if settings.vocabulary == "used" else int(settings.vocabulary), progress)
    _write(encoder, model, layers, smaller, output)
    try:
        written = open_checkpoint(output)
        student = load_embedding(written)
        covered = len(texts) if smaller is None else coverage(model, student, smaller, texts)
    except BaseException:
        shutil.rmtree(output, ignore_errors=True)
        raise
    return Built(Size.of(encoder), Size.of(TextEncoder.of(written, student)), layers, len(texts), covered)


def coverage(teacher: EmbeddingModel, student: EmbeddingModel, smaller: Trimmed, texts: Sequence[str]) -> int:
    """How many texts have all their tokens kept. Raises CheckpointError if the student cuts one of those otherwise."""
    covered = 0
    for some in _batches(texts):
        old = _ids(teacher, some)
        kept = smaller.holds(old)
        lines = [text for text, whole in zip(some, kept, strict=True) if whole]
        if not lines:
            continue
        again, new = _ids(teacher, lines), _ids(student, lines)
        if new.shape != again.shape or not np.array_equal(smaller.kept[new], again):
            wrong = next(i for i, line in enumerate(lines) if not _alike(smaller, teacher, student, line))
            raise CheckpointError(
                f"the trimmed tokenizer cuts {lines[wrong]!r} otherwise than the teacher's; say vocabulary: all, and "
                "report this"
            )
        covered += len(lines)
    return covered


def _alike(smaller: Trimmed, teacher: EmbeddingModel, student: EmbeddingModel, text: str) -> bool:
    old, new = _ids(teacher, [text]), _ids(student, [text])
    return new.shape == old.shape and np.array_equal(smaller.kept[new], old)


def trim(model: EmbeddingModel, texts: Sequence[str], most: int | None = None) -> Trimmed:
    """The teacher's tokenizer with only what the texts need. Raises TrainingError where it can't be trimmed."""
    return _trimmed(model, texts, most, silent)


def _trimmed(model: EmbeddingModel, texts: Sequence[str], most: int | None, progress: Progress) -> Trimmed:
    tokenizer = model.tokenizer_of_library
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        kind = type(tokenizer if tokenizer is not None else getattr(model, "tokenizer", model)).__name__
        raise TrainingError(
            f"student.vocabulary: the teacher's tokenizer ({kind}) has no tokenizer.json, so it can't be trimmed; say "
            "vocabulary: all, or add a tokenizer.json to the teacher"
        )
    counts = np.zeros(max(tokenizer.get_vocab().values()) + 1, np.int64)
    done = 0
    for some in _batches(texts):
        counts += np.bincount(_ids(model, some).ravel(), minlength=len(counts))
        done += len(some)
        progress(Step(done, len(texts), "captions", "counting tokens"))
    return trimmed(json.loads(backend.to_str()), counts, most)


def _ids(model: EmbeddingModel, texts: Sequence[str]) -> Ids:
    found: Ids = model.prepare_texts(texts)["input_ids"].numpy().astype(np.int64)
    return found


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH))


def _write(
    encoder: TextEncoder, model: EmbeddingModel, layers: Sequence[int], smaller: Trimmed | None, output: Path
) -> None:
    teacher = encoder.checkpoint
    side = teacher.side_contents()
    if smaller is not None:
        tokenizer = model.tokenizer_of_library
        side = without_tokenizer(side) | tokenizer_files(tokenizer, smaller.document)
    tokens = encoder.vocabulary if smaller is None else len(smaller.kept)
    side |= encoder.configs(layers, tokens, (lambda old: old) if smaller is None else smaller.renumber)
    entries: list[tuple[str, str, TensorInfo, tuple[int, ...]]] = []
    group = teacher.groups[0]
    for name, info in teacher.tensors.items():
        new = encoder.renamed(name, layers)
        if new is not None:
            shape = (tokens, *info.shape[1:]) if name == encoder.table else tuple(info.shape)
            entries.append((name, group.stored(new), info, shape))
    sizes = [int(np.prod(shape)) * DTYPES[info.dtype].itemsize for _, _, info, shape in entries]
    header = write_header(
        ((new, info.dtype, shape, size) for (_, new, info, shape), size in zip(entries, sizes, strict=True)),
        {"format": "pt"},
    )
    key = hashlib.blake2b(header + b"".join(side.values()), digest_size=16).hexdigest()
    files = [(group.filename(), len(header) + sum(sizes))]
    with OutputFolder(output, key, files, resume=False) as folder:
        folder.write(Position(0, 0), [np.frombuffer(header, np.uint8)])
        at = len(header)
        for (name, _, _, shape), size in zip(entries, sizes, strict=True):
            tensor = teacher.read(name)
            if name == encoder.table and smaller is not None:
                tensor = tensor[torch.from_numpy(smaller.kept)]
            assert tuple(tensor.shape) == shape
            if size:
                folder.write(Position(0, at), [tensor.contiguous().reshape(-1).view(torch.uint8).numpy()])
            at += size
        for name, content in side.items():
            folder.add(name, content)
        folder.publish()
