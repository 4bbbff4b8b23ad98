"""A real Chromium for browser tests: driven by Playwright, cut off from everything but this machine.

The browser lives as long as a test module, not a session: Playwright's synchronous face keeps an event loop
running in the main thread, which would be in the way of every asynchronous test after it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium on this machine (Debian: apt-get install chromium fonts-noto-cjk)"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever uses the browser is a browser test."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


def find_chromium() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless browser; the tests that need it are skipped where there is none."""
    executable = find_chromium()
    if executable is None:
        pytest.skip(MISSING)
    home = tmp_path_factory.mktemp("browser-home")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=list(ARGUMENTS), env={**os.environ, "HOME": str(home)}
        )
        yield browser
        browser.close()


@pytest.fixture
def page_faults() -> list[str]:
    """What the page did wrong; must be empty when the test ends. A test that expects a fault clears it."""
    return []


@pytest.fixture
def page(chromium: Browser, page_faults: list[str]) -> Iterator[Page]:
    """A page of 1280 × 800 in a session of its own. Uncaught script errors and CSP reports fail the test."""

    def note_error(error: Error) -> None:
        page_faults.append(f"uncaught: {error.message}")

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            page_faults.append(message.text)

    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.on("pageerror", note_error)
    opened.on("console", note_console)
    yield opened
    context.close()
    assert not page_faults, page_faults


@pytest.fixture
def screenshots() -> Path:
    """Where pictures of pages go: a folder that git ignores."""
    folder = Path(__file__).parent.parent / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder
