"""Web sessions: new ids when power changes, limits of time and number, and what ends them."""

from __future__ import annotations

import re

import pytest

from market.accounts import service
from market.kit.auth import Role
from tests.market.accounts.conftest import PASSWORD, Browser, Caller, Market


def alive(market: Market, cookie: str) -> bool:
    with market.db.reading() as session:
        return market.ports.authenticator.by_session(session, cookie).signed_in


def test_the_cookie_is_closed_to_scripts_and_other_sites(small_market: Market, browser: Browser) -> None:
    small_market.sign_up("mei@example.com")
    header = browser.sign_in("mei@example.com").headers["set-cookie"]
    assert re.search(r"dw_session=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", header)
    assert "Max-Age" not in header.split("dw_session")[1].split(",")[0]


def test_https_gives_the_host_cookie(small_market: Market, browser: Browser) -> None:
    small_market.sign_up("mei@example.com")
    browser.get("/en/signin")
    small_market.ports.secure_cookies = True
    answer = browser.send("/en/signin", email="mei@example.com", password=PASSWORD)
    assert re.search(
        r"__Host-dw=[\w-]{43}; HttpOnly; Path=/; SameSite=lax; Secure", answer.headers["set-cookie"]
    )


def test_a_planted_session_id_is_not_taken_over(small_market: Market, browser: Browser) -> None:
    small_market.sign_up("mei@example.com")
    browser.web.cookies.set("dw_session", "planted", domain="testserver.local", path="/")
    header = browser.sign_in("mei@example.com").headers["set-cookie"]
    given = re.search(r"dw_session=([\w-]+)", header)
    assert given is not None
    assert given[1] != "planted"
    assert alive(small_market, given[1])
    assert not alive(small_market, "planted")


def test_switching_the_organisation_and_confirming_give_new_ids(
    small_market: Market, browser: Browser
) -> None:
    small_market.sign_up("mei@example.com", "First")
    browser.sign_in("mei@example.com")
    cookies = [browser.cookie]
    browser.send(
        "/en/orgs/new", _from="/en/orgs/new", org_en="Second", legal_kind="ENTERPRISE", zone="450000"
    )
    cookies.append(browser.cookie)
    page = browser.get("/en/account").text
    other = re.search(r'name="organisation" value="([0-9a-f-]{36})"', page)
    assert other is not None
    browser.send("/en/account/organisation", organisation=other[1])
    cookies.append(browser.cookie)
    browser.send("/en/account/confirm", _from="/en/account/confirm", password=PASSWORD)
    cookies.append(browser.cookie)
    assert len(set(cookies)) == 4
    assert [alive(small_market, cookie) for cookie in cookies] == [False, False, False, True]


def test_signing_out_ends_the_session_on_the_server(small_market: Market, browser: Browser) -> None:
    small_market.sign_up("mei@example.com")
    browser.sign_in("mei@example.com")
    cookie = browser.cookie
    answer = browser.send("/en/signout", _from="/en/account")
    assert answer.headers["clear-site-data"] == '"cache"'
    assert not alive(small_market, cookie)


def test_changing_the_password_ends_all_others_and_all_keys(small_market: Market, browser: Browser) -> None:
    owner = small_market.owner("mei@example.com")
    elsewhere = small_market.session("mei@example.com")
    browser.sign_in("mei@example.com")
    before = browser.cookie
    new = "nine loud lighthouses"
    wrong = browser.send(
        "/en/account/password", _from="/en/account", password="not mine at all", new_password=new
    )
    assert wrong.status_code == 401
    assert alive(small_market, elsewhere)
    assert browser.send("/en/account/password", password=PASSWORD, new_password=new).status_code == 303
    assert [alive(small_market, each) for each in (elsewhere, before, browser.cookie)] == [False, False, True]
    assert owner("GET", "/api/v1/me").status_code == 401
    assert small_market.log_in("mei@example.com").status_code == 401
    assert small_market.log_in("mei@example.com", new).status_code == 200


@pytest.mark.parametrize("reusable", [False, True])
def test_changing_the_password_ends_sign_in_links(
    small_market: Market, browser: Browser, reusable: bool
) -> None:
    """Somebody who fears that another got in must not have him come back by a link that was made before."""
    small_market.sign_up("mei@example.com")
    small_market.sign_up("li@example.com")
    with small_market.db.writing() as session:
        mine, other = (
            service.create_signin_link(session, email, 1, now=small_market.clock.now(), reusable=reusable)
            for email in ("mei@example.com", "li@example.com")
        )
    assert browser.get(mine).status_code == 200
    browser.sign_in("mei@example.com")
    new = "nine loud lighthouses"
    changed = browser.send("/en/account/password", _from="/en/account", password=PASSWORD, new_password=new)
    assert changed.status_code == 303
    visitor = Browser(small_market)
    assert visitor.get(mine).status_code == 410
    assert visitor.get(other).status_code == 200


def test_changing_the_password_cuts_short_the_overlap_of_a_replaced_key(
    small_market: Market, browser: Browser
) -> None:
    owner = small_market.owner("mei@example.com")
    keys = "/api/v1/organisations/{org}/api-keys"
    old = owner("POST", keys, {"label": "job", "scopes": ["org:read"], "days": 90}).json()
    assert owner("POST", f"{keys}/{old['id']}/rotation", {"overlap_hours": 168}).status_code == 201
    by_key = Caller(small_market.web, old["key"], owner.account, owner.org)
    assert by_key("GET", "/api/v1/me").status_code == 200
    browser.sign_in("mei@example.com")
    changed = browser.send(
        "/en/account/password",
        _from="/en/account",
        password=PASSWORD,
        new_password="nine loud lighthouses",
    )
    assert changed.status_code == 303
    assert by_key("GET", "/api/v1/me").status_code == 401


def test_a_change_of_roles_ends_the_sessions_of_the_member(market: Market) -> None:
    owner = market.owner()
    member = market.member(owner, "li@example.com", "admin")
    cookie = market.session("li@example.com")
    assert alive(market, cookie)
    owner("PUT", f"/api/v1/organisations/{{org}}/members/{member.account}/roles", {"roles": ["buyer"]})
    assert not alive(market, cookie)


@pytest.mark.parametrize(("staff", "hours"), [(False, 12), (True, 8)])
def test_a_session_in_use_still_ends_after_some_hours(market: Market, staff: bool, hours: int) -> None:
    if staff:
        market.staff("mei@example.com", market.found_zone("450100"), Role.REVIEWER)
    else:
        market.sign_up("mei@example.com")
    cookie = market.session("mei@example.com")
    for _ in range(hours * 6):
        market.clock.pass_by(minutes=10)
        assert alive(market, cookie)
    market.clock.pass_by(minutes=1)
    assert not alive(market, cookie)


@pytest.mark.parametrize(("staff", "minutes"), [(False, 30), (True, 15)])
def test_idle_to_the_minute(market: Market, staff: bool, minutes: int) -> None:
    if staff:
        market.staff("mei@example.com", market.found_zone("450100"), Role.REVIEWER)
    else:
        market.sign_up("mei@example.com")
    cookie = market.session("mei@example.com")
    market.clock.pass_by(minutes=minutes)
    assert alive(market, cookie)
    market.clock.pass_by(minutes=minutes, seconds=1)
    assert not alive(market, cookie)


def test_an_account_has_at_most_ten_sessions(market: Market) -> None:
    market.sign_up("mei@example.com")
    cookies = [market.session("mei@example.com") for _ in range(12)]
    assert [alive(market, cookie) for cookie in cookies] == [False] * 2 + [True] * 10


def test_one_ends_own_sessions_only(small_market: Market, browser: Browser) -> None:
    small_market.sign_up("mei@example.com")
    small_market.sign_up("li@example.com")
    mine, foreign = small_market.session("mei@example.com"), small_market.session("li@example.com")
    browser.sign_in("mei@example.com")
    ids = re.findall(r"/account/sessions/([0-9a-f-]{36})/end", browser.get("/en/account").text)
    assert len(ids) == 1
    other = Browser(small_market)
    other.sign_in("li@example.com")
    assert other.send(f"/en/account/sessions/{ids[0]}/end", _from="/en/account").status_code == 404
    assert alive(small_market, mine)
    browser.send(f"/en/account/sessions/{ids[0]}/end")
    assert not alive(small_market, mine)
    assert alive(small_market, foreign)
