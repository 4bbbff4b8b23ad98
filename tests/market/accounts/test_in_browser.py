"""The way of a provider without a terminal: sign up, make a key in the browser, keep its recovery file, register it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ledger.keyfile import read_key_file
from market.accounts.passwords import Passwords
from market.kit import site
from tests.market.accounts.conftest import PASSWORD, Market, build


@pytest.fixture
def address(
    sqlite_url: str, tmp_path: Path, passwords: Passwords, free_port: int
) -> Iterator[tuple[str, Market]]:
    market = build(sqlite_url, tmp_path, passwords)
    market.app.include_router(site.router)
    market.ports.base_url = f"http://127.0.0.1:{free_port}"
    server = uvicorn.Server(
        uvicorn.Config(
            market.app, host="127.0.0.1", port=free_port, log_level="error", lifespan="off", ws="none"
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.02)
    yield market.ports.base_url, market
    server.should_exit = True
    thread.join(20)
    market.db.close()


def test_a_provider_makes_saves_restores_and_registers_a_key(
    page: Page, address: tuple[str, Market], tmp_path: Path, screenshots: Path
) -> None:
    base, _ = address
    page.goto(f"{base}/en/signup")
    page.get_by_label("Your name").fill("Mei")
    page.get_by_label("E-mail address").fill("mei@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Name in English").fill("Harbour Data")
    page.screenshot(path=screenshots / "signup-en.png", full_page=True)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    # The home page is another slice's; here is only what follows it.
    page.goto(f"{base}/en/account")
    page.get_by_role("main").get_by_role("link", name="Harbour Data").click()
    page.screenshot(path=screenshots / "organisation-en.png", full_page=True)
    page.get_by_role("link", name="Signing keys").click()
    register = page.get_by_role("button", name="Register this key")
    expect(register).to_be_disabled()
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator("[data-status]")).to_contain_text("Save its recovery file")
    expect(register).to_be_disabled()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the recovery file").click()
    recovery = tmp_path / "recovery.json"
    download.value.save_as(recovery)
    recovery.chmod(0o600)
    page.get_by_role("button", name="Remove the key from this browser").click()
    expect(register).to_be_disabled()
    page.locator('input[type="file"]').set_input_files(recovery)
    expect(register).to_be_enabled()
    register.click()
    expect(page.get_by_role("table")).to_contain_text("waits for its ledger entry")
    page.screenshot(path=screenshots / "signing-keys-en.png", full_page=True)
    # The same file serves the command line, and holds the key that was registered.
    kid = read_key_file(recovery).public.thumbprint.hex()
    assert json.loads(recovery.read_text())["kid"] == kid
    expect(page.get_by_role("table").locator("code")).to_have_attribute("title", kid)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_are_accessible_and_fit_a_small_screen(
    page: Page, address: tuple[str, Market], screenshots: Path, lang: str
) -> None:
    base, market = address
    owner = market.owner("mei@example.com")
    market.member(owner, "li@example.com", "publisher")
    owner("POST", "/api/v1/organisations/{org}/invites", {"email": "wu@example.com", "roles": ["buyer"]})
    owner("POST", "/api/v1/organisations/{org}/api-keys", {"label": "job", "scopes": ["org:read"]})
    org = f"orgs/{owner.org}"
    visits = [
        "signup",
        "signin",
        "account",
        "account/confirm",
        "orgs/new",
        org,
        f"{org}/api-keys",
        f"{org}/keys",
    ]
    page.set_viewport_size({"width": 360, "height": 740})
    for path in visits:
        if path == "account":
            cookie = {"name": "dw_session", "value": market.session("mei@example.com"), "url": base}
            page.context.add_cookies([cookie])  # type: ignore[list-item]
        answer = page.goto(f"{base}/{lang}/{path}")
        assert answer is not None
        assert answer.status == 200
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{path} is {width} wide"
        page.screenshot(path=screenshots / f"{path.split('/')[-1][:12]}-{lang}-360.png", full_page=True)
