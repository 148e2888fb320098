"""The body of a model card, as Markdown: pure functions of what is known of the output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import __version__
from ..evaluation.aggregate import Estimate
from ..evaluation.report import Reported
from ..evaluation.rows import Score
from ..markdown import block, code, plain, table
from ..merging import Recipe
from ..regions import COUNTRIES
from .cost import Cost, Power
from .lineage import Parent
from .results import Kind, Results

PAPER = "https://arxiv.org/abs/2604.11490"
ROLES = {"base": "base", "regional": "regional", "model": "merged in"}


@dataclass(frozen=True)
class Known:
    """Everything that a card tells. picture: the path of the curve's picture, relative to the card.

    costs: of the merge, and of parents that are runs of ours, each with the parent's name in `what`.
    """

    name: str
    recipe: Recipe
    parents: tuple[Parent, ...]
    license: str | None
    loading_code: str
    results: Results | None = None
    picture: str | None = None
    costs: tuple[Cost, ...] = ()
    power: Power = field(default_factory=Power)


def body(known: Known) -> str:
    """The card's text below its front matter."""
    parts = [_opening(known), _warnings(known), _made(known), _load(known)]
    if known.results is not None:
        parts += [_chosen(known.results), _scores(known.results), _curve(known.results, known.picture)]
        parts += [_slices(known.results, kind) for kind in ("country", "language")]
    parts += [_took(known), _closing()]
    return "\n\n".join(part for part in parts if part)


def _opening(known: Known) -> str:
    base = known.parents[0]
    others = " and ".join(_linked(parent) for parent in known.parents[1:]) or "itself"
    said = f"# {plain(known.name)}\n\nA merge of {_linked(base)} (base) with {others}"
    if known.recipe.interpolates:
        own = "".join(f", {code(name)} at β = {beta:g}" for name, beta in known.recipe.components.items())
        said += f" at β = {known.recipe.beta:g}{own}: θ = β · θ_regional + (1 − β) · θ_base"
    else:
        said += f" by the method {code(known.recipe.merge_method)}"
    return f"{said}. Made with the GG-EZ Workbench after [Anthropogenic Regional Adaptation]({PAPER})."


def _warnings(known: Known) -> str:
    found = [parent.warning for parent in known.parents if parent.warning]
    if known.license is None and len({parent.license for parent in known.parents}) > 1 and not found:
        found.append("its parents have different licences; whoever publishes it has to choose one that meets all")
    return "\n".join(f"> **Licence:** {plain(one)}." for one in found)


def _made(known: Known) -> str:
    rows = [
        (
            _linked(parent),
            ROLES[parent.role],
            _license(parent),
            code(parent.revision[:12]) if parent.revision else "–",
            ", ".join(map(_hub_link, parent.base_models)) or "–",
        )
        for parent in known.parents
    ]
    lineage = table(("model", "role", "licence", "commit", "made from"), rows)
    recipe = block(_for_strangers(known.recipe, known.parents).as_yaml(), "yaml")
    return (
        f"## How it was made\n\n{lineage}\n\nThe recipe, with a hash of what was read of each model "
        f"(`ggez merge ggez_recipe.yaml -o OUT` makes the same bytes again):\n\n{recipe}"
    )


def _for_strangers(recipe: Recipe, found: Sequence[Parent]) -> Recipe:
    """The recipe with folders of this machine by their last part."""
    shown = {parent.source: parent.shown for parent in found}
    named = {recipe.base, *recipe.inputs, *(name for e in recipe.entries for name in (e.model, e.fisher) if name)}
    names = {
        source: shown.get(source) or "+".join(shown.get(part, Path(part).name) for part in source.split("+"))
        for source in named
    }
    inputs = {names[source]: digest for source, digest in recipe.inputs.items()}
    return recipe.renamed(names).model_copy(update={"inputs": inputs})


def _license(parent: Parent) -> str:
    if parent.license is None:
        return "unknown"
    name = code(parent.license_name or parent.license)
    link = parent.license_link or ""
    safe = link.startswith("https://") and not set(link) & set(" <>()[]\"'`\\|\n\t")
    return f"[{name}]({link})" if safe else name


def _load(known: Known) -> str:
    return f"## How to load it\n\n{block(known.loading_code, 'python')}"


def _chosen(found: Results) -> str:
    report = found.report
    on, of = (_listed(names) for names in zip(*report.tasks.values(), strict=True))
    lines = [
        f"α = {report.alpha:.2f} ({plain(found.alpha_source())}).",
        f"β was chosen on {on} by Global-Regional Parity, GRP = α · Q(global) + (1 − α) · Q(regional), and is "
        f"reported on {of}, which the choice hasn't seen.",
        f"The best single β is β\\* = {report.best.beta:g}.",
    ]
    if report.constrained is not None and report.keep_global is not None:
        by = "with 95 % confidence" if report.keep_by == "interval" else "by its score"
        lines.append(
            f"The best that keeps {report.keep_global:.0%} of the base's global score ({by}) is "
            f"β = {report.constrained.beta:g}."
        )
    lines.append(f"This model is at {plain(str(found.setting))}.")
    notes = "\n".join(f"- {plain(note)}" for note in report.notes)
    return "## How β was chosen\n\n" + " ".join(lines) + (f"\n\n{notes}" if notes else "")


def _scores(found: Results) -> str:
    compared = found.compared
    if "this model" not in compared:
        measured = ", ".join(f"{choice.setting.beta:g}" for choice in found.report.test if not choice.setting.parts)
        return (
            f"## Scores\n\nThis setting wasn't among those measured on the split for reporting (β = {measured}), so "
            "there are no scores of it to show."
        )
    rows = [
        (
            name,
            f"{choice.setting.beta:g}",
            _in(choice.q_global),
            _in(choice.global_kept, ".1%"),
            _in(choice.q_regional),
            _in(choice.regional_gain, "+.0%"),
            _in(choice.grp),
        )
        for name, choice in compared.items()
    ]
    one: Reported = compared["this model"]
    heads = (
        "", "β", f"global (n = {one.n_global:,})", "of the base's", f"regional (n = {one.n_regional:,})", "gain", "GRP"
    )  # fmt: skip
    tasks = [
        (code(row.task), code(row.split), row.side, code(row.metric), _in(row), f"{row.n:,}")
        for row in sorted(found.scores(), key=lambda row: (row.task, row.side, not row.main))
        if row.main
    ]
    by_task = table(("task", "split", "side", "metric", "score", "n"), tasks)
    return (
        f"## Scores\n\n{table(heads, rows)}\n\nIn brackets: 95 % intervals, bootstrapped over clusters of rows. Q is "
        f"the mean over tasks of:\n\n{by_task}"
    )


def _curve(found: Results, picture: str | None) -> str:
    report = found.report
    rows = [
        (f"{p.beta:g}", _in(p.q_global), _in(p.global_kept, ".1%"), _in(p.q_regional), _in(p.grp(report.alpha)))
        for p in report.curve
    ]
    (on, _) = (_listed(names) for names in zip(*report.tasks.values(), strict=True))
    shown = (
        f"![Global score, regional score and GRP over beta, as in the table below]({picture})\n\n" if picture else ""
    )
    return f"## Over β, on {on}\n\n{shown}" + table(("β", "global", "of the base's", "regional", "GRP"), rows)


def _slices(found: Results, kind: Kind) -> str:
    slices = found.sliced(kind)
    if "this model" not in slices:
        return ""
    rows = [
        (_place(key, kind), *(_in(slices.get(name, {}).get(key)) for name in ("base", "this model", "regional")),
         f"{row.n:,}")
        for key, row in sorted(slices["this model"].items())
    ]  # fmt: skip
    return f"## Regional score by {kind}\n\n" + table((kind, "base", "this model", "regional", "n"), rows)


def _place(key: str, kind: Kind) -> str:
    country = COUNTRIES.get(key) if kind == "country" else None
    return plain(country.name) if country else code(key)


def _took(known: Known) -> str:
    """Hours, energy and CO₂eq of what was computed here, and what parents' cards state of their own training."""
    costs, power = known.costs, known.power
    said = []
    if costs:
        rows = [
            (plain(cost.what), _lasted(cost.seconds), f"{power.kwh(cost):.2g} kWh", f"{power.grams([cost]):.2g} g")
            for cost in costs
        ]
        said.append(table(("what", "time", "energy", "CO₂eq"), rows))
        said.append(f"Times were measured, by the clock; the rest is an estimate that assumes {power.assumed(costs)}.")
    stated = [
        f"- {_linked(parent)}: {parent.grams / 1000:,.3g} kg of CO₂eq for its training, as its card states"
        for parent in known.parents
        if parent.grams is not None
    ]
    said += ["\n".join(stated)] if stated else []
    return "\n\n".join(["## What it took", *said]) if said else ""


def _lasted(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 60 else f"{seconds / 3600:.2g} h"


def _closing() -> str:
    return f"Written by `ggez card` {__version__}; the workbench's [method]({PAPER}) says what GRP and α are."


def _linked(parent: Parent) -> str:
    return _hub_link(parent.hub_id) if parent.hub_id else code(parent.shown)


def _hub_link(repo: str) -> str:
    """A link to a repository whose id was checked."""
    return f"[{code(repo)}](https://huggingface.co/{repo})"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(code(name) for name in dict.fromkeys(names))


def _in(found: Estimate | Score | None, form: str = ".3f") -> str:
    return "–" if found is None else f"{found.value:{form}} [{found.low:{form}}, {found.high:{form}}]"
