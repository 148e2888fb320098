"""What went into a merge, as the models' own cards tell it: licence, languages, what they are made from.

A licence that no card states is unknown, and nothing else. Cards are read from the models' folders and, for Hub ids,
at the recorded commit from the cache or the Hub.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..assets import DEMO_PREFIX
from ..checkpoints.sources import HUB_PREFIX, is_hub_id
from ..merging import Recipe

log = logging.getLogger(__name__)

CARD = "README.md"
DEMO_LICENSE = "apache-2.0"  # the shipped checkpoints are part of this package, and under its LICENSE
PERMISSIVE = frozenset({
    "0bsd", "afl-3.0", "apache-2.0", "artistic-2.0", "bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear",
    "bsl-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc0-1.0", "ecl-2.0", "isc", "mit", "ms-pl", "ncsa",
    "odc-by", "pddl", "postgresql", "unlicense", "wtfpl", "zlib",
})  # fmt: skip
"""Licences, as the Hub spells them, that allow merging and passing on as long as their notices are kept."""
_LARGEST = 4 << 20  # bytes of a card that are read


@dataclass(frozen=True)
class Parent:
    """One of the models that were merged, as its card describes it; empty where there is no card or it doesn't say.

    role: base, regional or model. hub_id: of the Hub, without the commit, which is `revision`. grams: of CO₂eq that its
    card states for its training.
    """

    source: str
    role: str
    hub_id: str | None = None
    revision: str | None = None
    license: str | None = None
    license_name: str | None = None
    license_link: str | None = None
    languages: tuple[str, ...] = ()
    pipeline_tag: str | None = None
    library_name: str | None = None
    base_models: tuple[str, ...] = ()
    grams: float | None = None

    @property
    def permissive(self) -> bool:
        """Whether its licence is known to allow passing a merge on."""
        return self.license in PERMISSIVE

    @property
    def shown(self) -> str:
        """Its name for strangers: the Hub's, or the last part of a folder of this machine."""
        return self.source if self.hub_id or self.source.startswith(DEMO_PREFIX) else Path(self.source).name

    @property
    def warning(self) -> str | None:
        """What has to be settled before a merge with it is passed on; None where nothing is."""
        if self.license is None:
            return f"{self.shown}: its licence isn't known (no model card states one); find out before publishing"
        if not self.permissive:
            name = self.license_name or self.license
            return (
                f"{self.shown}: its licence ({name}) isn't a permissive one; read what it asks of models made from it "
                "before publishing"
            )
        return None


def parents(recipe: Recipe) -> tuple[Parent, ...]:
    """The models of a recipe, the base first; each once, and an adapter (`model+adapter`) apart from its model."""
    regional = "regional" if recipe.regional_model else "model"
    named = [(recipe.base, "base"), *((entry.model, regional) for entry in recipe.entries)]
    roles: dict[str, str] = {}
    for source, role in named:
        parts = [source] if Path(source).exists() else source.split("+")
        for part in parts:
            roles.setdefault(part, role)
    return tuple(_parent(source, role) for source, role in roles.items())


def common_license(found: Sequence[Parent]) -> str | None:
    """The licence that all have; None where they differ, one is unknown, or it is called `other`."""
    licenses = {parent.license for parent in found}
    (only,) = licenses if len(licenses) == 1 else (None,)
    return None if only == "other" else only


def _parent(source: str, role: str) -> Parent:
    if source.startswith(DEMO_PREFIX):
        return Parent(source, role, license=DEMO_LICENSE)
    repo, _, revision = source.removeprefix(HUB_PREFIX).partition("@")
    on_disk = Path(source).expanduser()
    if on_disk.exists() or not is_hub_id(repo):
        said = _card(on_disk / CARD if on_disk.is_dir() else on_disk.parent / CARD)
        repo_id = None
    else:
        said = _from_hub(repo, revision or None)
        repo_id = repo
    emissions = said.get("co2_eq_emissions")
    return Parent(
        source, role, repo_id, (revision or None) if repo_id else None,
        license=(_text(said.get("license")) or "").lower() or None,
        license_name=_text(said.get("license_name")),
        license_link=_text(said.get("license_link")),
        languages=_texts(said.get("language")),
        pipeline_tag=_text(said.get("pipeline_tag")),
        library_name=_text(said.get("library_name")),
        base_models=tuple(name for name in _texts(said.get("base_model")) if is_hub_id(name)),
        grams=_number(emissions.get("emissions") if isinstance(emissions, Mapping) else emissions),
    )  # fmt: skip


def _card(path: Path) -> Mapping[str, Any]:
    """The front matter of a card; empty where there is no card, or none that can be read."""
    import yaml
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    from ..written import load_yaml

    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            found = REGEX_YAML_BLOCK.search(file.read(_LARGEST))
        said = load_yaml(found.group(2)) if found else None
    except (OSError, yaml.YAMLError, RecursionError, ValueError) as error:
        if path.exists():
            log.warning("%s: can't be read as a model card (%s)", path, " ".join(str(error).split())[:200])
        return {}
    return said if isinstance(said, dict) else {}


def _from_hub(repo: str, revision: str | None) -> Mapping[str, Any]:
    """The front matter of a card on the Hub; empty where there is none, or the Hub can't be asked."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    try:
        return _card(Path(hf_hub_download(repo, CARD, revision=revision)))
    except EntryNotFoundError:
        return {}
    except Exception as error:  # whatever the client raises without a network: the licence stays unknown
        log.warning("%s: its model card can't be read now (%s)", repo, type(error).__name__)
        return {}


def _text(value: object) -> str | None:
    if isinstance(value, list) and len(value) == 1:
        return _text(value[0])
    return value.strip()[:200] or None if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(text for one in found[:200] if (text := _text(one))))


def _number(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return float(value) if known else None  # type: ignore[arg-type]
