"""The pages: from signing up to a shared organisation, in both languages, without a script."""

from __future__ import annotations

import re

import pytest

from market.accounts import service
from tests.market.accounts.conftest import PASSWORD, Browser, Market


def test_a_newcomer_signs_up_with_an_organisation_and_signs_in(browser: Browser) -> None:
    done = browser.send(
        "/zh/signup",
        _from="/zh/signup",
        name="梅",
        email="mei@example.com",
        password=PASSWORD,
        org_zh="北部湾港数据",
        zone="450000",
        legal_kind="ENTERPRISE",
    )
    assert (done.status_code, done.headers["location"]) == (303, "/zh/signin?email=mei%40example.com")
    signed_in = browser.send(
        "/zh/signin", _from=done.headers["location"], email="mei@example.com", password=PASSWORD
    )
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/zh/")
    account = browser.get("/zh/account")
    assert account.status_code == 200
    assert "北部湾港数据" in account.text
    assert account.headers["cache-control"] == "no-store"


def test_a_form_with_mistakes_comes_back_with_what_was_typed(browser: Browser) -> None:
    answer = browser.send("/en/signup", _from="/en/signup", name="Mei", email="mei@nowhere", password="short")
    assert answer.status_code == 422
    assert "This is not an e-mail address." in answer.text
    assert 'href="#f-password"' in answer.text
    assert 'value="Mei"' in answer.text
    assert "<title>Error: Sign up" in answer.text
    assert "short" not in re.sub(r"<label.*?</label>", "", answer.text).replace("too short", "")


def test_a_wrong_password_says_the_same_as_an_unknown_address(small_market: Market, browser: Browser) -> None:
    small_market.sign_up("mei@example.com")
    answers = [
        browser.sign_in(email, "not the right one") for email in ("mei@example.com", "nobody@example.com")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    texts = [
        answer.text.replace("mei@example.com", "X").replace("nobody@example.com", "X") for answer in answers
    ]
    assert re.sub(r'value="[0-9a-f]{64}"', "", texts[0]) == re.sub(r'value="[0-9a-f]{64}"', "", texts[1])


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_signing_in_leads_to_our_own_pages_only(small_market: Market, browser: Browser, target: str) -> None:
    small_market.sign_up("mei@example.com")
    browser.get(f"/en/signin?next={target}")
    answer = browser.send("/en/signin", email="mei@example.com", password=PASSWORD, next=target)
    assert answer.headers["location"] == "/en/"


def test_a_page_that_needs_an_account_leads_through_sign_in_and_back(
    small_market: Market, browser: Browser
) -> None:
    small_market.sign_up("mei@example.com")
    sent_away = browser.get("/en/account")
    assert sent_away.headers["location"] == "/en/signin?next=%2Fen%2Faccount"
    browser.get(sent_away.headers["location"])
    back = browser.send("/en/signin", email="mei@example.com", password=PASSWORD, next="/en/account")
    assert back.headers["location"] == "/en/account"


def test_forms_from_elsewhere_are_refused(small_market: Market, browser: Browser) -> None:
    small_market.sign_up("mei@example.com")
    browser.get("/en/signin")
    fields = {"email": "mei@example.com", "password": PASSWORD, "csrf": browser.token()}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        assert browser.web.post("/en/signin", data=fields, headers=headers).status_code == 403
    stale = fields | {"csrf": "0" * 64}
    same_site = {"Sec-Fetch-Site": "same-origin"}
    assert browser.web.post("/en/signin", data=stale, headers=same_site).status_code == 403
    assert browser.web.post("/en/signin", data=fields, headers=same_site).status_code == 303


def _owner(market: Market, browser: Browser) -> str:
    market.sign_up("owner@example.com", "Harbour Data")
    browser.sign_in("owner@example.com")
    found = re.search(r"/en/orgs/([0-9a-f-]{36})", browser.get("/en/account").text)
    assert found is not None
    return found[1]


def test_an_owner_invites_and_the_invited_joins(small_market: Market, browser: Browser) -> None:
    org = _owner(small_market, browser)
    made = browser.send(
        f"/en/orgs/{org}/invites",
        _from=f"/en/orgs/{org}",
        email="li@example.com",
        roles__=["publisher", "buyer"],
    )
    link = re.search(r"http://testserver(/en/invites/[\w-]+)", made.text)
    assert link is not None
    small_market.sign_up("li@example.com")
    invited = Browser(small_market)
    invited.sign_in("li@example.com")
    joined = invited.send(link[1], _from=link[1])
    assert joined.headers["location"] == f"/en/orgs/{org}"
    page = invited.get(f"/en/orgs/{org}").text
    assert "li@example.com" in page
    assert "Invite somebody" not in page
    assert link[1] not in browser.get(f"/en/orgs/{org}").text


def test_changes_of_power_ask_for_the_password_after_ten_minutes(
    small_market: Market, browser: Browser
) -> None:
    org = _owner(small_market, browser)
    small_market.clock.pass_by(minutes=11)
    address = f"/en/orgs/{org}/api-keys"
    form = {"label": "job", "days": "30", "scopes__": ["org:read"]}
    asked = browser.send(address, _from=address, **form)
    assert asked.headers["location"].startswith("/en/account/confirm?next=")
    browser.get(asked.headers["location"])
    wrong = browser.send("/en/account/confirm", password="not mine at all", next=address)
    assert wrong.status_code == 401
    before = browser.cookie
    confirmed = browser.send("/en/account/confirm", password=PASSWORD, next=address)
    assert confirmed.headers["location"] == address
    assert browser.cookie != before
    made = browser.send(address, _from=address, **form)
    assert re.search(r"dwk_live_\w{12}_\w{43}_\w{6}", made.text)
    assert not re.search(r"dwk_live_\w{12}_\w{43}_", browser.get(address).text)


def test_editing_the_profile_keeps_a_newer_change(small_market: Market, browser: Browser) -> None:
    org = _owner(small_market, browser)
    address = f"/en/orgs/{org}"
    form = {"org_en": "New Name", "org_zh": "", "legal_kind": "ENTERPRISE", "zone": "450000"}
    browser.get(address)
    saved = browser.send(f"{address}/profile", revision="1", **form)
    assert saved.status_code == 303
    stale = browser.send(f"{address}/profile", _from=address, revision="1", **(form | {"org_en": "Other"}))
    assert stale.status_code == 412
    assert "New Name" in browser.get(address).text


def test_an_operators_link_signs_in_once_and_only_by_the_button(small_market: Market) -> None:
    small_market.sign_up("mei@example.com")
    with small_market.db.writing() as session:
        path = service.create_signin_link(session, "mei@example.com", 1, now=small_market.clock.now())
    first, second = Browser(small_market), Browser(small_market)
    assert [first.get(path).status_code for _ in range(3)] == [200, 200, 200]
    assert first.cookie == ""
    second.get(path)
    assert first.send(path).status_code == 303
    assert "mei@example.com" in first.get("/en/account").text
    assert second.send(path).status_code == 410
    assert second.get(path).status_code == 410


def test_a_demo_link_works_until_it_expires(small_market: Market) -> None:
    small_market.sign_up("mei@example.com")
    with small_market.db.writing() as session:
        path = service.create_signin_link(
            session, "mei@example.com", 1, now=small_market.clock.now(), lang="zh", reusable=True
        )
    for _ in range(2):
        visitor = Browser(small_market)
        assert visitor.send(path, _from=path).headers["location"] == "/zh/"
    small_market.clock.pass_by(hours=1)
    assert Browser(small_market).get(path).status_code == 410


def test_the_header_names_the_organisation_in_the_language_of_the_page(browser: Browser) -> None:
    browser.send(
        "/zh/signup",
        _from="/zh/signup",
        name="Mei",
        email="mei@example.com",
        password=PASSWORD,
        org_zh="北部湾港数据",
        org_en="Beibu Gulf Data",
        zone="450000",
        legal_kind="ENTERPRISE",
    )
    browser.send("/zh/signin", _from="/zh/signin", email="mei@example.com", password=PASSWORD)
    for lang, name in (("zh", "北部湾港数据"), ("en", "Beibu Gulf Data")):
        header = browser.get(f"/{lang}/account").text.partition("</header>")[0]
        assert f">{name}</a>" in header


def test_an_operator_finds_the_way_to_the_bank_transfers(small_market: Market) -> None:
    small_market.found_platform()
    small_market.sign_up("mei@example.com", "Harbour Data")
    for email, door in (("operator@example.com", True), ("mei@example.com", False)):
        visitor = Browser(small_market)
        visitor.send("/en/signin", _from="/en/signin", email=email, password=PASSWORD)
        page = visitor.get("/en/account").text
        assert email in page
        assert ('href="/en/ops/payments"' in page) is door


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_has_one_heading_and_labelled_fields(
    small_market: Market, browser: Browser, lang: str
) -> None:
    org = _owner(small_market, browser)
    pages = [
        "account",
        "account/confirm",
        "orgs/new",
        f"orgs/{org}",
        f"orgs/{org}/api-keys",
        f"orgs/{org}/keys",
    ]
    visitor = Browser(small_market)
    texts = {page: browser.get(f"/{lang}/{page}").text for page in pages}
    texts |= {page: visitor.get(f"/{lang}/{page}").text for page in ("signin", "signup")}
    for page, html in texts.items():
        assert html.count("<h1") == 1, page
        ids = re.findall(r' id="([^"]+)"', html)
        assert len(ids) == len(set(ids)), page
        fields = re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', html)
        wrapped = re.findall(r'<label>\s*<input[^>]* id="([^"]+)"', html)
        assert set(fields) - set(wrapped) <= set(re.findall(r'<label for="([^"]+)"', html)), page
        assert "style=" not in html
        if lang == "zh":
            assert not re.search(r"<(h2|button[^>]*|legend|th(?: [^>]*)?)>\s*[A-Za-z ]{6,}<", html), page
