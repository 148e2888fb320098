"""The Sweep and Cross-lingual tabs in a browser: points arrive, a clicked point moves β, languages are drawn."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.test_accessible import serious


def test_a_sweep_is_watched_and_a_clicked_point_moves_beta(browser: Browser, url: str) -> None:
    page = browser.new_page()
    page.goto(url)
    page.get_by_role("tab", name="Sweep").click()
    expect(page.get_by_label("world-retrieval")).to_be_checked()
    page.get_by_role("button", name="Start sweep").click()
    expect(page.get_by_text("Done: 6 points")).to_be_visible(timeout=240_000)
    expect(page.get_by_role("img", name="Global-Regional Parity over β")).to_be_visible()
    curve = page.locator(".gg-curve .js-plotly-plot").first
    expect(curve).to_be_visible(timeout=60_000)
    page.wait_for_function("document.querySelector('.gg-curve .js-plotly-plot').tellsBeta", timeout=60_000)
    curve.evaluate("plot => plot.emit('plotly_click', { points: [{ customdata: 0.75 }] })")
    expect(page.get_by_role("slider", name="β, from base").first).to_have_value("0.75")
    page.get_by_role("button", name="Best that keeps").click()
    expect(page.get_by_role("slider", name="β, from base").first).to_have_value("0.25")
    page.get_by_role("button", name="Languages and countries as tables").click()
    page.wait_for_function("[...document.querySelectorAll('.gg-slices .js-plotly-plot')].some((p) => p.tellsSlice)")
    page.locator(".gg-slices .js-plotly-plot").first.evaluate(
        "plot => plot.emit('plotly_click', { points: [{ customdata: 'TH' }] })"
    )
    expect(page.get_by_label("A language or country by itself")).to_have_value("Thailand")
    expect(page.get_by_role("link", name="Thailand over β.csv")).to_be_visible()
    assert serious(page) == []
    page.reload()
    page.get_by_role("tab", name="Sweep").click()
    expect(page.get_by_text("Done: 6 points")).to_be_visible(timeout=60_000)


def test_languages_are_measured_at_the_sliders_beta(browser: Browser, url: str) -> None:
    page = browser.new_page()
    page.goto(url)
    page.get_by_role("tab", name="Cross-lingual").click()
    page.get_by_role("button", name="Measure at this β").click()
    expect(page.get_by_text("Measured with β = 0.50")).to_be_visible(timeout=120_000)
    expect(page.locator(".gg-map .js-plotly-plot")).to_be_visible(timeout=60_000)
