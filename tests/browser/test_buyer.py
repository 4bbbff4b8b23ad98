"""A buyer's whole way: find, read, sign, pay, receive, and check what was received without trusting anybody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from market.client import Datawharf
from market.kit.i18n import Lang
from tests.browser.conftest import Enter
from tests.browser.person import Person
from tests.browser.running import RunningMarket
from tests.browser.stock import Shelf, Stocked

SEARCH = {"zh": "港口", "en": "port"}
TABS = ("Data preview", "Files", "Licence & price", "Provenance & proofs", "History", "Overview")


def _find(person: Person, shelf: Shelf) -> None:
    """From the home page by a short word and a filter to the asset, whose every tab has an address of its own."""
    person.open("")
    person.look("home")
    person.page.get_by_role("searchbox").fill(SEARCH[person.lang])
    person.press("Search")
    expect(person.page).to_have_url(re.compile("/catalogue.*q="))
    results = person.main.locator(".results > li")
    expect(results).to_have_count(2)
    person.look("catalogue-search")
    person.main.get_by_label("表格" if person.lang == "zh" else "Tables").check()
    person.press("Apply filters")
    expect(results).to_have_count(1)
    person.look("catalogue-filtered")
    chip = person.main.get_by_role("list", name=person.say("Active filters")).get_by_role("link").first
    chip.click()
    expect(results).to_have_count(2)
    person.main.get_by_role("link", name=shelf.ports.title[person.lang]).click()
    expect(person.page.get_by_role("heading", level=1)).to_have_text(shelf.ports.title[person.lang])
    person.look("asset")
    seen = {person.page.url}
    for tab in TABS:
        person.follow(tab)
        expect(person.main.get_by_role("link", name=person.say(tab), exact=True).first).to_have_attribute(
            "aria-current", "page"
        )
        if tab != "Overview":
            person.look("asset-" + tab.split(" ")[-1].lower())
        seen.add(person.page.url)
    assert len(seen) == len(TABS)


def _switch(person: Person) -> None:
    """The other language shows the same place, and so does the way back."""
    here = person.page.url
    other = "en" if person.lang == "zh" else "zh"
    name = "English" if other == "en" else "中文"
    person.page.get_by_role("link", name=name, exact=True).click()
    expect(person.page).to_have_url(here.replace(f"/{person.lang}/", f"/{other}/", 1))
    expect(person.page.locator("html")).to_have_attribute("lang", "zh-CN" if other == "zh" else "en")
    person.page.go_back()
    expect(person.page).to_have_url(here)


def _sign(person: Person, provider: Datawharf) -> None:
    """Purpose, contract, signature in the browser; the provider's machine countersigns."""
    person.follow("Buy a licence")
    expect(person.page).to_have_url(re.compile("/offers/"))
    person.look("offer")
    person.follow("Buy a licence")
    expect(person.page).to_have_url(re.compile("/purpose$"))
    person.page.locator("#f-purpose").select_option("RESEARCH")
    person.look("checkout-purpose")
    person.press("Go on to the contract")
    expect(person.page).to_have_url(re.compile("/contract$"))
    person.look("checkout-contract")
    person.follow("Go on to sign")
    expect(person.page).to_have_url(re.compile("/sign$"))
    expect(person.main.get_by_role("button", name=person.say("Sign contract"))).to_be_enabled()
    person.look("checkout-sign")
    person.press("Sign contract")
    expect(person.page).to_have_url(re.compile("/pay$"))
    [contract] = provider.countersign_waiting()
    assert contract["state"] == "SIGNED"
    person.page.reload()
    person.look("checkout-pay")


def _pay(person: Person, market: RunningMarket) -> None:
    person.press("Order and pay")
    expect(person.page).to_have_url(re.compile("/pay/cs_test"))
    person.keep_picture("pay-page", person.page.screenshot(full_page=True))
    person.page.get_by_role("button", name=re.compile("12,000.00")).click()
    expect(person.page).to_have_url(re.compile(f"{market.base}/{person.lang}/"))
    market.drain()
    if "/return" in person.page.url or "/orders/" in person.page.url:
        person.look("order")
        person.page.reload()
    person.open(person.page.url.removeprefix(market.base))
    expect(person.page.get_by_role("link", name=person.say("Get the data")).first).to_be_visible()
    person.look("checkout-done")
    person.open("orders")
    person.look("orders")
    person.open("contracts")
    person.look("contracts")
    person.main.get_by_role("table").get_by_role("link").first.click()
    expect(person.page).to_have_url(re.compile("/contracts/[0-9a-f-]{36}$"))
    person.look("contract")


def _receive(person: Person, asset: Stocked, folder: Path) -> Path:
    person.open("library")
    person.look("library")
    person.main.get_by_role("link", name=asset.title[person.lang]).click()
    expect(person.page).to_have_url(re.compile("/library/"))
    person.look("licence")
    button = person.main.get_by_role("button", name=re.compile(re.escape(asset.file.name)))
    received = person.save(button, folder)
    assert received.read_bytes() == asset.file.read_bytes()
    return received


def _steps(person: Person) -> dict[str, str]:
    steps = person.page.locator("[data-steps] li")
    expect(steps).to_have_count(12)
    return dict(steps.evaluate_all("(items) => items.map(({ dataset }) => [dataset.step, dataset.outcome])"))


def _verify(person: Person, receipt: Path, data: Path) -> None:
    """The receipt holds for the file as it came; with one byte changed the page says which check failed."""
    person.open("verify")
    person.page.locator("#f-receipt").set_input_files(receipt)
    person.page.locator("#f-data").set_input_files(data)
    person.press("Check")
    outcomes = _steps(person)
    assert outcomes["fingerprint"] == "passed", outcomes
    assert "failed" not in outcomes.values()
    person.look("verify-passed")
    changed = bytearray(data.read_bytes())
    changed[100] ^= 1
    data.write_bytes(changed)
    person.page.locator("#f-data").set_input_files(data)
    person.press("Check")
    expect(person.page.locator('[data-step="fingerprint"]')).to_have_attribute("data-outcome", "failed")
    assert [step for step, outcome in _steps(person).items() if outcome == "failed"] == ["fingerprint"]
    expect(person.page.locator('[data-step="fingerprint"]')).to_contain_text(data.name)
    person.look("verify-failed")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_find_buy_receive_verify(
    market: RunningMarket, shelf: Shelf, enter: Enter, folder: Path, lang: Lang
) -> None:
    buyer = market.party(f"foresight-{lang}", with_key=False)
    person = enter("buyer", lang)
    _find(person, shelf)
    _switch(person)
    person.sign_in(f"foresight-{lang}@example.com")
    person.make_key(buyer.org_id, folder)
    market.drain()
    person.open(f"assets/{shelf.ports.id}")
    _sign(person, shelf.provider)
    _pay(person, market)
    data = _receive(person, shelf.ports, folder)
    market.drain()
    person.page.reload()
    person.look("licence-released")
    person.open(f"assets/{shelf.ports.id}/provenance")
    registration = person.main.locator(".timeline > li").last
    receipt = person.save(registration.get_by_role("link", name=person.say("Receipt")), folder)
    _verify(person, receipt, data)
    _switch(person)
