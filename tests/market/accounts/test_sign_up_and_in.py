"""Sign-up and login by the API: what works, and what gives nothing away."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from market.accounts.schemas import NewAccount, NewOrg
from tests.market.accounts.conftest import PASSWORD, Market


def test_sign_up_with_an_organisation_makes_its_owner(market: Market) -> None:
    caller = market.owner("mei@example.com", "Harbour Data")
    me = caller("GET", "/api/v1/me").json()
    assert me["account"]["email"] == "mei@example.com"
    assert me["organisation"]["name"]["en"] == "Harbour Data"
    assert me["organisation"]["urn"].endswith(f":org:{caller.org}")
    assert me["roles"] == ["owner"]


def test_sign_up_of_a_known_address_answers_the_same_and_changes_nothing(market: Market) -> None:
    first = market.sign_up("Mei@Example.com ", "Harbour Data")
    again = market.sign_up("mei@example.com", "Other Org", password="a different long secret")
    assert (first.status_code, again.status_code) == (201, 201)
    assert set(first.json()) == set(again.json())
    assert first.json()["email"] == again.json()["email"] == "mei@example.com"
    assert market.log_in("mei@example.com", "a different long secret").status_code == 401
    memberships = market.caller("mei@example.com")("GET", "/api/v1/me").json()["memberships"]
    assert [each["name"]["en"] for each in memberships] == ["Harbour Data"]


@pytest.mark.parametrize("name", ["Harbour\u202eataD", "Harbour\nData", "Harbour\x00Data", "x" * 201])
def test_nobody_takes_a_name_that_only_looks_like_anothers(small_market: Market, name: str) -> None:
    refused = small_market.sign_up("mei@example.com", name)
    assert (refused.status_code, refused.json()["slug"]) == (422, "invalid-input")
    person = small_market.sign_up("mei@example.com", name=name)
    assert person.status_code == 422


def test_login_refuses_unknown_address_and_wrong_password_alike(market: Market) -> None:
    market.sign_up("mei@example.com")
    wrong = market.log_in("mei@example.com", "not this one at all")
    unknown = market.log_in("nobody@example.com", "not this one at all")
    assert wrong.status_code == unknown.status_code == 401
    both = [
        {name: value for name, value in answer.json().items() if name != "request_id"}
        for answer in (wrong, unknown)
    ]
    assert both[0] == both[1]
    assert both[0]["slug"] == "wrong-credentials"


def test_a_repeated_sign_up_request_is_answered_from_the_first(market: Market) -> None:
    body = {"email": "mei@example.com", "password": PASSWORD, "name": "Mei"}
    headers = {"Idempotency-Key": "one"}
    first = market.web.post("/api/v1/accounts", json=body, headers=headers)
    again = market.web.post("/api/v1/accounts", json=body, headers=headers)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    ("password", "slug"),
    [
        ("short", "invalid-input"),
        ("字" * 43, "invalid-input"),
        ("password1234", "weak-password"),
        ("P@ssw0rd!!!!", "weak-password"),
        ("qwertyuiopasdf", "weak-password"),
        ("aaaaaaaaaaaaaa", "weak-password"),
        ("abcdefghijklmn", "weak-password"),
        ("abc1abc1abc1abc1", "weak-password"),
        ("dragondragondragon", "weak-password"),
        ("datawharf2026", "weak-password"),
        ("harbour-data-1", "weak-password"),
        ("meixiang@example", "weak-password"),
    ],
)
def test_guessable_passwords_are_refused(small_market: Market, password: str, slug: str) -> None:
    answer = small_market.sign_up("meixiang@example.com", "Harbour Data", password=password)
    assert answer.status_code == 422
    assert answer.json()["slug"] == slug
    assert small_market.log_in("meixiang@example.com", password).status_code == 401


@pytest.mark.parametrize(
    "password", [PASSWORD, "四个互不相干的词", "correct staple wharf lamp", "x7#Kp-29vLq!"]
)
def test_good_passwords_are_taken_as_typed(small_market: Market, password: str) -> None:
    assert small_market.sign_up("mei@example.com", password=password).status_code == 201
    assert small_market.log_in("mei@example.com", password).status_code == 200
    assert small_market.log_in("mei@example.com", f"{password} ").status_code == 401


@pytest.mark.parametrize("extra", ["role", "id", "state", "org_id", "kind", "password_hash"])
def test_fields_that_nobody_may_set_are_refused(small_market: Market, extra: str) -> None:
    answer = small_market.sign_up("mei@example.com", **{extra: "owner"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == f"body/{extra}"


@pytest.mark.parametrize(
    "email", ["", "mei", "mei@", "@example.com", "mei@example", "a b@example.com", "a@b..c"]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(ValidationError):
        NewAccount(email=email, password=PASSWORD, name="Mei")


def test_the_social_credit_code_is_checked() -> None:
    good = NewOrg.model_validate({"name": {"en": "A"}, "uscc": "91110000600037341L"})
    assert good.uscc == "91110000600037341L"
    with pytest.raises(ValidationError, match="unified social credit code"):
        NewOrg.model_validate({"name": {"en": "A"}, "uscc": "91110000600037342L"})


def test_an_unknown_zone_is_refused_and_a_founded_one_taken(market: Market) -> None:
    body = {"name": {"en": "Qinzhou Port"}, "zone": "450700"}
    assert market.sign_up("mei@example.com", organisation=body).status_code == 422
    market.found_zone("450700")
    assert market.sign_up("mei@example.com", organisation=body).status_code == 201
    assert market.caller("mei@example.com")("GET", "/api/v1/me").json()["organisation"]["zone"] == "450700"


def test_an_edit_names_the_revision_it_changes(market: Market) -> None:
    owner = market.owner()
    path = "/api/v1/organisations/{org}"
    etag = owner("GET", path).headers["etag"]
    assert owner("PATCH", path, {"industry": "G"}).status_code == 428
    edited = owner("PATCH", path, {"industry": "G"}, If_Match=etag)
    assert (edited.status_code, edited.json()["industry"]) == (200, "G")
    assert owner("PATCH", path, {"industry": "A"}, If_Match=etag).status_code == 412
    assert owner("GET", path).json()["industry"] == "G"
