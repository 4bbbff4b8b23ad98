"""Released by the platform, received by the buyer: each once, and only what is true."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from ledger.keys import SigningKey
from ledger.statement import parse_statement
from market.provenance.models import RecordedStatement, StoredOpening
from tests.market.delivery.conftest import TABLE, Deal, Shop, deal, ok, served


def released(session: Session) -> list[RecordedStatement]:
    query = select(RecordedStatement).where(RecordedStatement.kind == "release")
    return list(session.exec(query.order_by(col(RecordedStatement.id))))


def fetch(one: Deal, path: str = "data/ports.csv", **headers: str) -> Any:
    return one.buyer("GET", f"{one.files}/{path}", **headers)


def test_the_first_byte_of_a_day_is_stated_once(shop: Shop) -> None:
    one = deal(shop, {"data/ports.csv": TABLE, "more.csv": b"a\n1\n"})
    for headers in ({}, {"Range": "bytes=0-1"}, {"Range": "bytes=-1"}):
        assert fetch(one, **headers).content
    assert fetch(one, "more.csv").content
    shop.clock.time += timedelta(days=1)
    assert fetch(one).content == TABLE
    with shop.db.reading() as session:
        stated = released(session)
        opening = session.exec(select(StoredOpening).where(StoredOpening.leaf == stated[0].leaf)).one()
    facts = [parse_statement(row.statement).document["predicate"] for row in stated]
    assert [fact["day"] for fact in facts] == ["2026-07-01", "2026-07-02"]
    assert {fact["registration"] for fact in facts} == {one.version["leaf"]}
    assert json.loads(opening.content) == {
        "entitlement": one.entitlement["id"],
        "version": one.version["id"],
        "contentRoot": one.version["content_root"],
        "day": "2026-07-01",
        "contract": one.entitlement["contract"],
    }
    (seen,) = ok(one.buyer("GET", "/deliveries"), 200)["items"]
    assert seen["state"] == "released"
    assert seen["leaf"] is None
    assert [each["leaf"] for each in seen["releases"]] == [row.leaf for row in stated]


def test_many_first_requests_at_once_make_one_statement(shop: Shop) -> None:
    one = deal(shop)
    with served(shop), ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: fetch(one).content, range(16)))
    assert found == [TABLE] * 16
    with shop.db.reading() as session:
        assert len(released(session)) == 1


def test_what_gives_no_bytes_releases_nothing(small_shop: Shop) -> None:
    one = deal(small_shop)
    etag = f'"{one.version["files"][0]["sha256"]}"' if "files" in one.version else None
    etag = etag or one.buyer("HEAD", f"{one.files}/data/ports.csv").headers["etag"]
    assert one.buyer("HEAD", f"{one.files}/data/ports.csv").status_code == 200
    assert fetch(one, Range="bytes=999999-").status_code == 416
    assert fetch(one, If_None_Match=etag).status_code == 304
    assert fetch(one, "no-such.csv").status_code == 404
    assert one.provider("GET", f"{one.files}/data/ports.csv").content == TABLE
    with small_shop.db.reading() as session:
        assert released(session) == []


def test_received_after_released_and_only_once(shop: Shop) -> None:
    one = deal(shop)
    early = one.acknowledge()
    assert (early.status_code, early.json()["slug"]) == (409, "nothing-released")
    assert fetch(one).content == TABLE
    first = ok(one.acknowledge())
    assert first["state"] == "received"
    assert len(first["leaf"]) == 64
    again = ok(one.acknowledge())
    assert again["leaf"] == first["leaf"]
    with shop.db.reading() as session:
        kinds = list(session.exec(select(RecordedStatement.kind)))
    assert kinds.count("received") == 1
    mine = ok(one.buyer("GET", "/deliveries"), 200)["items"]
    theirs = ok(one.provider("GET", "/deliveries?provided=true"), 200)["items"]
    assert mine == theirs
    assert mine[0]["leaf"] == first["leaf"]
    assert ok(one.provider("GET", "/deliveries"), 200)["items"] == []


LIES: list[tuple[str, Callable[[Deal], dict[str, Any]]]] = [
    ("openings/received", lambda one: {"bytes": one.version["size_bytes"] + 1}),
    ("openings/received", lambda one: {"files": True}),
    ("openings/received", lambda one: {"contentRoot": "0" * 64}),
    ("openings/received", lambda one: {"entitlement": str(uuid4())}),
    ("openings/received", lambda one: {"at": "2031-01-01T00:00:00+00:00"}),
    ("openings/received", lambda one: {"at": "today"}),
    ("openings/received", lambda one: {"note": "more than asked"}),
    ("statement/contract", lambda one: {"public": {"contract": "1" * 64}}),
    ("statement/registration", lambda one: {"public": {"registration": "1" * 64}}),
    ("statement/sub", lambda one: {"subject": uuid4()}),
]


@pytest.mark.parametrize(("where", "lie"), LIES)
def test_an_acknowledgement_that_says_something_else_is_refused(
    small_shop: Shop, where: str, lie: Callable[[Deal], dict[str, Any]]
) -> None:
    one = deal(small_shop)
    fetch(one)
    answer = one.acknowledge(**lie(one))
    assert (answer.status_code, answer.json()["slug"]) == (422, "statement-differs")
    assert answer.json()["where"] == where
    assert ok(one.buyer("GET", "/deliveries"), 200)["items"][0]["state"] == "released"


def test_only_the_buyers_own_key_acknowledges(small_shop: Shop) -> None:
    one = deal(small_shop)
    fetch(one)
    assert one.acknowledge(key=SigningKey.generate()).json()["slug"] == "unknown-signing-key"
    stranger = small_shop.org("stranger")
    path = f"/entitlements/{one.entitlement['id']}/acknowledgements"
    assert stranger("POST", path, one.received()).status_code == 404
    assert one.provider("POST", path, one.received()).status_code == 404
    swapped = one.received() | {"openings": []}
    assert one.buyer("POST", path, swapped).json()["where"] == "openings/received"
    other = one.received()["openings"][0]["salt"]
    forged = one.received()
    forged["openings"][0]["salt"] = other
    assert one.buyer("POST", path, forged).json()["slug"] == "statement-malformed"
    assert ok(one.buyer("GET", "/deliveries"), 200)["items"][0]["state"] == "released"
