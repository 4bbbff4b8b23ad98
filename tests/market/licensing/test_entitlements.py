"""Licences: their quota holds under a race, their clock ends them, and their provider can, where the contract lets it."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from market.kit.auth import system
from market.kit.errors import Forbidden
from market.licensing import service
from market.licensing.errors import NotEntitled, RowQuotaExceeded
from market.licensing.verbs import ACTIVATE
from tests.market.licensing.conftest import OPEN, Shop, licensed, offered, ok, signed


def test_a_quota_is_never_passed_by_readers_at_the_same_time(shop: Shop) -> None:
    provider, buyer, offer = offered(shop, OPEN)
    licence = UUID(licensed(provider, buyer, offer)["entitlement_id"])
    now = shop.clock.now() + timedelta(days=1)

    def spend(_: int) -> bool:
        try:
            with shop.db.writing() as session:
                service.spend_rows(session, entitlement_id=licence, rows=90, now=now)
            return True
        except RowQuotaExceeded:
            return False

    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(spend, range(32)))
    assert sum(granted) == 11
    seen = ok(buyer("GET", f"/entitlements/{licence}"), 200)
    assert (seen["rows_used"], seen["rows_left"]) == (990, 10)
    with shop.db.writing() as session:
        assert service.spend_rows(session, entitlement_id=licence, rows=10, now=now) == 0


def test_a_licence_ends_by_the_clock(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, OPEN)
    licence = UUID(licensed(provider, buyer, offer)["entitlement_id"])
    end = small_shop.clock.now() + timedelta(days=365)
    with small_shop.db.writing() as session:
        service.spend_rows(session, entitlement_id=licence, rows=1, now=end - timedelta(seconds=1))
    with pytest.raises(NotEntitled), small_shop.db.writing() as session:
        service.spend_rows(session, entitlement_id=licence, rows=1, now=end)
    with small_shop.db.reading() as session:
        asset_id = UUID(offer["asset_id"])
        before, after = (
            service.entitlement_for(session, actor=buyer.actor, asset_id=asset_id, now=moment)
            for moment in (end - timedelta(seconds=1), end)
        )
        assert service.entitlement_for(session, actor=provider.actor, asset_id=asset_id, now=end) is None
    assert before is not None
    assert before.is_active
    assert after is not None
    assert after.state == "EXPIRED"


def test_a_provider_revokes_with_a_signed_reason(shop: Shop) -> None:
    provider, buyer, offer = offered(shop, OPEN)
    licence = licensed(provider, buyer, offer)["entitlement_id"]
    why = {"reason": {"zh": "转售数据", "en": "The data were resold"}}
    assert buyer("POST", f"/entitlements/{licence}/revocation-drafts", why).status_code == 404
    draft = ok(provider("POST", f"/entitlements/{licence}/revocation-drafts", why))
    body = signed(provider, draft["to_sign"])
    bare = provider("POST", f"/entitlements/{licence}/revocation", body | {"openings": []})
    assert (bare.status_code, bare.json()["where"]) == (422, "openings")
    lie = base64.b64encode(
        base64.b64decode(body["openings"][0]["content"]).replace(b"resold", b"stolen")
    ).decode()
    changed = [dict(body["openings"][0], content=lie)]
    answer = provider("POST", f"/entitlements/{licence}/revocation", body | {"openings": changed})
    assert answer.status_code == 422
    assert ok(buyer("GET", f"/entitlements/{licence}"), 200)["state"] == "ACTIVE"

    for _ in range(2):
        ended = ok(provider("POST", f"/entitlements/{licence}/revocation", body), 200)
        assert (ended["state"], ended["reason"]) == ("REVOKED", why["reason"])
    with pytest.raises(NotEntitled), shop.db.writing() as session:
        service.spend_rows(session, entitlement_id=UUID(licence), rows=1, now=shop.clock.now())
    assert ok(provider("GET", "/entitlements?role=provider"), 200)["items"][0]["state"] == "REVOKED"


def test_a_provider_keeps_a_promise_not_to_revoke(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, OPEN | {"revocation": "never"})
    licence = licensed(provider, buyer, offer)["entitlement_id"]
    answer = provider("POST", f"/entitlements/{licence}/revocation-drafts", {"reason": {"en": "A whim"}})
    assert (answer.status_code, answer.json()["slug"]) == (409, "revocation-not-agreed")


def test_nobody_gives_himself_a_licence(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, OPEN)
    made = ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    for actor in (provider.actor, buyer.actor):
        with pytest.raises(Forbidden), small_shop.db.writing() as session:
            service.activate(session, actor=actor, contract_id=UUID(made["id"]), now=small_shop.clock.now())
    with pytest.raises(Exception, match="both sides have signed"), small_shop.db.writing() as session:
        service.activate(session, actor=system("t"), contract_id=UUID(made["id"]), now=small_shop.clock.now())
    assert ACTIVATE.key_scope is None
    strangers = small_shop.org("stranger")
    assert strangers("GET", f"/contracts/{made['id']}").status_code == 404


def test_a_suspended_licence_gives_nothing_until_it_is_restored(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, OPEN)
    licence, now = UUID(licensed(provider, buyer, offer)["entitlement_id"]), small_shop.clock.now()
    with small_shop.db.writing() as session:
        service.suspend(session, actor=system("t"), entitlement_id=licence, now=now)
    with pytest.raises(NotEntitled), small_shop.db.writing() as session:
        service.spend_rows(session, entitlement_id=licence, rows=1, now=now)
    with small_shop.db.writing() as session:
        service.restore(session, actor=system("t"), entitlement_id=licence, now=now)
        assert service.spend_rows(session, entitlement_id=licence, rows=1, now=now) == 999
