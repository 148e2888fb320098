"""Every tab as axe-core sees it, in light and dark: nothing serious, nothing critical, and everything has a name."""

from __future__ import annotations

import importlib.resources
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LOADING = 180_000  # milliseconds; the first visit imports torch and transformers
TABS = ("Models", "Compare", "Sweep", "Rate", "Export", "Curate", "Train", "Cross-lingual")
RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, url: str, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    page.get_by_role("region", name=re.compile("^Merged")).first.wait_for(timeout=LOADING)
    found: list[str] = []
    for name in TABS:
        page.get_by_role("tab", name=name, exact=True).click()
        page.get_by_role("tabpanel").filter(visible=True).wait_for()
        if name == "Models":
            page.locator("#tab-models .js-plotly-plot").wait_for()  # Gradio names a figure on its way as axe wouldn't
        page.wait_for_timeout(500)  # colours fade in; axe would measure them half way
        found += [f"{name}: {line}" for line in serious(page)]
    context.close()
    assert not found, "\n".join(found)


def serious(page: Page) -> list[str]:
    """One line for each serious or critical finding of axe-core on the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(content=(importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text())
    violations: list[dict[str, Any]] = page.evaluate(RUN)
    return [
        f"{v['impact']} {v['id']} ({v['help']}): {json.dumps(node['html'][:200])} {node['failureSummary'][:300]!r}"
        for v in violations
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]


# What has the focus, and whether that is seen: an outline or a shadow, on it or on the label around it.
FOCUS = """() => {
  const at = document.activeElement, around = [at, at.parentElement, at.closest("label")].filter(Boolean);
  const seen = around.map((e) => getComputedStyle(e)).some(
    (s) => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none");
  return [at.tagName, at.getAttribute("aria-label") || at.innerText || at.value || "", seen];
}"""
MOST_STOPS = 80


def test_the_keyboard_reaches_everything_and_is_seen_where_it_is(browser: Browser, url: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(url)
    page.get_by_role("region", name=re.compile("^Merged")).first.wait_for(timeout=LOADING)
    for tab, last in (("Compare", "this image shows bicycle"), ("Train", "Log")):
        page.get_by_role("tab", name=tab, exact=True).click()
        page.get_by_role("button", name=re.compile(last)).filter(visible=True).wait_for()
        page.locator("h1").click()
        stops: list[str] = []
        for _ in range(MOST_STOPS):
            page.keyboard.press("Tab")
            element, name, seen = page.evaluate(FOCUS)
            if element == "BODY":  # a list that closes lets go of the focus
                continue
            assert seen, f"{tab}: {element} {name!r} has the focus and doesn't show it"
            stops.append(" ".join(name.split()))
            if last in name:
                break
            if "Code input" in name:
                page.keyboard.press("Escape")  # as the page says: Tab indents, Esc and Tab leave the editor
        assert any(last in stop for stop in stops), stops
    page.close()
