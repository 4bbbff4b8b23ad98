"""The files of the log over HTTP: hashes as they are, entries packed for those who can unpack them, both for ever."""

from __future__ import annotations

import gzip

import pytest

from ledger.tiles import decode_bundle
from market.provenance.gateway import Ledger
from tests.builders.marketplace import Marketplace


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0, identity", False),
    ],
)
def test_entries_are_packed_for_who_unpacks(small_market: Marketplace, accepted: str, packed: bool) -> None:
    published = small_market.ports.get(Ledger).refreshed().published
    assert published is not None
    path = f"/ledger/tile/entries/000.p/{published.size}"
    with small_market.browser().stream("GET", path, headers={"Accept-Encoding": accepted}) as reply:
        data = b"".join(reply.iter_raw())
    assert (reply.headers.get("content-encoding") == "gzip") is packed
    assert reply.headers["vary"] == "Accept-Encoding"
    assert "immutable" in reply.headers["cache-control"]
    assert len(decode_bundle(gzip.decompress(data) if packed else data)) == published.size
    if packed:
        # RFC 1952, XFL: the fastest algorithm. Entries can be written so that the best one takes half a minute a bundle.
        assert data[8] == 4


def test_hashes_do_not_pack(small_market: Marketplace) -> None:
    published = small_market.ports.get(Ledger).refreshed().published
    assert published is not None
    reply = small_market.visitor().api.send("GET", f"/ledger/tile/0/000.p/{published.size}")
    assert "content-encoding" not in reply.headers
    assert "vary" not in reply.headers
    assert len(reply.content) == 32 * published.size
