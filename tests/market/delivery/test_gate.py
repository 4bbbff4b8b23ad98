"""One gate for every door: who may have data, and what he is told if he may not."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.delivery.errors import TicketExpired, TicketInvalid
from market.delivery.tickets import Ticket, format_ticket, parse_ticket
from market.kit.auth import Role, Via
from tests.market.catalog.conftest import member
from tests.market.delivery.conftest import OPEN, TABLE, Deal, Org, Shop, deal, ok, publish, revoke
from tests.market.licensing.conftest import licensed

PATH = "data/ports.csv"


def doors(one: Deal, ticket: str = "") -> dict[str, httpx.Response]:
    """What a buyer gets at each door."""
    found = {
        "file": one.buyer("GET", f"{one.files}/{PATH}"),
        "ticket": one.buyer("POST", "/tickets", {"version_id": one.version["id"], "path": PATH}),
        "rows": one.buyer("GET", f"/assets/{one.asset['id']}/rows?path={PATH}"),
        "schema": one.buyer("GET", f"/assets/{one.asset['id']}/rows/schema?path={PATH}"),
    }
    if ticket:
        found["used ticket"] = one.shop.web.get(ticket)
    return found


def take_ticket(one: Deal, path: str = PATH) -> str:
    url: str = ok(one.buyer("POST", "/tickets", {"version_id": one.version["id"], "path": path}))["url"]
    return url


def refusals(answers: dict[str, httpx.Response]) -> set[tuple[int, str]]:
    return {(answer.status_code, answer.json().get("slug", "")) for answer in answers.values()}


def test_a_licence_opens_every_door(small_shop: Shop) -> None:
    one = deal(small_shop)
    answers = doors(one, take_ticket(one))
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "file": 200,
        "ticket": 201,
        "rows": 200,
        "schema": 200,
        "used ticket": 200,
    }


def test_without_a_licence_one_is_told_where_to_take_one(small_shop: Shop) -> None:
    one = deal(small_shop)
    one.buyer = small_shop.org("passer-by")
    answers = doors(one)
    assert refusals(answers) == {(403, "licence-needed")}
    for answer in answers.values():
        assert f"/en/assets/{one.asset['id']}" in answer.json()["hint"]
    chinese = one.buyer("GET", f"{one.files}/{PATH}", Accept_Language="zh").json()
    assert f"/zh/assets/{one.asset['id']}" in chinese["hint"]
    nobody = small_shop.web.get(f"/api/v1{one.files}/{PATH}")
    assert (nobody.status_code, nobody.json()["slug"]) == (401, "sign-in-required")


def test_every_door_shuts_when_the_provider_revokes(small_shop: Shop) -> None:
    one = deal(small_shop)
    ticket = take_ticket(one)
    revoke(one)
    answers = doors(one, ticket)
    assert refusals(answers) == {(403, "licence-revoked")}
    assert "The data were resold" in answers["file"].json()["detail"]


def test_every_door_shuts_when_the_term_is_over(small_shop: Shop) -> None:
    one = deal(small_shop, term_days=1)
    small_shop.clock.time += timedelta(days=1, minutes=-1)
    ticket = take_ticket(one)
    small_shop.clock.time += timedelta(minutes=1)
    assert refusals(doors(one, ticket)) == {(403, "licence-ended")}


@pytest.mark.parametrize(
    ("only", "open_doors"), [("download", {"file", "ticket"}), ("api", {"rows", "schema"})]
)
def test_a_licence_covers_the_ways_of_use_it_names(small_shop: Shop, only: str, open_doors: set[str]) -> None:
    one = deal(small_shop, environment=[only], quota_rows=10 if only == "api" else None)
    answers = doors(one)
    assert {name for name, answer in answers.items() if answer.status_code < 300} == open_doors
    shut = {name: answer for name, answer in answers.items() if name not in open_doors}
    assert refusals(shut) == {(403, "licence-for-other-use")}


def test_a_second_licence_for_the_other_way_of_use_counts_too(small_shop: Shop) -> None:
    one = deal(small_shop, environment=["download"], quota_rows=None)
    more = publish(one.provider, one.asset["id"], OPEN | {"environment": ["api"], "term_days": 9})
    licensed(one.provider, one.buyer, more)
    assert {answer.status_code for answer in doors(one).values()} == {200, 201}


def test_a_provider_reads_its_own_without_a_licence(small_shop: Shop) -> None:
    one = deal(small_shop)
    one.buyer = one.provider
    answers = doors(one, take_ticket(one))
    assert {answer.status_code for answer in answers.values()} == {200, 201}
    assert answers["rows"].json()["remaining"] is None


def test_another_organisations_draft_is_not_found(small_shop: Shop) -> None:
    one = deal(small_shop)
    draft = one.provider.version(one.asset["id"], {"data/ports.csv": TABLE + b"x,1,1\n"}, "1.1.0")
    where = f"/versions/{draft['id']}/files/{PATH}"
    assert one.buyer("GET", where).status_code == 404
    waiting = one.provider("GET", where)
    assert (waiting.status_code, waiting.json()["slug"]) == (409, "file-not-here-yet")


def test_files_that_the_provider_keeps_are_pointed_to(small_shop: Shop) -> None:
    provider, buyer = small_shop.org("provider"), small_shop.org("buyer")
    asset = provider.asset()
    kept = {"delivery": "reference", "reference_url": "https://data.example.com/ports/"}
    version = provider.version(asset["id"], {PATH: TABLE}, **kept)
    assert provider.register(asset, version).status_code == 201
    licensed(provider, buyer, publish(provider, asset["id"], OPEN))
    answer = buyer("GET", f"/versions/{version['id']}/files/{PATH}")
    assert (answer.status_code, answer.json()["slug"]) == (409, "kept-by-provider")
    assert "https://data.example.com/ports/" in answer.json()["detail"]
    # Where they are is part of what a licence gives.
    stranger = small_shop.org("stranger")
    for shown in (
        small_shop.web.get(f"/api/v1/versions/{version['id']}"),
        small_shop.web.get(f"/api/v1/assets/{asset['id']}/versions"),
        *(
            party("GET", path)
            for party in (stranger, buyer)
            for path in (
                f"/versions/{version['id']}",
                f"/assets/{asset['id']}/versions",
                f"/versions/{version['id']}/manifest",
            )
        ),
        stranger("GET", f"/versions/{version['id']}/files/{PATH}"),
    ):
        assert "data.example.com" not in shown.text
    assert provider("GET", f"/versions/{version['id']}").json()["reference_url"] == kept["reference_url"]


def test_a_key_without_the_scope_gets_nothing(small_shop: Shop) -> None:
    one = deal(small_shop)
    actor = replace(member(one.buyer.id, Role.BUYER), scopes=frozenset({"catalog:read"}))
    small_shop.members.known["buyer"] = actor
    assert {answer.status_code for answer in doors(one).values()} == {403}
    small_shop.members.known["buyer"] = member(one.buyer.id, Role.BILLING, via=Via.API_KEY)
    assert {answer.status_code for answer in doors(one).values()} == {403}


def test_a_ticket_opens_its_own_file_only_and_not_for_long(small_shop: Shop) -> None:
    one = deal(small_shop, {PATH: TABLE, "b.csv": b"b\n2\n"})
    ticket = take_ticket(one)
    assert small_shop.web.get(ticket).content == TABLE
    assert small_shop.web.head(ticket).headers["content-length"] == str(len(TABLE))
    raw = bytearray(base64.urlsafe_b64decode(ticket[3:] + "=" * (-len(ticket[3:]) % 4)))
    for place in range(0, len(raw), 7):
        changed = bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        forged = small_shop.web.get("/d/" + base64.urlsafe_b64encode(changed).rstrip(b"=").decode())
        assert (forged.status_code, forged.json()["slug"]) == (403, "ticket-invalid")
    small_shop.clock.time += timedelta(minutes=15)
    late = small_shop.web.get(ticket)
    assert (late.status_code, late.json()["slug"]) == (403, "ticket-expired")


def _taken_by(org: Org) -> dict[str, Any]:
    """The fields of a ticket that say who took it."""
    return {"org_id": org.id, "account_id": org.actor.account_id, "key_id": org.actor.key_id}


def test_a_ticket_of_a_licence_that_is_not_the_organisations_is_refused(small_shop: Shop) -> None:
    one, thief = deal(small_shop), small_shop.org("thief")
    stolen = Ticket(
        **_taken_by(thief),
        entitlement_id=UUID(one.entitlement["id"]),
        version_id=UUID(one.version["id"]),
        sha256=one.buyer("GET", f"/versions/{one.version['id']}").json()["files"][0]["sha256"],
        path=PATH,
        expires_at=small_shop.clock.now() + timedelta(minutes=1),
    )
    for wrong in (
        stolen,
        replace(stolen, entitlement_id=None),
        replace(stolen, org_id=uuid4()),
        replace(stolen, **_taken_by(one.buyer), sha256="0" * 64),
        replace(stolen, **_taken_by(one.buyer) | {"account_id": uuid4()}),
        replace(stolen, **_taken_by(one.buyer) | {"key_id": None}),
    ):
        answer = small_shop.web.get("/d/" + format_ticket(wrong, small_shop.ports.secret))
        assert (answer.status_code, answer.json()["slug"]) == (403, "ticket-invalid")
    right = format_ticket(replace(stolen, **_taken_by(one.buyer)), small_shop.ports.secret)
    assert small_shop.web.get("/d/" + right).content == TABLE


@given(st.data())
def test_tickets_round_trip_and_nothing_else_passes(data: st.DataObject) -> None:
    secret = secrets.token_bytes(32)
    now = datetime(2026, 7, 1, tzinfo=UTC)
    ticket = Ticket(
        org_id=data.draw(st.uuids()),
        account_id=data.draw(st.uuids()),
        key_id=data.draw(st.one_of(st.none(), st.uuids(allow_nil=False))),
        entitlement_id=data.draw(st.one_of(st.none(), st.uuids(allow_nil=False))),
        version_id=data.draw(st.uuids()),
        sha256=data.draw(st.binary(min_size=32, max_size=32)).hex(),
        path=data.draw(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)),
        expires_at=now + timedelta(seconds=data.draw(st.integers(1, 900))),
    )
    text = format_ticket(ticket, secret)
    assert parse_ticket(text, secret, now) == ticket
    with pytest.raises(TicketExpired):
        parse_ticket(text, secret, ticket.expires_at)
    with pytest.raises(TicketInvalid):
        parse_ticket(text, secret + b"x", now)
    other: Any = data.draw(st.text(max_size=60))
    with pytest.raises(TicketInvalid):
        parse_ticket(other, secret, now)
    with pytest.raises(TicketInvalid):
        parse_ticket(text + "=", secret, now)
