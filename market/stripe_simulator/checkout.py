"""Checkout Sessions: opened, looked at, expired by hand or by the clock."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from market.stripe_simulator.amounts import check_currency, check_total, check_unit_amount
from market.stripe_simulator.faults import StripeFault, missing_object, unsupported
from market.stripe_simulator.store import Json, Store, new_id

SHORTEST, LONGEST = 30 * 60, 24 * 60 * 60
# Of the parameters that the real API takes, those that are played.
PLAYED = {
    "allowed_payment_method_types",
    "cancel_url",
    "client_reference_id",
    "currency",
    "customer_email",
    "expand",
    "expires_at",
    "line_items",
    "locale",
    "metadata",
    "mode",
    "payment_intent_data",
    "payment_method_types",
    "submit_type",
    "success_url",
    "ui_mode",
}
PLAYED_OF_INTENT = {
    "description",
    "metadata",
    "receipt_email",
    "transfer_group",
    "statement_descriptor_suffix",
}


def create_session(store: Store, params: Json, pay_page_base: str) -> Json:
    """Open a session. pay_page_base: origin under which the pay page is reached. Raises StripeFault."""
    _check_played(params)
    currency, items = _line_items(params)
    total = sum(item["amount_total"] for item in items)
    check_total(total, currency)
    now = store.now()
    session_id = new_id("cs_test_")
    session: Json = {
        "id": session_id,
        "object": "checkout.session",
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": _web_address(params, "cancel_url"),
        "client_reference_id": _short(params, "client_reference_id", 200),
        "created": now,
        "currency": currency,
        "custom_fields": [],
        "custom_text": {"after_submit": None, "shipping_address": None, "submit": None},
        "customer": None,
        "customer_details": None,
        "customer_email": params.get("customer_email"),
        "expires_at": _expiry(params, now),
        "invoice": None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": check_metadata(params.get("metadata"), "metadata"),
        "mode": "payment",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_types": params.get("payment_method_types") or ["card"],
        "payment_status": "unpaid",
        "setup_intent": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": _web_address(params, "success_url", required=True),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": params.get("ui_mode", "hosted_page"),
        "url": f"{pay_page_base}/pay/{session_id}",
    }
    store.sessions[session_id] = session
    store.line_items[session_id] = items
    store.intent_plans[session_id] = params.get("payment_intent_data") or {}
    return session


def expire_session(store: Store, session: Json) -> Json:
    """Close an open session. Raises StripeFault if it is not open any more."""
    if session["status"] != "open":
        raise StripeFault(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session['status']}."
        )
    session["status"], session["url"] = "expired", None
    store.emit("checkout.session.expired", session)
    return session


def expire_due(store: Store) -> None:
    """What the clock does to sessions."""
    for session in store.sessions.values():
        if session["status"] == "open" and session["expires_at"] <= store.now():
            expire_session(store, session)


def check_metadata(given: Any, param: str) -> dict[str, str]:
    """Metadata within Stripe's limits: 50 keys of 40 characters, values of 500. Raises StripeFault."""
    metadata: dict[str, str] = given or {}
    if len(metadata) > 50:
        raise StripeFault("You can specify up to 50 keys in metadata.", param=param)
    for key, value in metadata.items():
        if len(key) > 40 or len(value) > 500:
            raise StripeFault(
                "Metadata keys must be under 40 characters, values under 500.", param=f"{param}[{key}]"
            )
    return metadata


def _check_played(params: Json) -> None:
    for name in params:
        if name not in PLAYED:
            raise unsupported(f"the parameter {name}", name)
    plan = params.get("payment_intent_data") or {}
    for name in plan:
        if name not in PLAYED_OF_INTENT:
            raise unsupported(f"payment_intent_data[{name}]", f"payment_intent_data[{name}]")
    check_metadata(plan.get("metadata"), "payment_intent_data[metadata]")
    if params.get("mode", "payment") != "payment":
        raise unsupported(f"mode={params['mode']}", "mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise unsupported(f"ui_mode={params['ui_mode']}", "ui_mode")


def _line_items(params: Json) -> tuple[str, list[Json]]:
    """The common currency and the priced items."""
    given: list[Json] = params.get("line_items") or []
    if not given:
        raise StripeFault("Missing required param: line_items.", code="parameter_missing", param="line_items")
    if len(given) > 100:
        raise StripeFault("A maximum of 100 line items are allowed.", param="line_items")
    items = [_line_item(item, f"line_items[{place}]") for place, item in enumerate(given)]
    currencies = {item["currency"] for item in items} | (
        {params["currency"].lower()} if "currency" in params else set()
    )
    if len(currencies) > 1:
        raise StripeFault("All prices on a Checkout Session must have the same currency.", param="line_items")
    return items[0]["currency"], items


def _line_item(item: Json, where: str) -> Json:
    if "price" in item:
        raise missing_object("price", item["price"], param=f"{where}[price]", status=400)
    for name in item:
        if name not in ("price_data", "quantity"):
            raise unsupported(f"line_items[{name}]", f"{where}[{name}]")
    price = item.get("price_data")
    if price is None:
        raise StripeFault(
            f"Missing required param: {where}[price_data].", code="parameter_missing", param=where
        )
    currency = check_currency(price["currency"], f"{where}[price_data][currency]")
    for name in price:
        if name not in ("currency", "product_data", "unit_amount"):
            raise unsupported(f"price_data[{name}]", f"{where}[price_data][{name}]")
    for name in ("product_data", "unit_amount"):
        if name not in price:
            param = f"{where}[price_data][{name}]"
            raise StripeFault(f"Missing required param: {param}.", code="parameter_missing", param=param)
    check_unit_amount(price["unit_amount"], currency, f"{where}[price_data][unit_amount]")
    quantity = item.get("quantity", 1)
    if not 1 <= quantity <= 999_999:
        raise StripeFault(
            "Invalid positive integer", code="parameter_invalid_integer", param=f"{where}[quantity]"
        )
    amount = price["unit_amount"] * quantity
    return {
        "id": new_id("li_"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": currency,
        "description": price["product_data"]["name"],
        "price": _price(price, currency),
        "quantity": quantity,
    }


def _price(price: Json, currency: str) -> Json:
    return {
        "id": new_id("price_"),
        "object": "price",
        "active": False,
        "currency": currency,
        "livemode": False,
        "product": new_id("prod_"),
        "recurring": None,
        "type": "one_time",
        "unit_amount": price["unit_amount"],
        "unit_amount_decimal": str(price["unit_amount"]),
    }


def _expiry(params: Json, now: int) -> int:
    expires_at: int = params.get("expires_at", now + LONGEST)
    if not now + SHORTEST <= expires_at <= now + LONGEST:
        raise StripeFault(
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from now.",
            param="expires_at",
        )
    return expires_at


def _web_address(params: Json, name: str, *, required: bool = False) -> str | None:
    address: str | None = params.get(name)
    if address is None:
        if required:
            raise StripeFault(f"Missing required param: {name}.", code="parameter_missing", param=name)
        return None
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or len(address) > 5_000:
        raise StripeFault("Not a valid URL", code="url_invalid", param=name)
    return address


def _short(params: Json, name: str, most: int) -> str | None:
    text: str | None = params.get(name)
    if text is not None and len(text) > most:
        raise StripeFault(f"Invalid string: {name} must be at most {most} characters", param=name)
    return text
