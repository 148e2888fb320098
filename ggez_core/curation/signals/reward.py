"""How well a caption and its picture belong together, by a reward model (`rewards`); `--min-reward 3` keeps 3 and more.

`reward:model=demo:siglip/sea` measures similarity; `reward:by=lvlm,model=CodeGoat24/UnifiedReward-qwen-7b` and
`reward:by=endpoint,url=http://localhost:8000/v1,model=NAME` ask a model for a score from 1 to 5. What can't be scored
(no picture, no caption, a silent server, an answer without a score) has no reward, and `reward_error` says why.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from ...errors import DataError
from ..rewards import RewardModel, made
from ..signal import Batch, Column

DEMO = "demo:siglip/sea"


@dataclass(frozen=True)
class Reward:
    """by: a kind of `rewards.KINDS`. model: its source or name; similarity takes the small world's model by default.

    answer: how a vision-language model is asked, written or expected. url, key (the environment variable that holds
    it), timeout in seconds, tries, at_once: of an endpoint.
    """

    by: str = "similarity"
    model: str = ""
    answer: str = "written"
    url: str = ""
    key: str = "OPENAI_API_KEY"
    timeout: float = 60.0
    tries: int = 5
    at_once: int = 16

    name = "reward"
    columns = (
        Column("reward", "float", "how well picture and caption belong together, on the reward model's scale"),
        Column("reward_raw", "float", "what the reward was computed from: a cosine"),
        Column("reward_error", "str", "why there is no reward"),
    )

    def __post_init__(self) -> None:
        self.reward_model  # noqa: B018  (settings that can't be are refused at once)

    @property
    def reward_model(self) -> RewardModel:
        """The model behind it, not loaded yet."""
        settings = dataclasses.asdict(self)
        kind = settings.pop("by")
        if kind == "similarity":
            settings["model"] = self.model or DEMO
        return made(kind, settings)

    @property
    def scale(self) -> str:
        """What a reward means, in words."""
        return self.reward_model.scale

    @property
    def fingerprint(self) -> str:
        """Of the model and how it is asked."""
        return self.reward_model.version

    def measure(self, batch: Batch) -> dict[str, list[Any]]:
        """The columns."""
        errors = [_lacks(batch, row) for row in range(len(batch))]
        rows = [row for row, error in enumerate(errors) if not error]
        values: list[float | None] = [None] * len(batch)
        raw: list[float | None] = [None] * len(batch)
        scored = self.reward_model.score(batch, rows) if rows else []
        if len(scored) != len(rows):
            raise DataError(f"reward by={self.by}: gave {len(scored)} scores for {len(rows)} rows")
        for row, found in zip(rows, scored, strict=True):
            values[row], raw[row], errors[row] = found.value, found.raw, found.why
        return {"reward": values, "reward_raw": raw, "reward_error": [error or None for error in errors]}


def _lacks(batch: Batch, row: int) -> str:
    if batch.images[row] is None:
        return "no picture"
    return "" if (batch.texts[row] or "").strip() else "no caption"


SIGNAL = Reward
