"""What an open_clip checkpoint only names of transformers: the config of its text tower, and its tokenizer.

Both are looked for beside the weights first, then in a folder of that name, then in the Hub's cache; the Hub is asked
only for a checkpoint that comes from there itself. Only small text files are read, never weights or code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..checkpoints import Checkpoint
from ..errors import CheckpointError

_CONFIG = ("config.json",)
TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "vocab.txt", "merges.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model",
)  # fmt: skip


def text_tower(checkpoint: Checkpoint, text: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a text tower, naming a folder where a tower of transformers is described, and no weights of it.

    Raises CheckpointError where that description is nowhere, or would need code that isn't in transformers.
    """
    if not text.get("hf_model_name"):
        return dict(text)
    folder = _folder(checkpoint, str(text["hf_model_name"]), _CONFIG, "the config of its text tower")
    _refuse_custom_code(checkpoint, folder / "config.json")
    return {**text, "hf_model_name": str(folder), "hf_model_pretrained": False}


def tokenizer_folder(checkpoint: Checkpoint, name: str) -> Path:
    """The folder of the tokenizer's files. Raises CheckpointError where they are nowhere."""
    return _folder(checkpoint, name, TOKENIZER_FILES, "its tokenizer")


def _folder(checkpoint: Checkpoint, name: str, files: tuple[str, ...], what: str) -> Path:
    for folder in (checkpoint.folder, checkpoint.folder / name):
        if any((folder / file).is_file() for file in files):
            return folder
    found = _of_hub(name, files, download=False)
    if found is None and checkpoint.revision is not None:
        found = _of_hub(name, files, download=True)
    if found is None:
        raise CheckpointError(
            f"{checkpoint.source}: {what} is {name!r}, which isn't here; put that model's "
            f"{'config.json' if files == _CONFIG else 'tokenizer files'} beside the weights"
        )
    return found


def _of_hub(name: str, files: tuple[str, ...], *, download: bool) -> Path | None:
    """The snapshot of a Hub repository with any of the files, from the cache or, with `download`, from the Hub."""
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(name, allow_patterns=list(files), local_files_only=not download))
    except Exception:  # not there, no such name, no network: all the same to the caller
        return None
    return folder if any((folder / file).is_file() for file in files) else None


def _refuse_custom_code(checkpoint: Checkpoint, config: Path) -> None:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    try:
        kind = json.loads(config.read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{config}: can't be read as JSON ({error}); download it again") from None
    if kind not in CONFIG_MAPPING_NAMES:
        raise CheckpointError(
            f"{checkpoint.source}: its text tower is a {kind!r}, which isn't in transformers; code of another "
            "repository is never executed here"
        )
