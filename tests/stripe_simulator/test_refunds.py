"""Refunds: in parts, and never more than was paid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.stripe_simulator.orders import line, open_session
from tests.stripe_simulator.running import Running


@pytest.fixture
def intent(simulator: Running) -> str:
    session = open_session(simulator.client(), line_items=[line("usd", 10_000)])
    simulator.press(session.id, "pay")
    paid = simulator.client().v1.checkout.sessions.retrieve(session.id).payment_intent
    assert isinstance(paid, str)
    return paid


def test_parts_add_up_to_the_whole_and_no_further(simulator: Running, intent: str) -> None:
    client = simulator.client()
    refund = client.v1.refunds.create({"payment_intent": intent, "amount": 2_500})
    assert (refund.amount, refund.currency, refund.status) == (2_500, "usd", "succeeded")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent, "amount": 7_501})
    assert refused.value.param == "amount"
    rest = client.v1.refunds.create({"payment_intent": intent})
    assert rest.amount == 7_500
    with pytest.raises(stripe.InvalidRequestError) as over:
        client.v1.refunds.create({"payment_intent": intent, "amount": 1})
    assert over.value.code == "charge_already_refunded"
    assert isinstance(rest.charge, str)
    charge = client.v1.charges.retrieve(rest.charge)
    assert (charge.amount_refunded, charge.refunded) == (10_000, True)
    listed = client.v1.refunds.list({"payment_intent": intent}).data
    assert [found.id for found in listed] == [rest.id, refund.id]
    assert client.v1.refunds.retrieve(refund.id).to_dict() == refund.to_dict()


def test_a_refund_is_told_with_what_was_before(simulator: Running, intent: str) -> None:
    client = simulator.client()
    client.v1.refunds.create({"payment_intent": intent, "amount": 2_500})
    refunded, created = client.v1.events.list({"limit": 2}).data
    assert (created.type, refunded.type) == ("refund.created", "charge.refunded")
    assert refunded.data.to_dict()["previous_attributes"] == {"amount_refunded": 0, "refunded": False}
    assert refunded.data.to_dict()["object"]["amount_refunded"] == 2_500


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_cannot_be_refunded(simulator: Running, intent: str, amount: int) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        simulator.client().v1.refunds.create({"payment_intent": intent, "amount": amount})


def test_concurrent_refunds_never_exceed_the_payment(simulator: Running, intent: str) -> None:
    def refund(_: int) -> int:
        try:
            return simulator.client().v1.refunds.create({"payment_intent": intent, "amount": 3_000}).amount
        except stripe.InvalidRequestError:
            return 0

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(refund, range(6))) == [0, 0, 0, 3_000, 3_000, 3_000]


def test_what_was_not_paid_cannot_be_refunded(simulator: Running) -> None:
    client = simulator.client()
    session = open_session(client)
    simulator.press(session.id, "decline")
    unpaid = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert isinstance(unpaid, str)
    for intent in (unpaid, "pi_none"):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.refunds.create({"payment_intent": intent})
