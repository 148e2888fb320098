"""Every word that the page itself says, by key. English for now; another language is another mapping of the same keys.

`say` fills in a text's values. Used by everything in `workbench` that shows something.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "title": "GG-EZ Workbench",
        "tagline": "One slider between a global model and a regional one: see what changes, keep the best of both.",
        "tab.models": "Models",
        "tab.compare": "Compare",
        "tab.sweep": "Sweep",
        "tab.crosslingual": "Cross-lingual",
        "tab.export": "Export",
        # header
        "beta.label": "β, from base (0) to regional (1)",
        "beta.info": "0 is the base bit for bit, 1 the regional model. Between: (1 − β) · base + β · regional.",
        "components.label": "One β for each component",
        "components.info": "The slider above moves all of these; each can then go its own way.",
        "components.slider": "β of {name}",
        "pair.base": "Base",
        "pair.regional": "Regional",
        "pair.part": "{name} {size}",
        "pair.same": "{name} {size}, unchanged",
        "pair.loading": "Loading the demo pair. The first visit of a fresh server takes some seconds.",
        "fact.alpha": "α of {region}, {year}",
        "fact.alpha.title": "How much the global score counts in Global-Regional Parity. Source: {source}",
        "fact.move": "last move",
        "fact.move.title": "From the request to the answer on the server; moving the weights took {move:.2f} ms of it",
        "fact.move.none": "–",
        # compare
        "compare.nothing": "This pair can be exported; for its family there is nothing to compare here yet.",
        "direction.label": "Direction",
        "direction.pictures": "Text → images",
        "direction.captions": "Image → captions",
        "query.label": "Query",
        "query.placeholder": "Type in any language, or choose an example below",
        "language.label": "Language of the query",
        "language.none": "not said",
        "captions.label": "Captions in",
        "captions.all": "all languages by turns",
        "upload.label": "Your own picture",
        "examples.label": "Examples",
        "picker.label": "Choose a picture",
        "picker.captions": "{name}: rank captions for this picture",
        "picker.question": "{name}: ask about this picture",
        "column.base": "Base",
        "column.merged": "Merged",
        "column.regional": "Regional",
        "column.beta": "β = {beta:.2f}",
        "column.components": "β by component",
        "column.moves": "{rose} rose, {fell} fell, {entered} new",
        "column.same": "the same order as the base",
        "column.reference": "the reference",
        "verdict": "Looking for {name}. First right hit at rank: base {base}, merged {merged}, regional {regional}.",
        "verdict.unknown": "The query names nothing of the small world, so nothing is marked as right or wrong.",
        "verdict.picture": "Captions for your own picture: what is right isn't known.",
        "score.note": "Scores are cosines. Arrows count places against the base; “new” was not among its {top}.",
        "hit.up": "up {places} against the base",
        "hit.down": "down {places} against the base",
        "hit.new": "new, at rank {rank} in the base",
        "hit.new.sign": "new",
        "hit.right": "right",
        "hit.score": "cosine {score}",
        "hit.alt": "Drawing of {name}",
        # questions that take their time
        "slow.progress": "{done} of {total}",
        "slow.step": "Steps done",
        "slow.next": "comes next",
        "slow.idle": "Let the thumb go, or press the button, to have it at this β",
        "slow.waiting": "Waiting for those who asked before",
        "slow.working": "Working on it",
        "slow.done": "Done",
        "slow.stopped": "Stopped. What was finished is kept.",
        "slow.cancel": "Cancel",
        # drawing
        "draw.prompt": "Prompt",
        "draw.prompt.placeholder": "Say in any language what to draw, or choose an example below",
        "draw.button": "Draw",
        "draw.seed": "Seed",
        "draw.seed.new": "New seed",
        "draw.steps": "Steps",
        "draw.guidance": "Guidance",
        "draw.more": "Negative prompt, size, scheduler",
        "draw.negative": "Negative prompt",
        "draw.negative.info": "What the picture shall not be like; empty is none",
        "draw.width": "Width in pixels",
        "draw.height": "Height in pixels",
        "draw.scheduler": "Scheduler",
        "draw.empty": "Press Draw: all three models get the same prompt, seed and settings.",
        "draw.settings": "Seed {seed}, {steps} steps, guidance {guidance}, {width} × {height}, {scheduler}.",
        "draw.means": "Names {name} ({where}).",
        "draw.everywhere": "known everywhere",
        "draw.without": "Without: {negative}.",
        "draw.nearby": "Drawn at β = {beta:.2f}, the nearest so far",
        "draw.same": "the same picture as the base, to the pixel",
        "draw.change": "{percent:.1f} % away from the base's pixels",
        "draw.alt.base": "Drawn by the base",
        "draw.alt.merged": "Drawn by the merged model, β = {beta:.2f}",
        "draw.alt.components": "Drawn by the merged model, with a β for each component",
        "draw.alt.regional": "Drawn by the regional model",
        "draw.overlay": "Lay one over the other",
        "draw.overlay.pair": "{left} and {right}",
        "draw.overlay.slider": "How much of {left} is seen over {right}, in percent",
        "draw.overlay.empty": "Two finished pictures are compared here.",
        "draw.strip": "The same drawing along β",
        "draw.strip.button": "Draw along β: 0, ¼, ½, ¾, 1",
        "draw.strip.set": "Set β to {beta:.2f}",
        "draw.strip.empty": "Five pictures from base to regional; a click on one sets β.",
        # asking
        "ask.question": "Question",
        "ask.question.placeholder": "Ask about the picture in any language, or choose an example below",
        "ask.language": "Language of the question",
        "ask.button": "Ask",
        "ask.choice": "A–D",
        "ask.more": "Options to choose from, length, temperature",
        "ask.options": "Options",
        "ask.options.info": "One a line, two or more; empty lets the models answer freely",
        "ask.options.shown": "Options with their probabilities",
        "ask.longest": "Longest answer in tokens",
        "ask.temperature": "Temperature",
        "ask.temperature.info": "0 always takes the likeliest token",
        "ask.empty": "Press Ask: all three models get the same picture and question.",
        "ask.right": "Right: {answers}.",
        "ask.nearby": "Answered at β = {beta:.2f}, the nearest so far",
        "ask.same": "the same answer as the base",
        "ask.differs": "marked: what the base does not say",
        "ask.likeliest": "likeliest",
        "ask.up": "{points} points more than the base",
        "ask.down": "{points} points less than the base",
        "slow.tokens": "Tokens said",
        # sweep
        "sweep.intro": "Score the loaded pair over β on both sides, and let Global-Regional Parity choose: "
        "GRP = α · global + (1 − α) · regional. β is chosen on validation and reported on test.",
        "sweep.tasks": "Tasks",
        "sweep.grid": "Grid",
        "sweep.grid.points": "{n} points",
        "sweep.alpha": "α, weight of the global score",
        "sweep.alpha.info": "From the globalization index of {region}; moving it needs no new scores.",
        "sweep.keep": "Share of the base's global score to keep",
        "sweep.keep.info": "With 95 % confidence; 0 asks for nothing.",
        "sweep.start": "Start sweep",
        "sweep.stop": "Stop",
        "sweep.empty": "No sweep of this pair yet. Choose tasks and press Start sweep; points appear as they arrive.",
        "sweep.waiting": "Waiting for its turn, then loading the models.",
        "sweep.working": "{what}: {done:,} of {total:,} {unit}",
        "sweep.progress": "Progress of the sweep",
        "sweep.stopped": "Stopped after {points} points; Start sweep goes on from there.",
        "sweep.done": "Done: {points} points on validation, the choices below on test.",
        "sweep.chosen": "Chosen on validation",
        "sweep.best": "Best GRP",
        "sweep.kept": "Best that keeps {share:.0%} of global",
        "sweep.choice": "β = {beta:g}: GRP {grp:.3f} (global {q_global:.3f}, regional {q_regional:.3f})",
        "sweep.go": "Move β to {beta:g}",
        "sweep.strip": "Global-Regional Parity over β; best at β = {beta:g} with {grp:.3f}",
        "sweep.plot.parity": "Scores and GRP over β",
        "sweep.plot.tradeoff": "Regional against global score",
        "sweep.plot.alpha": "Best β over α",
        "sweep.plot.languages": "Scores by language",
        "sweep.plot.countries": "Scores by country",
        "sweep.plot.map": "Map of scores",
        "sweep.table": "The curve as a table",
        "sweep.slices": "Languages as a table",
        "sweep.measure": "By language and country: task, metric and side",
        "sweep.test": "On test: {n_global:,} global and {n_regional:,} regional answers, 95 % intervals",
        "sweep.test.model": "Model",
        "sweep.test.beta": "β",
        "sweep.test.global": "Global",
        "sweep.test.kept": "of the base's",
        "sweep.test.regional": "Regional",
        "sweep.test.gain": "Gain",
        "sweep.test.grp": "GRP",
        "sweep.left_out": "{task}: {count} rows of the data can't be used; the first is {row}: {why}",
        "sweep.files": "Download",
        # cross-lingual
        "crosslingual.intro": "Does the model serve every language, and do translations find the same pictures? "
        "Measured on the small world's test captions at the base, at the β above, and at the regional end.",
        "crosslingual.k": "A caption counts as right with",
        "crosslingual.measure": "Agreement of languages",
        "crosslingual.agreement": "shared among the first 10",
        "crosslingual.cosine": "cosine of translations",
        "crosslingual.colour": "Colour the map by",
        "crosslingual.language": "language",
        "crosslingual.country": "country",
        "crosslingual.button": "Measure at this β",
        "crosslingual.progress": "Measuring",
        "crosslingual.empty": "Nothing measured yet. Set β above and press Measure; it takes some seconds.",
        "crosslingual.done": "Measured with β = {beta:.2f} on {n:,} captions; the map of embeddings and the "
        "agreement of languages are those of the merged model.",
        "crosslingual.merged": "Merged, β = {beta:.2f}",
        "crosslingual.tables": "The same as tables",
        "crosslingual.plot.bars": "Recall by language",
        "crosslingual.plot.gap": "Gap to English",
        "crosslingual.plot.heat": "Agreement of languages",
        "crosslingual.plot.spread": "Map of embeddings",
        # models
        "models.intro": "Choose two checkpoints of one architecture: the base, and the one fine-tuned for a region.",
        "models.base": "Base checkpoint",
        "models.regional": "Regional checkpoint",
        "models.info": "A demo name, a Hugging Face id (owner/name, owner/name@revision) or a folder",
        "models.examples": "Shipped pairs",
        "models.example": "{base} with {regional}",
        "models.load": "Load pair",
        "models.progress": "Comparing",
        "models.report": "Preflight report",
        "models.compatible": "Can be merged. {explanation}.",
        "models.incompatible": "Can't be merged. {explanation}.",
        "models.not_live": "Ready for Export, but not for Compare: {why}.",
        "models.component": "Component",
        "models.tensor": "Tensor",
        "models.status": "Status",
        "models.tensors": "Tensors",
        "models.size": "Size",
        "models.change": "Relative change",
        "models.heatmap": "Where did fine-tuning change the weights most?",
        "models.heatmap.table": "The same as a table, tensor by tensor",
        "models.heatmap.none": "No tensor differs, so there is nothing to show.",
        "status.identical": "identical",
        "status.changed": "changed",
        "status.missing": "missing",
        "status.extra": "extra",
        "status.shape_mismatch": "other shape",
        "status.dtype_mismatch": "other dtype",
        "status.non_finite": "not finite",
        # export
        "export.intro": "Write the merged checkpoint with its tokenizer and config, as transformers loads it.",
        "export.in_force": "Weights in force",
        "export.beta": "β = {beta:.2f} for every component",
        "export.beta.rest": "β = {beta:.2f}, except {components}",
        "export.name": "Name",
        "export.name.info": "Letters, digits, dot, underscore and hyphen",
        "export.dtype": "Precision",
        "export.shards": "Largest file",
        "export.button": "Export",
        "export.progress": "Merging, {rate:.0f} MB/s",
        "export.done": "{name}: {size} in {seconds:.1f} s",
        "export.zip": "Download all as zip ({size})",
        "export.files": "Files",
        "export.file": "Download {name} ({size})",
        "export.folder": "On this machine it is in {folder}",
        "export.code": "How to load it",
        "export.empty": "Nothing exported yet. Choose β above, a name, and press Export.",
        "error.generic": "Something went wrong on our side and was logged; try again, or reload the page.",
    }
)

LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "en": "English", "id": "Bahasa Indonesia", "ms": "Bahasa Melayu", "th": "ไทย · Thai", "vi": "Tiếng Việt",
        "fil": "Filipino", "km": "ខ្មែរ · Khmer", "lo": "ລາວ · Lao", "my": "မြန်မာ · Burmese", "ta": "தமிழ் · Tamil",
        "zh": "中文 · Chinese",
        "tet": "Tetun", "pt": "Português", "jv": "Basa Jawa · Javanese",
        "su": "Basa Sunda · Sundanese",
    }
)  # fmt: skip


def say(key: str, **values: object) -> str:
    """The page's text for `key` with its values filled in."""
    return ENGLISH[key].format(**values) if values else ENGLISH[key]


def language_name(code: str) -> str:
    """How speakers call a language, followed by its English name where they differ much; else the code."""
    return LANGUAGES.get(code, code)


def size(nbytes: int) -> str:
    """Bytes for a reader: 2.3 GB, 9.6 MB, 512 kB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if nbytes >= factor:
            return f"{nbytes / factor:.1f} {unit}"
    return f"{nbytes} bytes"


def duration(milliseconds: float) -> str:
    """A time for a reader: 34 ms, 2.6 s, 3 min 20 s."""
    seconds = milliseconds / 1e3
    if seconds < 1:
        return f"{milliseconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
