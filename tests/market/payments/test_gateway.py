"""The Stripe gateway, through the official client and real HTTP, against the simulator."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from market.kit.money import Money
from market.payments.errors import (
    AmountNotPayable,
    BadWebhook,
    CheckoutClosed,
    GatewayKeyRefused,
    GatewayRefused,
    GatewayUnreachable,
    IdempotencyKeyReused,
    UnknownPayment,
    WebhookMalformed,
    WebhookSignatureWrong,
    WebhookTooOld,
    WebhookUnsigned,
)
from market.payments.gateway import (
    CheckoutState,
    PaymentGateway,
    StripeGateway,
    from_stripe_amount,
    to_stripe_amount,
)
from market.payments.schemas import Checkout
from market.stripe_simulator.webhooks import sign
from tests.stripe_simulator.running import SECRET_KEY, WEBHOOK_SECRET, Running, running_simulator

YUAN = Money(1_200_000, "CNY")


@pytest.fixture
def simulator() -> Iterator[Running]:
    with running_simulator() as running:
        yield running


@pytest.fixture
def gateway(simulator: Running) -> PaymentGateway:
    return StripeGateway(SECRET_KEY, WEBHOOK_SECRET, simulator.base, max_network_retries=0)


def in_an_hour() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


def open_order(
    gateway: PaymentGateway, order_id: str = "order-1", amount: Money = YUAN, **changes: Any
) -> Checkout:
    details: dict[str, Any] = {
        "order_id": order_id,
        "amount": amount,
        "description": "Tides of Qingdao 青岛潮汐, licence for one year",
        "success_url": "http://127.0.0.1:9/orders/1",
        "cancel_url": "http://127.0.0.1:9/cart",
        "idempotency_key": f"{order_id}/open",
        "expires_at": in_an_hour(),
        "metadata": {"zone": "hub"},
    }
    return gateway.open_checkout(**(details | changes))


def pay(simulator: Running, gateway: PaymentGateway, amount: Money = YUAN) -> CheckoutState:
    checkout = open_order(gateway, amount=amount)
    simulator.press(checkout.id, "pay")
    return gateway.fetch_checkout(checkout.id)


def test_an_order_is_opened_paid_and_seen_as_paid(simulator: Running, gateway: PaymentGateway) -> None:
    expires_at = in_an_hour()
    checkout = open_order(gateway, expires_at=expires_at)
    assert checkout.url == f"{simulator.base}/pay/{checkout.id}"
    assert checkout.expires_at == expires_at
    before = gateway.fetch_checkout(checkout.id)
    assert (before.status, before.payment_status, before.is_paid) == ("open", "unpaid", False)
    simulator.press(checkout.id, "pay")
    after = gateway.fetch_checkout(checkout.id)
    assert (after.status, after.payment_status, after.is_paid) == ("complete", "paid", True)
    assert (after.amount, after.currency, after.livemode, after.order_id) == (YUAN, "CNY", False, "order-1")
    assert after.payment_intent is not None
    intent = simulator.client().v1.payment_intents.retrieve(after.payment_intent)
    assert intent.metadata.to_dict() == {"zone": "hub", "order_id": "order-1"}


def test_opening_again_with_the_same_key_gives_the_same_page(gateway: PaymentGateway) -> None:
    expires_at = in_an_hour()
    assert open_order(gateway, expires_at=expires_at) == open_order(gateway, expires_at=expires_at)
    with pytest.raises(IdempotencyKeyReused):
        open_order(gateway, expires_at=expires_at, amount=Money(1, "CNY"))


def test_an_asynchronous_payment_is_complete_but_not_paid_until_it_settles(
    simulator: Running, gateway: PaymentGateway
) -> None:
    checkout = open_order(gateway)
    simulator.press(checkout.id, "pay_later")
    waiting = gateway.fetch_checkout(checkout.id)
    assert (waiting.status, waiting.payment_status, waiting.is_paid) == ("complete", "unpaid", False)
    simulator.control(f"sessions/{checkout.id}/settle")
    assert gateway.fetch_checkout(checkout.id).is_paid


def test_an_asynchronous_payment_that_bounces_is_never_paid(
    simulator: Running, gateway: PaymentGateway
) -> None:
    checkout = open_order(gateway)
    simulator.press(checkout.id, "fail_later")
    simulator.control(f"sessions/{checkout.id}/bounce")
    assert not gateway.fetch_checkout(checkout.id).is_paid


def test_a_page_expires_by_the_clock_or_by_hand_but_not_once_paid(
    simulator: Running, gateway: PaymentGateway
) -> None:
    by_clock, by_hand, kept = (open_order(gateway, f"order-{n}") for n in range(3))
    assert gateway.expire_checkout(by_hand.id).status == "expired"
    simulator.press(kept.id, "pay")
    with pytest.raises(CheckoutClosed):
        gateway.expire_checkout(kept.id)
    simulator.control("clock", {"seconds": 3_600})
    assert gateway.fetch_checkout(by_clock.id).status == "expired"
    with pytest.raises(UnknownPayment):
        gateway.expire_checkout("cs_test_none")


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (Money(1_200_000, "CNY"), 1_200_000),
        (Money(5_000, "JPY"), 5_000),
        (Money(1_230, "KWD"), 1_230),
        (Money(150, "ISK"), 15_000),
        (Money(250_000, "VND"), 250_000),
        (Money(35_000, "THB"), 35_000),
    ],
)
def test_every_currency_is_charged_what_it_says(
    simulator: Running, gateway: PaymentGateway, money: Money, written: int
) -> None:
    assert to_stripe_amount(money) == written
    assert from_stripe_amount(written, money.currency.lower()) == money
    assert pay(simulator, gateway, money).amount == money


@pytest.mark.parametrize("money", [Money(0, "CNY"), Money(-1, "CNY"), Money(1_234, "KWD")])
def test_amounts_that_cannot_be_charged_are_refused_before_any_call(
    gateway: PaymentGateway, money: Money
) -> None:
    with pytest.raises(AmountNotPayable):
        open_order(gateway, amount=money)


def test_errors_name_the_fact(simulator: Running, gateway: PaymentGateway) -> None:
    with pytest.raises(UnknownPayment):
        gateway.fetch_checkout("cs_test_none")
    with pytest.raises(GatewayRefused) as refused:
        open_order(gateway, amount=Money(1, "USD"))
    assert refused.value.code == "amount_too_small"
    stranger = StripeGateway("sk_test_of_somebody_else", WEBHOOK_SECRET, simulator.base, 0)
    with pytest.raises(GatewayKeyRefused) as key_refused:
        stranger.fetch_checkout("cs_test_none")
    assert "somebody" not in str(key_refused.value)


def test_an_unreachable_gateway_is_retriable(free_port: int) -> None:
    alone = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, f"http://127.0.0.1:{free_port}", 0)
    with pytest.raises(GatewayUnreachable) as unreachable:
        alone.fetch_checkout("cs_test_1")
    assert unreachable.value.retriable


def test_a_lost_reply_is_unreachable_and_repeating_the_step_opens_no_second_page(
    simulator: Running, gateway: PaymentGateway
) -> None:
    expires_at = in_an_hour()
    simulator.control("knobs", {"lose_replies": 1})
    with pytest.raises(GatewayUnreachable):
        open_order(gateway, expires_at=expires_at)
    open_order(gateway, expires_at=expires_at)
    assert simulator.http.get("/_sim").json()["counts"]["sessions"] == 1


def test_secrets_are_required() -> None:
    for key, secret in (("", "whsec_1"), ("sk_test_1", "")):
        with pytest.raises(ValueError, match="secret"):
            StripeGateway(key, secret)


# Webhooks


def test_a_genuine_notice_is_read(simulator: Running, gateway: PaymentGateway) -> None:
    state = pay(simulator, gateway)
    events = [gateway.parse_webhook(body, signature) for body, signature in simulator.delivered()]
    last = events[-1]
    assert (last.type, last.object_id) == ("checkout.session.completed", state.id)
    assert (last.livemode, last.account) == (False, None)
    assert last.created.tzinfo is UTC


def test_a_tampered_body_a_wrong_secret_and_an_old_signature_are_told_apart(
    simulator: Running, gateway: PaymentGateway
) -> None:
    pay(simulator, gateway)
    body, signature = simulator.delivered()[-1]
    now = int(time.time())
    for raw, header, fault in (
        (body, None, WebhookUnsigned),
        (body, "", WebhookUnsigned),
        (body, "v1=abc", WebhookUnsigned),
        (body, f"t={now}", WebhookUnsigned),
        (body, "t=now,v1=abc", WebhookUnsigned),
        (body.replace(b"1200000", b"1"), signature, WebhookSignatureWrong),
        (body + b" ", signature, WebhookSignatureWrong),
        (body, sign(body, "whsec_other", now), WebhookSignatureWrong),
        (body, sign(body, WEBHOOK_SECRET, now).replace("t=", "t=1"), WebhookSignatureWrong),
        (body, sign(body, "whsec_other", now - 3_600), WebhookSignatureWrong),
        (body, sign(body, WEBHOOK_SECRET, now - 301), WebhookTooOld),
        (b"\xff", signature, WebhookMalformed),
    ):
        with pytest.raises(fault) as refused:
            gateway.parse_webhook(raw, header)
        assert isinstance(refused.value, BadWebhook)
        assert WEBHOOK_SECRET not in str(refused.value)
    # During a change of secrets a header carries a signature by each.
    both = sign(body, "whsec_other", now) + "," + sign(body, WEBHOOK_SECRET, now).partition(",")[2]
    assert gateway.parse_webhook(body, both).type == "checkout.session.completed"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"object": "v2.core.event", "id": "evt_1", "type": "a"}',
        b'{"object": "event", "id": "evt_1", "type": "a", "livemode": "no", "created": 1, "data": {"object": {}}}',
        b'{"object": "event", "id": "", "type": "a", "livemode": false, "created": 1, "data": {"object": {}}}',
        b'{"object": "event", "id": "evt_1", "type": "a", "livemode": false, "created": 1}',
    ],
)
def test_what_is_signed_but_no_event_is_malformed(body: bytes) -> None:
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET)
    with pytest.raises(WebhookMalformed):
        gateway.parse_webhook(body, sign(body, WEBHOOK_SECRET, int(time.time())))


def test_duplicates_disorder_and_forgeries_lead_to_the_same_end(
    simulator: Running, gateway: PaymentGateway, rng: random.Random
) -> None:
    """A receiver that checks, remembers ids and looks the object up ends where the gateway stands."""
    simulator.control(
        "knobs", {"duplicate": 2, "reorder": 7, "bad_signature": 0.3, "seed": 11, "max_attempts": 1}
    )
    simulator.inbox.answer = lambda _: 200
    expected = {}
    for number in range(12):
        checkout = open_order(gateway, f"order-{number}")
        button = rng.choice(["pay", "expire", "pay_later", "fail_later"])
        simulator.press(checkout.id, button)
        if button.endswith("later"):
            simulator.control(f"sessions/{checkout.id}/{'settle' if button == 'pay_later' else 'bounce'}")
        expected[checkout.id] = button in ("pay", "pay_later")
    seen: set[str] = set()
    known: dict[str, bool] = {}
    refused = 0
    for body, signature in simulator.delivered():
        try:
            event = gateway.parse_webhook(body, signature)
        except BadWebhook:
            refused += 1
            continue
        if event.id in seen or not event.type.startswith("checkout.session."):
            continue
        seen.add(event.id)
        known[event.object_id] = gateway.fetch_checkout(event.object_id).is_paid
    # What never came with a good signature is found by asking for each pay page that is not known as paid.
    for checkout_id in expected:
        known[checkout_id] = known.get(checkout_id) or gateway.fetch_checkout(checkout_id).is_paid
    assert refused > 0
    assert known == expected
    assert json.loads(simulator.inbox.notices[0][0])["id"]
