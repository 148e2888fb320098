"""Who comes for the first time: three steps that do what they say, a pair one click away, and a link that restores."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

LOADING = 180_000  # milliseconds; the first visit imports torch and transformers


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A newcomer's page."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(url)
    expect(merged(page)).to_be_visible(timeout=LOADING)
    yield page
    context.close()
    assert not trouble


def merged(page: Page) -> Locator:
    """The heading of the merged column that is seen."""
    return page.get_by_role("heading", name=re.compile("^Merged")).filter(visible=True)


def test_the_first_minute_does_its_steps_and_stays_away(page: Page) -> None:
    page.get_by_role("button", name="Move β to 0.75").click()
    expect(merged(page)).to_contain_text("0.75")
    page.get_by_role("button", name="Ask in Thai").click()
    expect(page.get_by_label("Query", exact=True)).to_have_value(re.compile("[\u0e00-\u0e7f]"))
    expect(page.get_by_text("Looking for tuk-tuk")).to_be_visible()
    page.get_by_role("button", name="Let a sweep find").click()
    expect(page.get_by_role("tab", name="Sweep")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text(re.compile("Waiting for its turn|points|of [0-9]"))).not_to_have_count(0)
    page.get_by_role("button", name="Stop", exact=True).filter(visible=True).click()
    page.get_by_role("button", name="Dismiss").click()
    page.reload()
    expect(merged(page)).to_be_visible(timeout=LOADING)
    expect(page.get_by_role("button", name="Ask in Thai")).to_have_count(0)


def test_another_shipped_pair_is_one_click_away(page: Page) -> None:
    page.get_by_role("tab", name="Sweep").click()
    pairs = page.get_by_role("group", name="Shipped pairs")
    pairs.get_by_role("button", name=re.compile("^CLIP")).click()
    expect(pairs.get_by_role("button", name=re.compile("^CLIP"))).to_have_attribute(
        "aria-pressed", "true", timeout=LOADING
    )
    expect(page.get_by_text("demo:clip/sea").first).to_be_visible()


def test_a_link_restores_the_comparison_for_somebody_else(page: Page, browser: Browser) -> None:
    page.get_by_role("button", name=re.compile("^vi ")).click()
    page.get_by_role("slider", name="β, from base").fill("0.3")
    page.get_by_role("button", name="One β for each component").click()
    page.get_by_role("slider", name="β of text_model").fill("0.9")
    expect(merged(page)).to_contain_text("β by component")
    found = page.get_by_role("region", name=re.compile("^Merged")).get_by_role("listitem").all_inner_texts()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("is the address of this page now")).to_be_visible()
    expect(page).to_have_url(re.compile("beta.text_model=0.9"))
    other = browser.new_context().new_page()
    other.goto(page.url)
    expect(merged(other)).to_contain_text("β by component", timeout=LOADING)
    expect(other.get_by_label("Query", exact=True)).to_have_value(page.get_by_label("Query", exact=True).input_value())
    expect(other.get_by_label("Language of the query")).to_have_value(re.compile("Việt"))
    hits = other.get_by_role("region", name=re.compile("^Merged")).get_by_role("listitem")
    expect(hits.nth(7)).to_be_visible()
    assert hits.all_inner_texts() == found
    other.context.close()


def test_a_link_loads_nothing_that_its_visitor_has_not_asked_for(browser: Browser, url: str) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{url}?base=/etc&regional=somebody/model&beta=0.2")
    expect(page.get_by_text("press Load pair on the Models tab")).to_be_visible(timeout=LOADING)
    expect(page.get_by_text("demo:siglip/base").first).to_be_visible()
    page.get_by_role("tab", name="Models").click()
    expect(page.get_by_label("Base checkpoint")).to_have_value("/etc")
    page.goto(f"{url}?beta=7")
    expect(page.get_by_role("alert").filter(has_text="β")).to_be_visible(timeout=LOADING)
    page.context.close()
