"""Nobody has to wait for the other side for ever: a buyer withdraws a request, a provider declines a contract."""

from __future__ import annotations

from tests.market.licensing.conftest import OPEN, PAID, REQUEST, Shop, licensed, offered, ok, sign

WHY = {"purpose": "RESEARCH", "description": "Tides of the Beibu Gulf", "answers": ["Three of us"]}
BECAUSE = {"reason": {"zh": "数据正在更正。", "en": "The data are being corrected."}}


def test_a_buyer_withdraws_a_request_that_nobody_answered(shop: Shop) -> None:
    provider, buyer, offer = offered(shop, REQUEST)
    asked = ok(buyer("POST", "/access-requests", {"offer_id": offer["id"], **WHY}))
    path = f"/access-requests/{asked['id']}/withdrawal"
    assert provider("POST", path).status_code == 404
    first, second = (ok(buyer("POST", path), 200) for _ in range(2))
    assert first == second
    assert (first["state"], first["decided_at"] is None) == ("WITHDRAWN", False)

    assert ok(provider("GET", "/access-requests?state=PENDING"), 200)["items"] == []
    late = provider("POST", f"/access-requests/{asked['id']}/decision", {"decision": "APPROVED"})
    assert (late.status_code, late.json()["slug"]) == (409, "request-decided")
    ok(buyer("POST", "/access-requests", {"offer_id": offer["id"], **WHY}))


def test_an_answered_request_is_not_withdrawn(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, REQUEST)
    asked = ok(buyer("POST", "/access-requests", {"offer_id": offer["id"], **WHY}))
    ok(provider("POST", f"/access-requests/{asked['id']}/decision", {"decision": "APPROVED"}), 200)
    late = buyer("POST", f"/access-requests/{asked['id']}/withdrawal")
    assert (late.status_code, late.json()["slug"]) == (409, "request-decided")


def test_a_provider_declines_a_contract_and_says_why(shop: Shop) -> None:
    provider, buyer, offer = offered(shop, OPEN)
    made = ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    path = f"/contracts/{made['id']}/refusal"
    early = provider("POST", path, BECAUSE)
    assert (early.status_code, early.json()["slug"]) == (409, "contract-in-another-state")
    sign(buyer, made["id"])
    assert buyer("POST", path, BECAUSE).status_code == 404
    silent = provider("POST", path, {"reason": {}})
    assert silent.status_code == 422

    first, second = (ok(provider("POST", path, BECAUSE), 200) for _ in range(2))
    assert first == second
    assert (first["state"], first["awaits"], first["to_sign"]) == ("CANCELLED", None, None)
    (seen,) = ok(buyer("GET", "/contracts"), 200)["items"]
    assert seen["reason"] == BECAUSE["reason"]
    assert seen["declined_at"]
    assert ok(provider("GET", "/contracts?awaiting=me"), 200)["items"] == []
    assert ok(buyer("GET", "/entitlements"), 200)["items"] == []
    assert licensed(provider, buyer, offer)["state"] == "IN_FORCE"


def test_what_both_signed_is_not_declined(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, PAID)
    signed = licensed(provider, buyer, offer)
    late = provider("POST", f"/contracts/{signed['id']}/refusal", BECAUSE)
    assert (late.status_code, late.json()["slug"]) == (409, "contract-in-another-state")


def test_declining_takes_the_approval_back(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, REQUEST)
    asked = ok(buyer("POST", "/access-requests", {"offer_id": offer["id"], **WHY}))
    ok(provider("POST", f"/access-requests/{asked['id']}/decision", {"decision": "APPROVED"}), 200)
    made = ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    sign(buyer, made["id"])
    ok(provider("POST", f"/contracts/{made['id']}/refusal", BECAUSE), 200)
    now = ok(buyer("GET", f"/access-requests/{asked['id']}"), 200)
    assert (now["state"], now["reason"]) == ("REFUSED", BECAUSE["reason"])
    again = buyer("POST", "/contracts", {"offer_id": offer["id"]})
    assert (again.status_code, again.json()["slug"]) == (403, "approval-needed")
    ok(buyer("POST", "/access-requests", {"offer_id": offer["id"], **WHY}))


def test_a_buyer_who_cancels_may_use_the_approval_again(small_shop: Shop) -> None:
    provider, buyer, offer = offered(small_shop, REQUEST)
    asked = ok(buyer("POST", "/access-requests", {"offer_id": offer["id"], **WHY}))
    ok(provider("POST", f"/access-requests/{asked['id']}/decision", {"decision": "APPROVED"}), 200)
    made = ok(buyer("POST", "/contracts", {"offer_id": offer["id"]}))
    ok(buyer("POST", f"/contracts/{made['id']}/cancellation"), 200)
    assert licensed(provider, buyer, offer)["state"] == "IN_FORCE"
