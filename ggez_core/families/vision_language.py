"""A loaded vision-language model with its processor: images and questions in, answers out.

Questions are prepared (`prepare`) apart from being answered (`answer`), since only the second depends on the weights.
Everything goes through the library's own processor and `generate`, so an answer is the one that the library gives.
"""

from __future__ import annotations

import copy
import hashlib
import inspect
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from PIL import Image

from ..errors import CheckpointError, DataError
from ..progress import Progress, silent
from .family import BetaOf, Does, at_base, one_line
from .prompts import LETTERS, Prompting, with_options
from .streaming import first_logits, stream
from .visual_questions import VisualAnswer, VisualQuestion, check_question, readable

LOOKS_KEPT = 8  # images whose features a previewing model remembers


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

    does: Does = "answers"

    def __init__(self, model: Any, processor: Any, prompting: Prompting) -> None:
        self.model = model
        self.processor = processor
        self.prompting = prompting
        self._looked: OrderedDict[tuple[Any, ...], torch.Tensor] = OrderedDict()

    @property
    def device(self) -> torch.device:
        """Where inputs are put; offloaded weights are fetched there as they are needed."""
        weights = (p.device for p in self.model.parameters() if p.device.type != "meta")
        return next(weights, torch.device("cpu"))

    @cached_property
    def letters(self) -> tuple[int, ...]:
        """The token with which an answer that is one letter begins, for A to Z. Raises CheckpointError as below."""
        return self.tokens_of(LETTERS)

    def tokens_of(self, signs: str) -> tuple[int, ...]:
        """The token with which an answer that is one sign (a letter, a digit) begins, for each of `signs`.

        Found by writing such an answer after a prompt, as the chat template would. Raises CheckpointError where the
        tokenizer has no token of its own for every one.
        """
        asked = VisualQuestion("?")
        prompt, start = self.prompt(asked), self._answer_start(asked)
        before = self._tokens(prompt)
        tokens = []
        for sign in signs:
            after = self._tokens(f"{prompt}{start}{sign}")
            tokens.append(next((b for a, b in zip([*before, None], after, strict=False) if a != b), -1))
        if len(set(tokens)) < len(signs):
            raise CheckpointError(
                f"this checkpoint's tokenizer has no token of its own for each of {signs}; ask it for a written answer"
            )
        return tuple(tokens)

    def sign_probabilities(self, prepared: Prepared, signs: str) -> list[tuple[float, ...]]:
        """How likely each question's answer begins with each of `signs`, adding up to 1 over them."""
        tokens = list(self.tokens_of(signs))
        with torch.inference_mode(), first_logits(self.model) as logits:
            self.model.generate(**self._inputs(prepared, None), generation_config=self._settings(1, 0.0))
        return [tuple(row[tokens].double().softmax(0).tolist()) for row in logits[0]]

    def prompt(self, asked: VisualQuestion) -> str:
        """The whole text of the prompt, with the image's place marked where there is one."""
        text = with_options(asked.question.strip(), asked.options)
        if self.prompting.form is not None:
            form = self.prompting.form.format(language=asked.language, question=text)
            if asked.image is not None:
                return f"{self.processor.image_token}{form}"  # the processor puts the beginning and the end around it
            return f"{self.processor.tokenizer.bos_token}{form}\n"
        return self._conversation(self._turn(asked, text), add_generation_prompt=True)

    def conversation(self, asked: VisualQuestion, answer: str) -> str:
        """The prompt and its answer as the chat template writes them; nothing but space follows the answer's turn."""
        text = with_options(asked.question.strip(), asked.options)
        reply = {"role": "assistant", "content": [{"type": "text", "text": answer}]}
        return self._conversation(self._turn(asked, text), reply, add_generation_prompt=False).rstrip()

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
            raise DataError(f"this question can't be prepared for the model: {one_line(error)}") from error
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
        tensors = self._inputs(prepared, self._seen_before(inputs.image, beta_of))
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

    def _seen_before(self, image: Image.Image | None, beta_of: BetaOf) -> torch.Tensor | None:
        """What the model sees of an image, kept for the β that the components which look at it are at."""
        if image is None or not self.image_components or beta_of is at_base:
            return None
        plain = readable(image)
        betas = tuple(beta_of(component) for component in self.image_components)
        key = (plain.size, hashlib.sha256(plain.tobytes()).digest(), betas)
        if key not in self._looked:
            self._looked[key] = self.see([plain])
            while len(self._looked) > LOOKS_KEPT:
                self._looked.popitem(last=False)
        return self._looked[key]

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
