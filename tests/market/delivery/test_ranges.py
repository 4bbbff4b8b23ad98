"""Ranges and conditions: the right bytes, or 416, over real HTTP and against a plain model."""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Iterator
from email.parser import BytesParser
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.delivery.errors import RangeUnsatisfiable
from market.delivery.file_routes import OCTETS, disposition, safe_type
from market.delivery.ranges import MAX_RANGES, parse_range
from tests.market.delivery.conftest import Deal, build_delivery_shop, deal, served

DATA = random.Random(20260701).randbytes(3_000_017)
SIZE = len(DATA)
PATH = "深 sea/港口 \u00e9'ports;(1).csv"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deal, str]]:
    """A deal about one file of 3 MB, and the file's address on a running server."""
    folder = tmp_path_factory.mktemp("ranges")
    shop = build_delivery_shop(f"sqlite:///{folder}/market.db", folder)
    made = deal(shop, {PATH: DATA, "empty.csv": b""})
    with served(shop) as base:
        yield made, f"{base}/api/v1{made.files}/"
    shop.db.close()


def get(one: tuple[Deal, str], method: str = "GET", path: str = PATH, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(
        method,
        one[1] + path,
        headers={"Authorization": "Bearer buyer", "Accept-Encoding": "identity", **sent},
    )


def parts_of(answer: httpx.Response) -> list[tuple[str, bytes]]:
    """Content-Range and body of each part of a multipart answer, read by the standard library."""
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + answer.content)
    found = []
    for part in message.get_payload():
        body = part.get_payload(decode=True)  # type: ignore[union-attr]
        found.append((str(part["content-range"]), bytes(body)))  # type: ignore[index, arg-type]
    return found


def test_a_whole_file_with_every_header_that_a_client_needs(one: tuple[Deal, str]) -> None:
    answer = get(one)
    assert answer.status_code == 200
    assert answer.content == DATA
    digest = answer.headers["etag"].strip('"')
    assert re.fullmatch("[0-9a-f]{64}", digest)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    name = answer.headers["content-disposition"]
    assert name.startswith('attachment; filename="')
    assert name.endswith("filename*=UTF-8''%E6%B8%AF%E5%8F%A3%20%C3%A9%27ports%3B%281%29.csv")
    head = get(one, "HEAD", Range="bytes=0-9")
    assert head.status_code == 200
    assert head.content == b""
    same = {"content-length", "etag", "content-type", "content-disposition", "repr-digest"}
    assert {head.headers[key] for key in same} == {answer.headers[key] for key in same}


RIGHT = {
    "bytes=0-0": (0, 1),
    "bytes=0-": (0, SIZE),
    "bytes=1048575-1048576": (1048575, 1048577),
    "bytes=2999999-99999999999999999999999": (2999999, SIZE),
    f"bytes={SIZE - 1}-": (SIZE - 1, SIZE),
    "bytes=-1": (SIZE - 1, SIZE),
    "bytes=-99999999999999999999": (0, SIZE),
    "Bytes = 5-9": (5, 10),
    "bytes=5-9,": (5, 10),
    "bytes=0-9,5-19,20-29": (0, 30),
    f"bytes=7-8,{SIZE}-": (7, 9),
}


@pytest.mark.parametrize("header", RIGHT)
def test_one_range(one: tuple[Deal, str], header: str) -> None:
    start, stop = RIGHT[header]
    answer = get(one, Range=header)
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(stop - start)
    assert answer.content == DATA[start:stop]


@pytest.mark.parametrize(
    "header",
    [
        f"bytes={SIZE}-",
        "bytes=99999999999999999999999-",
        "bytes=-0",
        "bytes=9-5",
        "bytes=",
        "bytes=abc",
        "bytes=-",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=0-1,x",
        "bytes=+1-2",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 20, 2)),
        "bytes=" + ",".join(["0-"] * (MAX_RANGES + 1)),
    ],
)
def test_what_is_no_range_of_this_file_is_416(one: tuple[Deal, str], header: str) -> None:
    answer = get(one, Range=header)
    assert (answer.status_code, answer.json()["slug"]) == (416, "range-unsatisfiable")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("header", ["lines=1-2", "bytes", "", "0-5"])
def test_other_units_are_passed_over(one: tuple[Deal, str], header: str) -> None:
    answer = get(one, Range=header)
    assert (answer.status_code, len(answer.content)) == (200, SIZE)


def test_two_range_headers_are_refused(one: tuple[Deal, str]) -> None:
    sent = [("Authorization", "Bearer buyer"), ("Range", "bytes=0-1"), ("Range", "bytes=3-4")]
    assert httpx.get(one[1] + PATH, headers=sent).status_code == 416


def test_several_ranges_come_as_parts(one: tuple[Deal, str]) -> None:
    answer = get(one, Range="bytes=-5, 0-9, 1500000-2600000, 5-12, 20-20")
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert "content-range" not in answer.headers
    spans = [(0, 13), (20, 21), (1500000, 2600001), (SIZE - 5, SIZE)]
    assert parts_of(answer) == [
        (f"bytes {start}-{stop - 1}/{SIZE}", DATA[start:stop]) for start, stop in spans
    ]


def test_if_range_counts_only_for_the_same_bytes(one: tuple[Deal, str]) -> None:
    etag = get(one, "HEAD").headers["etag"]
    assert get(one, Range="bytes=3-5", If_Range=etag).content == DATA[3:6]
    for other in (f"W/{etag}", '"other"', "Wed, 01 Jul 2026 08:00:00 GMT", etag.strip('"')):
        answer = get(one, Range="bytes=3-5", If_Range=other)
        assert (answer.status_code, len(answer.content)) == (200, SIZE)
    beyond = get(one, Range=f"bytes={SIZE}-", If_Range='"other"')
    assert beyond.status_code == 200


def test_conditions(one: tuple[Deal, str]) -> None:
    etag = get(one, "HEAD").headers["etag"]
    for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        for method in ("GET", "HEAD"):
            answer = get(one, method, If_None_Match=known)
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == etag
    assert get(one, If_None_Match='"x"').status_code == 200
    assert get(one, If_Match=etag, Range="bytes=0-0").status_code == 206
    assert get(one, If_Match="*", Range="bytes=0-0").status_code == 206
    for other in ('"x"', f"W/{etag}"):
        refused = get(one, If_Match=other)
        assert (refused.status_code, refused.json()["slug"]) == (412, "other-bytes")


def test_an_empty_file(one: tuple[Deal, str]) -> None:
    assert get(one, path="empty.csv").content == b""
    assert get(one, path="empty.csv").headers["content-length"] == "0"
    assert get(one, path="empty.csv", Range="bytes=-5").status_code == 200
    beyond = get(one, path="empty.csv", Range="bytes=0-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */0")


def test_a_connection_serves_one_answer_after_another(one: tuple[Deal, str]) -> None:
    """The length that is announced is the length that is sent: the next answer begins where it ends."""
    with httpx.Client(headers={"Authorization": "Bearer buyer"}) as client:
        for header in ("bytes=0-0", "bytes=-7, 0-3", "bytes=9-5", "bytes=100-2999999"):
            answer = client.get(one[1] + PATH, headers={"Range": header})
            assert len(answer.content) == int(answer.headers["content-length"])
        assert client.get(one[1] + PATH).content == DATA


def test_a_path_cannot_leave_the_version(one: tuple[Deal, str]) -> None:
    """As typed by somebody whose client does not tidy paths."""
    target = urlsplit(one[1])
    for path in ("../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%00", "a//b", "%ff"):
        with socket.create_connection((target.hostname, target.port)) as wire:
            wire.sendall(
                f"GET {target.path}{path} HTTP/1.1\r\nHost: {target.netloc}\r\n"
                "Authorization: Bearer buyer\r\nConnection: close\r\n\r\n".encode()
            )
            status = wire.makefile("rb").readline()
        assert b" 404 " in status


@given(st.integers(0, 60), st.data())
def test_ranges_against_a_plain_model(size: int, data: st.DataObject) -> None:
    number = st.integers(0, 80)
    spec = st.one_of(
        st.builds(lambda a, b: f"{a}-{b}", number, number),
        st.builds(lambda a: f"{a}-", number),
        st.builds(lambda n: f"-{n}", number),
    )
    specs = data.draw(st.lists(spec, min_size=1, max_size=10))
    wanted: set[int] | None = set()
    for text in specs:
        first, last = text.split("-")
        if first and last and int(last) < int(first):
            wanted = None
            break
        start = int(first) if first else max(0, size - int(last))
        stop = size if not (first and last) else min(size, int(last) + 1)
        wanted |= set(range(start, stop))
    try:
        spans = parse_range("bytes=" + ",".join(specs), size)
    except RangeUnsatisfiable:
        assert wanted is None or not wanted or len(specs) > MAX_RANGES
        return
    if spans is None:
        assert size == 0
        return
    assert len(specs) <= MAX_RANGES
    assert [place for span in spans for place in range(span.start, span.stop)] == sorted(wanted or ())
    assert all(span.size > 0 for span in spans)


@given(st.text(max_size=40))
def test_any_range_header_is_answered(header: str) -> None:
    for size in (0, 1, 100):
        try:
            spans = parse_range(header, size)
        except RangeUnsatisfiable:
            continue
        assert spans is None or all(0 <= span.start < span.stop <= size for span in spans)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_any_name_makes_a_header_of_one_line(name: str) -> None:
    text = disposition(name)
    assert text.isascii()
    assert text.isprintable()
    assert text.count('"') == 2
    assert "/" not in text.removeprefix("attachment; filename=")


@pytest.mark.parametrize(
    ("named", "sent"),
    [
        ("text/csv", "text/csv"),
        ("text/csv; charset=utf-8", "text/csv; charset=utf-8"),
        ("text/html", OCTETS),
        ("image/svg+xml", OCTETS),
        ("application/javascript", OCTETS),
        ("text/csv\r\nX-Evil: 1", OCTETS),
        ("nonsense", OCTETS),
    ],
)
def test_no_type_that_a_browser_would_run(named: str, sent: str) -> None:
    assert safe_type(named) == sent
