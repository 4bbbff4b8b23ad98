"""Signing keys: only strong keys, with proof, by an owner who has just given the password."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.bindings import prove_possession
from ledger.keys import SigningKey
from tests.market.accounts.conftest import ORIGIN, Browser, Caller, Market

KEY = SigningKey.from_seed(bytes([1]) * 32)
PATH = "/api/v1/organisations/{org}/signing-keys"
# The eight points of small order, in their canonical and other encodings.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


def urn_of(caller: Caller) -> str:
    return str(caller("GET", "/api/v1/organisations/{org}").json()["urn"])


def body(caller: Caller, key: SigningKey = KEY) -> dict[str, Any]:
    proof = prove_possession(key, ORIGIN, urn_of(caller))
    return {"key": key.public.raw.hex(), "possession": proof.hex(), "label": "laptop"}


def test_an_owner_binds_a_key_and_withdraws_it(market: Market) -> None:
    owner = market.owner()
    made = owner("POST", PATH, body(owner))
    assert made.status_code == 201, made.text
    kid = made.json()["kid"]
    assert kid == KEY.public.thumbprint.hex()
    assert [key["kid"] for key in owner("GET", PATH).json()["items"]] == [kid]
    gone = owner("DELETE", f"{PATH}/{kid}?reason=compromised")
    assert gone.json()["state"] == "withdrawn"
    assert owner("POST", PATH, body(owner)).json()["slug"] == "signing-key-withdrawn"


def test_anybody_sees_the_keys_but_only_their_organisation_what_it_calls_them(small_market: Market) -> None:
    owner, stranger = small_market.owner(), small_market.owner("other@example.com", "Other Org")
    made = [
        owner("POST", PATH, body(owner, SigningKey.from_seed(bytes([seed]) * 32))).json() for seed in (1, 2)
    ]
    assert [key["label"] for key in made] == ["laptop", "laptop"]
    address = PATH.format(org=owner.org)
    head = stranger("GET", f"{address}?limit=1").json()
    rest = stranger("GET", f"{address}?limit=1&cursor={head['next']}").json()
    seen = [(key["kid"], key["label"]) for key in head["items"] + rest["items"]]
    assert (seen, rest["next"]) == ([(key["kid"], "") for key in made], None)
    assert owner("GET", PATH).json() == {"items": made, "next": None}


def test_others_of_the_organisation_bind_none(market: Market) -> None:
    owner = market.owner()
    for role in ("publisher", "buyer", "admin"):
        member = market.member(owner, f"{role}@example.com", role)
        assert member("POST", PATH, body(member)).status_code == 403


def test_an_old_login_binds_none(market: Market) -> None:
    owner = market.owner()
    wanted = body(owner)
    market.clock.pass_by(minutes=11)
    assert owner("POST", PATH, wanted).json()["slug"] == "confirmation-required"


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_keys_that_anybody_could_sign_for_are_refused(small_market: Market, key: str) -> None:
    owner = small_market.owner()
    answer = owner("POST", PATH, {"key": key, "possession": "00" * 64})
    assert (answer.status_code, answer.json()["slug"]) == (422, "signing-key-unusable")
    assert owner("GET", PATH).json()["items"] == []


def test_a_key_without_its_own_proof_is_refused(small_market: Market) -> None:
    owner = small_market.owner()
    other = small_market.owner("other@example.com", "Other Org")
    right = body(owner)
    for wrong in (
        right | {"possession": "00" * 64},
        right | {"possession": body(other)["possession"]},
        right | {"key": SigningKey.from_seed(bytes([2]) * 32).public.raw.hex()},
    ):
        assert owner("POST", PATH, wrong).json()["slug"] == "bad-signature"
    for malformed in (right | {"key": right["key"][:-2]}, right | {"key": right["key"].upper()}):
        assert owner("POST", PATH, malformed).status_code == 422
    assert owner("GET", PATH).json()["items"] == []


def test_a_key_belongs_to_one_organisation(small_market: Market) -> None:
    owner = small_market.owner()
    other = small_market.owner("other@example.com", "Other Org")
    assert owner("POST", PATH, body(owner)).status_code == 201
    assert other("POST", PATH, body(other)).json()["slug"] == "signing-key-taken"


def test_the_page_tells_the_script_what_to_sign_and_takes_its_proof(
    small_market: Market, browser: Browser
) -> None:
    owner = small_market.owner()
    browser.sign_in("owner@example.com")
    page = f"/en/orgs/{owner.org}/keys"
    html = browser.get(page).text
    assert f'data-org="{urn_of(owner)}"' in html
    assert f'data-origin="{ORIGIN}"' in html
    done = browser.send(page, **body(owner))
    assert done.status_code == 303, done.text
    assert "waits for its ledger entry" in browser.get(page).text
    gone = browser.send(f"{page}/{KEY.public.thumbprint.hex()}/withdraw", reason="rotated")
    assert gone.status_code == 303
    assert "withdrawn" in browser.get(page).text
