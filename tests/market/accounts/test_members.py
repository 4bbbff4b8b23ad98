"""Members at the API: roles, invitations, and power that ends the moment it is taken away."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from market.accounts.organisations import MOST_ORGANISATIONS
from market.kit.auth import Role
from tests.market.accounts.conftest import Market


def roles_path(account: UUID) -> str:
    return f"/api/v1/organisations/{{org}}/members/{account}/roles"


def test_an_invited_member_joins_with_the_roles_of_the_invitation(market: Market) -> None:
    owner = market.owner()
    member = market.member(owner, "li@example.com", "publisher", "buyer")
    assert member.org == owner.org
    assert member("GET", "/api/v1/me").json()["roles"] == ["buyer", "publisher"]


def test_one_person_makes_no_number_of_organisations(market: Market) -> None:
    """Each has a quota of its own: without an end to them there is none to what one person stores."""
    owner = market.owner()

    def make(number: int) -> int:
        new = {"name": {"en": f"Harbour {number}"}, "legal_kind": "ENTERPRISE", "zone": "450000"}
        return int(owner("POST", "/api/v1/organisations", new).status_code)

    assert [make(number) for number in range(MOST_ORGANISATIONS)].count(201) == MOST_ORGANISATIONS - 1
    new = {"name": {"en": "One more"}, "legal_kind": "ENTERPRISE", "zone": "450000"}
    refused = owner("POST", "/api/v1/organisations", new)
    assert (refused.status_code, refused.json()["slug"]) == (409, "too-many-organisations")


def test_an_invitation_works_once_and_for_the_named_address_only(market: Market) -> None:
    owner = market.owner()
    made = owner(
        "POST", "/api/v1/organisations/{org}/invites", {"email": "li@example.com", "roles": ["buyer"]}
    )
    token = {"token": made.json()["token"]}
    market.sign_up("li@example.com")
    market.sign_up("wu@example.com")
    assert market.caller("wu@example.com")("POST", "/api/v1/invites/acceptance", token).status_code == 410
    invited = market.caller("li@example.com")
    assert invited("POST", "/api/v1/invites/acceptance", token).status_code == 201
    assert invited("POST", "/api/v1/invites/acceptance", token).status_code == 410
    listed = owner("GET", "/api/v1/organisations/{org}/invites").json()["items"]
    assert [(each["state"], each["token"]) for each in listed] == [("accepted", None)]


def test_an_invitation_ends_after_72_hours(market: Market) -> None:
    owner = market.owner()
    market.sign_up("li@example.com")
    made = owner(
        "POST", "/api/v1/organisations/{org}/invites", {"email": "li@example.com", "roles": ["buyer"]}
    )
    market.clock.pass_by(hours=72, seconds=1)
    late = market.caller("li@example.com")(
        "POST", "/api/v1/invites/acceptance", {"token": made.json()["token"]}
    )
    assert (late.status_code, late.json()["slug"]) == (410, "invite-not-usable")


def test_an_administrator_makes_no_owner_and_removes_none(market: Market) -> None:
    owner = market.owner()
    admin = market.member(owner, "admin@example.com", "admin")
    for body in ({"roles": ["owner"]}, {"roles": ["owner", "admin"]}):
        assert admin("PUT", roles_path(admin.account), body).json()["slug"] == "rank-too-low"
    assert admin("PUT", roles_path(owner.account), {"roles": ["member"]}).status_code == 403
    assert admin("DELETE", f"/api/v1/organisations/{{org}}/members/{owner.account}").status_code == 403
    invited = admin(
        "POST", "/api/v1/organisations/{org}/invites", {"email": "x@example.com", "roles": ["owner"]}
    )
    assert invited.status_code == 403


@pytest.mark.parametrize("role", ["publisher", "buyer", "billing", "member"])
def test_plain_roles_manage_nobody(small_market: Market, role: str) -> None:
    owner = small_market.owner()
    member = small_market.member(owner, "li@example.com", role)
    assert member("PUT", roles_path(member.account), {"roles": ["admin"]}).status_code == 403
    invite = {"email": "x@example.com", "roles": ["member"]}
    assert member("POST", "/api/v1/organisations/{org}/invites", invite).status_code == 403


@pytest.mark.parametrize("role", ["reviewer", "operator", "auditor"])
def test_staff_roles_exist_only_where_staff_is(small_market: Market, role: str) -> None:
    owner = small_market.owner()
    answer = owner("PUT", roles_path(owner.account), {"roles": ["owner", role]})
    assert (answer.status_code, answer.json()["slug"]) == (422, "role-not-for-organisation")


def test_two_owners_who_remove_each_other_at_once_leave_one(market: Market) -> None:
    first = market.owner()
    second = market.member(first, "second@example.com", "owner")
    start = threading.Barrier(2)

    def remove(pair: tuple[object, UUID]) -> int:
        start.wait()
        caller, target = pair
        return int(caller("DELETE", f"/api/v1/organisations/{first.org}/members/{target}").status_code)  # type: ignore[operator]

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(remove, [(first, second.account), (second, first.account)]))
    # The loser is refused whatever it sees first: its own removal, or the other as the last owner.
    assert statuses.count(204) == 1
    left = market.caller("owner@example.com"), market.caller("second@example.com")
    assert sum(caller.org == first.org for caller in left) == 1


def test_two_people_cannot_use_one_invitation_twice_at_once(market: Market) -> None:
    owner = market.owner()
    market.sign_up("li@example.com")
    made = owner(
        "POST", "/api/v1/organisations/{org}/invites", {"email": "li@example.com", "roles": ["buyer"]}
    )
    invited = market.caller("li@example.com")
    start = threading.Barrier(3)

    def accept(_: int) -> int:
        start.wait()
        return int(invited("POST", "/api/v1/invites/acceptance", {"token": made.json()["token"]}).status_code)

    with ThreadPoolExecutor(3) as pool:
        statuses = sorted(pool.map(accept, range(3)))
    assert statuses == [201, 410, 410]


def test_a_removed_member_has_nothing_left(market: Market) -> None:
    owner = market.owner()
    member = market.member(owner, "li@example.com", "publisher")
    key = member(
        "POST", "/api/v1/organisations/{org}/api-keys", {"label": "job", "scopes": ["org:read"]}
    ).json()["key"]
    by_key = {"Authorization": f"Bearer {key}"}
    assert market.web.get("/api/v1/me", headers=by_key).status_code == 200
    assert owner("DELETE", f"/api/v1/organisations/{{org}}/members/{member.account}").status_code == 204
    assert market.web.get("/api/v1/me", headers=by_key).status_code == 401
    assert member("GET", "/api/v1/organisations/{org}").status_code == 401
    assert market.caller("li@example.com").org is None


def test_a_dropped_role_takes_the_power_of_old_keys(market: Market) -> None:
    owner = market.owner()
    admin = market.member(owner, "admin@example.com", "admin")
    invite = {"email": "x@example.com", "roles": ["member"]}
    made = admin("POST", "/api/v1/organisations/{org}/invites", invite)
    assert made.status_code == 201
    assert owner("PUT", roles_path(admin.account), {"roles": ["buyer"]}).status_code == 200
    assert admin("POST", "/api/v1/organisations/{org}/invites", invite).status_code == 403
    assert owner("DELETE", f"/api/v1/organisations/{{org}}/members/{admin.account}").status_code == 204
    # What he handed out while he could is worth nothing now either.
    market.sign_up("x@example.com")
    late = market.caller("x@example.com")(
        "POST", "/api/v1/invites/acceptance", {"token": made.json()["token"]}
    )
    assert late.status_code == 410


def test_a_suspended_organisation_acts_no_more_until_restored(market: Market) -> None:
    owner = market.owner()
    market.found_platform()
    operator = market.caller("operator@example.com")
    path = f"/api/v1/organisations/{owner.org}/suspension"
    assert owner("PUT", path).status_code == 403
    assert operator("PUT", path).json()["state"] == "SUSPENDED"
    assert owner("GET", "/api/v1/organisations/{org}").status_code == 401
    assert market.log_in("owner@example.com").json()["organisation"] is None
    assert operator("DELETE", path).json()["state"] == "ACTIVE"
    assert owner("GET", "/api/v1/organisations/{org}").status_code == 200


def test_foreign_and_unknown_organisations_look_the_same(market: Market) -> None:
    mine = market.owner()
    other = market.owner("other@example.com", "Other Org")
    unknown = "00000000-0000-7000-8000-000000000000"
    for tail in ("", "/members", "/invites", "/api-keys"):
        answers = [mine("GET", f"/api/v1/organisations/{org}{tail}") for org in (other.org, unknown)]
        assert [answer.status_code for answer in answers] == [404, 404]
        bodies = [{k: v for k, v in answer.json().items() if k != "request_id"} for answer in answers]
        assert bodies[0] == bodies[1]


def test_a_registrar_stands_in_its_zone(market: Market) -> None:
    zone = market.found_zone("450700")
    market.staff("reviewer@example.com", zone, Role.REVIEWER)
    principal = market.principal("reviewer@example.com")
    assert principal.zone == "450700"
    assert principal.roles == {Role.REVIEWER}
    assert not principal.platform
