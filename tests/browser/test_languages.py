"""The page's languages in a browser: what is laid out and what events write, for two visitors at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench.languages import words

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytest.importorskip("playwright")
from playwright.sync_api import expect

from .test_main_job import LOADING


def _visit(browser: Browser, address: str, locale: str, width: int = 1280) -> tuple[BrowserContext, Page]:
    context = browser.new_context(locale=locale, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_role("region").get_by_role("listitem").first).to_be_visible(timeout=LOADING)
    return context, page


def _speaks(page: Page, code: str) -> None:
    """What the page consists of, and what the server wrote when the pair was loaded, are in this language."""
    said = words(code)
    for tab in ("tab.models", "tab.compare", "tab.export"):
        expect(page.get_by_role("tab", name=said[tab], exact=True).first).to_be_attached()
    expect(page.get_by_label(said["beta.label"]).first).to_be_visible()
    expect(page.get_by_role("heading", name=said["column.merged"]).first).to_be_visible()
    expect(page.get_by_text(said["score.note"].split("{")[0]).first).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == code


@pytest.mark.parametrize(("locale", "code"), [("id-ID", "id"), ("th-TH", "th")])
def test_two_visitors_at_once_read_their_own_languages(browser: Browser, url: str, locale: str, code: str) -> None:
    there, page = _visit(browser, url, locale)
    here, other = _visit(browser, url, "en-GB")
    _speaks(page, code)
    _speaks(other, "en")
    for one, language in ((page, code), (other, "en")):
        one.get_by_role("slider", name=words(language)["beta.label"]).press("End")
        expect(one.get_by_role("heading", name="β = 1.00")).to_have_count(2)
        _speaks(one, language)
    for context in (there, here):
        context.close()


def test_a_language_is_chosen_in_the_header_and_stays_in_the_address(browser: Browser, url: str) -> None:
    context, page = _visit(browser, url + "?__theme=light", "en-GB")
    _speaks(page, "en")
    page.locator("summary", has_text=words("en")["languages.label"]).click()
    page.get_by_role("link", name="ไทย").click()
    page.wait_for_url("**/?__theme=light&language=th")
    _speaks(page, "th")
    page.reload()
    _speaks(page, "th")
    context.close()


@pytest.mark.parametrize("code", ["ta", "my", "vi"])
def test_long_words_stay_within_their_buttons_and_the_page_on_a_phone(browser: Browser, url: str, code: str) -> None:
    context, page = _visit(browser, url, code, width=390)
    _speaks(page, code)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # an accordion's arrow is turned, by which it sticks out 3 pixels
    wide = page.locator("button:visible").evaluate_all(
        "(all) => all.filter((one) => one.scrollWidth > one.clientWidth + 4).map((one) => one.innerText)"
    )
    assert wide == []
    context.close()
