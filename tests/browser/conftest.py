"""A served page and a browser for the browser tests: system Chromium, the shipped demo pair, a storage of its own.

Without a Chromium these tests are skipped, unless GGEZ_REQUIRE_BROWSER is set, as it is where nothing may be skipped.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from workbench.service import Service

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
RERUNS = 2  # of a test that failed; what is wrong fails every time
PATIENCE = 30_000  # milliseconds until an expectation has failed: a busy machine is slow, not wrong


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is tried again where it failed."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=RERUNS))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The service behind the page."""
    from workbench.service import Service
    from workbench.settings import GIB, Settings

    return Service(Settings(tmp_path_factory.mktemp("storage"), GIB, shared=False))


@pytest.fixture(scope="session")
def url(service: Service) -> Iterator[str]:
    """The address of a served page."""
    from workbench.build import build, launch

    page = build(service)
    yield launch(service=service, page=page, wait=False)
    page.close()


@pytest.fixture(scope="session")
def browser(url: str) -> Iterator[Browser]:
    """The system's Chromium. It starts after the page is served: Playwright's loop would be in the way of Gradio's."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or not Path(chromium).exists():
        message = "no Chromium; install one or name it in CHROMIUM"
        if os.environ.get("GGEZ_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()
