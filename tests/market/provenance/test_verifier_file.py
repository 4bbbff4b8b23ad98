"""The stand-alone verifier as the marketplace hands it out: the very bytes, as a file to keep, with its fingerprint."""

from __future__ import annotations

import base64
import hashlib

import pytest

from ledger.index.check import check_history
from ledger.index.history import parse_history
from ledger.statement import parse_statement
from market.provenance import verifier_entry
from market.provenance.verifier_entry import KIND, record_verifier
from market.provenance.verifier_file import verifier_digest, verifier_file
from market.statements import KINDS
from tests.builders.marketplace import Marketplace


def test_it_is_a_file_to_save_and_its_digest_is_told(small_market: Marketplace) -> None:
    web = small_market.browser()
    answer = web.get("/verify.html")
    assert answer.content == verifier_file()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="verify.html"'
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"
    told = answer.headers["repr-digest"].removeprefix("sha-256=:").removesuffix(":")
    assert base64.b64decode(told) == hashlib.sha256(answer.content).digest()


def test_the_page_of_the_verifier_shows_the_digest(small_market: Marketplace) -> None:
    for lang in ("zh", "en"):
        page = small_market.browser().get(f"/{lang}/verify").text
        assert 'href="/verify.html"' in page
        assert verifier_digest() in page


def record(market: Marketplace) -> None:
    market.clock.advance(minutes=1)
    with market.ports.db.writing() as session:
        record_verifier(session, ledger=market.ledger, now=market.clock.now())
    market.drain()


def recorded_digests(market: Marketplace) -> list[str]:
    """What an auditor does: ask for the history of the kind, check it, and read its entries."""
    key = f"kind:{KINDS[KIND].predicate_type}"
    data = market.browser().get("/api/v1/ledger/history", params={"key": key}).content
    assert check_history(data, market.ledger.policy, key=key).ok
    entries = [parse_statement(one.entry) for one in parse_history(data).entries or ()]
    assert all(one.claims.iss.endswith(str(market.ledger.platform.org_id)) for one in entries)
    return [one.document["subject"][0]["digest"]["sha256"] for one in entries]


def test_the_digest_is_recorded_once_for_each_file(
    small_market: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(small_market)
    record(small_market)
    assert recorded_digests(small_market) == [verifier_digest()]
    monkeypatch.setattr(verifier_entry, "verifier_digest", lambda: "ab" * 32)
    record(small_market)
    assert recorded_digests(small_market) == [verifier_digest(), "ab" * 32]
    monkeypatch.undo()
    record(small_market)
    assert recorded_digests(small_market) == [verifier_digest(), "ab" * 32, verifier_digest()], (
        "an older release that is served again is stated again"
    )


def test_the_page_links_the_entry_once_there_is_one(small_market: Marketplace) -> None:
    web = small_market.browser()
    assert "recorded this fingerprint" not in web.get("/en/verify").text
    before = small_market.ledger.refreshed().size
    record(small_market)
    page = web.get("/en/verify").text
    assert "recorded this fingerprint" in page
    assert f'href="/en/ledger/entries/{before}"' in page
    entry = web.get(f"/en/ledger/entries/{before}").text
    assert verifier_digest() in entry
    assert "已将此指纹记入账本" in web.get("/zh/verify").text
