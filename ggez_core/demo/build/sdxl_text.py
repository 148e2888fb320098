"""The demo's two text encoders: CLIP's classes, as SDXL has them, trained on the small world's captions alone.

Captions of the same thing, in whatever languages, are drawn together, all others apart. So the encoders know every
name, as those of SDXL have read of more than they have seen; that the base can't draw the region is up to its UNet
alone. Used by the build of `demo:sdxl`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from ..world.registry import concepts
from ..world.templates import TEMPLATES, captions
from .contrastive import softmax_loss
from .tokenizer import train_tokenizer
from .training import Course, Stage, batches, train

TEXT = Stage("text", steps=2400, batch=64, learning_rate=1e-3, seed=12, weight_decay=0.02)
VOCABULARY = 4096
TEXT_LENGTH = 20
TEMPERATURE = 0.05  # of the softmax loss
MOST_NOISE = 5  # words around a caption
SPACELESS = ("th", "km", "lo", "my", "zh")  # languages that write words without spaces between them
ENGLISH_SHARE = 0.25  # of captions; the rest is spread evenly over a thing's other languages


@dataclass(frozen=True)
class Texts:
    """The tokenizer and both encoders."""

    tokenizer: Any
    encoder: Any
    encoder_2: Any

    @property
    def states_width(self) -> int:
        """d of the states."""
        return int(self.encoder.config.hidden_size + self.encoder_2.config.hidden_size)

    @property
    def pooled_width(self) -> int:
        """p of the pooled text."""
        return int(self.encoder_2.config.projection_dim)

    @torch.inference_mode()
    def encode(self, prompts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """What SDXL's UNet is given: both encoders' last but one states (n, length, d), and the pooled text (n, p)."""
        ids = self.tokens(prompts)
        states, pooled = [], []
        for part in batches(len(ids), 512):
            first = self.encoder(ids[part], output_hidden_states=True).hidden_states[-2]
            second = self.encoder_2(ids[part], output_hidden_states=True)
            states.append(torch.cat([first, second.hidden_states[-2]], dim=-1))
            pooled.append(second.text_embeds)
        return torch.cat(states), torch.cat(pooled)

    def tokens(self, prompts: Sequence[str]) -> torch.Tensor:
        """Token ids (n, length), cut and padded as the pipeline does."""
        return torch.tensor(
            self.tokenizer(list(prompts), padding="max_length", truncation=True, max_length=TEXT_LENGTH)["input_ids"]
        )


class Babble:
    """Words to hide captions among: the templates', and made up from pieces of all words of a language.

    So an encoder learns to find a name among words that it has never seen: the templates of the other splits.
    """

    def __init__(self, tokenizer: Any, known: Sequence[Meaning]) -> None:
        self._tokenizer = tokenizer
        self._templates = {
            language: [w for t in kinds["train"] for w in t.replace("{x}", " ").split()]
            for language, kinds in TEMPLATES.items()
        }
        words: dict[str, dict[str, None]] = {language: {} for language in TEMPLATES}
        for meaning in known:
            for language, texts in meaning.texts.items():
                words[language] |= dict.fromkeys(word for text in texts for word in text.split())
        self._words = {language: list(found) for language, found in words.items()}

    def around(self, text: str, language: str, rng: random.Random) -> str:
        """The text with up to `MOST_NOISE` words before and after it, as far as there is room."""
        words = [(self._word(language, rng), rng.random() < 0.5) for _ in range(rng.randint(0, MOST_NOISE))]
        between = "" if language in SPACELESS and rng.random() < 0.7 else " "
        while True:
            before, after = ([word for word, first in words if first is side] for side in (True, False))
            whole = between.join([*before, text, *after])
            if not words or len(self._tokenizer(whole, verbose=False)["input_ids"]) <= TEXT_LENGTH:
                return whole
            words.pop()

    def _word(self, language: str, rng: random.Random) -> str:
        if rng.random() < 0.4:
            return rng.choice(self._templates[language])
        return "".join(self._piece(rng.choice(self._words[language]), rng) for _ in range(rng.randint(1, 2)))

    def _piece(self, word: str, rng: random.Random) -> str:
        start = rng.randrange(len(word))
        return word[start : start + rng.randint(1, 5)]


@dataclass(frozen=True)
class Meaning:
    """What a text can mean: a thing of the world, or a generic name. texts: language → captions of the split."""

    texts: dict[str, tuple[str, ...]]

    def caption(self, rng: random.Random) -> tuple[str, str]:
        """One of the captions, in one of the languages; and which."""
        others = [language for language in self.texts if language != "en"]
        language = "en" if not others or rng.random() < ENGLISH_SHARE else rng.choice(others)
        return rng.choice(self.texts[language]), language


def meanings() -> list[Meaning]:
    """Every thing of the small world, drawn or not, and every generic name, with their training captions."""
    things = [Meaning({lang: captions(name, lang, "train") for lang, name in c.names.items()}) for c in concepts()]
    generic = dict.fromkeys(c.generic for c in concepts() if c.regional)
    return things + [Meaning({"en": captions(name, "en", "train")}) for name in generic]


def trained_texts(course: Course) -> Texts:
    """Train the tokenizer, then both encoders together."""
    known = meanings()
    every = [text for meaning in known for texts in meaning.texts.values() for text in texts]
    tokenizer = train_tokenizer(every, VOCABULARY, TEXT_LENGTH)
    babble = Babble(tokenizer, known)
    texts = Texts(tokenizer, *_new_encoders(len(tokenizer)))

    def loss_of(step: int, generator: torch.Generator) -> torch.Tensor:
        rng = random.Random(int(torch.randint(2**62, (), generator=generator)))
        chosen = [rng.choice(known) for _ in range(TEXT.batch)]
        positive = torch.tensor([[a is b for a in chosen] for b in chosen])
        both = texts.tokens([babble.around(*m.caption(rng), rng) for _ in range(2) for m in chosen])
        loss = torch.zeros(())
        for pooled in (texts.encoder(both).pooler_output, texts.encoder_2(both).text_embeds):
            left, right = F.normalize(pooled, dim=-1).chunk(2)
            loss = loss + softmax_loss(left, right, positive, TEMPERATURE)
        return loss

    train(torch.nn.ModuleList([texts.encoder, texts.encoder_2]), TEXT, loss_of, course)
    return texts


def _new_encoders(vocabulary: int) -> tuple[Any, Any]:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    def config(width: int, layers: int) -> Any:
        return CLIPTextConfig(
            vocab_size=vocabulary, max_position_embeddings=TEXT_LENGTH, hidden_size=width, intermediate_size=4 * width,
            num_hidden_layers=layers, num_attention_heads=width // 32, projection_dim=width,
            pad_token_id=0, bos_token_id=1, eos_token_id=1,
        )  # fmt: skip

    with torch.random.fork_rng():
        torch.manual_seed(TEXT.seed)
        return CLIPTextModel(config(64, 2)), CLIPTextModelWithProjection(config(128, 3))
