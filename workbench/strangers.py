"""What visitors of a shared page may name: shipped models and repositories of the Hub, nothing of this machine.

Used wherever a visitor's text becomes a source of models or data; which of them a Space allows is another question.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ggez_core.assets import DEMO_PREFIX
from ggez_core.checkpoints.sources import HUB_PREFIX, is_hub_id
from ggez_core.errors import DataError, SourceError

_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,79}")
_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN")
_DATA_SETS = "name a data set of the Hub (owner/name), or curate your own on your machine"


def of_the_hub(name: str) -> bool:
    """Whether a name is `owner/name` or `owner/name@revision`: no address, no path, nothing that climbs."""
    repo, at, revision = name.partition("@")
    return is_hub_id(repo) and (not at or (bool(_REVISION.fullmatch(revision)) and ".." not in revision))


def checkpoint(name: str) -> str:
    """A checkpoint's name, such that a folder of this machine that is called alike isn't taken for it.

    Raises SourceError for anything but a shipped checkpoint or a Hub id.
    """
    name = name.strip()
    if not name or name.startswith(DEMO_PREFIX):
        return name
    repo = name.removeprefix(HUB_PREFIX)
    if not of_the_hub(repo):
        raise SourceError(
            f"{name[:80]!r}: folders and files of this machine aren't opened for visitors; name a demo: checkpoint "
            "or a Hub id (owner/name)"
        )
    return HUB_PREFIX + repo


def check_data(data: str, demo: str) -> None:
    """Raise DataError for data that is neither the small world, called `demo`, nor a data set of the Hub."""
    if data != demo and not of_the_hub(data):
        raise DataError(f"{data[:80]!r}: files of this machine aren't read for visitors; {_DATA_SETS}")


def check_reward(reward: str) -> None:
    """Raise DataError for a reward that isn't the similarity under a shipped model or one of the Hub.

    Other kinds take the address of a server, and the name of the variable that holds its key.
    """
    key, _, model = reward.partition("=")
    theirs = model.startswith(DEMO_PREFIX) or (of_the_hub(model) and not Path(model).exists())
    if reward and (key != "model" or "," in model or not theirs):
        raise DataError(f"{reward[:80]!r}: no such reward is had by visitors; write model=demo:siglip/sea")


def forget_tokens() -> None:
    """Take the operator's token out of this process and of those it starts: with it, visitors would open, by naming
    them, repositories that are private to the operator. A visitor who pushes does so by an own login."""
    for name in _TOKENS:
        os.environ.pop(name, None)
