"""Two spellings of a Stable Diffusion UNet: diffusers' module names, and those of the original checkpoints.

Adapters are trained on either and merged into either. The numbering depends on nothing but the number of residual
blocks a level, which is two in every published UNet.
"""

from __future__ import annotations

from collections.abc import Iterator

_LAYERS = 2
_LEVELS = 4
_STEM = (
    ("conv_in", "input_blocks.0.0"),
    ("time_embedding.linear_1", "time_embed.0"),
    ("time_embedding.linear_2", "time_embed.2"),
    ("add_embedding.linear_1", "label_emb.0.0"),
    ("add_embedding.linear_2", "label_emb.0.2"),
    ("conv_norm_out", "out.0"),
    ("conv_out", "out.2"),
    ("mid_block.resnets.0", "middle_block.0"),
    ("mid_block.attentions.0", "middle_block.1"),
    ("mid_block.resnets.1", "middle_block.2"),
)
_RESNET = (
    ("norm1", "in_layers.0"),
    ("conv1", "in_layers.2"),
    ("time_emb_proj", "emb_layers.1"),
    ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"),
    ("conv_shortcut", "skip_connection"),
)


def _blocks() -> Iterator[tuple[str, str]]:
    """Pairs of block prefixes, diffusers' and the original; of an original one that is ambiguous, each reading."""
    yield from _STEM
    for level in range(_LEVELS):
        for layer in range(_LAYERS + 1):
            down = f"input_blocks.{(_LAYERS + 1) * level + layer + 1}"
            up = f"output_blocks.{(_LAYERS + 1) * level + layer}"
            if layer < _LAYERS:
                yield f"down_blocks.{level}.resnets.{layer}", f"{down}.0"
                yield f"down_blocks.{level}.attentions.{layer}", f"{down}.1"
            else:
                yield f"down_blocks.{level}.downsamplers.0.conv", f"{down}.0.op"
                yield f"up_blocks.{level}.upsamplers.0.conv", f"{up}.1.conv"
                yield f"up_blocks.{level}.upsamplers.0.conv", f"{up}.2.conv"
            yield f"up_blocks.{level}.resnets.{layer}", f"{up}.0"
            yield f"up_blocks.{level}.attentions.{layer}", f"{up}.1"


_BLOCKS = tuple(sorted(_blocks(), key=lambda pair: -len(pair[1])))


def to_original(module: str) -> Iterator[str]:
    """The original spellings of a module that diffusers calls `module`; two where they depend on its neighbours."""
    for ours, original in _BLOCKS:
        if module == ours or module.startswith(ours + "."):
            yield original + _inner(module.removeprefix(ours), ours, forward=True)


def to_diffusers(module: str) -> str | None:
    """What diffusers calls a module of an original checkpoint; None for one it hasn't."""
    for ours, original in _BLOCKS:
        if module == original or module.startswith(original + "."):
            return ours + _inner(module.removeprefix(original), ours, forward=False)
    return None


def _inner(rest: str, block: str, *, forward: bool) -> str:
    if ".resnets." not in block:
        return rest
    for ours, original in _RESNET:
        old, new = (ours, original) if forward else (original, ours)
        if rest == f".{old}":
            return f".{new}"
    return rest
