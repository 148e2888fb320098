"""Rate in a browser, by keyboard alone: keys rate, don't fire while something is typed, and who was who comes after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Browser, expect

from tests.browser.test_accessible import serious

if TYPE_CHECKING:
    from workbench.service import Service


def test_a_round_by_keyboard(browser: Browser, url: str, service: Service) -> None:
    page = browser.new_page()
    page.goto(url)
    page.get_by_role("tab", name="Rate", exact=True).click()
    page.get_by_role("button", name="Next", exact=True).click()
    ballot = page.locator(".gg-ballot[data-kind=rank]")
    expect(ballot).to_be_focused()
    before = len(service.ratings.ratings())
    save = page.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    page.keyboard.press("2")
    page.keyboard.press("1")
    expect(page.get_by_role("button", name="Answer 2 is the 1st")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")  # not whole yet: nothing is sent
    expect(save).to_be_disabled()
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    rated = page.locator(".gg-ballot[data-kind=rated]")
    for name in ("Base, β = 0.00", "Merged, β = 0.50", "Regional, β = 1.00"):
        expect(rated.get_by_role("heading", name=name)).to_be_visible()
    (rating,) = service.ratings.ratings()[before:]
    assert [mark["rank"] for mark in rating.marks] == [2, 1, 3]

    page.get_by_label("Choose between two").check()
    rated.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".gg-ballot[data-kind=pairwise]")).to_be_focused()
    page.get_by_role("tab", name="Compare").click()  # keys of a tab that isn't seen do nothing
    page.get_by_label("Query").first.press("2")
    page.get_by_role("tab", name="Rate", exact=True).click()
    expect(save).to_be_disabled()
    language = page.get_by_label("Your language")
    language.press("1")  # typed into a field
    expect(save).to_be_disabled()
    language.press("Escape")
    page.locator(".gg-ballot").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Answer 2 is better")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You have rated 2 so far")).to_be_visible()
    page.get_by_role("button", name="What people said of this pair").click()
    expect(page.get_by_text("2 ratings of 1 raters")).to_be_visible()
    assert serious(page) == []
