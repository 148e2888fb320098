"""The Train tab in a browser: a run is started and says what is wrong; runs are there after a reload, and compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.tiny_runs import fabricated


def test_runs_are_started_shown_and_there_after_a_reload(
    browser: Browser, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GGEZ_RUNS", str(tmp_path / "runs"))
    run = fabricated(tmp_path / "runs" / "earlier")
    (run.training / "best").mkdir(parents=True)
    page = browser.new_page()
    page.goto(url)
    page.get_by_role("tab", name="Train").click()
    expect(page.get_by_text("earlier: finished at step 20 of 20")).to_be_visible()
    expect(page.get_by_role("img", name="Loss over steps").or_(page.locator(".js-plotly-plot").first)).to_be_visible()
    page.get_by_role("textbox", name="Data Parquet").fill("/nowhere.parquet")
    page.get_by_role("textbox", name="Data Parquet").press("Tab")
    expect(page.get_by_text("/nowhere.parquet").first).to_be_visible()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("ggez finetune config.yaml")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("no such file or folder").first).to_be_visible(timeout=120_000)
    page.reload()
    page.get_by_role("tab", name="Train").click()
    expect(page.get_by_text("no such file or folder").first).to_be_visible()
