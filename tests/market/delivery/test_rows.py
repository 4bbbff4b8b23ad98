"""Data as a service: the right rows, each counted once, and never more than the licence has."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from ledger.statement import parse_statement
from market.catalog.blob_store import BlobStore
from market.catalog.blobs import FileBlobs
from market.catalog.models import AssetFile
from market.delivery.conditions import read_columns, read_condition
from market.delivery.errors import BadCondition
from market.delivery.models import UsageEvent
from market.delivery.ports import tables_of
from market.licensing.models import Entitlement
from market.provenance.models import RecordedStatement, StoredOpening
from tests.market.delivery.conftest import Deal, Shop, deal, drain, ok, revoke

PATH = "data/ports.csv"


def read(one: Deal, **query: Any) -> httpx.Response:
    params = httpx.QueryParams({"path": PATH} | query)
    answer: httpx.Response = one.buyer("GET", f"/assets/{one.asset['id']}/rows?{params}")
    return answer


def used(one: Deal) -> int:
    with one.shop.db.reading() as session:
        row = session.get(Entitlement, UUID(one.entitlement["id"]))
        assert row is not None
        return row.rows_used


def test_rows_page_by_page(shop: Shop) -> None:
    one = deal(shop)
    first = ok(read(one, limit=2), 200)
    assert set(first) == {"rows", "next", "remaining"}
    assert first["rows"] == [
        {"port": "Qinzhou", "teu": 5, "depth": 12.5},
        {"port": "Fangchenggang", "teu": 7, "depth": None},
    ]
    assert first["remaining"] == 998
    last = ok(read(one, limit=2, cursor=first["next"]), 200)
    assert [row["port"] for row in last["rows"]] == ["Beihai"]
    assert (last["next"], last["remaining"]) == (None, 997)
    assert used(one) == 3


def test_filters_columns_and_formats(small_shop: Shop) -> None:
    one = deal(small_shop)
    found = ok(read(one, columns="teu,port", where=["teu ge 6", "port ne Beihai"]), 200)
    assert found["rows"] == [{"teu": 7, "port": "Fangchenggang"}]
    text = read(one, format="csv", columns=["port", "teu"], where="teu < 6")
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(text.text))) == [["port", "teu"], ["Qinzhou", "5"]]
    assert (text.headers["x-row-count"], text.headers["x-rows-remaining"]) == ("1", "998")
    table = read(one, format="parquet", limit=2)
    assert pq.read_table(io.BytesIO(table.content)).num_rows == 2
    rest = read(one, format="parquet", cursor=table.headers["x-next-cursor"])
    assert pq.read_table(io.BytesIO(rest.content)).num_rows == 1
    assert "x-next-cursor" not in rest.headers
    nothing = ok(read(one, where="teu gt 99"), 200)
    assert nothing == {"rows": [], "next": None, "remaining": 995}
    assert used(one) == 5


def test_parquet_and_json_lines_are_read_too(small_shop: Shop) -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"port": ["钦州", "北海"], "teu": [5, 11]}), out)
    lines = b'{"port": "Qinzhou", "teu": 5}\n{"port": "Beihai", "teu": 11}\n'
    one = deal(small_shop, {"a.parquet": out.getvalue(), "b.jsonl": lines})
    with small_shop.db.writing() as session:
        for file in session.exec(select(AssetFile)):
            parquet = file.path == "a.parquet"
            file.media_type = "application/vnd.apache.parquet" if parquet else "application/x-ndjson"
            session.add(file)
    assert ok(read(one, path="a.parquet", where="teu eq 11"), 200)["rows"] == [{"port": "北海", "teu": 11}]
    assert ok(read(one, path="b.jsonl", limit=1), 200)["rows"] == [{"port": "Qinzhou", "teu": 5}]


def test_the_schema_costs_no_rows(small_shop: Shop) -> None:
    one = deal(small_shop)
    answer = one.buyer("GET", f"/assets/{one.asset['id']}/rows/schema?path={PATH}")
    seen = ok(answer, 200)
    assert {column["name"]: column["type"] for column in seen["columns"]} == {
        "port": "text",
        "teu": "integer",
        "depth": "number",
    }
    assert (seen["row_count"], seen["version_id"]) == (3, one.version["id"])
    assert used(one) == 0


@pytest.mark.parametrize(
    ("query", "status", "slug", "where"),
    [
        ({"columns": "port,nope"}, 422, "unknown-column", "nope"),
        ({"where": "teu near 5"}, 422, "bad-condition", "where"),
        ({"where": "teu eq many"}, 422, "bad-filter", "teu"),
        ({"where": "port"}, 422, "bad-condition", "where"),
        ({"columns": "a\rb"}, 422, "bad-condition", "columns"),
        ({"cursor": "abc"}, 422, "bad-cursor", "cursor"),
        ({"limit": 0}, 422, "invalid-input", "query/limit"),
        ({"limit": 10_001}, 422, "invalid-input", "query/limit"),
        ({"format": "xlsx"}, 422, "invalid-input", "query/format"),
        ({"path": "no.csv"}, 404, "not-found", "path"),
        ({"version_id": "x"}, 422, "invalid-input", "query/version_id"),
    ],
)
def test_a_bad_query_says_what_is_wrong_and_costs_nothing(
    small_shop: Shop, query: dict[str, Any], status: int, slug: str, where: str
) -> None:
    one = deal(small_shop)
    answer = read(one, **query)
    assert (answer.status_code, answer.json()["slug"]) == (status, slug)
    assert answer.json()["where"] == where
    assert used(one) == 0


BROKEN = {
    "malformed-table": (b"a,b\n1,2\n3\n", "line 3"),
    "table-too-large": (b"a,b\n1," + b"x" * (2 << 20) + b"\n", "line 2"),
}


@pytest.mark.parametrize("slug", BROKEN)
def test_a_malformed_table_is_told_with_its_place(small_shop: Shop, slug: str) -> None:
    data, where = BROKEN[slug]
    one = deal(small_shop, {PATH: data})
    answer = read(one)
    assert answer.json()["slug"] == slug
    assert answer.json()["where"].startswith(where)
    assert answer.json()["hint"]
    assert used(one) == 0


def test_what_is_left_is_delivered_and_then_no_more(shop: Shop) -> None:
    one = deal(shop, quota_rows=2)
    page = ok(read(one, limit=100), 200)
    assert len(page["rows"]) == 2
    assert page["remaining"] == 0
    assert page["next"] is not None
    over = read(one, cursor=page["next"])
    assert (over.status_code, over.json()["slug"]) == (402, "row-quota-exceeded")
    assert "Rows left: 0 of 2" in over.json()["detail"]
    assert used(one) == 2


def test_readers_at_once_never_take_more_than_the_quota(shop: Shop) -> None:
    many = b"n\n" + b"".join(b"%d\n" % n for n in range(100))
    one = deal(shop, {PATH: many}, quota_rows=25)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: read(one, limit=10), range(12)))
    delivered = sum(len(answer.json()["rows"]) for answer in answers if answer.status_code == 200)
    others = {answer.json()["slug"] for answer in answers if answer.status_code != 200}
    assert others <= {"row-quota-exceeded", "table-reader-unavailable"}
    assert 0 < delivered <= 25
    assert used(one) == delivered
    with shop.db.reading() as session:
        assert sum(session.exec(select(UsageEvent.row_count))) == delivered


def test_a_licence_that_ends_while_rows_are_read_keeps_them_back(
    small_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = deal(small_shop)
    tables = tables_of(small_shop.ports)
    real = tables.rows

    def slow(*given: Any) -> Any:
        page = real(*given)
        revoke(one)
        return page

    monkeypatch.setattr(tables, "rows", slow)
    answer = read(one)
    assert (answer.status_code, answer.json()["slug"]) == (403, "not-entitled")
    assert used(one) == 0


def test_a_busy_reader_says_when_to_come_again(small_shop: Shop) -> None:
    one = deal(small_shop)
    places = tables_of(small_shop.ports)._places
    taken = 0
    while places.acquire(blocking=False):
        taken += 1
    answer = read(one)
    assert (answer.status_code, answer.json()["slug"]) == (503, "table-reader-unavailable")
    assert answer.headers["retry-after"]
    places.release(taken)
    assert read(one).status_code == 200
    assert used(one) == 3


def test_usage_becomes_statements_by_time_and_day(shop: Shop) -> None:
    one = deal(shop)
    shop.clock.time = shop.clock.time.replace(hour=23, minute=57)
    ok(read(one, limit=2), 200)
    ok(read(one, limit=1), 200)
    assert drain(shop, minutes=1) == 0
    shop.clock.time += timedelta(minutes=4)
    ok(read(one), 200)
    assert drain(shop, minutes=10) == 2
    assert drain(shop, minutes=10) == 0
    seen = one.buyer("GET", f"/entitlements/{one.entitlement['id']}/usage").json()["items"]
    assert [(each["sequence"], each["day"], each["rows"]) for each in seen] == [
        (2, "2026-07-02", 3),
        (1, "2026-07-01", 3),
    ]
    assert one.provider("GET", f"/entitlements/{one.entitlement['id']}/usage").json()["items"] == seen
    assert shop.org("stranger")("GET", f"/entitlements/{one.entitlement['id']}/usage").status_code == 404
    head = one.buyer("GET", f"/entitlements/{one.entitlement['id']}/usage?limit=1").json()
    rest = one.buyer("GET", f"/entitlements/{one.entitlement['id']}/usage?cursor={head['next']}").json()
    assert (head["items"] + rest["items"], rest["next"]) == (seen, None)
    with shop.db.reading() as session:
        row = session.exec(select(RecordedStatement).where(RecordedStatement.leaf == seen[1]["leaf"])).one()
        opening = session.exec(select(StoredOpening).where(StoredOpening.leaf == row.leaf)).one()
    predicate = parse_statement(row.statement).document["predicate"]
    assert (predicate["day"], predicate["sequence"]) == ("2026-07-01", 1)
    assert json.loads(opening.content) == {
        "entitlement": one.entitlement["id"],
        "rows": 3,
        "from": "2026-07-01T23:57:00+00:00",
        "to": "2026-07-01T23:57:00+00:00",
    }


class NoFiles(FileBlobs):
    """A store that keeps no files that one could open, as an object store."""

    def path_of(self, digest: str) -> Path | None:
        return None


def test_a_table_in_an_object_store_is_fetched_once(
    small_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = deal(small_shop)
    store = NoFiles(small_shop.blobs)
    small_shop.ports.add(BlobStore, store)
    fetched = []
    real = store.read
    monkeypatch.setattr(store, "read", lambda digest, *more: fetched.append(digest) or real(digest, *more))
    for _ in range(3):
        assert len(ok(read(one), 200)["rows"]) == 3
    assert len(fetched) == 1
    tables_of(small_shop.ports).close()


@given(st.text(max_size=50))
def test_any_condition_is_read_or_refused(text: str) -> None:
    try:
        found = read_condition(text)
    except BadCondition:
        return
    else:
        assert found.column.strip() == found.column


def test_conditions_and_columns_as_people_write_them() -> None:
    assert read_condition("ship name contains San Lu").column == "ship name"
    assert read_condition("ship name contains San Lu").value == "San Lu"
    assert (read_condition("a >= 5").op, read_condition("a is_null").value) == ("ge", "true")
    assert read_condition("note eq ").value == ""
    assert read_columns(['a,"b, c"', "d"]) == ("a", "b, c", "d")
    assert read_columns([]) is None
