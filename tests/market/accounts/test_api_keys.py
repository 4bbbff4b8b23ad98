"""API keys: what a key may do, what is stored of it, and how it ends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, text

from market.accounts.schemas import Scope
from market.accounts.tokens import format_api_key, new_api_key, parse_api_key
from market.kit.errors import SignInRequired
from tests.market.accounts.conftest import PASSWORD, Caller, Market

SCOPES = sorted(scope.value for scope in Scope if scope is not Scope.MANAGE)
READING = ("/api/v1/me", "/api/v1/organisations/{org}", "/api/v1/organisations/{org}/members")


def make_key(caller: Caller, *scopes: str, days: int = 90) -> Any:
    body = {"label": "job", "scopes": list(scopes), "days": days}
    answer = caller("POST", "/api/v1/organisations/{org}/api-keys", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def as_key(caller: Caller, key: str) -> Caller:
    return Caller(caller.web, key, caller.account, caller.org)


def test_a_key_has_the_documented_form() -> None:
    text_of_key = format_api_key(new_api_key())
    prefix, live, public_id, secret, check = text_of_key.split("_")
    assert (prefix, live, len(public_id), len(secret), len(check)) == ("dwk", "live", 12, 43, 6)
    parsed = parse_api_key(text_of_key)
    assert parsed is not None
    assert format_api_key(parsed) == text_of_key


@given(st.integers(0, 71), st.characters(codec="ascii", exclude_categories=["C"]))
def test_a_mistyped_key_is_recognised_without_the_database(place: int, char: str) -> None:
    good = format_api_key(new_api_key())
    place = min(place, len(good) - 1)
    wrong = good[:place] + char + good[place + 1 :]
    assert (parse_api_key(wrong) is None) == (wrong != good)


class _NoDatabase:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the database was asked: {name}")


@pytest.mark.parametrize(
    "token",
    ["", "x", "dwk_live_", "dwk_live_a_b_c", format_api_key(new_api_key())[:-1] + "_"],
    ids=["empty", "one letter", "prefix", "short parts", "wrong check"],
)
def test_malformed_keys_never_reach_the_database(small_market: Market, token: str) -> None:
    with pytest.raises(SignInRequired):
        small_market.ports.authenticator.by_api_key(_NoDatabase(), token)  # type: ignore[arg-type]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_reads_the_organisation_only_with_that_scope(small_market: Market, scope: str) -> None:
    owner = small_market.owner()
    by_key = as_key(owner, make_key(owner, scope)["key"])
    expected = 200 if scope == "org:read" else 403
    assert {by_key("GET", path).status_code for path in READING} == {expected}


def test_no_key_that_is_made_here_manages_people_or_keys(small_market: Market) -> None:
    owner = small_market.owner()
    by_key = as_key(owner, make_key(owner, *SCOPES)["key"])
    member = f"/api/v1/organisations/{{org}}/members/{owner.account}"
    attempts: list[tuple[str, str, Any]] = [
        ("POST", "/api/v1/organisations/{org}/invites", {"email": "x@example.com", "roles": ["member"]}),
        ("PUT", f"{member}/roles", {"roles": ["owner"]}),
        ("DELETE", member, None),
        ("POST", "/api/v1/organisations/{org}/api-keys", {"label": "x", "scopes": ["org:read"]}),
        ("POST", "/api/v1/organisations/{org}/signing-keys", {"key": "00" * 32, "possession": "00" * 64}),
        ("POST", "/api/v1/organisations", {"name": {"en": "X"}}),
    ]
    assert [by_key(*attempt).status_code for attempt in attempts] == [403] * len(attempts)
    wanted = {"label": "x", "scopes": ["account:manage"]}
    assert owner("POST", "/api/v1/organisations/{org}/api-keys", wanted).json()["slug"] == "scope-not-allowed"


def test_managing_asks_for_a_fresh_login(market: Market) -> None:
    owner = market.owner()
    invite = {"email": "x@example.com", "roles": ["member"]}
    market.clock.pass_by(minutes=10, seconds=1)
    stale = owner("POST", "/api/v1/organisations/{org}/invites", invite)
    assert (stale.status_code, stale.json()["slug"]) == (403, "confirmation-required")
    assert owner("GET", "/api/v1/organisations/{org}").status_code == 200
    again = market.caller("owner@example.com")
    assert again("POST", "/api/v1/organisations/{org}/invites", invite).status_code == 201


def test_a_key_ends_when_its_days_are_over_or_it_is_revoked(market: Market) -> None:
    owner = market.owner()
    short, revoked = make_key(owner, "org:read", days=1), make_key(owner, "org:read")
    ended = owner("DELETE", f"/api/v1/organisations/{{org}}/api-keys/{revoked['id']}")
    assert ended.json()["state"] == "revoked"
    assert as_key(owner, revoked["key"])("GET", "/api/v1/me").status_code == 401
    assert as_key(owner, short["key"])("GET", "/api/v1/me").status_code == 200
    market.clock.pass_by(days=1)
    assert as_key(owner, short["key"])("GET", "/api/v1/me").status_code == 401


def test_a_rotated_key_works_until_the_overlap_is_over(market: Market) -> None:
    owner = market.owner()
    old = make_key(owner, "org:read")
    path = f"/api/v1/organisations/{{org}}/api-keys/{old['id']}/rotation"
    new = owner("POST", path, {"overlap_hours": 24}).json()
    assert new["scopes"] == ["org:read"]
    assert owner("POST", path, {"overlap_hours": 24}).json()["slug"] == "key-ended"
    assert [as_key(owner, each["key"])("GET", "/api/v1/me").status_code for each in (old, new)] == [200, 200]
    market.clock.pass_by(hours=24)
    assert [as_key(owner, each["key"])("GET", "/api/v1/me").status_code for each in (old, new)] == [401, 200]


def test_one_sees_own_keys_and_heads_see_all(market: Market) -> None:
    owner = market.owner()
    member = market.member(owner, "li@example.com", "buyer")
    mine = make_key(member, "org:read")
    theirs = make_key(owner, "org:read")
    seen = {
        UUID(each["account_id"])
        for each in member("GET", "/api/v1/organisations/{org}/api-keys").json()["items"]
    }
    assert seen == {member.account}
    assert member("DELETE", f"/api/v1/organisations/{{org}}/api-keys/{theirs['id']}").status_code == 404
    assert (
        owner("DELETE", f"/api/v1/organisations/{{org}}/api-keys/{mine['id']}").json()["state"] == "revoked"
    )


def test_the_secret_is_shown_once_even_when_the_request_is_repeated(market: Market) -> None:
    owner = market.owner()
    body = {"label": "job", "scopes": ["org:read"]}
    path = "/api/v1/organisations/{org}/api-keys"
    first = owner("POST", path, body, Idempotency_Key="same")
    again = owner("POST", path, body, Idempotency_Key="same")
    assert first.json()["key"].startswith("dwk_live_")
    assert again.json() == first.json() | {"key": None}
    listed = owner("GET", path).json()["items"]
    assert all(each["key"] is None for each in listed)


def test_the_database_holds_no_usable_secret(market: Market) -> None:
    owner = market.owner()
    # Of a key it is the part in the middle that must not be there; its public id is.
    secrets = [PASSWORD, *(key.split("_")[3] for key in (owner.key, make_key(owner, "org:read")["key"]))]
    invited = owner(
        "POST", "/api/v1/organisations/{org}/invites", {"email": "x@example.com", "roles": ["member"]}
    )
    secrets.append(invited.json()["token"])
    dump: list[str] = []
    with market.db.engine.connect() as connection:
        for table in inspect(market.db.engine).get_table_names():
            dump += [repr(tuple(row)) for row in connection.execute(text(f'SELECT * FROM "{table}"'))]
    everything = "\n".join(dump)
    assert "owner@example.com" in everything
    assert owner.key.split("_")[2] in everything
    for secret in secrets:
        assert secret not in everything


def test_logging_out_ends_the_key(market: Market) -> None:
    owner = market.owner()
    assert owner("DELETE", "/api/v1/me/key").status_code == 204
    assert owner("GET", "/api/v1/me").status_code == 401


def test_the_api_takes_no_cookies(market: Market) -> None:
    market.owner()
    market.web.cookies.set("dw_session", market.session("owner@example.com"))
    assert market.web.get("/en/account").status_code == 200
    assert market.web.get("/api/v1/me").status_code == 401
