"""The text encoder of an embedding checkpoint as its files describe it: layers, table of tokens, and their configs.

Found by the names that libraries give them, so a smaller encoder can be written from the checkpoint alone, tensor by
tensor. Used to build students.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..checkpoints import Checkpoint
from ..errors import CheckpointError
from .embedding import EmbeddingModel
from .embedding_kinds import OPEN_CLIP
from .embedding_towers import TOKENIZER_FILES, text_tower

_LAYER = re.compile(r"(?P<stack>(?:.+\.)?(?:layers|layer|resblocks))\.(?P<number>\d+)\.(?P<rest>.+)")
_TABLES = ("token_embedding.weight", "word_embeddings.weight", "embed_tokens.weight")
_IDS = ("pad_token_id", "bos_token_id", "eos_token_id", "sep_token_id", "cls_token_id")
Renumber = Callable[[int], int | None]
"""The new id of a token, None where it is gone."""


@dataclass(frozen=True)
class TextEncoder:
    """Where a checkpoint keeps its text encoder. stack: what all its layers' names begin with. table: of its tokens."""

    checkpoint: Checkpoint
    names: tuple[str, ...]
    stack: str
    depth: int
    table: str

    @classmethod
    def of(cls, checkpoint: Checkpoint, model: EmbeddingModel) -> TextEncoder:
        """The text encoder of a checkpoint and the model loaded from it.

        Raises CheckpointError where its names don't say which its layers and its table are.
        """
        found = [n for c in model.text_components for n in checkpoint.components.get(c, ())]
        layers = [match for name in found if (match := _LAYER.fullmatch(name))]
        stacks = sorted({match["stack"] for match in layers})
        tables = [name for name in found if name.endswith(_TABLES)]
        if len(stacks) != 1 or len(tables) != 1:
            raise CheckpointError(
                f"{checkpoint.source}: its text encoder has {len(stacks)} stacks of layers and {len(tables)} tables of "
                "tokens under names that are known, where one of each was due; it can't be made smaller here"
            )
        return cls(checkpoint, tuple(found), stacks[0], 1 + max(int(m["number"]) for m in layers), tables[0])

    @property
    def vocabulary(self) -> int:
        """Rows of the table."""
        return self.checkpoint.tensors[self.table].shape[0]

    @cached_property
    def parameters(self) -> int:
        """Numbers in all its tensors."""
        return sum(self.checkpoint.tensors[name].size for name in self.names)

    @property
    def embedding_share(self) -> float:
        """Of all parameters, those of the table."""
        return self.checkpoint.tensors[self.table].size / self.parameters

    def renamed(self, name: str, layers: Sequence[int]) -> str | None:
        """A tensor's name where only these layers are left; None where it goes with its layer."""
        match = _LAYER.fullmatch(name) if name in self.names else None
        if match is None or match["stack"] != self.stack:
            return name
        number = int(match["number"])
        return f"{self.stack}.{layers.index(number)}.{match['rest']}" if number in layers else None

    def configs(self, layers: Sequence[int], vocabulary: int, renumber: Renumber) -> dict[str, bytes]:
        """The configs of the checkpoint with so many layers and tokens, by their names in a copy's folder."""
        if self.checkpoint.layout == OPEN_CLIP:
            found = self._open_clip(layers, vocabulary, renumber)
        else:
            config = copy.deepcopy(dict(self.checkpoint.config))
            given = config.get("text_config") or {}
            config["text_config"] = _smaller(given, self._defaults(), layers, vocabulary, renumber)
            found = {"config.json": config}
        return {
            name: (json.dumps(config, indent=2, ensure_ascii=False) + "\n").encode() for name, config in found.items()
        }

    def _open_clip(self, layers: Sequence[int], vocabulary: int, renumber: Renumber) -> dict[str, Any]:
        config = copy.deepcopy(dict(self.checkpoint.config))
        text = config["model_cfg"]["text_cfg"]
        if not text.get("hf_model_name"):
            text |= {"layers": len(layers), "vocab_size": vocabulary}
            text |= {key: renumber(text[key]) for key in ("pad_id", "eos_id") if isinstance(text.get(key), int)}
            return {"open_clip_config.json": config}
        tower = json.loads(_tower_config(self.checkpoint, text))
        return {
            "open_clip_config.json": config,
            "config.json": _smaller(tower, tower, layers, vocabulary, renumber),
        }

    def _defaults(self) -> Mapping[str, Any]:
        """The config of the text tower with everything that its file leaves to the library."""
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(str(self.checkpoint.folder), local_files_only=True, trust_remote_code=False)
        whole: dict[str, Any] = config.text_config.to_dict()
        return whole


def without_tokenizer(side: Mapping[str, bytes]) -> dict[str, bytes]:
    """Small files beside the weights without those of the tokenizer."""
    return {name: content for name, content in side.items() if name not in TOKENIZER_FILES}


def tokenizer_files(tokenizer: Any, document: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a transformers tokenizer that is as the given one is around its tokenizer.json, which is `document`.

    Of the class that reads a tokenizer.json as it is: other classes build parts of theirs themselves.
    """
    import tempfile
    from pathlib import Path

    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    around = {
        name: getattr(tokenizer, name)
        for name in ("model_max_length", "padding_side", "truncation_side", "model_input_names")
    }
    special = {name: str(token) for name, token in tokenizer.special_tokens_map.items() if isinstance(token, str)}
    made = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(document)), **special, **around)
    with tempfile.TemporaryDirectory() as folder:
        made.save_pretrained(folder)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def _smaller(
    given: Mapping[str, Any], whole: Mapping[str, Any], layers: Sequence[int], vocabulary: int, renumber: Renumber
) -> dict[str, Any]:
    """A transformers config of a text encoder with fewer layers and tokens.

    An id whose token is gone was never used (published configs have such ones): the padding's takes its place.
    """
    pad = whole.get("pad_token_id")
    found = {**given, "num_hidden_layers": len(layers), "vocab_size": vocabulary}
    for key in _IDS:
        if isinstance(old := whole.get(key), int):
            new = renumber(old)
            found[key] = new if new is not None else (renumber(pad) if isinstance(pad, int) else None) or 0
    if isinstance(kinds := whole.get("layer_types"), list):
        found["layer_types"] = [kinds[number] for number in layers]
    return found


def _tower_config(checkpoint: Checkpoint, text: Mapping[str, Any]) -> str:
    from pathlib import Path

    return (Path(text_tower(checkpoint, text)["hf_model_name"]) / "config.json").read_text(encoding="utf-8")
