"""The door to Stripe: nothing else in the market imports its client.

Also re-exports the port and its shapes, so that callers need this module alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import stripe
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from market.kit.i18n import N_
from market.kit.money import Money, UnknownCurrency, exponent
from market.payments.bank_transfer import BankTransferGateway
from market.payments.errors import (
    AmountNotPayable,
    BadWebhook,
    CheckoutClosed,
    GatewayAnswerUnusable,
    GatewayKeyRefused,
    GatewayRefused,
    GatewayUnreachable,
    IdempotencyKeyReused,
    PaymentFault,
    UnknownPayment,
    WebhookMalformed,
    WebhookSignatureWrong,
    WebhookTooOld,
    WebhookUnsigned,
)
from market.payments.schemas import (
    Checkout,
    CheckoutState,
    CheckoutStatus,
    GatewayEvent,
    PaymentGateway,
    PaymentStatus,
)

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

__all__ = [
    "BadWebhook",
    "BankTransferGateway",
    "Checkout",
    "CheckoutState",
    "GatewayEvent",
    "PaymentFault",
    "PaymentGateway",
    "StripeGateway",
]

WEBHOOK_TOLERANCE_SECONDS = 300
CALL_TIMEOUT_SECONDS = 15
# Stripe writes these without decimals in ISO 4217 with two (docs.stripe.com/currencies, special cases).
_WRITTEN_WITH_TWO_DECIMALS = {"ISK", "UGX"}


class StripeGateway:
    """Stripe Checkout for one platform account.

    secret_key: sk_… or, better, a restricted rk_… key. webhook_secret: whsec_… of the endpoint.
    api_base: other address of the API, for the simulator; None for Stripe itself.
    max_network_retries: repetitions of one call within it; POSTs repeat under their idempotency key.
    """

    def __init__(
        self,
        secret_key: str,
        webhook_secret: str,
        api_base: str | None = None,
        max_network_retries: int = 2,
    ) -> None:
        if not secret_key or not webhook_secret:
            raise ValueError("A Stripe gateway needs a secret key and a webhook secret.")
        # Off, because it would send this machine's platform and latencies, and keep an id in the home directory.
        stripe.enable_telemetry = False
        self._webhook_secret = webhook_secret
        self.livemode = not secret_key.startswith(("sk_test_", "rk_test_"))
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base} if api_base else {},
            max_network_retries=max_network_retries,
            http_client=stripe.RequestsClient(timeout=CALL_TIMEOUT_SECONDS),
        )

    def open_checkout(
        self,
        *,
        order_id: str,
        amount: Money,
        description: str,
        success_url: str,
        cancel_url: str,
        idempotency_key: str,
        expires_at: datetime,
        metadata: Mapping[str, str] | None = None,
    ) -> Checkout:
        labels = {**(metadata or {}), "order_id": order_id}
        price: Any = {
            "currency": amount.currency.lower(),
            "unit_amount": to_stripe_amount(amount),
            "product_data": {"name": description},
        }
        params: SessionCreateParams = {
            "mode": "payment",
            "client_reference_id": order_id,
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": success_url,
            "cancel_url": cancel_url,
            "expires_at": int(expires_at.timestamp()),
            "metadata": labels,
            "payment_intent_data": {"metadata": labels, "description": description},
        }
        with _translated():
            session = self._client.v1.checkout.sessions.create(params, {"idempotency_key": idempotency_key})
        if not session.url:
            raise CheckoutClosed(N_("The pay page %(id)s is closed already."), id=session.id)
        return Checkout(session.id, session.url, _moment(session.expires_at))

    def fetch_checkout(self, checkout_id: str) -> CheckoutState:
        with _translated():
            return _checkout_state(self._client.v1.checkout.sessions.retrieve(checkout_id))

    def expire_checkout(self, checkout_id: str) -> CheckoutState:
        with _translated():
            try:
                return _checkout_state(self._client.v1.checkout.sessions.expire(checkout_id))
            except stripe.InvalidRequestError as error:
                if error.http_status == 400:
                    raise CheckoutClosed(
                        N_("The pay page %(id)s cannot be closed: %(reason)s"),
                        id=checkout_id,
                        reason=error.user_message,
                    ) from error
                raise

    def parse_webhook(self, raw: bytes, signature: str | None) -> GatewayEvent:
        if not signature:
            raise WebhookUnsigned(N_("The Stripe-Signature header is missing."))
        if not signature.isascii():
            # The client's comparison takes nothing else.
            raise _no_signature_in_it()
        try:
            # Checked without an age limit first, so that old and wrong are told apart.
            stripe.WebhookSignature.verify_header(raw, signature, self._webhook_secret, None)
            stripe.WebhookSignature.verify_header(
                raw, signature, self._webhook_secret, WEBHOOK_TOLERANCE_SECONDS
            )
        except UnicodeDecodeError:
            raise WebhookMalformed(N_("The body is not UTF-8.")) from None
        except stripe.SignatureVerificationError as error:
            raise _signature_fault(error, signature) from None
        try:
            return _EventBody.model_validate_json(raw).as_event()
        except ValidationError:
            raise WebhookMalformed(N_("The body is not an event of the payment service.")) from None


def to_stripe_amount(amount: Money) -> int:
    """An amount in Stripe's smallest unit. Raises AmountNotPayable for nothing, a credit or fractions."""
    if amount.minor <= 0:
        raise AmountNotPayable(N_("%(amount)s cannot be charged: it must be more than zero."), amount=amount)
    if amount.currency in _WRITTEN_WITH_TWO_DECIMALS:
        return amount.minor * 100
    if exponent(amount.currency) == 3 and amount.minor % 10:
        raise AmountNotPayable(
            N_("%(amount)s cannot be charged: cards take two decimal places of it."), amount=amount
        )
    return amount.minor


def from_stripe_amount(minor: int, currency: str) -> Money:
    """The inverse of to_stripe_amount; currency in either case. Raises GatewayAnswerUnusable."""
    code = currency.upper()
    if code in _WRITTEN_WITH_TWO_DECIMALS:
        minor, rest = divmod(minor, 100)
        if rest:
            raise GatewayAnswerUnusable(
                N_("The amount has decimals that %(currency)s has not."), currency=code
            )
    try:
        return Money(minor, code)
    except UnknownCurrency as error:
        raise GatewayAnswerUnusable(N_("The currency %(currency)s is not known."), currency=code) from error


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the client's errors into ours. What it says about a key or a body never reaches a page."""
    try:
        yield
    except stripe.StripeError as error:
        raise _fault(error) from error


def _fault(error: stripe.StripeError) -> PaymentFault:
    said = str(error.user_message or type(error).__name__)
    if isinstance(error, stripe.IdempotencyError):
        return IdempotencyKeyReused(N_("The payment service says: %(said)s"), said=said)
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return GatewayKeyRefused(N_("The payment service does not accept this market's key."))
    if isinstance(error, stripe.InvalidRequestError) and error.code == "resource_missing":
        return UnknownPayment(N_("The payment service says: %(said)s"), said=said)
    if isinstance(error, stripe.InvalidRequestError | stripe.CardError):
        where = str(error.param or "")
        return GatewayRefused(
            N_("The payment service says: %(said)s"), said=said, code=error.code or "", where=where
        )
    # Connection lost, rate limit, 409 and 5xx: it is unknown whether the call took effect.
    return GatewayUnreachable(N_("The payment service gave no usable answer; the step can be repeated."))


def _signature_fault(error: stripe.SignatureVerificationError, signature: str) -> BadWebhook:
    said = str(error.user_message)
    if "tolerance" in said:
        return WebhookTooOld(
            N_("The notice was signed more than %(seconds)s seconds ago."), seconds=WEBHOOK_TOLERANCE_SECONDS
        )
    if "v1=" not in signature or "t=" not in signature or "Unable to extract" in said:
        return _no_signature_in_it()
    return WebhookSignatureWrong(
        N_("The signature does not match the body and this market's webhook secret.")
    )


def _no_signature_in_it() -> WebhookUnsigned:
    return WebhookUnsigned(N_("The Stripe-Signature header has no timestamp or no v1 signature."))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _checkout_state(session: stripe.checkout.Session) -> CheckoutState:
    if session.amount_total is None or session.currency is None:
        raise GatewayAnswerUnusable(N_("The pay page %(id)s has no amount."), id=session.id)
    status = _one_of(session.status, CheckoutStatus)
    paid = _one_of(session.payment_status, PaymentStatus)
    amount = from_stripe_amount(session.amount_total, session.currency)
    return CheckoutState(
        id=session.id,
        status=cast("CheckoutStatus", status),
        payment_status=cast("PaymentStatus", paid),
        amount=amount,
        currency=amount.currency,
        livemode=session.livemode,
        payment_intent=_id_of(session.payment_intent),
        order_id=session.client_reference_id,
    )


def _one_of(word: str | None, known: object) -> str:
    if word not in get_args(known):
        raise GatewayAnswerUnusable(
            N_("The payment service says %(word)s, which is not known here."), word=repr(word)
        )
    return cast("str", word)


def _id_of(named: Any) -> str | None:
    return named if named is None or isinstance(named, str) else str(named.id)


class _Named(BaseModel):
    id: str = ""


class _EventData(BaseModel):
    object: _Named


class _EventBody(BaseModel):
    """What is read of Stripe's event object; its other fields, and a later version's, are left alone."""

    model_config = ConfigDict(strict=True)

    object: Literal["event"]
    id: str = Field(min_length=1)
    type: str = Field(min_length=1)
    livemode: bool
    account: str | None = None
    created: int = Field(ge=0, lt=2**40)
    data: _EventData

    def as_event(self) -> GatewayEvent:
        return GatewayEvent(
            id=self.id,
            type=self.type,
            livemode=self.livemode,
            account=self.account,
            created=_moment(self.created),
            object_id=self.data.object.id,
        )
