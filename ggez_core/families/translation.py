"""Translation models of transformers (NLLB, M2M100 and their like): texts of one language in, of another out.

No family of its own: nothing of it is merged or previewed. What a language is called differs by model;
`LANGUAGE_TOKENS` are the spellings, of which the tokenizer knows one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..checkpoints import Checkpoint
from ..errors import CheckpointError, DataError
from .family import Placement, one_line
from .precision import of_transformers

AT_ONCE = 32  # texts in a batch
LANGUAGE_TOKENS = ("{nllb}", "__{m2m}__")
_ROOM = 16  # tokens that a translation may have beside twice its source's


@dataclass(frozen=True)
class Language:
    """A language as models call it. nllb: FLORES-200's code (`tha_Thai`). m2m: M2M100's (`th`)."""

    nllb: str
    m2m: str


class TranslationModel:
    """A loaded model with its tokenizer."""

    def __init__(self, source: str, model: Any, tokenizer: Any, beams: int) -> None:
        self.source, self.model, self.tokenizer, self.beams = source, model, tokenizer, beams

    @property
    def longest(self) -> int:
        """How many tokens a text may have."""
        return int(min(self.tokenizer.model_max_length, getattr(self.model.config, "max_position_embeddings", 10**9)))

    def token_of(self, language: Language) -> str:
        """How the tokenizer spells a language. Raises DataError where it doesn't know it."""
        spellings = [form.format(nllb=language.nllb, m2m=language.m2m) for form in LANGUAGE_TOKENS]
        unknown = self.tokenizer.unk_token_id
        ids = [self.tokenizer.convert_tokens_to_ids(spelling) for spelling in spellings]
        found = next((spelling for spelling, at in zip(spellings, ids, strict=True) if at not in (None, unknown)), None)
        if found is None:
            raise DataError(
                f"{self.source} knows no language {language.nllb} ({', '.join(spellings)}); choose another model for it"
            )
        return found

    def translate(self, texts: Sequence[str], source: Language, target: Language) -> list[str | None]:
        """Translations in the texts' order; None for a text that is too long for the model.

        Texts of like length are translated together; the likeliest of `beams` beams is taken. Raises DataError where
        the model doesn't know a language.
        """
        import torch

        begin = self.tokenizer.convert_tokens_to_ids(self.token_of(target))
        self.tokenizer.src_lang = self.token_of(source).strip("_")
        tokens = self.tokenizer(list(texts))["input_ids"] if texts else []
        found: list[str | None] = [None] * len(texts)
        order = sorted((i for i in range(len(texts)) if len(tokens[i]) <= self.longest), key=lambda i: len(tokens[i]))
        for start in range(0, len(order), AT_ONCE):
            some = order[start : start + AT_ONCE]
            batch = self.tokenizer.pad({"input_ids": [tokens[i] for i in some]}, return_tensors="pt")
            most = min(2 * max(len(tokens[i]) for i in some) + _ROOM, self.longest)
            with torch.inference_mode():
                said = self.model.generate(
                    **{k: v.to(self.model.device) for k, v in batch.items()},
                    forced_bos_token_id=begin, num_beams=self.beams, do_sample=False, max_new_tokens=most,
                    max_length=None,
                )  # fmt: skip
            for i, text in zip(some, self.tokenizer.batch_decode(said, skip_special_tokens=True), strict=True):
                found[i] = str(text).strip()
        return found


def load_translator(checkpoint: Checkpoint, placement: Placement, beams: int = 4) -> TranslationModel:
    """Load the checkpoint's model and tokenizer. Raises CheckpointError for what isn't a whole translation model."""
    import transformers

    folder = str(checkpoint.folder)
    try:
        model, report = transformers.AutoModelForSeq2SeqLM.from_pretrained(
            folder, dtype=of_transformers(checkpoint, placement), local_files_only=True, trust_remote_code=False,
            output_loading_info=True,
        )  # fmt: skip
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, RuntimeError, KeyError, ImportError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{checkpoint.source} can't be loaded as a translation model: {one_line(error)}"
        ) from error
    if report["missing_keys"]:
        raise CheckpointError(f"{checkpoint.source} lacks {len(report['missing_keys'])} weights; is it a whole model?")
    return TranslationModel(checkpoint.source, model.eval().to(placement.device or "cpu"), tokenizer, beams)
