"""Notices of the gateway: forged, repeated, shuffled and lost ones all lead to the same end (and bad ones to none)."""

from __future__ import annotations

import json
import random
import time
from typing import Any
from uuid import uuid4

import pytest

from market.orders import service
from market.payments.gateway import PaymentGateway
from market.stripe_simulator.webhooks import sign
from tests.market.licensing.conftest import PAID, Org, licensed, publish
from tests.market.orders.conftest import Till, uuid_of
from tests.stripe_simulator.running import WEBHOOK_SECRET


def notice(object_id: str, **changes: Any) -> bytes:
    body = {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "type": "checkout.session.completed",
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": {"id": object_id}},
    }
    return json.dumps(body | changes).encode()


def signature(raw: bytes, secret: str = WEBHOOK_SECRET, age: int = 0) -> str:
    return sign(raw, secret, int(time.time()) - age)


def page_of(order: dict[str, Any]) -> str:
    page: str = order["checkout_url"].rsplit("/", 1)[1].split("#")[0]
    return page


def test_a_notice_that_is_not_the_gateways_is_refused(small_till: Till) -> None:
    till = small_till
    raw = notice("cs_test_1")
    for sent in (
        "",
        "t=1,v1=00",
        f"t={int(time.time())},v1=é",
        "t=é,v1=é",
        signature(raw, "whsec_other"),
        signature(raw, age=301),
        signature(raw + b" "),
    ):
        assert till.notify(raw, sent) == 400
    with till.shop.db.reading() as session:
        from market.payments import repository

        assert repository.event(session, json.loads(raw)["id"]) is None
    assert till.notify(raw, signature(raw)) == 200


def test_a_notice_says_when_to_look_and_not_what_is_true(small_till: Till) -> None:
    """One that claims a payment which the gateway does not know of changes nothing, though its signature is right."""
    till = small_till
    order = till.order(till.sold()["id"])
    raw = notice(page_of(order))
    assert till.notify(raw, signature(raw)) == 200
    till.work()
    assert till.state(order)["state"] == "AWAITING_PAYMENT"
    assert till.licences() == []


@pytest.mark.parametrize("other", [{"livemode": True}, {"account": "acct_of_somebody"}])
def test_a_notice_of_another_mode_or_account_is_kept_and_not_applied(
    small_till: Till, other: dict[str, Any]
) -> None:
    till = small_till
    order = till.order(till.sold()["id"])
    till.press(order, "pay")
    raw = notice(page_of(order), **other)
    assert till.notify(raw, signature(raw)) == 200
    till.work()
    assert till.state(order)["state"] == "AWAITING_PAYMENT"
    with till.shop.db.reading() as session:
        from market.payments import service as payments

        kept = payments.event(session, event_id=json.loads(raw)["id"])
    assert kept is not None
    assert not kept.accepted


def test_what_the_gateway_shows_of_another_mode_or_amount_is_not_taken(small_till: Till) -> None:
    till = small_till
    order = till.order(till.sold()["id"])
    till.press(order, "pay")
    gateway = till.shop.ports.get(PaymentGateway)  # type: ignore[type-abstract]
    from dataclasses import replace
    from datetime import UTC, datetime

    from market.kit.money import Money
    from market.payments import service as payments

    real = gateway.fetch_checkout(page_of(order))
    for lie in (
        {"livemode": True},
        {"amount": Money(1_199_999, "CNY")},
        {"amount": Money(1_200_000, "JPY")},
        {"order_id": str(uuid4())},
        {"order_id": None},
    ):
        with till.shop.db.writing() as session:
            taken = payments.settle(
                session,
                order_id=uuid_of(order),
                seen=replace(real, **lie),
                livemode=False,  # type: ignore[arg-type]
                event_id=None,
                now=datetime.now(UTC),
            )
        assert taken is None, lie
    assert service.look(till.shop.ports, order_id=uuid_of(order)).state == "FULFILLED"


def test_any_order_of_notices_and_any_number_of_each_end_the_same(till: Till, rng: random.Random) -> None:
    """Each of 12 orders is paid, declined, paid later, failed later, expired or left; every notice comes three times,
    shuffled with bad ones, with work in between. The outcome is what the gateway's own books say."""
    actions = ["pay", "decline", "pay_later", "fail_later", "expire", None] * 2
    offer = publish(till.provider, till.asset_id, PAID)
    buyers = [till.shop.org(f"buyer-{number}") for number in range(len(actions))]
    orders: list[tuple[Org, dict[str, Any], str | None]] = []
    for buyer, action in zip(buyers, actions, strict=True):
        contract = licensed(till.provider, buyer, offer)
        orders.append((buyer, till.order(contract["id"], buyer=buyer), action))
    for _, order, action in orders:
        if action is not None:
            till.press(order, action)
    till.stripe.control("clock", {"seconds": 60})

    notices = till.stripe.delivered() * 3
    notices += [(raw, signature(raw, "whsec_wrong")) for raw, _ in notices[:: len(notices) // 6]]
    rng.shuffle(notices)
    answers = []
    for raw, sent in notices:
        answers.append(till.notify(raw, sent))
        if rng.random() < 0.3:
            till.work()
    assert set(answers) == {200, 400}
    till.work()

    expected = {"pay": "FULFILLED", "pay_later": "FULFILLED", "expire": "EXPIRED"}
    for buyer, order, action in orders:
        state = till.state(order, buyer)["state"]
        assert state == expected.get(action or "", "AWAITING_PAYMENT"), action
        assert len(till.licences(buyer)) == (state == "FULFILLED")
