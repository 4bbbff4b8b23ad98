"""Buying: the licence starts when the money is there, once, whatever way the news of it comes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from ledger.statement import parse_statement
from market.kit.auth import system
from market.orders import service
from market.provenance import service as provenance
from tests.market.licensing.conftest import OPEN, PAID, licensed, ok, publish, sign
from tests.market.orders.conftest import Till, uuid_of

PLATFORM = system("test")


def test_a_paid_order_becomes_a_licence_and_a_statement(till: Till) -> None:
    contract = till.sold()
    order = till.order(contract["id"])
    assert order["state"] == "AWAITING_PAYMENT"
    assert order["amount"] == {"minor": 1_200_000, "currency": "CNY"}
    assert order["checkout_url"].startswith(till.stripe.base)
    assert till.licences() == []

    till.press(order, "pay")
    assert till.licences() == []
    assert set(till.deliver()) == {200}
    till.work()
    done = till.state(order)
    assert (done["state"], done["checkout_url"], done["refund_due"]) == ("FULFILLED", None, False)
    (licence,) = till.licences()
    assert (licence["id"], licence["state"]) == (done["entitlement_id"], "ACTIVE")
    assert ok(till.buyer("GET", f"/contracts/{contract['id']}"), 200)["state"] == "IN_FORCE"

    with till.shop.db.reading() as session:
        said = parse_statement(provenance.statement_bytes(session, done["payment_leaf"]))
        opened = provenance.opening(session, done["payment_leaf"], "payment")
    said.verify(till.shop.ledger.platform.key.public)
    assert opened is not None
    paid = json.loads(opened.content)
    assert paid["amount"] == order["amount"]
    assert paid["event"].startswith("evt_")
    assert paid["contract"] == contract["commitment"]


def test_ordering_twice_is_one_order_and_one_pay_page(till: Till) -> None:
    contract = till.sold()
    first, second = till.order(contract["id"]), till.order(contract["id"])
    assert first == second
    assert till.sessions() == 1
    again = till.buyer("POST", f"/orders/{first['id']}/payment")
    assert ok(again, 200) == first
    other = till.buyer("POST", "/orders", {"contract_id": contract["id"], "gateway": "bank_transfer"})
    assert (other.status_code, other.json()["slug"]) == (409, "order-underway")


def test_the_same_key_gives_the_same_reply(small_till: Till) -> None:
    till, body = small_till, {"contract_id": small_till.sold()["id"]}
    headers = {"Idempotency_Key": "one-form"}
    first, second = (till.buyer("POST", "/orders", body, **headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"


def test_the_return_from_the_pay_page_suffices(small_till: Till) -> None:
    till = small_till
    order = till.order(till.sold()["id"])
    assert service.look(till.shop.ports, order_id=uuid_of(order)).state == "AWAITING_PAYMENT"
    till.press(order, "pay")
    seen = service.look_as_buyer(till.shop.ports, actor=till.buyer.actor, order_id=uuid_of(order))
    assert seen.state == "FULFILLED"
    till.deliver()
    till.work()
    assert len(till.licences()) == 1


def test_lost_notices_are_healed_by_looking(small_till: Till) -> None:
    till = small_till
    order = till.order(till.sold()["id"])
    till.work(seconds=30)
    assert till.state(order)["state"] == "AWAITING_PAYMENT"
    till.press(order, "pay")
    till.work(minutes=5)
    assert till.state(order)["state"] == "FULFILLED"
    assert till.work(hours=2) == 0


def test_a_decline_pays_nothing_and_an_expired_page_ends_the_order(small_till: Till) -> None:
    till = small_till
    contract = till.sold()
    order = till.order(contract["id"])
    till.press(order, "decline")
    till.deliver()
    till.work()
    assert till.state(order)["state"] == "AWAITING_PAYMENT"
    till.press(order, "expire")
    till.deliver()
    till.work()
    assert till.state(order)["state"] == "EXPIRED"
    late = till.buyer("POST", f"/orders/{order['id']}/payment")
    assert (late.status_code, late.json()["slug"]) == (409, "order-in-another-state")

    second = till.order(contract["id"])
    assert second["id"] != order["id"]
    till.press(second, "pay")
    till.deliver()
    till.work()
    assert till.state(second)["state"] == "FULFILLED"


def test_an_asynchronous_payment_counts_when_it_settles(small_till: Till) -> None:
    till = small_till
    order = till.order(till.sold()["id"])
    till.press(order, "pay_later")
    till.deliver()
    till.work()
    assert till.state(order)["state"] == "AWAITING_PAYMENT"
    till.stripe.control("clock", {"seconds": 60})
    till.deliver()
    till.work()
    assert till.state(order)["state"] == "FULFILLED"


def test_an_order_can_come_before_the_signatures(small_till: Till) -> None:
    till = small_till
    offer = publish(till.provider, till.asset_id, PAID)
    contract = ok(till.buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    order = till.order(contract["id"])
    assert (order["state"], order["checkout_url"]) == ("AWAITING_SIGNATURES", None)
    sign(till.buyer, contract["id"])
    sign(till.provider, contract["id"])
    till.work()
    assert till.state(order)["state"] == "AWAITING_PAYMENT"
    assert till.order(contract["id"])["checkout_url"]


def test_an_order_ends_with_its_contract(small_till: Till) -> None:
    till = small_till
    offer = publish(till.provider, till.asset_id, PAID)
    contract = ok(till.buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    order = till.order(contract["id"])
    ok(till.buyer("POST", f"/contracts/{contract['id']}/cancellation"), 200)
    till.work()
    assert till.state(order)["state"] == "CANCELLED"


def test_a_cancelled_order_closes_its_pay_page(small_till: Till) -> None:
    till = small_till
    contract = till.sold()
    order = till.order(contract["id"])
    done = ok(till.buyer("POST", f"/orders/{order['id']}/cancellation"), 200)
    assert done["state"] in ("CANCELLED", "EXPIRED")
    page = order["checkout_url"].rsplit("/", 1)[1].split("#")[0]
    till.stripe.press(page, "pay")
    till.deliver()
    till.work()
    assert till.licences() == []


def test_cancelling_what_was_just_paid_keeps_the_licence(small_till: Till) -> None:
    till = small_till
    order = till.order(till.sold()["id"])
    till.press(order, "pay")
    done = ok(till.buyer("POST", f"/orders/{order['id']}/cancellation"), 200)
    assert done["state"] == "FULFILLED"


def test_nothing_a_client_sends_changes_the_price(small_till: Till) -> None:
    till = small_till
    contract = till.sold()
    for more in (
        {"amount": 1},
        {"price": {"minor": 1, "currency": "CNY"}},
        {"currency": "VND"},
        {"org_id": "x"},
    ):
        answer = till.buyer("POST", "/orders", {"contract_id": contract["id"], **more})
        assert (answer.status_code, answer.json()["slug"]) == (422, "invalid-input")
    publish(
        till.provider,
        till.asset_id,
        PAID | {"price": {"minor": 1, "currency": "CNY"}},
        offer_id=contract["offer_id"],
    )
    assert till.order(contract["id"])["amount"] == {"minor": 1_200_000, "currency": "CNY"}


def test_free_and_foreign_contracts_cannot_be_ordered(small_till: Till) -> None:
    till = small_till
    free = licensed(till.provider, till.buyer, publish(till.provider, till.asset_id, OPEN))
    answer = till.buyer("POST", "/orders", {"contract_id": free["id"]})
    assert (answer.status_code, answer.json()["slug"]) == (409, "nothing-to-pay")
    contract = till.sold()
    stranger = till.shop.org("stranger")
    for actor in (stranger, till.provider):
        assert actor("POST", "/orders", {"contract_id": contract["id"]}).status_code == 404
    order = till.order(contract["id"])
    for method, path in (("GET", ""), ("POST", "/payment"), ("POST", "/cancellation")):
        assert stranger(method, f"/orders/{order['id']}{path}").status_code == 404
    assert ok(till.buyer("GET", "/orders"), 200)["items"] == [order]
    assert ok(stranger("GET", "/orders"), 200)["items"] == []


def test_money_that_comes_too_late_is_marked_as_due_back(small_till: Till) -> None:
    till = small_till
    contract = till.sold()
    first = till.order(contract["id"])
    # The first order is given up on our side only, as if its pay page could not be closed.
    with till.shop.db.writing() as session:
        from market.orders import repository

        row = repository.order(session, uuid_of(first))
        assert row is not None
        row.state = "CANCELLED"
        session.add(row)
    second = till.order(contract["id"])
    till.press(second, "pay")
    till.deliver()
    till.work()
    till.press(first, "pay")
    till.deliver()
    till.work()
    assert till.state(second)["state"] == "FULFILLED"
    late = till.state(first)
    assert (late["state"], late["refund_due"], late["entitlement_id"]) == ("CANCELLED", True, None)
    assert len(till.licences()) == 1


def test_fulfilling_without_money_does_nothing(small_till: Till) -> None:
    till = small_till
    order = till.order(till.sold()["id"])
    with till.shop.db.writing() as session:
        seen = service.fulfil(
            session, actor=PLATFORM, ledger=till.shop.ledger, order_id=uuid_of(order), now=datetime.now(UTC)
        )
    assert seen.state == "AWAITING_PAYMENT"
    assert till.licences() == []
