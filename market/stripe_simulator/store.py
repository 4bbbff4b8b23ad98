"""What the simulator remembers, in memory: objects by id, oldest first, and the events about them."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from market.stripe_simulator.faults import missing_object
from market.stripe_simulator.params import API_VERSION

Json = dict[str, Any]
_ALPHABET = string.ascii_letters + string.digits
# The word that Stripe uses for a kind of object when there is none.
_CALLED = {
    "sessions": "checkout.session",
    "intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "events": "event",
}


def new_id(prefix: str) -> str:
    """E.g. cs_test_ and 24 random characters."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(24))


@dataclass(slots=True)
class Cause:
    """The API request that an event is due to; both are None for what the customer or the clock did."""

    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass(slots=True)
class Store:
    """now: Unix seconds on the simulator's clock. on_event: called with each new event."""

    now: Callable[[], int]
    on_event: Callable[[Json], None]
    sessions: dict[str, Json] = field(default_factory=dict)
    line_items: dict[str, list[Json]] = field(default_factory=dict)
    intents: dict[str, Json] = field(default_factory=dict)
    # What the session's payment_intent_data asks of the intent, which exists only from the first attempt on.
    intent_plans: dict[str, Json] = field(default_factory=dict)
    charges: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    events: dict[str, Json] = field(default_factory=dict)
    endpoints: dict[str, Json] = field(default_factory=dict)
    # Payments under way: session id -> (when they settle, whether they succeed).
    settling: dict[str, tuple[int, bool]] = field(default_factory=dict)
    cause: Cause = field(default_factory=Cause)

    def get(self, kind: str, object_id: str, *, param: str = "id", status: int = 404) -> Json:
        """The object itself, to be changed in place. kind: name of one of the dicts. Raises StripeFault."""
        found: Json | None = getattr(self, kind).get(object_id)
        if found is None:
            raise missing_object(_CALLED[kind], object_id, param=param, status=status)
        return found

    def emit(self, event_type: str, subject: Json, previous: Json | None = None) -> Json:
        """Record an event with a snapshot of its object. previous: the changed fields' old values."""
        data: Json = {"object": deepcopy(subject)}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Json = {
            "id": new_id("evt_"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": len(self.endpoints),
            "request": {"id": self.cause.request_id, "idempotency_key": self.cause.idempotency_key},
            "type": event_type,
        }
        self.events[event["id"]] = event
        self.on_event(event)
        return event
