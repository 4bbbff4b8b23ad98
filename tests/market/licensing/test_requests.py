"""Asking for access: the purpose, the provider's answer, and what follows from it."""

from __future__ import annotations

from tests.market.licensing.conftest import OPEN, PAID, REQUEST, Shop, licensed, offered, ok, publish

WHY = {"purpose": "RESEARCH", "description": "Tides of the Beibu Gulf", "answers": ["Three of us"]}


def test_a_request_is_approved_and_leads_to_one_licence(shop: Shop) -> None:
    provider, buyer, offer = offered(shop, REQUEST)
    early = buyer("POST", "/contracts", {"offer_id": offer["id"]})
    assert (early.status_code, early.json()["slug"]) == (403, "approval-needed")

    asked = ok(buyer("POST", "/access-requests", {"offer_id": offer["id"], **WHY}))
    assert asked["state"] == "PENDING"
    (seen,) = ok(provider("GET", "/access-requests?state=PENDING"), 200)["items"]
    assert seen == asked
    assert ok(buyer("GET", "/access-requests"), 200)["items"] == []
    assert ok(buyer("GET", "/access-requests?role=buyer"), 200)["items"] == [asked]
    early = buyer("POST", "/contracts", {"request_id": asked["id"]})
    assert (early.status_code, early.json()["slug"]) == (403, "approval-needed")

    path = f"/access-requests/{asked['id']}/decision"
    assert buyer("POST", path, {"decision": "APPROVED"}).status_code == 404
    first, second = (ok(provider("POST", path, {"decision": "APPROVED"}), 200) for _ in range(2))
    assert first == second
    assert first["state"] == "APPROVED"

    signed = licensed(provider, buyer, offer)
    assert (signed["state"], signed["request_id"]) == ("IN_FORCE", asked["id"])
    assert signed["document"]["purpose"]["answers"] == WHY["answers"]
    assert ok(buyer("GET", f"/access-requests/{asked['id']}"), 200)["state"] == "USED"


def test_a_refusal_says_why_and_is_final(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, REQUEST)
    asked = ok(buyer("POST", "/access-requests", {"offer_id": offer["id"], **WHY}))
    path = f"/access-requests/{asked['id']}/decision"
    silent = provider("POST", path, {"decision": "REFUSED"})
    assert (silent.status_code, silent.json()["where"]) == (422, "reason")
    refused = ok(provider("POST", path, {"decision": "REFUSED", "reason": {"en": "Not for training."}}), 200)
    assert refused["reason"]["en"] == "Not for training."
    turned = provider("POST", path, {"decision": "APPROVED"})
    assert (turned.status_code, turned.json()["slug"]) == (409, "request-decided")
    ok(buyer("POST", "/access-requests", {"offer_id": offer["id"], **WHY}))


def test_what_cannot_be_asked_for_is_said(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, REQUEST)
    open_offer = publish(provider, offer["asset_id"], OPEN)
    for asker, body, expected in (
        (buyer, WHY | {"purpose": "AI_EVAL"}, (422, "purpose")),
        (buyer, WHY | {"purpose": "FUN"}, (422, "body/purpose")),
        (buyer, WHY | {"answers": []}, (422, "answers")),
        (provider, WHY, (409, None)),
    ):
        answer = asker("POST", "/access-requests", {"offer_id": offer["id"], **body})
        assert (answer.status_code, answer.json().get("where")) == expected, answer.text
    needless = buyer("POST", "/access-requests", {"offer_id": open_offer["id"], **WHY})
    assert (needless.status_code, needless.json()["slug"]) == (409, "offer-needs-no-request")
    ok(buyer("POST", "/access-requests", {"offer_id": offer["id"], **WHY}))
    twice = buyer("POST", "/access-requests", {"offer_id": offer["id"], **WHY})
    assert (twice.status_code, twice.json()["slug"]) == (409, "already-requested")


def test_a_queue_cannot_be_flooded(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, REQUEST)
    from market.licensing.requests import MAX_PENDING

    offers = [offer] + [publish(provider, offer["asset_id"], REQUEST) for _ in range(MAX_PENDING)]
    answers = [buyer("POST", "/access-requests", {"offer_id": one["id"], **WHY}) for one in offers]
    assert [answer.status_code for answer in answers] == [201] * MAX_PENDING + [429]
    page = ok(provider("GET", "/access-requests?limit=30"), 200)
    rest = ok(provider("GET", f"/access-requests?limit=30&cursor={page['next']}"), 200)
    seen = [one["id"] for one in page["items"] + rest["items"]]
    assert (len(seen), len(set(seen)), rest["next"]) == (MAX_PENDING, MAX_PENDING, None)


def test_a_paid_contract_waits_for_its_payment(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, PAID)
    signed = licensed(provider, buyer, offer)
    assert (signed["state"], signed["entitlement_id"]) == ("SIGNED", None)
    assert signed["price"] == {"minor": 1_200_000, "currency": "CNY"}
    again = buyer("POST", "/contracts", {"offer_id": offer["id"]})
    assert (again.status_code, again.json()["slug"]) == (409, "licence-already-granted")
