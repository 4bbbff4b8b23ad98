"""What the tests order."""

from __future__ import annotations

from typing import Any

import stripe


def order(**changes: Any) -> Any:
    """Parameters of a session for 12,000.00 CNY; changes: other or further parameters, None to leave one out."""
    params = {
        "mode": "payment",
        "success_url": "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/back",
        "client_reference_id": "order-1",
        "metadata": {"order_id": "order-1"},
        "line_items": [line("cny", 1_200_000)],
    }
    return {name: value for name, value in (params | changes).items() if value is not None}


def line(currency: str, unit_amount: Any, quantity: int = 1) -> dict[str, Any]:
    price = {
        "currency": currency,
        "unit_amount": unit_amount,
        "product_data": {"name": "Tides of Qingdao 青岛潮汐"},
    }
    return {"price_data": price, "quantity": quantity}


def open_session(client: stripe.StripeClient, **changes: Any) -> stripe.checkout.Session:
    return client.v1.checkout.sessions.create(order(**changes))
