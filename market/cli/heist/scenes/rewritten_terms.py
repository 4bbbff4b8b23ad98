"""Scene 2: root rewrites the registered licence and the signed terms in the database, in every row that holds them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, select, update
from sqlmodel import Session

from ledger.policy import parse_policy
from ledger.statement import canonical_json
from market.cli.heist.case import Case, Unnoticed
from market.client import Datawharf
from market.client.comparing import Comparison, compare
from market.kit.db import Database
from market.tables import metadata

LICENCE, TERM_DAYS = "LicenseRef-Datawharf-Commercial-1.0", 7


def play(case: Case) -> None:
    tell = case.tell
    tell.begin("The heist, scene 2: root rewrites registered terms in the database")
    _must_agree(case)
    with rewritten(case) as rows:
        tell.say(
            "The licence becomes %(licence)s and the term %(days)s days, in all %(rows)s rows that hold them: the asset, "
            "its registered description, the signed offer, the contract's text.",
            licence=LICENCE,
            days=TERM_DAYS,
            rows=rows,
        )
        trust = parse_policy(case.trust.read_bytes())
        with case.buyer() as market:
            found = compare(market, case.contract.read_bytes(), trust)
            _named(
                case,
                tell.words("The buyer compares the contract's receipt with what the market shows:"),
                found,
            )
        with Datawharf(case.settings.public_url, lang=tell.lang) as visitor:
            found = compare(visitor, case.registration.read_bytes(), trust)
            _named(
                case,
                tell.words("The auditor, without an account, compares the registration's receipt:"),
                found,
            )
    _must_agree(case)
    tell.say("The rows are put back; both comparisons pass again.")


def _named(case: Case, who: str, found: Comparison) -> None:
    if not found.differences:
        raise Unnoticed(f"the comparison with the {found.kind}'s receipt noticed nothing")
    case.tell.say("%(who)s", who=who)
    for one in found.differences:
        case.tell.show(
            case.tell.words(
                "✗ %(what)s: the market shows “%(shown)s”, but “%(sealed)s” was signed (ledger entry %(index)s).",
                what=one.what,
                shown=one.shown,
                sealed=one.sealed,
                index=found.index,
            )
        )


def _must_agree(case: Case) -> None:
    with case.buyer() as market:
        for receipt in (case.registration, case.contract):
            found = compare(market, receipt.read_bytes(), parse_policy(case.trust.read_bytes()))
            if found.differences:
                raise Unnoticed(
                    f"without any fraud the market differs from {receipt.name}: {found.differences}"
                )


@contextmanager
def rewritten(case: Case) -> Iterator[int]:
    """While the block runs the rows say something else; then they are as before. Gives how many rows there are."""
    db = Database(case.settings.database)
    try:
        with db.writing() as session:
            before = list(_rows(session, case))
            for table, key, old in before:
                _write(session.connection(), table, key, _forged(old))
        try:
            yield len(before)
        finally:
            with db.writing() as session:
                for table, key, old in before:
                    _write(session.connection(), table, key, old)
    finally:
        db.close()


Row = tuple[Table, UUID, dict[str, Any]]


def _rows(session: Session, case: Case) -> Iterator[Row]:
    """Table, primary key and the columns that hold the terms."""
    evidence, connection = case.evidence, session.connection()
    contract = UUID(evidence.contract_id)
    contracts = metadata.tables["contract"]
    revision = connection.execute(
        select(contracts.c.revision_id).where(contracts.c.id == contract)
    ).scalar_one()
    wanted = (
        ("asset", UUID(evidence.asset), ("document",)),
        ("version_record", UUID(evidence.version), ("metadata_snapshot",)),
        ("offer_revision", revision, ("content", "conditions", "term_days")),
        ("contract_text", contract, ("content",)),
    )
    for name, key, columns in wanted:
        table = metadata.tables[name]
        found = connection.execute(
            select(*(table.c[column] for column in columns)).where(_key_of(table) == key)
        ).one()
        yield table, key, dict(zip(columns, found, strict=True))


def _key_of(table: Table) -> Any:
    (column,) = table.primary_key.columns
    return column


def _write(connection: Connection, table: Table, key: UUID, values: Mapping[str, Any]) -> None:
    connection.execute(update(table).where(_key_of(table) == key).values(**values))


def _forged(old: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _forged_value(name, value) for name, value in old.items()}


def _forged_value(name: str, value: Any) -> Any:
    if name == "term_days":
        return TERM_DAYS
    if isinstance(value, bytes):
        return canonical_json(_replaced(json.loads(value)))
    return _replaced(value)


def _replaced(value: Any) -> Any:
    """The same document with another licence and another term."""
    if isinstance(value, dict):
        forged = {"licence": LICENCE, "termDays": TERM_DAYS, "term_days": TERM_DAYS}
        return {name: forged[name] if name in forged else _replaced(inner) for name, inner in value.items()}
    return value
