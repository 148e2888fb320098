"""Large vision-language models (Gemma-3, Qwen2.5-VL, PaliGemma 2, SmolVLM, …): an image and a question, an answer.

Any class that transformers loads as image-text-to-text, through its own processor; no code of a repository is run, and
only safetensors are read.
"""

from __future__ import annotations

from typing import Any

from ..checkpoints import Checkpoint
from ..errors import CheckpointError
from .family import Family, Placement, one_line
from .precision import of_transformers
from .prompts import Prompting, prompting_of
from .vision_language import Prepared, VisionLanguageModel
from .visual_questions import VisualAnswer, VisualQuestion

__all__ = ["FAMILY", "Prepared", "VisionLanguageModel", "VisualAnswer", "VisualQuestion", "is_lvlm", "load_lvlm"]

KNOWN = "Gemma-3, Qwen2.5-VL, PaliGemma, SmolVLM and what else transformers loads as image-text-to-text"


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
            dtype=of_transformers(checkpoint, where),
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
        raise CheckpointError(f"{checkpoint.source} {what}: {one_line(error)}") from error
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


FAMILY = Family("lvlm", "answers", KNOWN, is_lvlm, load_lvlm, pipeline_tag="image-text-to-text")
