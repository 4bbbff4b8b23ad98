"""Statements: whose they may be, and who may read what stands behind them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.check import check_bundle
from ledger.hashing import leaf_hash
from ledger.receipt import parse_bundle
from market.app import job_handlers
from market.catalog.schemas import EXAMPLE_METADATA
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


def _three_waiting(market: Marketplace, folder: Path) -> list[str]:
    """Leaf hashes of registrations that no worker has looked at yet; the key's binding waits before them."""
    provider = market.party("harbour")
    leaves = []
    for number in range(3):
        (folder / str(number)).mkdir()
        (folder / str(number) / "ports.csv").write_text(f"code\nCN{number}\n")
        leaves.append(provider.register([folder / str(number)], metadata=EXAMPLE_METADATA)["leaf"])
    return leaves


def test_what_waits_becomes_one_commit_under_one_checkpoint(
    small_market: Marketplace, tmp_path: Path
) -> None:
    leaves = _three_waiting(small_market, tmp_path)
    begun = small_market.ledger.refreshed().size
    small_market.drain()
    reader = small_market.ledger.refreshed()
    assert reader.size == begun + 4
    assert reader.checkpoint_covering(begun).size == reader.size
    receipts = [small_market.visitor().api.get_bytes(f"/api/v1/statements/{leaf}/receipt") for leaf in leaves]
    assert all(check_bundle(receipt, small_market.ledger.policy).ok for receipt in receipts)
    assert len({parse_bundle(receipt).checkpoint for receipt in receipts}) == 1


def test_a_crash_between_log_and_database_doubles_nothing(small_market: Marketplace, tmp_path: Path) -> None:
    leaves = _three_waiting(small_market, tmp_path)
    # What the job would write into the database is lost with the process.
    assert job_handlers(small_market.ports)[service.RECORD_TOPIC]({}) is not None
    size = small_market.ledger.refreshed().size
    small_market.restart()
    small_market.drain()
    reader = small_market.ledger.refreshed()
    assert reader.size == size
    entries = [leaf_hash(entry).hex() for entry in reader.entries(0, size)]
    for leaf in leaves:
        view = small_market.visitor().api.get(f"/api/v1/statements/{leaf}")
        assert entries[view["index"]] == leaf
