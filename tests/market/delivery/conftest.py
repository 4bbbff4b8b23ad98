"""A small marketplace up to delivery; served over real HTTP where that matters."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn

from ledger.statement import sign_statement
from market.catalog.limits import UploadLimits
from market.cli.server import listen
from market.delivery import models, pages, routes
from market.delivery.limits import DeliveryLimits
from market.delivery.tasks import handlers
from market.kit.guards import refuse_unguarded
from market.kit.jobs import Worker
from market.statements import build, claims_for, commit
from tests.ledger.logs import ORIGIN
from tests.market.catalog.conftest import Org, Shop
from tests.market.licensing.conftest import (
    OPEN,
    app_of,
    build_licensing_shop,
    licensed,
    ok,
    publish,
    signed,
)

__all__ = ["OPEN", "Org", "Shop"]
assert models

TABLE = b"port,teu,depth\nQinzhou,5,12.5\nFangchenggang,7,\nBeihai,11,9.0\n"
FAST = DeliveryLimits(recheck=timedelta(seconds=0.2), stall=timedelta(seconds=30))


@dataclass
class Deal:
    """A registered asset, its provider, a buyer, and the licence between them."""

    shop: Shop
    provider: Org
    buyer: Org
    asset: dict[str, Any]
    version: dict[str, Any]
    offer: dict[str, Any]
    entitlement: dict[str, Any]

    @property
    def files(self) -> str:
        return f"/versions/{self.version['id']}/files"

    def received(self, **changes: Any) -> dict[str, Any]:
        """The buyer's acknowledgement, with `changes` made to what it says before it is signed."""
        contract = self.entitlement["contract"]
        key = changes.pop("key", self.buyer.key)
        subject = changes.pop("subject", UUID(self.entitlement["id"]))
        public = {"registration": self.version["leaf"], "contract": contract} | changes.pop("public", {})
        said = {
            "at": self.shop.clock.now().isoformat(timespec="seconds"),
            "bytes": self.version["size_bytes"],
            "contentRoot": self.version["content_root"],
            "contract": contract,
            "entitlement": self.entitlement["id"],
            "files": self.version["file_count"],
        } | changes
        opened = commit({name: value for name, value in said.items() if value is not None})
        claims = claims_for(
            "received", ORIGIN, org_id=self.buyer.id, subject_id=subject, now=self.shop.clock.now()
        )
        statement = sign_statement(build("received", **public, received=opened.hex), claims, key)
        opening = {"name": "received", "salt": b64(opened.salt), "content": b64(opened.content)}
        return {
            "version_id": self.version["id"],
            "statement": b64(statement.leaf_bytes),
            "openings": [opening],
        }

    def acknowledge(self, **changes: Any) -> httpx.Response:
        path = f"/entitlements/{self.entitlement['id']}/acknowledgements"
        answer: httpx.Response = self.buyer("POST", path, self.received(**changes))
        return answer


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def build_delivery_shop(url: str, folder: Path) -> Shop:
    shop = build_licensing_shop(url, folder)
    app = app_of(shop)
    shop.ports.add(DeliveryLimits, FAST)
    # Uploads are not what is tried here: fewer pieces than the tests of the catalogue.
    shop.ports.add(UploadLimits, UploadLimits())
    app.include_router(routes.router)
    app.include_router(routes.tickets)
    app.include_router(pages.router)
    refuse_unguarded(app)
    return shop


def deal(shop: Shop, files: dict[str, bytes] | None = None, **terms: Any) -> Deal:
    provider, buyer = shop.org("provider"), shop.org("buyer")
    asset, version = provider.registered(files or {"data/ports.csv": TABLE})
    offer = publish(provider, asset["id"], OPEN | terms)
    contract = licensed(provider, buyer, offer)
    entitlement = ok(buyer("GET", f"/entitlements/{contract['entitlement_id']}"), 200)
    return Deal(shop, provider, buyer, asset, version, offer, entitlement)


def drain(shop: Shop, **later: float) -> int:
    """Run this slice's jobs that are due, after some time has gone by."""
    shop.clock.time += timedelta(**later)
    return Worker(shop.db, handlers(shop.ports), shop.clock).drain()


def revoke(one: Deal) -> None:
    """The provider ends the licence, by a signed statement."""
    path = f"/entitlements/{one.entitlement['id']}"
    why = {"reason": {"zh": "转售数据", "en": "The data were resold"}}
    draft = ok(one.provider("POST", f"{path}/revocation-drafts", why))
    ok(one.provider("POST", f"{path}/revocation", signed(one.provider, draft["to_sign"])), 200)


@contextmanager
def served(shop: Shop) -> Iterator[str]:
    """The shop on a loopback port; its address."""
    listener = listen(0)
    server = uvicorn.Server(
        uvicorn.Config(app_of(shop), log_level="critical", access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    """On each engine."""
    built = build_delivery_shop(database_url, tmp_path)
    yield built
    built.db.close()


@pytest.fixture
def small_shop(sqlite_url: str, tmp_path: Path) -> Iterator[Shop]:
    """On SQLite only, where the engine makes no difference."""
    built = build_delivery_shop(sqlite_url, tmp_path)
    yield built
    built.db.close()
