"""Access on request, all in browsers: asked, approved, signed by both, received; and each way in which it ends early."""

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
from tests.browser.stock import OPEN, Shelf, Stocked

PURPOSE = {"zh": "潮汐模型研究", "en": "Research on tidal models"}
REASON = {"zh": "数据正在更正，十二月再申请。", "en": "The data are being corrected; ask again in December."}


def _provider(enter: Enter, shelf: Shelf, lang: Lang, folder: Path) -> Person:
    person = enter("provider", lang)
    person.sign_in("harbour@example.com")
    person.bring_key(shelf.provider.org_id, shelf.provider.key, folder)
    return person


def _buyer(market: RunningMarket, enter: Enter, name: str, lang: Lang, folder: Path) -> Person:
    buyer = market.party(f"{name}-{lang}")
    market.drain()
    person = enter("buyer", lang)
    person.sign_in(f"{name}-{lang}@example.com")
    person.bring_key(buyer.org_id, buyer.key, folder)
    return person


def _ask(person: Person, asset: Stocked) -> None:
    """Find the offer from the asset's page, and ask for access with a purpose."""
    person.open(f"assets/{asset.id}/terms")
    person.main.locator(f'a[href$="/offers/{asset.offer}"]:visible').first.click()
    person.follow("Ask for access")
    person.page.locator("#f-purpose").select_option("RESEARCH")
    person.page.locator("#f-description").fill(PURPOSE[person.lang])
    # Left out, the question of the offer is named at its field, and what was written stays.
    person.press("Send the request")
    person.refused("Answer this question.", field="answer_0")
    expect(person.page.locator("#f-description")).to_have_value(PURPOSE[person.lang])
    expect(person.page.locator("#f-purpose")).to_have_value("RESEARCH")
    person.look("request-form-errors")
    person.page.locator("#f-answer_0").fill("3")
    person.press("Send the request")
    person.reads("Your request is with the provider.")
    person.look("request-sent")


def _answer(person: Person, button: str) -> None:
    person.open("studio/requests")
    expect(person.main.locator("article")).to_have_count(1)
    expect(person.main.locator("article")).to_contain_text(PURPOSE[person.lang])
    person.look("studio-requests-waiting")
    person.press(button)


def _sign_as_buyer(person: Person) -> None:
    person.follow("Go on to sign")
    expect(person.page).to_have_url(re.compile("/sign$"))
    person.press("Sign contract")
    expect(person.page).to_have_url(re.compile("/done$"))
    person.look("signed-waiting")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_request_is_approved_signed_by_both_and_its_file_received(
    market: RunningMarket, shelf: Shelf, enter: Enter, folder: Path, lang: Lang
) -> None:
    buyer = _buyer(market, enter, "reader", lang, folder)
    provider = _provider(enter, shelf, lang, folder)
    _ask(buyer, shelf.words)
    _answer(provider, "Approve")
    provider.reads("The request is approved.")

    buyer.open(f"offers/{shelf.words.offer}")
    buyer.look("request-approved")
    buyer.press("Go on to the contract")
    expect(buyer.main).to_contain_text(PURPOSE[lang])
    _sign_as_buyer(buyer)

    provider.open("studio/requests")
    provider.main.get_by_role("link", name=shelf.words.title[lang]).first.click()
    provider.look("contract-to-countersign")
    provider.press("Countersign")
    provider.reads("You signed. The contract is complete.")
    market.drain()

    buyer.follow("Look again")
    buyer.follow("Get the data")
    received = buyer.save(
        buyer.main.get_by_role("button", name=re.compile(re.escape(shelf.words.file.name))), folder
    )
    assert received.read_bytes() == shelf.words.file.read_bytes()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_request_is_refused_with_a_reason_or_withdrawn(
    market: RunningMarket, shelf: Shelf, enter: Enter, folder: Path, lang: Lang
) -> None:
    buyer = _buyer(market, enter, "asker", lang, folder)
    provider = _provider(enter, shelf, lang, folder)
    _ask(buyer, shelf.words)
    buyer.press("Withdraw the request")
    buyer.reads("The request is withdrawn.")
    buyer.look("request-withdrawn")
    provider.open("studio/requests")
    expect(provider.main.locator("article")).to_have_count(0)
    provider.reads("withdrawn by the buyer")

    _ask(buyer, shelf.words)
    _answer(provider, "Refuse")
    # Without a reason nothing is refused; the field says so.
    expect(provider.main.locator(".error-summary")).to_be_focused()
    provider.main.locator(".error-summary a").click()
    reason = provider.page.locator("textarea[name=reason_zh]")
    expect(reason).to_be_focused()
    provider.look("studio-requests-errors")
    reason.fill(REASON["zh"])
    provider.page.locator("textarea[name=reason_en]").fill(REASON["en"])
    provider.press("Refuse")
    provider.reads("The request is refused.")
    buyer.open(f"offers/{shelf.words.offer}")
    expect(buyer.main).to_contain_text(REASON[lang])
    buyer.look("request-refused")


def _take_open(person: Person, asset: Stocked) -> None:
    person.open(f"offers/{asset.offer}")
    person.follow("Take the licence")
    person.press("Go on to the contract")
    _sign_as_buyer(person)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_contract_is_declined_and_the_buyer_reads_why(
    market: RunningMarket, shelf: Shelf, enter: Enter, folder: Path, lang: Lang
) -> None:
    buyer = _buyer(market, enter, "hopeful", lang, folder)
    provider = _provider(enter, shelf, lang, folder)
    _take_open(buyer, shelf.tides)
    provider.open("studio/requests")
    provider.main.get_by_role("link", name=shelf.tides.title[lang]).first.click()
    provider.main.get_by_text(provider.say("Not sign, and say why")).click()
    provider.press("Decline this contract")
    provider.refused("Say why, in Chinese or English, so that the buyer can act on it.", field="reason_zh")
    provider.look("contract-decline-errors")
    provider.page.locator("#f-reason_zh").fill(REASON["zh"])
    provider.page.locator("#f-reason_en").fill(REASON["en"])
    provider.press("Decline this contract")
    provider.reads("The contract is declined. The buyer reads your reason.")
    provider.look("contract-declined-provider")

    buyer.open("contracts")
    buyer.reads("declined by the provider")
    buyer.look("contracts-declined")
    buyer.main.get_by_role("table").get_by_role("link").first.click()
    expect(buyer.main).to_contain_text(REASON[lang])
    buyer.look("contract-declined")
    buyer.follow("See the offer")
    expect(buyer.main.get_by_role("link", name=buyer.say("Take the licence"))).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_licence_is_ended_and_the_buyer_sees_why(
    market: RunningMarket, shelf: Shelf, enter: Enter, folder: Path, lang: Lang
) -> None:
    buyer = _buyer(market, enter, "reseller", lang, folder)
    provider = _provider(enter, shelf, lang, folder)
    _take_open(buyer, shelf.tides)
    shelf.provider.countersign_waiting()
    market.drain()

    provider.open("studio/licences")
    provider.main.get_by_role("link", name=shelf.tides.title[lang]).first.click()
    provider.follow("End this licence")
    provider.press("Go on to sign")
    provider.refused("Say why, in Chinese or English, so that the buyer can act on it.", field="reason_zh")
    provider.look("revoke-errors")
    provider.page.locator("#f-reason_zh").fill(REASON["zh"])
    provider.page.locator("#f-reason_en").fill(REASON["en"])
    provider.press("Go on to sign")
    provider.look("revoke-sign")
    provider.press("Sign and end the licence")
    provider.reads("The licence is ended.")
    market.drain()

    buyer.open("library")
    buyer.main.get_by_role("link", name=shelf.tides.title[lang]).first.click()
    expect(buyer.main).to_contain_text(REASON[lang])
    expect(buyer.main.get_by_role("button", name=re.compile(re.escape(shelf.tides.file.name)))).to_have_count(
        0
    )
    buyer.look("licence-ended")


def test_nobody_waits_for_a_signature_that_comes_too_late(
    market: RunningMarket, shelf: Shelf, enter: Enter, folder: Path
) -> None:
    """The last test of the module: it puts the market's clock forward."""
    late: Datawharf = shelf.provider
    offer = late.publish_offer(shelf.tides.id, OPEN)
    market.drain()
    buyer = _buyer(market, enter, "patient", "zh", folder)
    buyer.open(f"offers/{offer['id']}")
    buyer.follow("Take the licence")
    buyer.press("Go on to the contract")
    _sign_as_buyer(buyer)
    market.clock.advance(days=15)
    buyer.sign_in("patient-zh@example.com")
    buyer.open("contracts")
    buyer.reads("not signed in time")
    buyer.main.get_by_role("table").get_by_role("link").first.click()
    buyer.reads("The time to sign is over; nothing binds either side.")
    buyer.look("contract-lapsed")
    buyer.press("Cancel this contract")
    buyer.reads("The contract was cancelled; nothing was licensed.")
