"""The main job in a browser, by roles and labels: load, slide, see what changed, export, load the export."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

LOADING = 180_000  # milliseconds; the first visit imports torch and transformers
ANSWER = 30_000


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A visitor whose page shows its first answer."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(ANSWER)
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    arrive(page, url)
    yield page
    context.close()
    assert not trouble


def arrive(page: Page, url: str) -> None:
    """Open the page and wait for the first answer."""
    from playwright.sync_api import expect

    page.goto(url)
    expect(column(page, "Merged").get_by_role("listitem").first).to_be_visible(timeout=LOADING)


def column(page: Page, name: str) -> Locator:
    """One of the three columns."""
    return page.get_by_role("region", name=re.compile(rf"^{name}"))


def hits(page: Page, name: str) -> list[str]:
    """What a column lists, without its scores and arrows."""
    return column(page, name).get_by_role("listitem").locator("[lang]").all_inner_texts()


def slider(page: Page, name: str) -> Locator:
    """A slider by a part of its name."""
    return page.get_by_role("slider", name=name)


def test_the_first_thing_a_visitor_can_do_is_slide(page: Page) -> None:
    from playwright.sync_api import expect

    expect(page.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    for name in ("Base", "Merged", "Regional"):
        expect(column(page, name).get_by_role("listitem")).to_have_count(8)
    slider(page, "β, from base").fill("0")
    expect(column(page, "Merged").get_by_role("heading")).to_contain_text("0.00")
    assert hits(page, "Merged") == hits(page, "Base")
    slider(page, "β, from base").fill("1")
    expect(column(page, "Merged").get_by_role("heading")).to_contain_text("1.00")
    assert hits(page, "Merged") == hits(page, "Regional")
    assert hits(page, "Merged") != hits(page, "Base")


def test_an_example_in_another_language_is_one_click(page: Page) -> None:
    from playwright.sync_api import expect

    page.get_by_role("button", name=re.compile("^th ")).click()
    expect(page.get_by_label("Query", exact=True)).to_have_value(re.compile("[\u0e00-\u0e7f]"))
    expect(page.get_by_label("Language of the query")).to_have_value(re.compile("Thai"))
    expect(page.get_by_role("status").filter(has_text="Looking for")).to_be_visible()


def test_a_picture_finds_captions_in_many_languages(page: Page) -> None:
    from playwright.sync_api import expect

    page.get_by_label("Image → captions").check()
    page.get_by_role("button", name=re.compile("rank captions for this picture")).nth(3).click()
    expect(column(page, "Regional").get_by_role("listitem")).to_have_count(8)
    expect(page.get_by_role("button", name=re.compile("rank captions")).nth(3)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_a_component_goes_its_own_way_until_beta_moves(page: Page) -> None:
    from playwright.sync_api import expect

    page.get_by_role("button", name="One β for each component").click()
    text = slider(page, "β of text_model")
    text.fill("0.1")
    expect(column(page, "Merged").get_by_role("heading")).to_contain_text("β by component")
    slider(page, "β, from base").fill("0.7")
    expect(text).to_have_value("0.7")
    expect(column(page, "Merged").get_by_role("heading")).to_contain_text("0.70")


def test_a_second_visitor_has_a_beta_of_their_own(page: Page, browser: Browser, url: str) -> None:
    from playwright.sync_api import expect

    slider(page, "β, from base").fill("0.9")
    expect(column(page, "Merged").get_by_role("heading")).to_contain_text("0.90")
    mine = hits(page, "Merged")
    other = browser.new_page()
    arrive(other, url)
    expect(slider(other, "β, from base")).to_have_value("0.5")
    slider(other, "β, from base").fill("0")
    expect(column(other, "Merged").get_by_role("heading")).to_contain_text("0.00")
    expect(slider(page, "β, from base")).to_have_value("0.9")
    page.get_by_label("Query", exact=True).press("End")
    assert hits(page, "Merged") == mine
    other.close()


def test_models_reports_a_pair_and_refuses_another_in_one_line(page: Page) -> None:
    from playwright.sync_api import expect

    page.get_by_role("tab", name="Models").click()
    expect(page.get_by_role("region", name="Preflight report").get_by_role("row")).to_have_count(4)
    page.get_by_label("Regional checkpoint").fill("demo:siglip/nowhere")
    page.get_by_role("button", name="Load pair").click()
    expect(page.get_by_role("alert").filter(has_text="demo:siglip/nowhere")).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)


def test_an_export_is_downloaded_and_loaded(page: Page, tmp_path: Path) -> None:
    import torch
    from playwright.sync_api import expect
    from transformers import AutoProcessor, SiglipModel

    from ggez_core.checkpoints import open_checkpoint

    slider(page, "β, from base").fill("0.25")
    page.get_by_role("tab", name="Export").click()
    expect(page.get_by_text("β = 0.25 for every component")).to_be_visible()
    page.get_by_role("textbox", name=re.compile("^Name")).fill("my-merge")
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Download all")).click()
    download.value.save_as(tmp_path / "merged.zip")
    zipfile.ZipFile(tmp_path / "merged.zip").extractall(tmp_path)
    model = SiglipModel.from_pretrained(tmp_path / "my-merge")
    AutoProcessor.from_pretrained(tmp_path / "my-merge")
    name = "text_model.head.weight"
    ends = [open_checkpoint(f"demo:siglip/{end}").read(name) for end in ("base", "sea")]
    torch.testing.assert_close(model.state_dict()[name], 0.75 * ends[0] + 0.25 * ends[1])


def test_an_export_name_with_a_path_in_it_is_refused(page: Page) -> None:
    from playwright.sync_api import expect

    page.get_by_role("tab", name="Export").click()
    name = page.get_by_role("textbox", name=re.compile("^Name"))
    expect(name).to_have_value("merged-1")
    page.wait_for_timeout(500)  # a tab that is just opened writes its first values once more
    name.fill("../elsewhere")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("no name for an export")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_asks_nobody_else(browser: Browser, url: str, scheme: str) -> None:
    from playwright.sync_api import expect

    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    arrive(page, url)
    last_of_tab = {
        "Models": page.get_by_text("Where did fine-tuning change the weights most?").filter(visible=True).first,
        "Compare": column(page, "Regional"),
        "Export": page.get_by_role("button", name="Export", exact=True),
    }
    for tab, last in last_of_tab.items():
        found = page.get_by_role("tab", name=tab)
        if found.is_visible():
            found.click()
        else:  # tabs that find no room stand in a menu
            page.locator(".overflow-menu > button").first.click()
            page.locator(".overflow-dropdown button", has_text=tab).click()
        expect(last).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 392
    assert [u for u in asked if not u.startswith((url, "data:", "blob:"))] == []
    context.close()
