"""The demo's tokenizer: byte-level BPE trained on the small world's training captions.

Any text of any script can be tokenized (bytes are the alphabet); text is lower-cased and NFC-normalised first. Words
are split at spaces only, since character-class rules cut Thai, Lao, Khmer, Burmese and Tamil apart at vowel signs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def train_tokenizer(
    texts: Iterable[str], vocabulary: int, length: int, start: str | None = None
) -> PreTrainedTokenizerFast:
    """A tokenizer of at most `vocabulary` entries; texts end with `</s>` and are padded with `<pad>` to `length`.

    start: a token that every text begins with.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(" ", "merged_with_next"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=["<pad>", "</s>", *([start] if start else [])],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    around = ["</s>", *([start] if start else [])]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A </s>" if start else "$A </s>",
        pair=None,
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in around],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        bos_token=start,
        model_max_length=length,
        model_input_names=["input_ids"],
    )
