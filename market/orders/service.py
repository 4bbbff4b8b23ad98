"""Orders in verbs. The verbs live in modules by subject; this is what doors and other slices use."""

from __future__ import annotations

from market.orders.fulfilment import fulfil
from market.orders.paying import (
    RECONCILE_TOPIC,
    cancel_order,
    finish,
    look,
    look_as_buyer,
    look_at,
    order_named_by,
    pay,
    reconcile,
)
from market.orders.placing import follow_contract, order, order_for_contract, orders_of, place_order

__all__ = [
    "RECONCILE_TOPIC",
    "cancel_order",
    "finish",
    "follow_contract",
    "fulfil",
    "look",
    "look_as_buyer",
    "look_at",
    "order",
    "order_for_contract",
    "order_named_by",
    "orders_of",
    "pay",
    "place_order",
    "reconcile",
]
