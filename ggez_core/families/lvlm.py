"""Large vision-language models (Gemma-3, Qwen2.5-VL, PaliGemma 2, SmolVLM, …): an image and a question, an answer.

Any class that transformers loads as image-text-to-text, through its own processor; no code of a repository is run, and
only safetensors are read. Questions are prepared (`prepare`) apart from being answered (`answer`), since only the
second depends on the weights.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from PIL import Image

from ..checkpoints import Checkpoint
from ..errors import CheckpointError, DataError
from ..progress import Progress, silent
from .family import BetaOf, Family, Placement, at_base
from .prompts import LETTERS, Prompting, prompting_of, with_options
from .streaming import first_logits, stream
from .visual_questions import VisualAnswer, VisualQuestion, check_question, first_line, readable

__all__ = ["FAMILY", "Prepared", "VisionLanguageModel", "VisualAnswer", "VisualQuestion", "is_lvlm", "load_lvlm"]

KNOWN = "Gemma-3, Qwen2.5-VL, PaliGemma, SmolVLM and what else transformers loads as image-text-to-text"


@dataclass(frozen=True)
class Prepared:
    """Questions as tensors, prompts padded on the left; `tensors` are what `generate` takes."""

    questions: tuple[VisualQuestion, ...]
    tensors: dict[str, torch.Tensor]

    def __len__(self) -> int:
        return len(self.questions)

    def without_pixels(self) -> Prepared:
        """The prompts alone, which take little room; to be answered with what `see` gives."""
        questions = tuple(replace(asked, image=None) for asked in self.questions)
        return Prepared(questions, {name: t for name, t in self.tensors.items() if name != "pixel_values"})


class VisionLanguageModel:
    """A model with its processor: images and questions in, answers out."""

    def __init__(self, model: Any, processor: Any, prompting: Prompting) -> None:
        self.model = model
        self.processor = processor
        self.prompting = prompting

    @property
    def device(self) -> torch.device:
        """Where inputs are put; offloaded weights are fetched there as they are needed."""
        weights = (p.device for p in self.model.parameters() if p.device.type != "meta")
        return next(weights, torch.device("cpu"))

    @cached_property
    def letters(self) -> tuple[int, ...]:
        """The token with which an answer that is one letter begins, for A to Z.

        Found by writing such an answer after a prompt, as the chat template would. Raises CheckpointError where the
        tokenizer has no token of its own for every letter.
        """
        asked = VisualQuestion("?")
        prompt, start = self.prompt(asked), self._answer_start(asked)
        before = self._tokens(prompt)
        tokens = []
        for letter in LETTERS:
            after = self._tokens(f"{prompt}{start}{letter}")
            tokens.append(next((b for a, b in zip([*before, None], after, strict=False) if a != b), -1))
        if len(set(tokens)) < len(LETTERS):
            raise CheckpointError(
                "this checkpoint's tokenizer has no token of its own for every letter; ask it without options"
            )
        return tuple(tokens)

    def prompt(self, asked: VisualQuestion) -> str:
        """The whole text of the prompt, with the image's place marked where there is one."""
        text = with_options(asked.question.strip(), asked.options)
        if self.prompting.form is not None:
            form = self.prompting.form.format(language=asked.language, question=text)
            if asked.image is not None:
                return f"{self.processor.image_token}{form}"  # the processor puts the beginning and the end around it
            return f"{self.processor.tokenizer.bos_token}{form}\n"
        return self._conversation(self._turn(asked, text), add_generation_prompt=True)

    def prepare(self, questions: Sequence[VisualQuestion]) -> Prepared:
        """Token ids (n, length), their mask, and pixels as the model takes them; all with an image, or all without.

        Raises DataError for a question that can't be asked.
        """
        if not questions:
            raise DataError("there are no questions; give at least one")
        for asked in questions:
            check_question(asked)
        prompts = [self.prompt(asked) for asked in questions]
        bos = self.processor.tokenizer.bos_token
        settings = {
            "padding": True,
            "padding_side": "left",
            "return_tensors": "pt",
            "add_special_tokens": not (bos and prompts[0].startswith(bos)),
        }
        images = [readable(asked.image) for asked in questions if asked.image is not None]
        if images and len(images) < len(questions):
            raise DataError("some of these questions have an image and some haven't; prepare them apart")
        try:
            if images:
                found = self.processor(text=prompts, images=[[image] for image in images], **settings)
            else:
                found = self.processor.tokenizer(prompts, **settings)
        except (ValueError, TypeError, OSError) as error:
            raise DataError(f"this question can't be prepared for the model: {first_line(error)}") from error
        tensors = {k: v for k, v in found.items() if isinstance(v, torch.Tensor) and k != "labels"}
        self._check_length(questions, tensors)
        return Prepared(tuple(questions), tensors)

    def answer(self, prepared: Prepared, seen: torch.Tensor | None = None) -> list[VisualAnswer]:
        """Answer all questions of a batch, always with the likeliest token.

        seen: what `see` gave for the questions' images, in their order, instead of looking at them again.
        """
        inputs = self._inputs(prepared, seen)
        longest = max(asked.max_new_tokens for asked in prepared.questions)
        with torch.inference_mode(), first_logits(self.model) as logits:
            tokens = self.model.generate(**inputs, generation_config=self._settings(longest, 0.0))
        said = tokens[:, inputs["input_ids"].shape[1] :]
        return [
            VisualAnswer(
                self._decode(row[: asked.max_new_tokens]), True, self._probabilities(first, asked), asked.options
            )
            for row, first, asked in zip(said, logits[0], prepared.questions, strict=True)
        ]

    @property
    def image_components(self) -> tuple[str, ...]:
        """The components that decide what `see` gives; none where this model's images can't be seen beforehand."""
        given = "mm_encoder_outputs" in inspect.signature(self.model.forward).parameters
        return self.prompting.image_components if given else ()

    @torch.inference_mode()
    def see(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """What the language model sees of the images: (n, tokens, width). Only where there are `image_components`."""
        pixels = self.processor.image_processor([readable(i) for i in images], return_tensors="pt")["pixel_values"]
        pixels = pixels.to(self.device, self.model.dtype)
        seen: torch.Tensor = self.model.base_model.get_image_features(pixels, return_dict=True).pooler_output
        return seen

    def preview(
        self, inputs: VisualQuestion, *, beta_of: BetaOf = at_base, progress: Progress = silent
    ) -> Iterator[VisualAnswer]:
        """The answer as it grows, the whole one last; with options, their probabilities from the start."""
        prepared = self.prepare([inputs])
        tensors = self._inputs(prepared, None)
        probabilities: tuple[float, ...] = ()
        if inputs.options:
            with torch.inference_mode(), first_logits(self.model) as logits:
                self.model.generate(**tensors, generation_config=self._settings(1, 0.0))
            probabilities = self._probabilities(logits[0][0], inputs)
            yield VisualAnswer("", False, probabilities, inputs.options)
        settings = self._settings(inputs.max_new_tokens, inputs.temperature)
        seed = inputs.seed if inputs.temperature else None
        text = ""
        for text in stream(self.model, tensors, settings, self._decode, seed=seed, progress=progress):
            yield VisualAnswer(text, False, probabilities, inputs.options)
        yield VisualAnswer(text, True, probabilities, inputs.options)

    def _turn(self, asked: VisualQuestion, text: str) -> dict[str, Any]:
        content = [{"type": "image"}] if asked.image is not None else []
        return {"role": "user", "content": [*content, {"type": "text", "text": text}]}

    def _conversation(self, *turns: dict[str, Any], add_generation_prompt: bool) -> str:
        template = getattr(self.processor, "chat_template", None) or self.processor.tokenizer.chat_template
        written: str = self.processor.apply_chat_template(
            list(turns), chat_template=template, add_generation_prompt=add_generation_prompt, tokenize=False
        )
        return written

    def _answer_start(self, asked: VisualQuestion) -> str:
        """What the chat template writes between the prompt and an answer, such as a space."""
        if self.prompting.form is not None:
            return ""
        reply = {"role": "assistant", "content": [{"type": "text", "text": LETTERS}]}
        whole = self._conversation(self._turn(asked, asked.question), reply, add_generation_prompt=False)
        prompt = self.prompt(asked)
        start = whole.removeprefix(prompt).partition(LETTERS)[0]
        return start if whole.startswith(prompt) and not start.strip() else ""

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self.processor.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _check_length(self, questions: Sequence[VisualQuestion], tensors: dict[str, torch.Tensor]) -> None:
        most = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        for asked, length in zip(questions, tensors["attention_mask"].sum(1).tolist(), strict=True):
            if most and length + asked.max_new_tokens > most:
                raise DataError(
                    f"the question takes {length:,} tokens and its answer up to {asked.max_new_tokens:,}; this model "
                    f"reads {most:,} in all: shorten it"
                )

    def _inputs(self, prepared: Prepared, seen: torch.Tensor | None) -> dict[str, Any]:
        dtype, device = self.model.dtype, self.device
        inputs: dict[str, Any] = {
            k: v.to(device, dtype) if v.is_floating_point() else v.to(device) for k, v in prepared.tensors.items()
        }
        if seen is not None:
            from transformers.modeling_outputs import BaseModelOutputWithPooling

            inputs.pop("pixel_values", None)
            inputs["mm_encoder_outputs"] = {"image": BaseModelOutputWithPooling(pooler_output=seen)}
        return inputs

    def _settings(self, tokens: int, temperature: float) -> Any:
        """The checkpoint's own generation settings, sampling or not as asked."""
        settings = copy.deepcopy(self.model.generation_config)
        settings.max_new_tokens, settings.max_length, settings.num_beams = tokens, None, 1
        settings.do_sample = temperature > 0
        if temperature > 0:
            settings.temperature = temperature
        else:
            settings.temperature = settings.top_k = settings.top_p = settings.min_p = None
        if settings.pad_token_id is None:
            settings.pad_token_id = self.processor.tokenizer.pad_token_id
        return settings

    def _probabilities(self, logits: torch.Tensor, asked: VisualQuestion) -> tuple[float, ...]:
        if not asked.options:
            return ()
        letters = logits[list(self.letters[: len(asked.options)])]
        return tuple(letters.double().softmax(0).tolist())

    def _decode(self, tokens: torch.Tensor) -> str:
        text: str = self.processor.tokenizer.decode(tokens, skip_special_tokens=True)
        return text.strip()


def is_lvlm(checkpoint: Checkpoint) -> bool:
    """Whether transformers loads the checkpoint as image-text-to-text."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    return checkpoint.model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES


def load_lvlm(checkpoint: Checkpoint, placement: Placement | None = None) -> VisionLanguageModel:
    """Load the checkpoint's model (in evaluation mode) and processor.

    transformers reads weights straight into the model always. Raises CheckpointError when the checkpoint isn't a
    vision-language model, isn't in safetensors, lacks weights or processor files, or can't be asked a question.
    """
    import transformers

    where = placement or Placement()
    if not is_lvlm(checkpoint):
        raise CheckpointError(
            f"{checkpoint.source} is a {checkpoint.model_type or 'model of unknown type'}, not a vision-language "
            f"model; what can be asked is {KNOWN}"
        )
    folder = str(checkpoint.folder)
    loaded = "weights"
    try:
        model, report = transformers.AutoModelForImageTextToText.from_pretrained(
            folder,
            dtype=where.dtype or "auto",
            device_map=where.device_map,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
        loaded = "processor"
        processor = transformers.AutoProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError, TypeError, AttributeError) as error:
        what = "can't be loaded by transformers" if loaded == "weights" else "has no usable processor files"
        raise CheckpointError(f"{checkpoint.source} {what}: {first_line(error)}") from error
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])
        raise CheckpointError(
            f"{checkpoint.source} lacks {len(missing)} weights, the first is {missing[0]}; is it a whole checkpoint?"
        )
    prompting = prompting_of(checkpoint.model_type)
    _check_processor(checkpoint, processor, prompting)
    model = model.eval().requires_grad_(False)
    if where.device is not None and where.device_map is None:
        model = model.to(where.device)
    return VisionLanguageModel(model, processor, prompting)


def _check_processor(checkpoint: Checkpoint, processor: Any, prompting: Prompting) -> None:
    tokenizer = getattr(processor, "tokenizer", None)
    if tokenizer is None or getattr(processor, "image_processor", None) is None:
        raise CheckpointError(f"{checkpoint.source} has no processor; put its processor and tokenizer files beside it")
    template = getattr(processor, "chat_template", None) or getattr(tokenizer, "chat_template", None)
    if prompting.form is None and template is None:
        raise CheckpointError(
            f"{checkpoint.source} has no chat template, so how a {checkpoint.model_type} is asked isn't known; choose "
            "its instruction-tuned version, or put a chat_template.jinja beside it"
        )


FAMILY = Family("lvlm", KNOWN, is_lvlm, load_lvlm)
