"""The demo Gemma-3's processor: Gemma-3's special tokens and chat template, a small byte-level BPE, 48-pixel images.

Any text of any script can be tokenized. Words are split at spaces and line breaks only, since character-class rules cut
Thai, Lao, Khmer, Burmese and Tamil apart at vowel signs; an option's letter ("A. ") is a piece of its own, so that
an option is tokenized as the same answer is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...families.prompts import ANSWER_WITH_LETTER
from ..world.asking import QUESTIONS
from ..world.dataset import IMAGE_SIZE
from ..world.registry import concepts
from ..world.words import ASPECT_NAMES, COLOR_NAMES, COUNTRY_NAMES

IMAGE_TOKENS = 9
LENGTH = 512  # tokens
SPECIAL = (
    "<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<end_of_image>",
    "<image_soft_token>",
)  # fmt: skip
PIECES = r"\n+|[A-Z]\. | ?[^ \n]+| +"
CHAT_TEMPLATE = """{{ bos_token }}{% for message in messages %}\
<start_of_turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}
{% if message['content'] is string %}{{ message['content'] | trim }}{% else %}{% for item in message['content'] %}\
{% if item['type'] == 'image' %}<start_of_image>{% else %}{{ item['text'] | trim }}{% endif %}{% endfor %}{% endif %}\
<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}"""


def train_processor(texts: Iterable[str], vocabulary: int) -> Any:
    """A `Gemma3Processor` whose tokenizer has at most `vocabulary` entries, learnt from `texts`."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import Gemma3ImageProcessor, Gemma3Processor, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PIECES), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair=None, special_tokens=[("<bos>", tokenizer.token_to_id("<bos>"))]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", unk_token="<unk>",
        extra_special_tokens={
            "boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>",
        },
        padding_side="left",
        model_max_length=LENGTH,
    )  # fmt: skip
    size = {"height": IMAGE_SIZE, "width": IMAGE_SIZE}
    return Gemma3Processor(
        Gemma3ImageProcessor(size=size), fast, chat_template=CHAT_TEMPLATE, image_seq_length=IMAGE_TOKENS
    )


def tokenizer_texts() -> list[str]:
    """What the tokenizer learns from: every answer, and the questions' training wordings."""
    answers = [name for c in concepts() for name in (*c.names.values(), c.generic)]
    answers += [
        word for table in (COUNTRY_NAMES, ASPECT_NAMES, COLOR_NAMES) for row in table.values() for word in row.values()
    ]
    asked = [text for kinds in QUESTIONS.values() for splits in kinds.values() for text in splits["train"]]
    return [
        *answers * 3,
        *asked,
        *(f"{letter}. 1\n\n\n2\n\n3\n4" for letter in "ABCD" * 20),
        *["user", "model", ANSWER_WITH_LETTER] * 20,
    ]
