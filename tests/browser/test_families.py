"""Every family in a browser: load a pair, ask it, move β, come back after a reload, export with its loading code."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ggez_core.assets import demo_names

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LOADING = 180_000  # milliseconds; the first visit imports the libraries


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A visitor whose page shows its first answer."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(LOADING)  # a busy machine is slow, not wrong
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(url)
    page.get_by_role("region", name=re.compile("^Merged")).first.wait_for(timeout=LOADING)
    yield page
    context.close()
    assert not trouble


def shipped(family: str, otherwise: Callable[[], tuple[Path, Path]]) -> tuple[str, str]:
    """The family's demo pair, or a tiny random one where it isn't built yet."""
    names = (f"demo:{family}/base", f"demo:{family}/sea")
    if set(names) <= set(demo_names()):
        return names
    base, regional = otherwise()
    return str(base), str(regional)


def tiny_clip_pair(folder: Path) -> tuple[Path, Path]:
    """A tiny CLIP, and itself with all weights moved."""
    import torch
    from safetensors.torch import load_file, save_file

    from tests import tiny_embedding

    base = tiny_embedding.clip(folder / "base")
    regional = Path(shutil.copytree(base, folder / "regional"))
    tensors = load_file(regional / "model.safetensors")
    moved = {n: t + 0.1 * torch.randn(t.shape) if t.is_floating_point() else t for n, t in tensors.items()}
    save_file(moved, regional / "model.safetensors", {"format": "pt"})
    return base, regional


def load(page: Page, base: str, regional: str) -> None:
    """Load a pair on the Models tab, and go to Compare."""
    from playwright.sync_api import expect

    page.get_by_role("tab", name="Models").click()
    page.get_by_label("Base checkpoint").fill(base)
    page.get_by_label("Regional checkpoint").fill(regional)
    page.get_by_role("button", name="Load pair").click()
    expect(page.get_by_text("Base " + base)).to_be_visible(timeout=LOADING)
    page.get_by_role("tab", name="Compare").click()


def move(page: Page, beta: str) -> None:
    """Move β's slider, as the arrow keys do."""
    page.get_by_role("slider", name="β, from base").fill(beta)


def merged(page: Page) -> str:
    """How the merged column begins now."""
    return page.get_by_role("region", name=re.compile("^Merged")).filter(visible=True).inner_text()


def done(page: Page) -> None:
    """Wait for a slow answer."""
    from playwright.sync_api import expect

    expect(page.get_by_role("status").filter(has_text="Done", visible=True)).to_be_visible(timeout=LOADING)


def reload_and_export(page: Page, base: str, name: str, code: str) -> None:
    """The pair is still there after a reload, and its export comes with the code that loads it."""
    from playwright.sync_api import expect

    page.reload()
    expect(page.get_by_text("Base " + base)).to_be_visible(timeout=LOADING)
    page.get_by_role("tab", name="Export").click()
    page.get_by_role("textbox", name=re.compile("^Name")).fill(name)
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("link", name=re.compile("Download all"))).to_be_visible(timeout=LOADING)
    expect(page.get_by_label("How to load it").or_(page.locator(".cm-content")).first).to_contain_text(code)


def test_diffusion(page: Page, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    from tests.tiny_diffusion import pipeline_pair

    base, regional = shipped("sdxl", lambda: pipeline_pair("StableDiffusionXLPipeline", tmp_path))
    load(page, base, regional)
    page.get_by_label("Prompt", exact=True).fill("a cat")
    page.get_by_role("slider", name="Steps").fill("2")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator("q")).to_have_text("a cat")
    done(page)
    for drawn in ("Drawn by the base", "Drawn by the merged model, β = 0.50", "Drawn by the regional model"):
        picture = page.get_by_role("img", name=drawn).first
        expect(picture).to_be_visible()
        assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth }") > 0
    move(page, "0.3")
    expect(page.get_by_text("Drawn at β = 0.50, the nearest so far").first).to_be_visible(timeout=LOADING)
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.get_by_role("img", name="Drawn by the merged model, β = 0.30").first).to_be_visible(timeout=LOADING)
    curtain = page.get_by_role("slider", name="How much of Base is seen over Merged")
    curtain.fill("20")
    expect(page.locator(".gg-overlay")).to_have_attribute("style", re.compile("20%"))
    page.get_by_role("button", name="Draw along β").click()
    page.get_by_role("button", name="Set β to 0.75").click()
    expect(page.get_by_role("slider", name="β, from base")).to_have_value("0.75")
    reload_and_export(page, base, "drawn", "StableDiffusionXLPipeline")


def test_lvlm(page: Page, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    from tests.tiny_lvlm import saved

    base, regional = shipped(
        "gemma3", lambda: (saved("gemma3", 1, tmp_path / "base"), saved("gemma3", 2, tmp_path / "regional"))
    )
    load(page, base, regional)
    page.get_by_role("button", name=re.compile("^id .*A–D$")).click()
    expect(page.get_by_label("Question", exact=True)).to_have_value(re.compile("negara"))
    done(page)
    expect(
        page.get_by_role("region", name=re.compile("^Merged")).filter(visible=True).get_by_role("listitem")
    ).to_have_count(4)
    assert "%" in merged(page)
    move(page, "0.3")
    expect(page.get_by_text("Answered at β = 0.50, the nearest so far")).to_be_visible()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Answered at β = 0.50, the nearest so far")).to_have_count(0)
    done(page)
    reload_and_export(page, base, "said", "Gemma3ForConditionalGeneration")


def test_embedding_of_another_class(page: Page, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    base, regional = shipped("clip", lambda: tiny_clip_pair(tmp_path))
    load(page, base, regional)
    move(page, "0.4")
    expect(page.get_by_role("region", name=re.compile("^Merged")).filter(visible=True)).to_contain_text("0.40")
    expect(page.get_by_role("region", name=re.compile("^Merged")).get_by_role("listitem")).to_have_count(8)
    reload_and_export(page, base, "found", "CLIPModel")
