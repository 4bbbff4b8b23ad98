"""Statements: whose they may be, and who may read what stands behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.receipt import parse_bundle
from market.kit.paging import write_cursor
from market.provenance import service
from market.provenance.errors import WrongSigner
from tests.builders.marketplace import Marketplace
from tests.market.catalog.conftest import Org, Shop, build_shop


def _record(shop: Shop, actor: Org, statement: bytes) -> str:
    with shop.db.writing() as session:
        return service.record(
            session, actor=actor.actor, ledger=shop.ledger, statement=statement, now=shop.clock.now()
        ).leaf


def test_a_known_statement_is_still_its_own_organisations(sqlite_url: str, tmp_path: Path) -> None:
    """Its maker may bring it again; a stranger who copied it from the log does not act by it."""
    shop = build_shop(sqlite_url, tmp_path)
    provider, stranger = shop.org("provider"), shop.org("stranger")
    _, version = provider.registered({"ports.csv": b"port,teu\nQinzhou,5\n"})
    with shop.db.reading() as session:
        statement = service.statement_bytes(session, version["leaf"])
    assert _record(shop, provider, statement) == version["leaf"]
    with pytest.raises(WrongSigner):
        _record(shop, stranger, statement)
    shop.db.close()


def test_what_is_committed_to_opens_only_by_a_key_that_may_read_contracts(
    small_market: Marketplace, tmp_path: Path
) -> None:
    """The proof is everybody's; a party's key for uploads is no key to what the party signed."""
    provider = small_market.party("harbour")
    version = small_market.registered(provider, tmp_path / "data")
    address = f"/api/v1/organisations/{version['org_id']}/api-keys"
    for scopes, opened in ((["upload:write"], False), (["catalog:read"], True)):
        made = provider.api.post(address, {"label": "job", "scopes": scopes, "days": 1})
        by_key = small_market.visitor()
        by_key.api.use_key(made["key"])
        receipt = by_key.api.get_bytes(f"/api/v1/statements/{version['leaf']}/receipt")
        assert bool(parse_bundle(receipt).openings) is opened
    stranger = small_market.visitor().api.get_bytes(f"/api/v1/statements/{version['leaf']}/receipt")
    assert parse_bundle(stranger).openings == ()


@pytest.mark.parametrize("position", [-1, -5, 0, 10**30])
def test_a_cursor_that_the_log_never_gave_out_shows_no_foreign_entries(
    small_market: Marketplace, position: int
) -> None:
    visitor = small_market.browser()
    cursor = write_cursor(position)
    for address in (f"/api/v1/ledger/entries?cursor={cursor}", f"/en/ledger?cursor={cursor}"):
        assert visitor.get(address).status_code in (200, 422)
