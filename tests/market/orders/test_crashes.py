"""A process that dies between any two steps of paying loses nothing and pays nothing twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from market.orders import service
from market.payments.errors import GatewayUnreachable
from market.payments.gateway import PaymentGateway, StripeGateway
from market.provenance import service as provenance
from tests.market.licensing.conftest import app_of
from tests.market.orders.conftest import Till, uuid_of
from tests.stripe_simulator.running import SECRET_KEY, WEBHOOK_SECRET


class Killed(BaseException):
    """The process is gone: nothing after this point happens."""


class Dying:
    """A gateway in whose process the lights go out, before or after one call reaches the other side."""

    def __init__(self, real: PaymentGateway, call: str, *, after: bool) -> None:
        self.real, self.call, self.after = real, call, after

    def __getattr__(self, name: str) -> Any:
        if name != self.call:
            return getattr(self.real, name)

        def dying(*args: Any, **more: Any) -> None:
            if self.after:
                getattr(self.real, name)(*args, **more)
            raise Killed

        return dying


def gateway_of(till: Till) -> PaymentGateway:
    found: PaymentGateway = till.shop.ports.extras[PaymentGateway]
    return found


@pytest.mark.parametrize("after", [False, True])
def test_killed_while_the_pay_page_is_opened(till: Till, after: bool) -> None:
    contract, real = till.sold(), gateway_of(till)
    till.shop.ports.add(PaymentGateway, Dying(real, "open_checkout", after=after))
    placed = till.place_only(contract["id"])
    with pytest.raises(Killed):
        service.pay(till.shop.ports, actor=till.buyer.actor, order_id=uuid_of(placed))
    assert till.sessions() == int(after)

    till.shop.ports.add(PaymentGateway, real)
    till.work(minutes=1)
    order = till.state(placed)
    assert order["checkout_url"]
    assert till.sessions() == 1
    assert till.order(contract["id"])["checkout_url"] == order["checkout_url"]
    till.press(order, "pay")
    till.deliver()
    till.work()
    assert till.state(order)["state"] == "FULFILLED"


def test_paid_before_the_page_was_even_recorded(small_till: Till) -> None:
    """The call went out, the answer was lost with the process, and the buyer paid: the notice names the order."""
    till = small_till
    contract, real = till.sold(), gateway_of(till)
    till.shop.ports.add(PaymentGateway, Dying(real, "open_checkout", after=True))
    placed = till.place_only(contract["id"])
    with pytest.raises(Killed):
        service.pay(till.shop.ports, actor=till.buyer.actor, order_id=uuid_of(placed))
    till.shop.ports.add(PaymentGateway, real)
    listed = till.stripe.client().v1.checkout.sessions.list()
    till.stripe.press(listed.data[0].id, "pay")
    till.deliver()
    till.work()
    assert till.state(placed)["state"] == "FULFILLED"


def test_killed_while_the_payment_is_looked_up(small_till: Till) -> None:
    till = small_till
    order, real = till.order(till.sold()["id"]), gateway_of(till)
    till.press(order, "pay")
    till.shop.ports.add(PaymentGateway, Dying(real, "fetch_checkout", after=True))
    with pytest.raises(Killed):
        service.look(till.shop.ports, order_id=uuid_of(order))
    till.shop.ports.add(PaymentGateway, real)
    till.work(minutes=1)
    assert till.state(order)["state"] == "FULFILLED"


def test_killed_between_the_money_and_the_licence(small_till: Till) -> None:
    """The payment is stored, fulfilment is not: the next look completes it."""
    till = small_till
    order = till.order(till.sold()["id"])
    till.press(order, "pay")
    page = order["checkout_url"].rsplit("/", 1)[1].split("#")[0]
    service.look_at(till.shop.ports, order_id=uuid_of(order), gateway_id=page)
    assert (till.state(order)["state"], till.licences()) == ("AWAITING_PAYMENT", [])
    till.work(minutes=1)
    assert till.state(order)["state"] == "FULFILLED"
    assert len(till.licences()) == 1


def test_a_gateway_that_loses_replies_is_asked_again_under_the_same_key(small_till: Till) -> None:
    till = small_till
    contract = till.sold()
    once = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, till.stripe.base, max_network_retries=0)
    till.shop.ports.add(PaymentGateway, once)
    till.stripe.control("knobs", {"lose_replies": 1})
    answer = till.buyer("POST", "/orders", {"contract_id": contract["id"]})
    assert (answer.status_code, answer.json()["slug"]) == (503, GatewayUnreachable.slug)
    assert till.sessions() == 1
    assert till.order(contract["id"])["checkout_url"]
    assert till.sessions() == 1


def test_reconciliation_outlives_an_outage_of_the_gateway(small_till: Till) -> None:
    till = small_till
    order = till.order(till.sold()["id"])
    till.press(order, "pay")
    till.stripe.control("knobs", {"api_errors": 50})
    till.work(minutes=1)
    assert till.state(order)["state"] == "AWAITING_PAYMENT"
    till.stripe.control("knobs", {"api_errors": 0})
    till.work(hours=2)
    assert till.state(order)["state"] == "FULFILLED"


def test_32_buyers_of_the_same_thing_at_once_get_one_order_one_payment_one_licence(till: Till) -> None:
    contract = till.sold()
    app = app_of(till.shop)

    def place(number: int) -> Any:
        headers = {"Authorization": "Bearer buyer", "Idempotency-Key": f"try-{number}"}
        with TestClient(app, raise_server_exceptions=False) as web:
            return web.post("/api/v1/orders", json={"contract_id": contract["id"]}, headers=headers)

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(place, range(32)))
    placed = [answer.json() for answer in answers if answer.status_code == 201]
    assert [answer.text for answer in answers if answer.status_code not in (201, 503)] == []
    assert {one["id"] for one in placed} == {placed[0]["id"]}
    assert till.sessions() == 1

    order = till.order(contract["id"])
    till.press(order, "pay")
    with ThreadPoolExecutor(32) as pool:
        seen = list(
            pool.map(lambda _: service.look(till.shop.ports, order_id=uuid_of(order)).state, range(32))
        )
    assert set(seen) == {"FULFILLED"}
    till.deliver()
    till.work(hours=1)
    (licence,) = till.licences()
    assert licence["id"] == till.state(order)["entitlement_id"]
    with till.shop.db.reading() as session:
        facts = [
            one.kind for one in provenance.history(session, till.shop.ledger, uuid_of({"id": till.asset_id}))
        ]
    assert facts.count("payment") == 1
