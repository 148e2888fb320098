"""The Curate tab in a browser: data is measured, a threshold is moved and counts follow, dropped rows say why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect

from ggez_core.demo.world.mixture import write_mixture

if TYPE_CHECKING:
    from workbench.service import Service


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mixture(tmp_path_factory.mktemp("data") / "mixed.parquet", 120, regional=0.4, seed=5)


def test_data_is_measured_cut_and_looked_at(browser: Browser, url: str, service: Service, data: Path) -> None:
    page = browser.new_page()
    page.goto(url)
    page.get_by_role("tab", name="Curate").click()
    page.get_by_role("textbox", name=re.compile("^Data")).fill(str(data))
    page.get_by_label("Reward model").fill("None")
    page.get_by_role("option", name="None").click()
    page.get_by_role("button", name="Measure", exact=True).click()
    expect(page.get_by_text("120 rows of")).to_be_visible(timeout=120_000)
    kept = page.locator(".gg-counts dd").nth(1)
    expect(kept).to_have_text(re.compile(r"^\d+$"))
    before = int(kept.inner_text())
    assert 5 < before < 80
    page.get_by_role("slider", name="Least belief in the region").press("End")
    expect(kept).not_to_have_text(str(before))
    assert int(kept.inner_text()) < before
    page.get_by_role("radio", name="dropped").check()
    expect(page.locator(".gg-why").first).to_be_visible()
    page.get_by_role("button", name="Export kept rows").click()
    expect(page.get_by_role("link", name="Download all as zip")).to_be_visible()
    page.reload()
    page.get_by_role("tab", name="Curate").click()
    expect(page.get_by_text("120 rows of")).to_be_visible()
