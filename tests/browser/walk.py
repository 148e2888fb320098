"""Walking the page as a visitor does: by the words it shows, whatever its width and colours. For the browser tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from workbench.text import say

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

LOADING = 180_000  # milliseconds; the first visit imports the libraries
TABS = ("models", "compare", "sweep", "rate", "export", "curate", "train", "crosslingual")
MODES: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}
BETA = "β, from base"


@contextmanager
def visitor(browser: Browser, url: str, mode: str = "light") -> Iterator[Page]:
    """A visitor's page with its first answer; at the end no script may have failed, nor the console shown an error."""
    context = browser.new_context(**MODES[mode], accept_downloads=True, locale="en-US")
    page = context.new_page()
    page.set_default_timeout(LOADING)
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if said.type == "error" else None)
    page.goto(url)
    answered(page)
    yield page
    context.close()
    assert not trouble


def answered(page: Page) -> None:
    """Wait until the page has its pair, and Compare its three columns."""
    expect(seen(page.get_by_role("region", name=re.compile(f"^{say('column.merged')}"))).first).to_be_visible(
        timeout=LOADING
    )


def open_tab(page: Page, name: str) -> None:
    """Go to a tab; those that find no room stand in a menu."""
    seen(page.get_by_role("tab")).first.wait_for()
    found = page.get_by_role("tab", name=say(f"tab.{name}"), exact=True)
    if seen(found).count():
        seen(found).first.click()
    else:
        page.locator(".overflow-menu > button").first.click()
        page.locator(".overflow-dropdown button", has_text=say(f"tab.{name}")).click()


def load_pair(page: Page, base: str, regional: str) -> None:
    """Load a pair on the Models tab, and wait until the header names it."""
    open_tab(page, "models")
    page.get_by_label(say("models.base")).fill(base)
    page.get_by_label(say("models.regional")).fill(regional)
    press(page, "models.load")
    has_pair(page, base, regional)


def has_pair(page: Page, base: str, regional: str) -> None:
    """Wait until the header names this pair."""
    for side, name in (("base", base), ("regional", regional)):
        expect(seen(page.get_by_text(f"{say(f'pair.{side}')} {name}")).first).to_be_visible(timeout=LOADING)


def press(page: Page, key: str) -> None:
    """Press the button that is called so."""
    seen(page.get_by_role("button", name=say(key), exact=True)).first.click()


def slider(page: Page) -> Locator:
    """β's."""
    return page.get_by_role("slider", name=BETA)


def move(page: Page, beta: float) -> None:
    """Move β's slider, as the arrow keys do."""
    slider(page).fill(f"{beta:g}")


def column(page: Page, name: str) -> Locator:
    """One of the three columns that are seen."""
    return seen(page.get_by_role("region", name=re.compile(f"^{say(f'column.{name}')}")))


def seen(found: Locator) -> Locator:
    """Those that are visible."""
    return found.filter(visible=True)


def fits(page: Page) -> None:
    """Nothing stands out of the page at its side."""
    wide, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= room + 2, f"{wide} pixels of content in {room}"
