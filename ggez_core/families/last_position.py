"""A text tower that pools its last position: its last layer computes that position alone.

Every other output of that layer is thrown away, and with it five sixths of the layer's arithmetic: keys and values are
wanted of all positions, queries, the output and the feed-forward of one. The vectors are the same up to rounding. In a
student of one layer that is most of a step, in one of six a seventh.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

_POOLS_LAST = ("siglip_text_model", "siglip2_text_model")


def last_position_alone(tower: Any) -> None:
    """Set it up in a text tower of transformers, once; one that pools otherwise is left as it is.

    In place, without a change of parameters' names. Hidden states of all positions can't be had afterwards.
    """
    if getattr(tower.config, "model_type", "") not in _POOLS_LAST:
        return
    last = tower.encoder.layers[-1]
    if "forward" not in vars(last):
        last.forward = partial(_forward, last)


def _forward(layer: Any, hidden_states: torch.Tensor, attention_mask: torch.Tensor | None, **others: Any) -> Any:
    """The last position after the layer: (n, 1, width), of (n, length, width) before it."""
    if attention_mask is not None:  # SigLIP looks at its padding, so there is none unless somebody gives one
        return type(layer).forward(layer, hidden_states, attention_mask, **others)
    attention, normed = layer.self_attn, layer.layer_norm1(hidden_states)
    query, key, value = (
        projected.unflatten(-1, (attention.num_heads, attention.head_dim)).transpose(1, 2)
        for projected in (attention.q_proj(normed[:, -1:]), attention.k_proj(normed), attention.v_proj(normed))
    )
    dropout = attention.dropout if layer.training else 0.0
    found = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, dropout_p=dropout, scale=attention.scale
    )
    hidden = hidden_states[:, -1:] + attention.out_proj(found.transpose(1, 2).flatten(-2))
    return hidden + layer.mlp(layer.layer_norm2(hidden))
