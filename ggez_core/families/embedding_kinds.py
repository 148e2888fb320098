"""Which embedding models of transformers are known, and how each one's texts are prepared."""

from __future__ import annotations

from dataclasses import dataclass

OPEN_CLIP = "open_clip"  # a layout of its own: its config says all that is said here


@dataclass(frozen=True)
class Kind:
    """One type of model: its name, its class in transformers, and whether texts are lower-cased and always padded.

    pad_to_full_length: else texts are padded to the longest one of those prepared together.
    """

    title: str
    model: str
    lower_case: bool = False
    pad_to_full_length: bool = False


# SigLIP pools the last position, so texts are always padded to the full length (64). Its own tokenizer lower-cases, and
# SigLIP2's was trained on lower-cased text though its first published tokenizers don't do it: lower-casing is right for
# both. The others pool the end token, the first token or the tokens of the attention mask: padding to the longest text
# is enough.
KINDS = {
    "siglip": Kind("SigLIP", "SiglipModel", lower_case=True, pad_to_full_length=True),
    "siglip2": Kind("SigLIP2", "Siglip2Model", lower_case=True, pad_to_full_length=True),
    "clip": Kind("CLIP", "CLIPModel"),
    "metaclip_2": Kind("MetaCLIP 2", "MetaClip2Model"),
    "altclip": Kind("AltCLIP", "AltCLIPModel"),
    "chinese_clip": Kind("Chinese-CLIP", "ChineseCLIPModel"),
    "vision-text-dual-encoder": Kind("VisionTextDualEncoder", "VisionTextDualEncoderModel"),
}
