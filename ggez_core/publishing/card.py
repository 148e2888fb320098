"""Writes the model card of a merge's folder: front matter in the Hub's form, and the text between two markers.

What a person wrote into the README.md stays: outside the markers all of it, and of the front matter what isn't a fact
of the merge. A README.md without markers is never touched unless that is asked for.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checkpoints import Checkpoint, open_checkpoint
from ..checkpoints.output import write_file
from ..errors import DataError, OutputError
from ..evaluation.rows import Score
from ..families import families, loading_code
from ..markdown import one_line
from ..merging import Recipe
from ..merging.to_disk import RECIPE_FILE
from .cost import Cost, Power, merge_cost, run_cost
from .lineage import CARD, Parent, common_license, parents
from .picture import curve_png
from .results import Results, results
from .text import Known, body

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

log = logging.getLogger(__name__)

BEGIN, END = "<!-- ggez card: begin -->", "<!-- ggez card: end -->"
PICTURE = "card/scores-over-beta.png"
FACTS = ("base_model", "base_model_relation", "model-index")  # of the merge; the rest of front matter is a person's
EMISSIONS, ESTIMATED = "co2_eq_emissions", "estimated by ggez card"
_LANGUAGE = re.compile(r"[a-z]{2,3}")  # what the Hub takes: ISO 639-1, -2 and -3
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}")
_LIBRARIES = {"transformers": "transformers", "diffusers": "diffusers", "open_clip": "open_clip"}  # by layout


@dataclass(frozen=True)
class Card:
    """A written card. scores: how many numbers its front matter holds.

    warnings: what has to be settled before the folder is published, one line each.
    """

    path: Path
    license: str | None
    warnings: tuple[str, ...]
    scores: int

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "path": str(self.path),
            "license": self.license,
            "warnings": list(self.warnings),
            "scores": self.scores,
        }


def write_card(
    folder: str | Path,
    *,
    sweep: str | Path | None = None,
    name: str | None = None,
    license: str | None = None,
    overwrite: bool = False,
    took: Cost | None = None,
    power: Power | None = None,
) -> Card:
    """Write `folder`/README.md from the recipe that is in there, the parents' cards and a sweep of the same pair.

    sweep: the folder that `ggez sweep -o` filled. name: the model's; by default the folder's. license: the Hub's
    identifier of one that the person who publishes has chosen; by default the one that all parents have. A README.md
    with the markers gets its section and the facts of its front matter anew; one without is refused, or replaced with
    `overwrite`. took: what the merge took, by default as `ggez merge` noted it; with the training of a parent that is a
    run of ours it is told with energy and CO₂eq, which are estimated with `power`.

    Raises CheckpointError for a folder without weights, RecipeError for one without a recipe, DataError for a sweep of
    something else, OutputError for a README.md of a person's own.
    """
    out = Path(folder).expanduser()
    checkpoint = open_checkpoint(out)
    recipe = _recipe(out)
    if license is not None and not _LICENSE.fullmatch(license):
        raise DataError(f"license {license[:60]!r}: isn't an identifier of the Hub's; write it like apache-2.0")
    title = one_line(name or out.resolve().name)[:96]
    found = parents(recipe)
    measured = results(recipe, Path(sweep).expanduser()) if sweep is not None else None
    chosen = license or common_license(found)
    known = Known(
        title, recipe, found, chosen, loading_code(checkpoint, title), measured, PICTURE if measured else None,
        _costs(took or merge_cost(out), found), power or Power(),
    )  # fmt: skip
    front = _front_matter(known, checkpoint)
    section = f"{BEGIN}\n{body(known)}\n{END}"
    content = _readme(out / CARD, front, section, overwrite, told=("license",) if license else ())
    if measured is not None:
        at = measured.setting.beta if not measured.setting.parts else measured.report.best.beta
        write_file(out / PICTURE, curve_png(measured.report.curve, measured.report.alpha, at))
    write_file(out / CARD, content.encode())
    scores = sum(len(result["metrics"]) for index in front.get("model-index", ()) for result in index["results"])
    return Card(out / CARD, chosen, _warnings(known), scores)


def _costs(merge: Cost | None, found: Sequence[Parent]) -> tuple[Cost, ...]:
    """What was computed by us for this model."""
    runs = ((parent, run_cost(Path(parent.source).expanduser())) for parent in found if not parent.hub_id)
    trained = [replace(cost, what=f"{parent.shown}: {cost.what}") for parent, cost in runs if cost is not None]
    return (*([merge] if merge is not None else []), *trained)


def _recipe(folder: Path) -> Recipe:
    path = folder / RECIPE_FILE
    if not path.is_file():
        raise OutputError(
            f"{folder}: holds no {RECIPE_FILE}, so what it was made of isn't known; name a folder that `ggez merge` "
            "wrote"
        )
    return Recipe.read(path)


def _warnings(known: Known) -> tuple[str, ...]:
    found = [parent.warning for parent in known.parents if parent.warning]
    if known.license is None:
        found.append("the card names no licence, since the parents don't agree on one; choose it with --license")
    if known.results is not None and known.results.tested is None:
        found.append(f"the sweep didn't measure {known.results.setting} on its test split, so the card has no scores")
    return tuple(found)


def _front_matter(known: Known, checkpoint: Checkpoint) -> dict[str, Any]:
    """The card's metadata as the Hub reads it; keys that nothing is known of are left out."""
    from huggingface_hub import ModelCardData

    family = next((family for family in families() if family.takes(checkpoint)), None)
    tag = _said(known.parents, "pipeline_tag") or (family.pipeline_tag if family else "") or None
    hub_ids = list(dict.fromkeys(parent.hub_id for parent in known.parents if parent.hub_id))
    region = known.results.region if known.results else None
    tags = ["merge", "ggez", checkpoint.model_type, region.name.lower().replace(" ", "-") if region else ""]
    scores = _eval_results(known.results, tag or "other") if known.results else []
    data = ModelCardData(
        base_model=hub_ids or None,
        license=known.license,
        license_name=_common(known, "license_name"),
        license_link=_common(known, "license_link"),
        language=_languages(known) or None,
        library_name=_said(known.parents, "library_name") or _LIBRARIES.get(checkpoint.layout),
        pipeline_tag=tag,
        tags=[tag for tag in tags if tag],
        model_name=known.name if scores else None,
        eval_results=scores or None,
    )
    if hub_ids:
        data["base_model_relation"] = "merge"
    if known.costs:
        data[EMISSIONS] = {
            "emissions": float(f"{known.power.grams(known.costs):.3g}"),
            "source": f"{ESTIMATED}: time by the clock, and {known.power.assumed(known.costs)}",
        }
    found: dict[str, Any] = data.to_dict()  # type: ignore[no-untyped-call]
    return found


def _said(found: tuple[Parent, ...], key: str) -> str | None:
    """What the parents' cards say, the base's first."""
    said = next((value for parent in found if (value := getattr(parent, key))), None)
    return None if said is None else str(said)


def _common(known: Known, key: str) -> str | None:
    """What all parents' cards say, of a licence that all have."""
    values = {getattr(parent, key) for parent in known.parents}
    same = len(values) == 1 and known.license is not None
    return next(iter(values)) if same and known.license == known.parents[0].license else None


def _languages(known: Known) -> list[str]:
    """Those that the parents' cards name; where none does, those that this model was asked in."""
    said = dict.fromkeys(language.lower() for parent in known.parents for language in parent.languages)
    if not said and known.results is not None:
        rows = (row for side in ("global", "regional") for row in known.results.sliced("language", side).values())
        said = dict.fromkeys(sorted({language for found in rows for language in found}))
    return [language for language in said if _LANGUAGE.fullmatch(language) or language == "multilingual"]


def _eval_results(found: Results, tag: str) -> list[EvalResult]:
    """Every task's score of this model on its split for reporting, then Q and GRP over all tasks."""
    from huggingface_hub import EvalResult

    tested = found.tested
    if tested is None:
        return []
    made = [_eval_result(row, tag) for row in found.scores() if row.main]
    splits = ", ".join(dict.fromkeys(split for _, split in found.report.tasks.values()))
    named = (("q_global", "Q, global"), ("q_regional", "Q, regional"), ("grp", f"GRP, α = {found.report.alpha:.2f}"))
    for metric, said in named:
        estimate = getattr(tested, metric)
        made.append(
            EvalResult(
                task_type=tag,
                dataset_type="ggez-sweep",
                dataset_name=f"all tasks: {', '.join(found.report.tasks)}",
                dataset_split=splits,
                metric_type=metric,
                metric_value=round(estimate.value, 4),
                metric_name=_with_interval(said, estimate.low, estimate.high),
                metric_args={"interval_95": [round(estimate.low, 4), round(estimate.high, 4)]},
            )
        )
    return made


def _eval_result(row: Score, tag: str) -> EvalResult:
    from huggingface_hub import EvalResult

    dataset, revision = _dataset(row.task)
    return EvalResult(
        task_type=tag,
        dataset_type=dataset,
        dataset_name=row.task,
        dataset_config=row.side,
        dataset_split=row.split,
        dataset_revision=revision,
        metric_type=row.metric,
        metric_value=round(row.value, 4),
        metric_name=_with_interval(f"{row.metric}, {row.side}", row.low, row.high),
        metric_args={"interval_95": [round(row.low, 4), round(row.high, 4)], "n": row.n},
    )


def _with_interval(name: str, low: float, high: float) -> str:
    return f"{name} (95 % interval {low:.4f} to {high:.4f})"


def _dataset(task: str) -> tuple[str, str | None]:
    """Where a task's data is: its Hub id and commit, or its own name."""
    from ..evaluation.tasks import task as named

    try:
        info = named(task).info
    except DataError:
        return task, None
    return info.hub_id or task, info.revision


def _readme(path: Path, front: Mapping[str, Any], section: str, overwrite: bool, told: tuple[str, ...]) -> str:
    """The whole file: a person's text and metadata kept, our section and the facts renewed."""
    from huggingface_hub import ModelCard

    kept: dict[str, Any] = {}
    text = section
    if path.is_symlink():
        raise OutputError(f"{path}: is a link to another file, which isn't written over; remove it first")
    if path.exists() and not overwrite:
        old = _old(path)
        before, begin, rest = old.text.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not begin or not end:
            raise OutputError(
                f"{path}: isn't of `ggez card`, and stays as it is; put the lines {BEGIN} and {END} where the card is "
                "to go, or replace it with --overwrite"
            )
        text = f"{before}{section}{after}".strip("\n")
        renewed = {*FACTS, *told}
        stated = old.data.to_dict().get(EMISSIONS)
        if isinstance(stated, Mapping) and str(stated.get("source", "")).startswith(ESTIMATED):
            renewed.add(EMISSIONS)  # an estimate of ours; what a person states stays
        kept = {key: value for key, value in old.data.to_dict().items() if key not in renewed}
    renewed_first = {**front, **kept}
    import yaml

    written = yaml.safe_dump(renewed_first, sort_keys=False, allow_unicode=True).strip()
    content = f"---\n{written}\n---\n\n{text}\n"
    ModelCard(content)  # the Hub's own reader takes it
    return content


def _old(path: Path) -> Any:
    from huggingface_hub import ModelCard

    try:
        return ModelCard(path.read_text(encoding="utf-8"), ignore_metadata_errors=True)
    except Exception as error:  # bad YAML, bytes that are no text, front matter that is no mapping
        raise OutputError(
            f"{path}: its front matter can't be read ({one_line(str(error))[:200]}); correct it, or replace the file "
            "with --overwrite"
        ) from None
