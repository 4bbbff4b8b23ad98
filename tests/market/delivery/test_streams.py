"""Streams under way: cut when the licence ends, ended when nobody takes them, and never too many at once."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from market.catalog.blob_store import BlobStore
from market.catalog.blobs import FileBlobs
from market.delivery.limits import DeliveryLimits, limits_of
from market.delivery.ports import streams_of
from tests.market.delivery.conftest import FAST, Deal, Shop, deal, ok, revoke, served

BIG = bytes(range(256)) * (3 << 14)  # 12 MiB: more than all buffers between the two ends hold


class SlowReceiver:
    """Takes a little of an answer, and the rest only when told to."""

    def __init__(self, address: str, token: str = "", path: str = "") -> None:
        target = urlsplit(address)
        self.wire = socket.socket()
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.wire.settimeout(30)
        self.wire.connect((target.hostname, target.port))
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        self.wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {target.netloc}\r\n{bearer}\r\n".encode())
        self.seen = self.wire.recv(1000)

    @property
    def status(self) -> int:
        return int(self.seen.split()[1])

    def rest(self) -> int:
        """Take everything that still comes; how many bytes of the body that were in all."""
        pieces = [self.seen]
        while piece := self.wire.recv(1 << 20):
            pieces.append(piece)
        self.seen = b"".join(pieces)
        return len(self.seen.partition(b"\r\n\r\n")[2])

    def close(self) -> None:
        self.wire.close()


@pytest.fixture
def one(small_shop: Shop) -> Iterator[tuple[Deal, str]]:
    made = deal(small_shop, {"big.bin": BIG})
    with served(small_shop) as base:
        yield made, base


def wait_until_idle(shop: Shop) -> None:
    """Return when no stream runs; the test's own time limit ends a wait in vain."""
    while streams_of(shop.ports).running:
        time.sleep(0.01)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("by", ["key", "ticket"])
def test_a_running_stream_is_cut_when_the_licence_is_revoked(one: tuple[Deal, str], by: str) -> None:
    made, base = one
    path, token = f"/api/v1{made.files}/big.bin", "buyer"
    if by == "ticket":
        body = {"version_id": made.version["id"], "path": "big.bin"}
        path, token = ok(made.buyer("POST", "/tickets", body))["url"], ""
    receiver = SlowReceiver(base, token, path)
    assert receiver.status == 200
    revoke(made)
    wait_until_idle(made.shop)
    assert receiver.rest() < len(BIG)
    again = SlowReceiver(base, token, path)
    assert again.status == 403
    receiver.close()
    again.close()


@pytest.mark.timeout(60)
def test_a_stream_whose_licence_stands_comes_whole_however_slow(one: tuple[Deal, str]) -> None:
    made, base = one
    receiver = SlowReceiver(base, "buyer", f"/api/v1{made.files}/big.bin")
    time.sleep(FAST.recheck.total_seconds() * 3)
    receiver.wire.sendall(b"GET /none HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert receiver.rest() > len(BIG)
    assert receiver.seen.partition(b"\r\n\r\n")[2][: len(BIG)] == BIG
    receiver.close()


@pytest.mark.timeout(60)
def test_a_receiver_that_takes_nothing_loses_its_place(small_shop: Shop) -> None:
    small_shop.ports.add(DeliveryLimits, replace(FAST, stall=timedelta(seconds=0.3)))
    made = deal(small_shop, {"big.bin": BIG})
    with served(small_shop) as base:
        receiver = SlowReceiver(base, "buyer", f"/api/v1{made.files}/big.bin")
        assert receiver.status == 200
        wait_until_idle(small_shop)
        assert receiver.rest() < len(BIG)
        receiver.close()


@pytest.mark.timeout(60)
def test_a_receiver_that_leaves_frees_its_place(one: tuple[Deal, str]) -> None:
    made, base = one
    for _ in range(3):
        receiver = SlowReceiver(base, "buyer", f"/api/v1{made.files}/big.bin")
        assert receiver.status == 200
        receiver.close()
        wait_until_idle(made.shop)


@pytest.mark.timeout(60)
def test_at_most_four_streams_by_one_ticket(one: tuple[Deal, str]) -> None:
    made, base = one
    url = ok(made.buyer("POST", "/tickets", {"version_id": made.version["id"], "path": "big.bin"}))["url"]
    most = limits_of(made.shop.ports).streams_per_ticket
    assert most == 4
    running = [SlowReceiver(base, "", url) for _ in range(most)]
    assert {receiver.status for receiver in running} == {200}
    refused = httpx.get(base + url)
    assert (refused.status_code, refused.json()["slug"]) == (429, "too-many-streams")
    assert refused.headers["retry-after"]
    assert httpx.head(base + url).status_code == 200
    for receiver in running:
        receiver.close()
    wait_until_idle(made.shop)
    assert httpx.get(base + url).content == BIG


def test_bytes_that_the_store_lost_are_told_before_anything_is_sent(small_shop: Shop, tmp_path: Path) -> None:
    made = deal(small_shop)
    small_shop.ports.add(BlobStore, FileBlobs(tmp_path / "another"))
    answer = made.buyer("GET", f"{made.files}/data/ports.csv")
    assert (answer.status_code, answer.json()["slug"]) == (503, "bytes-missing")
