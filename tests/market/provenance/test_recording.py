"""Recording statements: whose they may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from market.provenance import service
from market.provenance.errors import WrongSigner
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
