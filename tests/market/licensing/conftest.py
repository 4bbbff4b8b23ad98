"""A small marketplace up to licensing: a provider with a registered asset, and a buyer, each with its own key."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from ledger import cose
from ledger.statement import assemble_statement
from market.kit.guards import refuse_unguarded
from market.licensing import entitlement_routes, routes
from tests.market.catalog.conftest import Org, Shop, build_shop

OPEN: dict[str, Any] = {
    "kind": "OPEN",
    "term_days": 365,
    "quota_rows": 1000,
    "environment": ["download", "api"],
    "licence": "CC-BY-4.0",
    "terms": {"may": [{"action": "use"}], "must": [{"action": "attribute"}]},
}
REQUEST = OPEN | {
    "kind": "REQUEST",
    "purposes": ["RESEARCH", "STATISTICS"],
    "questions": [{"zh": "谁使用？", "en": "Who will use it?"}],
}
PAID = OPEN | {"kind": "PAID", "price": {"minor": 1_200_000, "currency": "CNY"}}


def app_of(shop: Shop) -> FastAPI:
    app = shop.web.app
    assert isinstance(app, FastAPI)
    return app


def build_licensing_shop(url: str, folder: Path) -> Shop:
    shop = build_shop(url, folder)
    app_of(shop).include_router(routes.router)
    app_of(shop).include_router(entitlement_routes.router)
    refuse_unguarded(app_of(shop))
    return shop


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    """On each engine."""
    built = build_licensing_shop(database_url, tmp_path)
    yield built
    built.db.close()


@pytest.fixture
def small_shop(sqlite_url: str, tmp_path: Path) -> Iterator[Shop]:
    """On SQLite only, where the engine makes no difference."""
    built = build_licensing_shop(sqlite_url, tmp_path)
    yield built
    built.db.close()


def signed(org: Org, to_sign: dict[str, Any]) -> dict[str, Any]:
    """What the organisation's own machine sends back: the statement with its signature, and the openings."""
    protected, payload = (base64.b64decode(to_sign[name]) for name in ("protected", "payload"))
    statement = assemble_statement(protected, payload, org.key.sign(cose.bytes_to_sign(protected, payload)))
    return {
        "statement": base64.b64encode(statement.leaf_bytes).decode(),
        "openings": to_sign["openings"],
    }


def ok(answer: Any, status: int = 201) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def publish(provider: Org, asset_id: str, terms: dict[str, Any], **more: Any) -> dict[str, Any]:
    draft = ok(provider("POST", "/offers/drafts", {"asset_id": asset_id, **terms, **more}))
    body = signed(provider, draft["to_sign"]) | {"draft_id": draft["draft_id"]}
    return ok(provider("POST", "/offers", body))


def offered(shop: Shop, terms: dict[str, Any]) -> tuple[Org, Org, dict[str, Any]]:
    """A provider, a buyer, and a published offer of a registered asset."""
    provider, buyer = shop.org("provider"), shop.org("buyer")
    asset, _ = provider.registered({"ports.csv": b"port,teu\nQinzhou,5\n"})
    return provider, buyer, publish(provider, asset["id"], terms)


def sign(org: Org, contract_id: str) -> dict[str, Any]:
    seen = ok(org("GET", f"/contracts/{contract_id}"), 200)
    return ok(org("POST", f"/contracts/{contract_id}/signatures", signed(org, seen["to_sign"])))


def licensed(provider: Org, buyer: Org, offer: dict[str, Any]) -> dict[str, Any]:
    """A contract from an offer, signed by both."""
    made = ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    sign(buyer, made["id"])
    return sign(provider, made["id"])
