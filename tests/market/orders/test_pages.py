"""The pages of a sale, in both languages and without JavaScript except for the signature itself."""

from __future__ import annotations

import base64
import html
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ledger import cose
from market.kit.auth import Principal, Role, Via
from market.kit.guards import refuse_unguarded
from market.licensing import pages as licensing_pages
from market.licensing import studio_pages
from market.orders import pages as order_pages
from market.payments import pages as payment_pages
from tests.market.catalog.conftest import Org
from tests.market.licensing.conftest import OPEN, PAID, REQUEST, app_of, licensed, ok, publish
from tests.market.orders.conftest import Till

OFFER_FORM = {
    "term_days": "365",
    "environment[]": ["download"],
    "licence": "CC-BY-4.0",
    "may[]": ["use"],
    "must[]": ["attribute"],
    "revocation": "breach",
}


class Browser:
    """A signed-in browser; the signature is made with the organisation's key, as the page's script does."""

    def __init__(self, till: Till, org: Org | None, name: str = "") -> None:
        self.org, self.web, self.name = org, till.shop.web, name or (org.name if org else "")

    def _go(self, method: str, path: str, **more: Any) -> httpx.Response:
        self.web.cookies.clear()
        headers = {"Cookie": f"dw_session={self.name}", "Sec-Fetch-Site": "same-origin"}
        return self.web.request(method, path, headers=headers, **more)

    def get(self, path: str, status: int = 200) -> str:
        answer = self._go("GET", path)
        assert answer.status_code == status, answer.text
        return html.unescape(answer.text)

    def follow(self, path: str) -> str:
        """Where a GET leads to."""
        answer = self._go("GET", path)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def post(self, path: str, page: str, form: dict[str, Any] | None = None, status: int = 303) -> str:
        """Send a form of `page`. Returns where it leads, or the page that came back."""
        token = hidden(self.get(page), "csrf")
        answer = self._go("POST", path, data={**(form or {}), "csrf": token})
        assert answer.status_code == status, answer.text
        return answer.headers.get("location") or html.unescape(answer.text)

    def sign(self, page: str) -> str:
        """Press the button of a signing form: where it leads."""
        assert self.org is not None
        text = self.get(page)
        found = re.search(r'<form method="post" action="([^"]+)" data-sign', text)
        assert found is not None, text
        form = {name: hidden(text, name) for name in ("protected", "payload", "openings")}
        parts = [base64.b64decode(form[name]) for name in ("protected", "payload")]
        form["signature"] = base64.b64encode(self.org.key.sign(cose.bytes_to_sign(*parts))).decode()
        return self.post(found[1], page, form)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" (?:content|value)="([^"]*)"', page)
    assert found is not None, name
    return found[1]


@pytest.fixture
def paged(small_till: Till) -> Till:
    app = app_of(small_till.shop)
    for router in (
        licensing_pages.router,
        studio_pages.router,
        order_pages.router,
        payment_pages.router,
    ):
        app.include_router(router)
    refuse_unguarded(app)
    return small_till


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_offer_is_made_taken_and_countersigned_on_pages(paged: Till, lang: str) -> None:
    provider, buyer = Browser(paged, paged.provider), Browser(paged, paged.buyer)
    new = f"/{lang}/studio/offers/new"
    draft = provider.post(
        new, f"{new}?asset={paged.asset_id}", OFFER_FORM | {"asset_id": paged.asset_id, "kind": "OPEN"}
    )
    offer = provider.sign(draft)
    assert offer.startswith(f"/{lang}/offers/")
    assert offer in provider.get(f"/{lang}/studio/offers")
    assert f"{offer}/purpose" in buyer.get(offer)

    contract = buyer.post(
        f"{offer}/purpose", f"{offer}/purpose", {"purpose": "RESEARCH", "description": "Tides"}
    )
    again = buyer.post(f"{offer}/purpose", f"{offer}/purpose", {"purpose": "RESEARCH"})
    number = contract.split("/")[3]
    assert again.endswith(f"/contracts/{number}")
    assert "Tides" in buyer.get(contract)
    done = buyer.sign(f"/{lang}/checkout/{number}/sign")
    assert done == f"/{lang}/checkout/{number}/done"
    buyer.get(done)

    assert number in provider.get(f"/{lang}/studio/requests")
    assert provider.sign(f"/{lang}/contracts/{number}") == f"/{lang}/contracts/{number}"
    (licence,) = paged.licences()
    assert f"/{lang}/library/{licence['id']}" in buyer.get(done)
    page = buyer.get(f"/{lang}/contracts/{number}")
    for one in ok(paged.buyer("GET", f"/contracts/{number}"), 200)["signatures"]:
        assert f"/{lang}/receipts/{one['leaf']}" in page
    assert number in buyer.get(f"/{lang}/contracts")
    assert number in provider.get(f"/{lang}/studio/licences")
    Browser(paged, paged.shop.org("stranger")).get(f"/{lang}/contracts/{number}", 404)


def test_a_form_with_errors_keeps_what_was_written_and_says_what_is_wrong(paged: Till) -> None:
    provider = Browser(paged, paged.provider)
    new = "/en/studio/offers/new"
    wrong = OFFER_FORM | {"asset_id": paged.asset_id, "kind": "PAID", "price": "12,00", "term_days": "0"}
    page = provider.post(new, new, wrong, 422)
    assert '<a href="#f-price">' in page
    assert '<a href="#f-term_days">' in page
    assert 'value="12,00"' in page
    right = wrong | {"price": "12,000.00", "currency": "CNY", "term_days": "30"}
    assert "12,000.00" in provider.get(provider.post(new, new, right))


def test_a_request_is_sent_and_answered_on_pages(paged: Till) -> None:
    provider, buyer = Browser(paged, paged.provider), Browser(paged, paged.buyer)
    made = publish(paged.provider, paged.asset_id, REQUEST)
    offer = f"/en/offers/{made['id']}"
    form = {"purpose": "RESEARCH", "description": "Tides", "answer_0": "Three of us"}
    bad = buyer.post(f"{offer}/request", f"{offer}/purpose", form | {"answer_0": ""}, 422)
    assert '<a href="#f-answer_0">Answer this question.' in bad
    for _ in range(2):
        assert buyer.post(f"{offer}/request", f"{offer}/purpose", form) == offer
    queue = provider.get("/en/studio/requests")
    assert "Three of us" in queue
    (asked,) = ok(paged.provider("GET", "/access-requests"), 200)["items"]
    answer = f"/en/studio/requests/{asked['id']}"
    silent = provider.post(answer, "/en/studio/requests", {"decision": "REFUSED"}, 422)
    assert f'<a href="#f-reason_zh-{asked["id"]}">Say why' in silent
    assert f'id="f-reason_zh-{asked["id"]}-error"' in silent
    assert ok(paged.buyer("GET", f"/access-requests/{asked['id']}"), 200)["state"] == "PENDING"
    provider.post(answer, "/en/studio/requests", {"decision": "REFUSED", "reason_en": "Not now."})
    assert "Not now." in buyer.get(offer)
    buyer.post(f"{offer}/request", f"{offer}/purpose", form)
    asked = ok(paged.provider("GET", "/access-requests?state=PENDING"), 200)["items"][0]
    provider.post(f"/en/studio/requests/{asked['id']}", "/en/studio/requests", {"decision": "APPROVED"})
    assert "/checkout/" in buyer.post(f"{offer}/purpose", offer)


def test_a_request_that_nobody_answers_is_withdrawn_on_pages(paged: Till) -> None:
    provider, buyer = Browser(paged, paged.provider), Browser(paged, paged.buyer)
    made = publish(paged.provider, paged.asset_id, REQUEST)
    offer = f"/en/offers/{made['id']}"
    form = {"purpose": "RESEARCH", "description": "Tides", "answer_0": "Three of us"}
    buyer.post(f"{offer}/request", f"{offer}/purpose", form)
    (asked,) = ok(paged.provider("GET", "/access-requests"), 200)["items"]
    withdraw = f"/en/requests/{asked['id']}/withdraw"
    assert withdraw in buyer.get(offer)
    assert buyer.post(withdraw, offer) == offer
    assert "withdrawn by the buyer" in provider.get("/en/studio/requests")
    assert f"{offer}/purpose" in buyer.get(offer)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_contract_is_declined_with_a_reason_that_the_buyer_reads(paged: Till, lang: str) -> None:
    provider, buyer = Browser(paged, paged.provider), Browser(paged, paged.buyer)
    made = publish(paged.provider, paged.asset_id, PAID)
    contract = ok(paged.buyer("POST", "/contracts", {"offer_id": made["id"]}))["id"]
    pay, page = f"/{lang}/checkout/{contract}/pay", f"/{lang}/contracts/{contract}"
    assert f"{page}/decline" not in provider.get(page)
    buyer.sign(f"/{lang}/checkout/{contract}/sign")
    order = buyer.post(pay, pay, {"gateway": "bank_transfer"})
    assert f"{page}/decline" not in buyer.get(page)
    silent = provider.post(f"{page}/decline", page, {"reason_zh": "  "}, 422)
    assert 'href="#f-reason_zh"' in silent
    assert "<details open>" in silent
    assert provider.post(f"{page}/decline", page, {"reason_zh": "数据正在更正。"}) == page
    paged.work()
    assert "数据正在更正。" in buyer.get(page)
    assert {"zh": "提供方已谢绝", "en": "declined by the provider"}[lang] in buyer.get(f"/{lang}/contracts")
    assert buyer.follow(pay) == page
    assert {"zh": "已取消", "en": "cancelled"}[lang] in buyer.get(order)


def test_a_contract_that_nobody_signed_in_time_says_so(paged: Till) -> None:
    provider, buyer = Browser(paged, paged.provider), Browser(paged, paged.buyer)
    made = publish(paged.provider, paged.asset_id, OPEN)
    contract = ok(paged.buyer("POST", "/contracts", {"offer_id": made["id"]}))["id"]
    buyer.sign(f"/en/checkout/{contract}/sign")
    paged.shop.drain(days=15)
    for person in (buyer, provider):
        assert "The time to sign is over" in person.get(f"/en/contracts/{contract}")
        assert "not signed in time" in person.get("/en/contracts")
    buyer.post(f"/en/contracts/{contract}/cancel", f"/en/contracts/{contract}")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_licence_is_bought_by_card_on_pages(paged: Till, lang: str) -> None:
    buyer = Browser(paged, paged.buyer)
    contract = paged.sold()["id"]
    pay = f"/{lang}/checkout/{contract}/pay"
    assert "12,000.00" in buyer.get(pay)
    first, second = (buyer.post(pay, pay, {"gateway": "stripe"}) for _ in range(2))
    assert first == second
    assert first.startswith(paged.stripe.base)
    (order,) = ok(paged.buyer("GET", "/orders"), 200)["items"]
    page = f"/{lang}/orders/{order['id']}"
    assert buyer.post(f"{page}/pay", page) == first
    assert buyer.follow(f"{page}/return") == page
    paged.press(order, "pay")
    assert buyer.follow(f"{page}/return") == f"/{lang}/checkout/{contract}/done"
    done = buyer.get(f"/{lang}/checkout/{contract}/done")
    leaf = paged.state(order)["payment_leaf"]
    assert f"/{lang}/receipts/{leaf}" in done
    assert order["id"] in buyer.get(f"/{lang}/orders")
    assert f"/{lang}/receipts/{leaf}" in buyer.get(page)
    assert buyer.follow(pay) == f"/{lang}/contracts/{contract}"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_invoice_is_shown_and_two_operators_take_its_money(paged: Till, lang: str) -> None:
    buyer = Browser(paged, paged.buyer)
    contract = paged.sold()["id"]
    pay = f"/{lang}/checkout/{contract}/pay"
    page = buyer.post(pay, pay, {"gateway": "bank_transfer"})
    (invoice,) = ok(paged.buyer("GET", "/invoices"), 200)["items"]
    assert invoice["printed_reference"] in buyer.get(page)

    for name in ("ann", "ben"):
        paged.shop.members.known[name] = Principal(
            via=Via.SESSION,
            account_id=uuid4(),
            org_id=uuid4(),
            roles=frozenset({Role.OPERATOR}),
            platform=True,
        )
    ann, ben, desk = Browser(paged, None, "ann"), Browser(paged, None, "ben"), f"/{lang}/ops/payments"
    assert invoice["printed_reference"] in ann.get(desk)
    line = {
        "reference": invoice["reference"],
        "amount": "12000",
        "bank_line": "L1",
        "booked_on": "2026-07-02",
    }
    ann.post(desk, desk, line | {"reference": "RF00"}, 400)
    ann.post(desk, desk, line | {"booked_on": "soon"}, 422)
    ann.post(desk, desk, line)
    found = re.search(rf'action="({desk}/[0-9a-f-]+)"', ben.get(desk))
    assert found is not None
    assert found[1] not in ann.get(desk)
    ann.post(found[1], desk, {"decision": "CONFIRMED"}, 403)
    ben.post(found[1], desk, {"decision": "CONFIRMED"})
    paged.work()
    assert "/library/" in buyer.get(page)
    buyer.get(desk, 403)


def test_an_order_is_cancelled_and_placed_again_on_pages(paged: Till) -> None:
    buyer = Browser(paged, paged.buyer)
    contract = paged.sold()["id"]
    pay = f"/en/checkout/{contract}/pay"
    buyer.post(pay, pay, {"gateway": "stripe"})
    (order,) = ok(paged.buyer("GET", "/orders"), 200)["items"]
    page = f"/en/orders/{order['id']}"
    buyer.post(f"{page}/cancel", page)
    assert pay in buyer.get(page)
    buyer.post(pay, pay, {"gateway": "bank_transfer"})


def test_a_licence_is_ended_and_an_offer_withdrawn_on_pages(paged: Till) -> None:
    provider, buyer = Browser(paged, paged.provider), Browser(paged, paged.buyer)
    made = publish(paged.provider, paged.asset_id, OPEN)
    licence = licensed(paged.provider, paged.buyer, made)["entitlement_id"]
    revoke = f"/en/studio/licences/{licence}/revoke"
    prepare = f"/en/studio/licences/{licence}/prepare"
    silent = provider.post(prepare, revoke, status=422)
    assert '<a href="#f-reason_zh">Say why' in silent
    page = provider.post(prepare, revoke, {"reason_en": "The data were resold."}, 200)
    form = {name: hidden(page, name) for name in ("protected", "payload", "openings")}
    parts = [base64.b64decode(form[name]) for name in ("protected", "payload")]
    form["signature"] = base64.b64encode(paged.provider.key.sign(cose.bytes_to_sign(*parts))).decode()
    provider.post(revoke, revoke, form)
    assert paged.licences()[0]["state"] == "REVOKED"

    withdrawn = provider.sign(f"/en/studio/offers/{made['id']}/withdraw")
    assert withdrawn == "/en/studio/offers"
    assert "not open any more" in buyer.get(f"/en/offers/{made['id']}")
    anyone = paged.shop.web.get(f"/zh/offers/{made['id']}")
    assert anyone.status_code == 200


def test_every_page_is_told_to_visitors_and_clerks_as_it_is(paged: Till) -> None:
    made = publish(paged.provider, paged.asset_id, PAID)
    paged.shop.web.cookies.clear()
    page = paged.shop.web.get(f"/en/offers/{made['id']}").text
    assert f"/en/signin?next=/en/offers/{made['id']}" in page
    for path in (
        "/en/orders",
        "/en/contracts",
        "/en/studio/offers",
        "/en/studio/requests",
        "/en/studio/licences",
    ):
        answer = paged.shop.web.get(path)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/en/signin")
        assert Browser(paged, paged.buyer).get(path)
