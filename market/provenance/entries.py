"""The log's entries, read from the log itself and put in words."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from ledger.errors import LedgerError
from ledger.statement import Statement, parse_statement
from market.kit.errors import NotFound
from market.kit.i18n import N_
from market.provenance.gateway import Ledger
from market.provenance.schemas import EntryView
from market.statements import Fact, explain, read_fact


def before(ledger: Ledger, index: int | None, limit: int) -> list[EntryView]:
    """Up to `limit` entries below `index` (or from the end), newest first."""
    reader = ledger.refreshed()
    stop = min(reader.size, reader.size if index is None else index)
    start = max(0, stop - limit)
    shown = [_view(ledger, start + place, data) for place, data in enumerate(reader.entries(start, stop))]
    return shown[::-1]


def at(ledger: Ledger, index: int) -> EntryView:
    reader = ledger.refreshed()
    if not 0 <= index < reader.size:
        raise NotFound(
            N_("There is no entry %(index)s: the entries are numbered from 0 to %(last)s."),
            index=index,
            last=reader.size - 1,
        )
    return _view(ledger, index, reader.entry(index))


def _view(ledger: Ledger, index: int, data: bytes) -> EntryView:
    statement = parse_statement(data)
    fact = _fact(statement, ledger.origin)
    claims = statement.claims
    return EntryView(
        index=index,
        leaf=statement.leaf_hash.hex(),
        kind=fact.kind.name if fact else None,
        says={"zh": explain(fact, "zh"), "en": explain(fact, "en")} if fact else None,
        issuer=claims.iss,
        subject=claims.sub,
        signed_at=datetime.fromtimestamp(claims.iat, UTC),
        statement=base64.b64encode(data).decode(),
    )


def _fact(statement: Statement, origin: str) -> Fact | None:
    try:
        return read_fact(statement, origin)
    except LedgerError:
        return None
