"""What the customer does on the pay page, and what becomes of it later."""

from __future__ import annotations

from market.stripe_simulator.faults import StripeFault
from market.stripe_simulator.store import Json, Store, new_id


def pay(store: Store, session: Json) -> None:
    """The card is charged at once. Raises StripeFault if the session is not open."""
    _check_open(session)
    intent = _intent(store, session)
    _complete(session, intent, "paid")
    _succeed(store, intent)
    store.emit("checkout.session.completed", session)


def decline(store: Store, session: Json) -> None:
    """The card is refused; the session stays open for another try. Raises StripeFault if it is not open."""
    _check_open(session)
    _fail(store, _intent(store, session))


def pay_asynchronously(store: Store, session: Json, *, succeeds: bool, delay: int) -> None:
    """A debit that settles `delay` seconds later, or bounces then. Raises StripeFault if it is not open."""
    _check_open(session)
    intent = _intent(store, session)
    _complete(session, intent, "unpaid")
    intent["status"] = "processing"
    store.settling[session["id"]] = (store.now() + delay, succeeds)
    store.emit("payment_intent.processing", intent)
    store.emit("checkout.session.completed", session)


def settle(store: Store, session: Json, *, succeeds: bool) -> None:
    """End a payment that is under way. Raises StripeFault if there is none."""
    if store.settling.pop(session["id"], None) is None:
        raise StripeFault("This Checkout Session has no payment under way.")
    intent = store.intents[session["payment_intent"]]
    if succeeds:
        session["payment_status"] = "paid"
        _succeed(store, intent)
        store.emit("checkout.session.async_payment_succeeded", session)
    else:
        _fail(store, intent)
        store.emit("checkout.session.async_payment_failed", session)


def settle_due(store: Store) -> None:
    """What the clock does to payments under way."""
    for session_id, (due, succeeds) in list(store.settling.items()):
        if due <= store.now():
            settle(store, store.sessions[session_id], succeeds=succeeds)


def _check_open(session: Json) -> None:
    if session["status"] != "open":
        raise StripeFault(f"This Checkout Session is {session['status']}: it cannot be paid.")


def _complete(session: Json, intent: Json, payment_status: str) -> None:
    email = session["customer_email"] or "buyer@example.com"
    session.update(
        status="complete",
        payment_status=payment_status,
        payment_intent=intent["id"],
        url=None,
        customer_details={"address": None, "email": email, "name": None, "phone": None, "tax_ids": []},
    )


def _intent(store: Store, session: Json) -> Json:
    """The session's payment intent. As at Stripe it comes into being with the first attempt to pay."""
    if session["payment_intent"]:
        return store.intents[session["payment_intent"]]
    plan = store.intent_plans[session["id"]]
    intent_id = new_id("pi_")
    intent: Json = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{new_id('')}",
        "confirmation_method": "automatic",
        "created": store.now(),
        "currency": session["currency"],
        "customer": None,
        "description": plan.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": plan.get("metadata") or {},
        "next_action": None,
        "payment_method": None,
        "payment_method_types": session["payment_method_types"],
        "receipt_email": plan.get("receipt_email"),
        "statement_descriptor_suffix": plan.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_group": plan.get("transfer_group"),
    }
    store.intents[intent_id] = intent
    session["payment_intent"] = intent_id
    return intent


def _charge(store: Store, intent: Json, *, paid: bool) -> Json:
    charge: Json = {
        "id": new_id("ch_"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "balance_transaction": new_id("txn_") if paid else None,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "captured": paid,
        "created": store.now(),
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_code": None if paid else "card_declined",
        "failure_message": None if paid else "Your card was declined.",
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": new_id("pm_"),
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "status": "succeeded" if paid else "failed",
        "transfer_group": intent["transfer_group"],
    }
    store.charges[charge["id"]] = charge
    intent["latest_charge"] = charge["id"]
    return charge


def _succeed(store: Store, intent: Json) -> None:
    charge = _charge(store, intent, paid=True)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        payment_method=charge["payment_method"],
        last_payment_error=None,
    )
    store.emit("charge.succeeded", charge)
    store.emit("payment_intent.succeeded", intent)


def _fail(store: Store, intent: Json) -> None:
    charge = _charge(store, intent, paid=False)
    intent.update(
        status="requires_payment_method",
        last_payment_error={
            "type": "card_error",
            "code": "card_declined",
            "decline_code": "generic_decline",
            "charge": charge["id"],
            "message": charge["failure_message"],
        },
    )
    store.emit("charge.failed", charge)
    store.emit("payment_intent.payment_failed", intent)
