"""What can go wrong between the market and a payment gateway."""

from __future__ import annotations

from typing import ClassVar

from market.kit.errors import Fault, Kind
from market.kit.i18n import N_


class PaymentFault(Fault):
    """Base of this slice's errors. retriable: the same call with the same idempotency key may be made again."""

    retriable: ClassVar[bool] = False
    slug = "payment-fault"
    title = N_("The payment step could not be carried out")


class GatewayUnreachable(PaymentFault):
    """No answer, or none that tells whether the call took effect: repeat it with the same idempotency key."""

    retriable = True
    kind, slug = Kind.UNAVAILABLE, "gateway-unreachable"
    title = N_("The payment service cannot be reached")


class GatewayKeyRefused(PaymentFault):
    """The operator's key is wrong or lacks a right; nothing a buyer can change."""

    kind, slug = Kind.UNAVAILABLE, "gateway-key-refused"
    title = N_("The payment service does not accept this market's key")


class GatewayRefused(PaymentFault):
    """The gateway understood the call and says no. code: the gateway's own word, "" if it gave none."""

    slug = "gateway-refused"
    title = N_("The payment service refused this step")

    def __init__(self, detail: str = "", *, code: str = "", where: str = "", said: str = "") -> None:
        super().__init__(detail, where=where, said=said)
        self.code = code


class IdempotencyKeyReused(PaymentFault):
    """A key that stood for another step or other amounts: a fault in the caller."""

    kind, slug = Kind.CONFLICT, "payment-idempotency-key-reused"
    title = N_("This step was already taken with other details")


class UnknownPayment(PaymentFault):
    kind, slug = Kind.NOT_FOUND, "unknown-payment"
    title = N_("The payment service knows no such payment")


class CheckoutClosed(PaymentFault):
    kind, slug = Kind.CONFLICT, "checkout-closed"
    title = N_("This pay page is closed already")


class AmountNotPayable(PaymentFault):
    """The gateway cannot take this amount in this currency."""

    slug = "amount-not-payable"
    title = N_("This amount cannot be paid this way")


class GatewayAnswerUnusable(PaymentFault):
    """The gateway's answer lacks what is needed to act on it, e.g. a checkout without an amount."""

    kind, slug = Kind.UNAVAILABLE, "gateway-answer-unusable"
    title = N_("The payment service gave an answer that cannot be used")


class BadWebhook(PaymentFault):
    """A notice that does not come from the gateway, or cannot be shown to."""

    kind, slug = Kind.MALFORMED, "bad-webhook"
    title = N_("This notice cannot be trusted")


class WebhookUnsigned(BadWebhook):
    slug = "webhook-unsigned"
    title = N_("This notice carries no usable signature")


class WebhookSignatureWrong(BadWebhook):
    slug = "webhook-signature-wrong"
    title = N_("The signature of this notice is wrong")


class WebhookTooOld(BadWebhook):
    slug = "webhook-too-old"
    title = N_("This notice was signed too long ago")


class WebhookMalformed(BadWebhook):
    slug = "webhook-malformed"
    title = N_("This notice is signed but cannot be read")


class BadReference(PaymentFault):
    """A payment reference with a typing error, or none at all."""

    kind, slug = Kind.MALFORMED, "bad-payment-reference"
    title = N_("This is not a payment reference")


class GatewayNotOffered(PaymentFault):
    kind, slug = Kind.CONFLICT, "gateway-not-offered"
    title = N_("This market does not offer that way to pay")


class SecondPersonNeeded(PaymentFault):
    kind, slug = Kind.FORBIDDEN, "second-person-needed"
    title = N_("A different operator has to do this")


class TransferKnown(PaymentFault):
    kind, slug = Kind.CONFLICT, "transfer-known"
    title = N_("This line of the bank's statement was entered already")


class TransferDecided(PaymentFault):
    kind, slug = Kind.CONFLICT, "transfer-decided"
    title = N_("This transfer was confirmed or rejected already")


class NoSuchInvoice(PaymentFault):
    kind, slug = Kind.NOT_FOUND, "no-such-invoice"
    title = N_("No invoice has this payment reference")
