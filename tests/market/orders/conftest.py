"""A marketplace up to orders, with the simulator of Stripe behind real HTTP and a bank account for transfers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from market.kit.guards import refuse_unguarded
from market.kit.jobs import Worker
from market.orders import routes, service, tasks
from market.orders.schemas import NewOrder
from market.payments import routes as payment_routes
from market.payments.bank_transfer import BankAccount, BankTransferGateway
from market.payments.gateway import PaymentGateway, StripeGateway
from market.stripe_simulator import Knobs
from tests.market.licensing.conftest import (
    PAID,
    Org,
    Shop,
    app_of,
    build_licensing_shop,
    licensed,
    ok,
    publish,
)
from tests.stripe_simulator.running import SECRET_KEY, WEBHOOK_SECRET, Running, running_simulator

ACCOUNT = BankAccount("Datawharf Operations", "Bank of Guangxi", "4500 1234 5678", "102611000000")


@dataclass
class Till:
    """The shop, the simulator, and the two parties of a sale."""

    shop: Shop
    stripe: Running
    provider: Org = field(init=False)
    buyer: Org = field(init=False)
    asset_id: str = field(init=False)
    forwarded: int = 0

    def __post_init__(self) -> None:
        self.provider, self.buyer = self.shop.org("provider"), self.shop.org("buyer")
        asset, _ = self.provider.registered({"ports.csv": b"port,teu\nQinzhou,5\n"})
        self.asset_id = asset["id"]

    def sold(self, terms: dict[str, Any] = PAID, buyer: Org | None = None) -> dict[str, Any]:
        """A contract with a price that both sides have signed."""
        offer = publish(self.provider, self.asset_id, terms)
        return licensed(self.provider, buyer or self.buyer, offer)

    def order(self, contract_id: str, gateway: str = "stripe", buyer: Org | None = None) -> dict[str, Any]:
        body = {"contract_id": contract_id, "gateway": gateway}
        return ok((buyer or self.buyer)("POST", "/orders", body))

    def place_only(self, contract_id: str) -> dict[str, Any]:
        """The first step of ordering alone: the order is committed, nothing was asked of the gateway."""
        new = NewOrder(contract_id=UUID(contract_id))
        with self.shop.db.writing() as session:
            view = service.place_order(
                session,
                actor=self.buyer.actor,
                ledger=self.shop.ledger,
                new=new,
                now=self.shop.clock.now(),
            )
        return {"id": str(view.id)}

    def press(self, order: dict[str, Any], action: str) -> None:
        """Press a button of the order's pay page."""
        page = order["checkout_url"].rsplit("/", 1)[1].split("?")[0].split("#")[0]
        assert self.stripe.press(page, action).status_code == 303

    def deliver(self) -> list[int]:
        """Bring the notices that have come since the last time to the marketplace; the statuses of its answers."""
        notices = self.stripe.delivered()[self.forwarded :]
        self.forwarded += len(notices)
        return [self.notify(raw, signature) for raw, signature in notices]

    def notify(self, raw: bytes, signature: str) -> int:
        # In bytes: a header may hold what is not ASCII.
        headers = {b"Stripe-Signature": signature.encode("latin-1"), b"Content-Type": b"application/json"}
        return self.shop.web.post("/webhooks/stripe", content=raw, headers=headers).status_code

    def work(self, **later: float) -> int:
        """Run the jobs that are due, after some time has gone by."""
        self.shop.clock.time += timedelta(**later)
        return Worker(self.shop.db, tasks.handlers(self.shop.ports), self.shop.clock).drain()

    def state(self, order: dict[str, Any], buyer: Org | None = None) -> dict[str, Any]:
        return ok((buyer or self.buyer)("GET", f"/orders/{order['id']}"), 200)

    def licences(self, buyer: Org | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ok((buyer or self.buyer)("GET", "/entitlements"), 200)["items"]
        return found

    def sessions(self) -> int:
        """How many pay pages the simulator was made to open."""
        counts: dict[str, int] = self.stripe.http.get("/_sim").json()["counts"]
        return counts["sessions"]


@contextmanager
def build_till(url: str, folder: Path, knobs: Knobs | None = None) -> Iterator[Till]:
    shop = build_licensing_shop(url, folder)
    # Stripe's pages open and close by real time.
    shop.clock.time = datetime.now(UTC)
    app = app_of(shop)
    for router in (routes.router, payment_routes.router, payment_routes.webhooks):
        app.include_router(router)
    refuse_unguarded(app)
    shop.ports.add(BankTransferGateway, BankTransferGateway({"CNY": ACCOUNT}))
    with running_simulator(knobs) as stripe:
        shop.ports.add(PaymentGateway, StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stripe.base))
        yield Till(shop, stripe)
    shop.db.close()


@pytest.fixture
def till(database_url: str, tmp_path: Path) -> Iterator[Till]:
    """On each engine."""
    with build_till(database_url, tmp_path) as built:
        yield built


@pytest.fixture
def small_till(sqlite_url: str, tmp_path: Path) -> Iterator[Till]:
    """On SQLite only, where the engine makes no difference."""
    with build_till(sqlite_url, tmp_path) as built:
        yield built


def uuid_of(row: dict[str, Any]) -> UUID:
    return UUID(row["id"])
