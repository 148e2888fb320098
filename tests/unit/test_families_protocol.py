"""Nothing outside `families/` asks which family it has: what a model can be asked, its family says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ggez_core
import workbench
from ggez_core import families
from ggez_core.families.diffusion import DiffusionModel
from ggez_core.families.embedding import EmbeddingModel
from ggez_core.families.vision_language import VisionLanguageModel

ASKS = (
    r"family\w*(\([^()]*\))?\)*\.name\s*(==|!=|in\b|not in\b)\s*[\"'(\[{]",  # family.name == "lvlm"
    r"[\"']\s*(==|!=)\s*\S*family\w*(\([^()]*\))?\.name",
    r"\bfamily\s*(==|!=)\s*[\"']",
    r"(isinstance|issubclass)\([^()]+,[^)]*(EmbeddingModel|VisionLanguageModel|DiffusionModel)",
    r"match\s+\S*family",
)


def asking(code: str) -> list[str]:
    """The places in some code where it asks which family it has."""
    return [found[0] for pattern in ASKS for found in re.finditer(pattern, code)]


def test_nothing_outside_families_asks_which_family_it_has() -> None:
    files = [
        path
        for package in (ggez_core, workbench)
        for path in Path(str(package.__file__)).parent.rglob("*.py")
        if "families" not in path.parts
    ]
    assert len(files) > 100
    assert {str(path): found for path in files if (found := asking(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize(
    "code",
    ['if (family := family_of(checkpoint)).name != "lvlm":', 'if pair.family.name in ("a", "b"):',
     "if isinstance(model, EmbeddingModel):", 'if family == "diffusion":', 'if "lvlm" == family.name:',
     "match pair.family:"],
)  # fmt: skip
def test_such_a_question_would_be_found(code: str) -> None:
    assert asking(code)


def test_a_family_says_what_its_models_do() -> None:
    assert {family.name: family.does for family in families.families()} == {
        "embedding": "embeds", "lvlm": "answers", "diffusion": "draws",
    }  # fmt: skip
    assert {"embeds": EmbeddingModel, "answers": VisionLanguageModel, "draws": DiffusionModel} == {
        model.does: model for model in (EmbeddingModel, VisionLanguageModel, DiffusionModel)
    }
