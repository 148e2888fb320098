"""The config of a fine-tuning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from ...errors import TrainingError
from ..augment import AugmentSettings, Share
from ..examples import DataSettings
from ..plan import RunSettings
from ..settings import Count, Positive, Settings
from .presets import BETAS, PRESETS, below

Instruction = str | dict[str, str | tuple[str, ...]]


class LoraSettings(Settings):
    """rank: columns of the small matrices; alpha: their product is scaled by alpha/rank; dropout: of what they read.

    targets: the last parts of the names of the layers that get them; by default every linear layer of attention and
    of the layers after it in the trained components.
    """

    rank: Count = 16
    alpha: Positive = 32.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    targets: tuple[str, ...] = ()


class EmbeddingSettings(Settings):
    """Image-text pairs. softmax, sigmoid: what each loss counts; by default the one that the model was trained with.

    temperature: a fixed one for the softmax instead of the model's own scale. same: what makes another row's text true
    of an image: `row` nothing, `text` the same text, `group` the same value of the column `group`.
    """

    softmax: Annotated[float, Field(ge=0)] | None = None
    sigmoid: Annotated[float, Field(ge=0)] | None = None
    temperature: Positive | None = None
    same: Literal["row", "text", "group"] = "text"
    train: Literal["both", "text", "image"] = "both"


class DiffusionSettings(Settings):
    """Text to image, the UNet alone. min_snr: γ of min-SNR weighting, 5 in its paper; none where it isn't said.

    caption_dropout: the share of rows with an empty caption, for guidance. resolution: by default the model's own.
    """

    min_snr: Positive | None = None
    caption_dropout: Annotated[float, Field(ge=0, le=1)] = 0.1
    resolution: Annotated[int, Field(ge=8)] | None = None


class LvlmSettings(Settings):
    """Question and answer over the chat template, the loss of the answer alone.

    pretraining: captioned images (columns `image`, `text`) to go through first; pretraining_epochs of them.
    captions: the data itself is captioned images, without questions. instruction: what a caption is the answer to: one
    for all, or by language (BCP 47; `en` for the others), each one or several, of which one is drawn every time.
    choices: the share of times that a row with `options` is asked with them, in an order drawn anew, and answered with
    the letter; by default none is, for multiple choice as training data made the paper's models worse.
    weigh: what the loss is a mean over: `tokens` of all answers, or `answers`, so that long ones don't drown the short,
    such as letters. vision: whether the vision tower is trained too. max_length: tokens; longer rows are left out.
    packing isn't done: every row is one conversation.
    """

    pretraining: tuple[DataSettings, ...] = ()
    pretraining_epochs: Positive = 1.0
    captions: bool = False
    instruction: Instruction = "Describe the image."
    choices: Share = 0.0
    weigh: Literal["tokens", "answers"] = "tokens"
    vision: bool = True
    max_length: Annotated[int, Field(ge=8)] = 2048

    @field_validator("instruction")
    @classmethod
    def _for_every_language(cls, value: Instruction) -> Instruction:
        asked = value if isinstance(value, dict) else {"en": value}
        if not all(asked.values()) or not all(one.strip() for many in asked.values() for one in as_tuple(many)):
            raise ValueError("an instruction is empty; write what a caption answers")
        if "en" not in asked:
            raise ValueError("has none for `en`, which is asked in all other languages")
        return value


def as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """One text or several, as several."""
    return (value,) if isinstance(value, str) else value


class FinetuneSettings(RunSettings):
    """A fine-tuning. preset: whose settings are taken where the config says nothing.

    augment: what is changed at random about a row each time it is seen; not for diffusion, whose pictures are encoded
    once. weights: type in which weights are held while they are trained; bfloat16 halves memory, and with LoRA is the
    frozen ones' alone. gradient_checkpointing: computes again in the backward pass instead of keeping, for memory.
    """

    preset: Literal["embedding", "diffusion", "lvlm"] | None = None
    data: Annotated[tuple[DataSettings, ...], Field(min_length=1)]
    augment: AugmentSettings = AugmentSettings()
    lora: LoraSettings | None = None
    gradient_checkpointing: bool = False
    weights: Literal["float32", "bfloat16"] = "float32"
    embedding: EmbeddingSettings = EmbeddingSettings()
    diffusion: DiffusionSettings = DiffusionSettings()
    lvlm: LvlmSettings = LvlmSettings()


def settings_from(config: Mapping[str, Any]) -> FinetuneSettings:
    """A config as settings, with those of its preset. Raises TrainingError in one line."""
    preset = config.get("preset")
    if preset is not None and preset not in PRESETS:
        raise TrainingError(f"preset: is {preset!r}; it is one of {', '.join(PRESETS)}, or left out")
    whole = below(PRESETS[preset], config) if preset else dict(config)
    if preset and isinstance(asked := whole.get("evaluation"), Mapping):
        whole["evaluation"] = {"betas": BETAS[preset], **asked}
    try:
        return FinetuneSettings.model_validate(whole)
    except ValidationError as error:
        raise TrainingError(first_problem(error, FinetuneSettings)) from None


def first_problem(error: ValidationError, model: type[Settings]) -> str:
    """The first thing that is wrong with a config, and how many others there are."""
    problems = error.errors(include_url=False, include_context=False)
    first = problems[0]
    where = ".".join(str(part) for part in first["loc"]) or "config"
    said = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        said = f"is no setting; there is: {', '.join(_known(model, first['loc'][:-1]))}"
    elif first["type"] == "missing":
        said = "is missing"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{where}: {said}{more}"


def _known(model: Any, loc: tuple[int | str, ...]) -> list[str]:
    """The settings at a place of the config."""
    for part in loc:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        model = next(iter(_models(annotation)), model)
    return list(model.model_fields)


def _models(annotation: Any) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return [annotation]
    return [found for inner in getattr(annotation, "__args__", ()) for found in _models(inner)]
