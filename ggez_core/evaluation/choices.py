"""The choices of a sweep: made on the splits for choosing, measured on those for reporting, put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .curve import KeepBy, Watch, choose_beta
from .field import REPORT, Field
from .parity import Point
from .report import Reported
from .search import Goal, Search, refine, search_parts
from .setting import BASE, REGIONAL, Setting


class Choices:
    """What is chosen on the splits for choosing, and why."""

    def __init__(self, field: Field, grid: Sequence[float], keep_global: float | None, keep_by: KeepBy) -> None:
        self.field, self.betas = field, list(grid)
        self._keep_global, self._keep_by = keep_global, keep_by
        self._goal = Goal(field, keep_global, keep_by)
        self._parts: dict[str, Setting] = {}
        self._notes: list[str] = []
        self._reporting = 3 + (keep_global is not None)  # settings on the splits for reporting, until they are known
        field.expect(choosing=len(grid), reporting=self._reporting)

    def measure_grid(self, watch: Watch) -> None:
        """Score every β of the grid; `watch` is told each point as it comes."""
        for beta in self.betas:
            watch(self.field.curve_point(beta))

    @property
    def best(self) -> Point:
        """The β of the highest GRP."""
        return choose_beta(map(self.field.curve_point, self.betas), self.field.alpha)

    @property
    def constrained(self) -> Point | None:
        """The same among those that keep the share, if one is to be kept."""
        if self._keep_global is None:
            return None
        return choose_beta(map(self.field.curve_point, self.betas), self.field.alpha, self._keep_global, self._keep_by)

    @property
    def _single(self) -> Point:
        return self.constrained or self.best

    def look_further(self, search: Search, parts: Mapping[str, Sequence[str]], watch: Watch) -> None:
        """Refine β, then let the parts go their own ways."""
        self.field.slices = False
        if search.refine:
            on_grid = self._single
            self.field.expect(choosing=search.budget)
            added, why = refine(self._goal, self.betas, search.budget, watch)
            self.field.expect(choosing=len(added) - search.budget)
            self.betas += added
            self._notes.append(after_refining(self.field, added, on_grid.beta, self._single.beta, why))
        for name, members in parts.items():
            if len(members) < 2:
                only = members[0] if members else "nothing"
                self._notes.append(f"Base and regional differ in {only} alone, so {name} is one β for all.")
                continue
            self.field.expect(choosing=search.budget)
            found, measured = search_parts(self._goal, members, self._single.beta, search.budget)
            self.field.expect(choosing=measured - search.budget)
            self._parts[name] = found
            self._notes.append(f"{name.capitalize()}: {measured} settings measured, the best is {found}.")
        self.field.slices = True

    def report(self) -> tuple[tuple[Reported, ...], tuple[str, ...]]:
        """The choices on the splits for reporting, and what to make of them."""
        single = Setting(self._single.beta)
        kept = f"keeps {self._keep_global:.0%} of global" if self._keep_global is not None else None
        chosen: dict[str, tuple[Setting, Setting | None]] = {"base": (BASE, None)}
        if kept:
            chosen[kept] = (single, None)
        chosen["best GRP"] = (Setting(self.best.beta), None)
        for name, setting in self._parts.items():
            chosen[f"{kept or 'best GRP'}, {name}"] = (setting, single)
        chosen["regional"] = (REGIONAL, None)
        settings = {setting for pair in chosen.values() for setting in pair if setting is not None}
        self.field.expect(reporting=len(settings) - self._reporting)
        test = tuple(self.field.reported(name, setting, over) for name, (setting, over) in chosen.items())
        notes = [*self._notes, against_ends(self.field, Setting(self.best.beta))]
        notes += [against_single(choice, single) for choice in test if choice.gain is not None]
        return test, tuple(notes)


def after_refining(field: Field, added: Sequence[float], on_grid: float, now: float, why: str) -> str:
    """What refining β brought."""
    note = f"Refined by {len(added)} β beyond the grid, until {why}."
    if now == on_grid:
        return f"{note} β = {on_grid:g} of the grid stays the best."
    gain = (field.parity(Setting(now)) - field.parity(Setting(on_grid))).estimate
    said = f"β = {now:g} has a GRP {gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}] from that of the grid's"
    said += f" β = {on_grid:g} on the split for choosing"
    return f"{note} {said}" + (": the grid's is as good." if gain.low <= 0 else ".")


def against_ends(field: Field, best: Setting) -> str:
    """Whether merging is worth it at all."""
    for name, end in (("base", BASE), ("regional model", REGIONAL)):
        gain = (field.parity(best, REPORT) - field.parity(end, REPORT)).estimate
        if gain.low <= 0:
            return (
                f"The {name} alone is as good as the best single {best}: the merge's GRP differs by {gain.value:+.4f} "
                f"[{gain.low:+.4f}, {gain.high:+.4f}] on the split for reporting."
            )
    return f"The best single {best} is better than both the base and the regional model by more than the noise."


def against_single(choice: Reported, single: Setting) -> str:
    """Whether a search's choice is worth more than one β for all."""
    assert choice.gain is not None
    gain = f"{choice.gain.value:+.4f} [{choice.gain.low:+.4f}, {choice.gain.high:+.4f}]"
    said = f"{choice.name}: GRP {gain} against the best single {single} on the split for reporting"
    if choice.gain.low > 0:
        return f"{said}: better, take it."
    if choice.gain.high < 0:
        return f"{said}: worse, the search fitted noise; take the single β."
    return f"{said}: no difference that can be told from noise; the single β is simpler and as good."
