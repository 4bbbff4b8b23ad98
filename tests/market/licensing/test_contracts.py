"""From an offer to a licence: what each side signs, and everything that must not count as a signature."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from ledger.statement import canonical_json, commitment, parse_statement
from market.provenance import service as provenance
from tests.market.licensing.conftest import OPEN, Org, Shop, licensed, offered, ok, sign, signed


def test_an_open_offer_becomes_a_licence_that_both_sides_signed(shop: Shop) -> None:
    provider, buyer, offer = offered(shop, OPEN)
    made = ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    assert (made["state"], made["awaits"], made["price"]) == ("AWAITING_BUYER", "buyer", None)
    assert ok(provider("GET", f"/contracts/{made['id']}"), 200)["to_sign"] is None

    by_buyer = sign(buyer, made["id"])
    assert (by_buyer["state"], by_buyer["awaits"]) == ("AWAITING_PROVIDER", "provider")
    assert ok(buyer("GET", "/entitlements"), 200)["items"] == []
    waiting = ok(provider("GET", "/contracts?awaiting=me"), 200)["items"]
    assert [one["id"] for one in waiting] == [made["id"]]
    assert ok(buyer("GET", "/contracts?awaiting=me"), 200)["items"] == []

    by_both = sign(provider, made["id"])
    assert (by_both["state"], by_both["awaits"]) == ("IN_FORCE", None)
    assert [one["party"] for one in by_both["signatures"]] == ["buyer", "provider"]
    (licence,) = ok(buyer("GET", "/entitlements"), 200)["items"]
    assert licence["state"] == "ACTIVE"
    assert licence["id"] == by_both["entitlement_id"]
    assert (licence["rows_left"], licence["contract"]) == (1000, made["commitment"])

    with shop.db.reading() as session:
        said = [
            parse_statement(provenance.statement_bytes(session, one["leaf"])) for one in by_both["signatures"]
        ]
    said[0].verify(buyer.key.public)
    said[1].verify(provider.key.public)
    assert {one.predicate["contract"] for one in said} == {made["commitment"]}
    assert [one.predicate["party"] for one in said] == ["buyer", "provider"]


def test_the_provider_can_check_that_the_contract_is_its_own_offer(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, OPEN)
    made = ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    seen = ok(provider("GET", f"/contracts/{made['id']}"), 200)
    salt, content = (base64.b64decode(seen["offer_terms"][part]) for part in ("salt", "content"))
    with small_shop.db.reading() as session:
        published = parse_statement(provenance.statement_bytes(session, seen["offer_leaf"]))
    published.verify(provider.key.public)
    assert published.predicate["terms"] == commitment(salt, content).hex()
    assert canonical_json(seen["document"]["offer"]) == content
    assert base64.b64decode(seen["text"]["content"]) == canonical_json(seen["document"])
    assert seen["document"]["offerLeaf"] == offer["leaf"]


def test_the_same_offer_is_licensed_once_at_a_time(shop: Shop) -> None:
    provider, buyer, offer = offered(shop, OPEN)
    made = ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    again = buyer("POST", "/contracts", {"offer_id": offer["id"]})
    assert (again.status_code, again.json()["slug"]) == (409, "licence-already-granted")
    assert ok(buyer("POST", f"/contracts/{made['id']}/cancellation"), 200)["state"] == "CANCELLED"
    licensed(provider, buyer, offer)
    again = buyer("POST", "/contracts", {"offer_id": offer["id"]})
    assert (again.status_code, again.json()["slug"]) == (409, "licence-already-granted")
    shop.drain(days=366)
    assert ok(buyer("GET", "/entitlements"), 200)["items"][0]["state"] == "EXPIRED"
    licensed(provider, buyer, offer)


def test_a_signature_counts_only_for_what_was_prepared(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, OPEN)
    stranger = small_shop.org("stranger")
    made = ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    other = ok(stranger("POST", "/contracts", {"offer_id": offer["id"]}))
    path = f"/contracts/{made['id']}/signatures"

    def refused(org: Org, body: dict[str, Any], status: int, slug: str) -> None:
        answer = org("POST", path, body)
        assert (answer.status_code, answer.json()["slug"]) == (status, slug), answer.text

    good = signed(buyer, made["to_sign"])
    refused(buyer, signed(stranger, made["to_sign"]), 422, "bad-signature")
    refused(buyer, signed(stranger, other["to_sign"]), 422, "statement-differs")
    refused(stranger, signed(stranger, other["to_sign"]), 404, "not-found")
    refused(provider, good, 409, "contract-in-another-state")
    wrong = [dict(good["openings"][0], content=base64.b64encode(b"{}").decode())]
    refused(buyer, good | {"openings": wrong}, 422, "statement-differs")
    refused(buyer, good | {"more": 1}, 422, "invalid-input")
    assert ok(buyer("GET", f"/contracts/{made['id']}"), 200)["state"] == "AWAITING_BUYER"

    first, second = (ok(buyer("POST", path, good)) for _ in range(2))
    assert first["signatures"] == second["signatures"]


def test_an_offer_that_changed_is_not_signed_unseen(small_shop: Shop) -> None:
    from tests.market.licensing.conftest import publish

    provider, buyer, offer = offered(small_shop, OPEN)
    made = ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    changed = publish(provider, offer["asset_id"], OPEN | {"term_days": 30}, offer_id=offer["id"])
    assert (changed["id"], changed["revision"]) == (offer["id"], 2)
    answer = buyer("POST", f"/contracts/{made['id']}/signatures", signed(buyer, made["to_sign"]))
    assert (answer.status_code, answer.json()["slug"]) == (409, "offer-changed")
    ok(buyer("POST", f"/contracts/{made['id']}/cancellation"), 200)
    assert licensed(provider, buyer, changed)["term_days"] == 30


def test_a_contract_lapses_when_it_is_not_signed_in_time(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, OPEN)
    made = ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    sign(buyer, made["id"])
    to_sign = ok(provider("GET", f"/contracts/{made['id']}"), 200)["to_sign"]
    small_shop.drain(days=14)
    answer = provider("POST", f"/contracts/{made['id']}/signatures", signed(provider, to_sign))
    assert (answer.status_code, answer.json()["slug"]) == (410, "contract-lapsed")
    assert ok(provider("GET", "/contracts?awaiting=me"), 200)["items"] == []
    assert UUID(ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))["id"]) != UUID(made["id"])
