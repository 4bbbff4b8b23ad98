"""The simulator as one object: its memory, its clock, its knobs and its sender."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from market.stripe_simulator import checkout, payments
from market.stripe_simulator.faults import StripeFault
from market.stripe_simulator.idempotency import IdempotencyKeys
from market.stripe_simulator.knobs import Knobs
from market.stripe_simulator.params import API_VERSION
from market.stripe_simulator.store import Json, Store, new_id
from market.stripe_simulator.webhooks import WebhookSender


class Simulator:
    """secret_key: the only key that is taken; must be a test key.

    clock: Unix seconds; advance() runs ahead of it. Signatures always carry the real time, as receivers check
    it against theirs.
    """

    def __init__(
        self, secret_key: str, knobs: Knobs | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        if not secret_key.startswith(("sk_test_", "rk_test_")):
            raise ValueError("A simulator takes test keys only: sk_test_… or rk_test_….")
        self.secret_key = secret_key
        self.knobs = knobs or Knobs()
        self._clock = clock
        self._ahead = 0
        self.sender = WebhookSender(lambda: self.knobs)
        self._begin()

    def _begin(self) -> None:
        self.store = Store(self.now, self._announce)
        self.keys = IdempotencyKeys(self.now)

    def reset(self) -> None:
        """Forget everything but the webhook endpoints."""
        endpoints = self.store.endpoints
        self._begin()
        self.store.endpoints = endpoints

    def now(self) -> int:
        return int(self._clock()) + self._ahead

    def advance(self, seconds: int) -> None:
        """Set the simulated clock forward and do what falls due by it."""
        if seconds < 0:
            raise ValueError("Time does not run backwards.")
        self._ahead += seconds
        self.tick()

    def tick(self) -> None:
        """Do what the clock does by itself: expire sessions, settle payments under way."""
        checkout.expire_due(self.store)
        payments.settle_due(self.store)

    def add_endpoint(
        self, url: str, secret: str | None = None, enabled_events: list[str] | None = None
    ) -> Json:
        """Send events to this address from now on. Raises StripeFault unless it is on this machine."""
        if not is_loopback_url(url):
            raise StripeFault(
                "The simulator sends webhooks to this machine only.", code="url_invalid", param="url"
            )
        endpoint: Json = {
            "id": new_id("we_"),
            "object": "webhook_endpoint",
            "api_version": API_VERSION,
            "application": None,
            "created": self.now(),
            "description": None,
            "enabled_events": enabled_events or ["*"],
            "livemode": False,
            "metadata": {},
            "secret": secret or new_id("whsec_"),
            "status": "enabled",
            "url": url,
        }
        self.store.endpoints[endpoint["id"]] = endpoint
        return endpoint

    def resend(self, event: Json) -> None:
        """Send an event once more to every endpoint that takes it."""
        self._announce(event)

    def _announce(self, event: Json) -> None:
        wanting = [
            endpoint
            for endpoint in self.store.endpoints.values()
            if "*" in endpoint["enabled_events"] or event["type"] in endpoint["enabled_events"]
        ]
        event["pending_webhooks"] = len(wanting)
        for endpoint in wanting:
            self.sender.send(event, endpoint)


def is_loopback_url(url: str) -> bool:
    """Whether an http(s) address names this machine."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and is_loopback_host(parts.hostname or "")


def is_loopback_host(host: str) -> bool:
    """Whether a host name or address means this machine, without asking any name server."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
