"""The log's entries, read from the log itself and put in words."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime

from ledger.errors import LedgerError
from ledger.hashing import leaf_hash
from ledger.rotation import is_rotation, open_rotation
from ledger.statement import Statement, parse_statement
from market.kit.errors import NotFound
from market.kit.i18n import N_
from market.provenance.gateway import Ledger
from market.provenance.schemas import EntryView
from market.statements import Fact, explain, read_fact

ROTATION = "log-key-rotation"


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


def these(ledger: Ledger, indices: Sequence[int]) -> list[EntryView]:
    """The entries at `indices`, in that order; all of them are in the log."""
    reader = ledger.refreshed()
    return [_view(ledger, index, reader.entry(index)) for index in indices]


def document(data: bytes) -> dict[str, object]:
    """What an entry holds, decoded."""
    if is_rotation(data):
        rotation = open_rotation(data)
        return {"origin": rotation.old.name, "old": rotation.old.vkey, "new": rotation.new.vkey}
    return dict(parse_statement(data).document)


def _view(ledger: Ledger, index: int, data: bytes) -> EntryView:
    if is_rotation(data):
        return _rotation(index, data)
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


def _rotation(index: int, data: bytes) -> EntryView:
    """The entry with which the log goes over to another key. Both keys signed it as a note, and it states no time."""
    rotation = open_rotation(data)
    old, new = rotation.old.key_id.hex(), rotation.new.key_id.hex()
    return EntryView(
        index=index,
        leaf=leaf_hash(data).hex(),
        kind=ROTATION,
        says={
            "zh": f"本账本改用新密钥 {new}，接替密钥 {old}；两把密钥都已签名",
            "en": f"The log goes over from the key {old} to the key {new}; both have signed this",
        },
        issuer=rotation.old.vkey,
        subject=rotation.new.vkey,
        signed_at=None,
        statement=base64.b64encode(data).decode(),
    )


def _fact(statement: Statement, origin: str) -> Fact | None:
    try:
        return read_fact(statement, origin)
    except LedgerError:
        return None
