"""What a vision-language model is asked and what it answers, and which questions can't be asked at all."""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image

from ..errors import DataError
from .family import one_line
from .prompts import LETTERS, parse_letter


@dataclass(frozen=True)
class VisualQuestion:
    """What a vision-language model is asked.

    image: None asks by the text alone (what the model would guess unseen). options: two to 26 to choose from, or none.
    language: BCP 47, for models whose prompt names it. temperature: 0 always takes the likeliest token; above it,
    tokens are drawn from `seed`.
    """

    question: str
    image: Image.Image | None = None
    options: tuple[str, ...] = ()
    language: str = "en"
    max_new_tokens: int = 64
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class VisualAnswer:
    """An answer, or what there is of it yet.

    probabilities: of the options, by the likelihood of their letters as the answer's first token, adding up to 1.
    """

    text: str
    done: bool
    probabilities: tuple[float, ...] = ()
    options: tuple[str, ...] = field(default=(), repr=False)

    @property
    def likeliest(self) -> int | None:
        """The option whose letter is likeliest; the first of several. None without options."""
        if not self.probabilities:
            return None
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)

    @property
    def written(self) -> int | None:
        """The option that the text itself chooses, by letter or by name; None where it doesn't choose one."""
        return parse_letter(self.text, self.options) if self.options else None


def check_question(asked: VisualQuestion) -> None:
    """Raise DataError for a question that no model can be asked."""
    if not asked.question.strip():
        raise DataError("the question is empty; write what you want to know about the image")
    if len(asked.options) == 1 or len(asked.options) > len(LETTERS):
        raise DataError(f"{len(asked.options)} options are given; give two to {len(LETTERS)}, or none")
    if not all(option.strip() for option in asked.options):
        raise DataError(f"option {[o.strip() for o in asked.options].index('') + 1} is empty; write it or leave it out")
    if asked.max_new_tokens < 1:
        raise DataError(f"an answer of {asked.max_new_tokens} tokens is no answer; allow at least one")
    if not 0 <= asked.temperature < float("inf"):
        raise DataError(f"the temperature is {asked.temperature}; give 0 (always the likeliest) or a positive number")


def readable(image: Image.Image) -> Image.Image:
    """The image in RGB. Raises DataError where its file is damaged."""
    try:
        return image.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f"the image can't be read ({one_line(error)}); give a whole PNG, JPEG or WebP") from error
