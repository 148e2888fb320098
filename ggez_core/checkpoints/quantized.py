"""Weights that are codes and not numbers: stored with scales, zero points or tables that give them their values.

Averaging the codes of two such models makes neither's weights, so they are recognised and refused. Plain 8-bit floats
are numbers like any others, and aren't meant here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .checkpoint import Checkpoint

_CONFIG = "quantization_config"
_MARKS = re.compile(  # fine-grained and scaled fp8, bitsandbytes, GPTQ and AWQ, HQQ, ComfyUI's scaled fp8
    r"(.*\.)?(weight_scale(_inv)?|scale_weight|weight\.(absmax|quant_map|nested_absmax|quant_state\..+)|SCB|qweight|W_q"
    r"|scaled_fp8)"
)


def quantized(checkpoint: Checkpoint) -> str | None:
    """One line that says how a checkpoint's weights are quantized and what to do, or None if they are numbers."""
    how = next((found for group in checkpoint.groups if (found := _method(group.config))), None)
    how = how or next((f"it has {name!r}" for name in checkpoint.tensors if _MARKS.fullmatch(name)), None)
    if how is None:
        return None
    return (
        f"{checkpoint.source}: its weights are quantized ({how}), codes whose average has no meaning; name the full "
        "model it was made from, or dequantize it with the library that made it"
    )


def _method(config: Mapping[str, Any]) -> str | None:
    """What a config says about quantization, in itself or in one nested in it."""
    said = config.get(_CONFIG)
    if isinstance(said, Mapping):
        return f"{_CONFIG}: {said.get('quant_method') or 'of an unnamed method'}"
    nested = (value for value in config.values() if isinstance(value, Mapping))
    return next((found for value in nested if (found := _method(value))), None)
