"""A purchase by bank transfer: an invoice, a line that one operator enters and another confirms, and then the data."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

from market.kit.i18n import Lang
from tests.browser.conftest import Enter
from tests.browser.person import Person
from tests.browser.running import RunningMarket
from tests.browser.stock import Shelf


def _order(person: Person, shelf: Shelf, market: RunningMarket) -> str:
    """Sign, have the provider sign, and order by transfer. Returns the reference on the invoice."""
    person.open(f"offers/{shelf.ports.offer}")
    person.follow("Buy a licence")
    person.press("Go on to the contract")
    person.follow("Go on to sign")
    person.press("Sign contract")
    expect(person.page).to_have_url(re.compile("/pay$"))
    shelf.provider.countersign_waiting()
    market.drain()
    person.page.reload()
    person.main.get_by_label(person.say("Bank transfer")).check()
    person.press("Order and pay")
    expect(person.page).to_have_url(re.compile("/orders/[0-9a-f-]{36}$"))
    person.reads("waits for your payment")
    person.look("invoice")
    reference = person.main.locator("dd strong.nb:not(.price)").text_content()
    assert reference is not None
    return reference


def _enter(person: Person, reference: str, amount: str, line: str) -> None:
    for name, text in (
        ("reference", reference),
        ("amount", amount),
        ("bank_line", line),
        ("booked_on", date(2026, 7, 2).isoformat()),
    ):
        person.page.locator(f"#f-{name}").fill(text)
    person.press("Enter")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_two_operators_take_the_money_of_an_invoice(
    market: RunningMarket, shelf: Shelf, enter: Enter, folder: Path, lang: Lang
) -> None:
    buyer = market.party(f"payer-{lang}")
    market.drain()
    person = enter("buyer", lang)
    person.sign_in(f"payer-{lang}@example.com")
    person.bring_key(buyer.org_id, buyer.key, folder)
    reference = _order(person, shelf, market)

    first, second = (enter(f"operator {name}", lang) for name in ("ann", "ben"))
    for name, operator in (("ann", first), ("ben", second)):
        market.operator(name)
        operator.sign_in(f"{name}@example.com")
        operator.open("ops/payments")
    expect(first.main).to_contain_text(reference)
    # A reference with a wrong letter, and an amount that is not the invoice's, are told at their fields.
    _enter(first, reference[:-1] + ("A" if reference[-1] != "A" else "B"), "12000.00", "L1")
    expect(first.page.locator("#f-reference-error")).to_be_visible()
    expect(first.page.locator("#f-amount")).to_have_value("12000.00")
    first.look("transfers-errors")
    _enter(first, reference, "12,00", "L1")
    expect(first.page.locator("#f-amount-error")).to_be_visible()
    expect(first.page.locator("#f-reference")).to_have_value(reference)
    _enter(first, reference, "12000.00", f"L-{lang}")
    first.reads("Entered. Another operator confirms it.")
    first.reads("Entered by you: another operator confirms it.")
    expect(first.main.get_by_role("button", name=first.say("Confirm"))).to_have_count(0)
    first.look("transfers-entered")

    person.page.reload()
    person.reads("waits for your payment")
    second.page.reload()
    second.look("transfers-to-confirm")
    second.press("Confirm")
    second.reads("Confirmed.")
    market.drain()

    person.page.reload()
    person.look("order-paid-by-transfer")
    person.follow("Get the data")
    received = person.save(
        person.main.get_by_role("button", name=re.compile(re.escape(shelf.ports.file.name))), folder
    )
    assert received.read_bytes() == shelf.ports.file.read_bytes()
