"""Refunds: in part or in whole, never more than was paid."""

from __future__ import annotations

from market.stripe_simulator.amounts import check_unit_amount, show
from market.stripe_simulator.checkout import check_metadata
from market.stripe_simulator.faults import StripeFault, unsupported
from market.stripe_simulator.store import Json, Store, new_id

PLAYED = {"amount", "charge", "expand", "metadata", "payment_intent", "reason"}


def create_refund(store: Store, params: Json) -> Json:
    """Give money of one charge back; without `amount`, all that is left. Raises StripeFault."""
    for name in params:
        if name not in PLAYED:
            raise unsupported(f"the parameter {name}", name)
    metadata = check_metadata(params.get("metadata"), "metadata")
    charge = _charge_to_refund(store, params)
    amount = _amount(charge, params)
    refund: Json = {
        "id": new_id("re_"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": new_id("txn_"),
        "charge": charge["id"],
        "created": store.now(),
        "currency": charge["currency"],
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    previous = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    store.refunds[refund["id"]] = refund
    store.emit("refund.created", refund)
    store.emit("charge.refunded", charge, previous)
    return refund


def _charge_to_refund(store: Store, params: Json) -> Json:
    if "charge" in params:
        charge = store.get("charges", params["charge"], param="charge", status=400)
        if params.get("payment_intent") not in (None, charge["payment_intent"]):
            raise StripeFault("The charge does not belong to the payment_intent.", param="charge")
    elif "payment_intent" in params:
        intent = store.get("intents", params["payment_intent"], param="payment_intent", status=400)
        charge = store.charges.get(intent["latest_charge"] or "", {})
    else:
        raise StripeFault("One of the following params should be provided: charge or payment_intent.")
    if not charge.get("paid"):
        raise StripeFault("There is no successful charge to refund.", param="payment_intent")
    return charge


def _amount(charge: Json, params: Json) -> int:
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise StripeFault(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount: int = params.get("amount", left)
    if amount < 1:
        raise StripeFault("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    currency = charge["currency"]
    check_unit_amount(amount, currency, "amount")
    if amount > left:
        raise StripeFault(
            f"Refund amount ({show(amount, currency, 'en')}) is greater than unrefunded amount on charge "
            f"({show(left, currency, 'en')})",
            param="amount",
        )
    return amount
