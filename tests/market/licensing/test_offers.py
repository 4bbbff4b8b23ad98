"""Offers: only their provider's signature publishes, changes or withdraws them."""

from __future__ import annotations

from typing import Any

import pytest

from market.kit.auth import Role
from market.zones.service import licences
from tests.market.catalog.conftest import member
from tests.market.licensing.conftest import OPEN, PAID, REQUEST, Shop, offered, ok, publish, signed


def test_an_offer_is_published_changed_and_withdrawn_by_signed_statements(shop: Shop) -> None:
    provider, buyer, first = offered(shop, OPEN)
    listed = shop.web.get(f"/api/v1/assets/{first['asset_id']}/offers").json()["items"]
    assert listed == [first]
    assert first["policy"]["obligation"] == [{"action": "attribute"}]

    changed = publish(provider, first["asset_id"], PAID, offer_id=first["id"])
    assert (changed["id"], changed["revision"], changed["kind"]) == (first["id"], 2, "PAID")
    assert changed["leaf"] != first["leaf"]
    assert shop.web.get(f"/api/v1/offers/{first['id']}").json() == changed

    draft = ok(provider("POST", f"/offers/{first['id']}/withdrawal-drafts"))
    body = signed(provider, draft["to_sign"])
    for _ in range(2):
        assert ok(provider("POST", f"/offers/{first['id']}/withdrawal", body), 200)["state"] == "WITHDRAWN"
    assert shop.web.get(f"/api/v1/assets/{first['asset_id']}/offers").json()["items"] == []
    late = buyer("POST", "/contracts", {"offer_id": first["id"]})
    assert (late.status_code, late.json()["slug"]) == (410, "offer-not-open")
    assert [one["id"] for one in ok(provider("GET", "/offers"), 200)["items"]] == [first["id"]]


def test_the_offers_of_an_asset_come_in_pages(shop: Shop) -> None:
    provider, _, first = offered(shop, OPEN)
    address = f"/api/v1/assets/{first['asset_id']}/offers"
    made = [first["id"], *(publish(provider, first["asset_id"], terms)["id"] for terms in (PAID, REQUEST))]
    head = shop.web.get(address, params={"limit": 2}).json()
    rest = shop.web.get(address, params={"limit": 2, "cursor": head["next"]}).json()
    assert [one["id"] for one in head["items"] + rest["items"]] == made
    assert rest["next"] is None
    assert shop.web.get(address, params={"cursor": "WzFd"}).json()["where"] == "cursor"


def test_nobody_else_can_offer_change_or_withdraw(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, OPEN)
    body = {"asset_id": offer["asset_id"], **OPEN}
    assert buyer("POST", "/offers/drafts", body).status_code == 404
    assert buyer("POST", f"/offers/{offer['id']}/withdrawal-drafts").status_code == 404
    draft = ok(provider("POST", "/offers/drafts", body))
    assert small_shop.web.get(f"/api/v1/offers/{draft['offer']['id']}").status_code == 404
    sent = {"draft_id": draft["draft_id"], **signed(buyer, draft["to_sign"])}
    assert buyer("POST", "/offers", sent).status_code == 404
    forged = provider("POST", "/offers", sent)
    assert (forged.status_code, forged.json()["slug"]) == (422, "bad-signature")
    small_shop.members.known["clerk"] = member(provider.id, Role.BILLING)
    clerk = small_shop.web.post(
        "/api/v1/offers/drafts", json=body, headers={"Authorization": "Bearer clerk", "Idempotency-Key": "1"}
    )
    assert clerk.status_code == 403


def test_a_draft_that_was_overtaken_cannot_be_published(small_shop: Shop) -> None:
    provider, _, offer = offered(small_shop, OPEN)
    body = {"asset_id": offer["asset_id"], "offer_id": offer["id"], **OPEN}
    slow, quick = (ok(provider("POST", "/offers/drafts", body)) for _ in range(2))
    for draft in (quick, quick):
        sent = {"draft_id": draft["draft_id"], **signed(provider, draft["to_sign"])}
        assert ok(provider("POST", "/offers", sent))["revision"] == 2
    late = provider("POST", "/offers", {"draft_id": slow["draft_id"], **signed(provider, slow["to_sign"])})
    assert (late.status_code, late.json()["slug"]) == (409, "offer-in-another-state")


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"price": {"minor": 5, "currency": "CNY"}}, "body"),
        ({"kind": "PAID"}, "body"),
        ({"kind": "PAID", "price": {"minor": 0, "currency": "CNY"}}, "body/price/minor"),
        ({"kind": "PAID", "price": {"minor": 1.5, "currency": "CNY"}}, "body/price/minor"),
        ({"kind": "PAID", "price": {"minor": 5, "currency": "CNY", "tax": 1}}, "body/price/tax"),
        ({"term_days": 0}, "body/term_days"),
        ({"environment": []}, "body/environment"),
        ({"environment": ["api", "api"]}, "body"),
        ({"questions": [{"en": "Who?"}]}, "body"),
        ({"terms": {"may": [{"action": "fly"}]}}, "body/terms/may/0"),
        ({"purposes": ["FUN"]}, "body/purposes/0"),
        ({"licence": "LicenseRef-Ours", "terms": {"may": []}}, "body"),
        ({"licence": "WTFPL"}, "licence"),
        ({"org_id": "x"}, "body/org_id"),
    ],
)
def test_terms_that_make_no_sense_are_refused_at_their_field(
    small_shop: Shop, changes: dict[str, Any], where: str
) -> None:
    provider = small_shop.org("provider")
    asset, _ = provider.registered({"a.csv": b"a"})
    answer = provider("POST", "/offers/drafts", {"asset_id": asset["id"], **OPEN, **changes})
    assert (answer.status_code, answer.json()["where"]) == (422, where), answer.text


def test_what_is_not_registered_or_may_not_be_open_is_not_offered(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    drafted = provider.asset()
    answer = provider("POST", "/offers/drafts", {"asset_id": drafted["id"], **OPEN})
    assert (answer.status_code, answer.json()["slug"]) == (409, "asset-not-offerable")


@pytest.mark.parametrize(
    ("metadata", "allowed"),
    [
        ({"grade": "IMPORTANT"}, ["REQUEST"]),
        ({"personal_info": "PERSONAL"}, ["REQUEST"]),
        ({"source_kind": "AUTHORISED_PUBLIC"}, ["OPEN", "REQUEST"]),
        ({}, ["OPEN", "REQUEST", "PAID"]),
    ],
)
def test_the_negative_list_says_what_may_not_be_open(
    small_shop: Shop, metadata: dict[str, str], allowed: list[str]
) -> None:
    """Neither by click nor for money: what may not be open to everybody takes the provider's approval."""
    provider = small_shop.org("provider")
    asset = provider.asset(**metadata)
    version = provider.version(asset["id"], {"a.csv": b"a"})
    provider.upload(version["id"], "a.csv", b"a")
    ok(provider.register(asset, version))
    offerable = []
    for kind, terms in (("OPEN", OPEN), ("REQUEST", REQUEST), ("PAID", PAID)):
        wanted = {"asset_id": asset["id"], **terms, "purposes": ["PUBLIC_WELFARE"]}
        answer = provider("POST", "/offers/drafts", wanted)
        assert answer.status_code in (201, 403, 409, 422), answer.text
        if answer.status_code == 201:
            offerable.append(kind)
    assert offerable == allowed


def test_terms_left_out_are_those_of_the_licence(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    asset, _ = provider.registered({"a.csv": b"a"})
    body = {name: value for name, value in OPEN.items() if name != "terms"}
    made = publish(provider, asset["id"], body)
    assert [rule["action"] for rule in made["terms"]["must"]] == list(licences()["CC-BY-4.0"].must)
    assert all(rule["text"]["zh"] and rule["text"]["en"] for rule in made["terms"]["may"])


def test_an_edit_is_no_way_around_the_negative_list(small_shop: Shop) -> None:
    """What was signed counts: data that were registered as personal do not become open by another word."""
    provider = small_shop.org("provider")
    asset = provider.asset(personal_info="PERSONAL")
    version = provider.version(asset["id"], {"a.csv": b"a"})
    provider.upload(version["id"], "a.csv", b"a")
    ok(provider.register(asset, version))
    offer = {"asset_id": asset["id"], **OPEN}
    refused = provider("POST", "/offers/drafts", offer).json()
    harmless = {"metadata": asset["metadata"] | {"personal_info": "NONE"}}
    assert provider("PATCH", f"/assets/{asset['id']}", harmless, If_Match='"1"').status_code == 200
    again = provider("POST", "/offers/drafts", offer).json()
    assert again["slug"] == refused["slug"] == "on-negative-list"
