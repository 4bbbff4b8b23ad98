"""The entry by which the platform names the index of its log, for a log that began before there was one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from ledger.statement import parse_statement
from market.provenance import repository, service
from market.provenance.gateway import Ledger

KIND = "index-map"


def announce_index(session: Session, *, ledger: Ledger, predicate: Mapping[str, str], now: datetime) -> None:
    """State which index the log has, unless the newest such statement says the same."""
    row = repository.newest_about(session, KIND, ledger.platform.org_id)
    if row is None or parse_statement(row.statement).predicate != predicate:
        service.record_as_platform(
            session,
            ledger=ledger,
            kind=KIND,
            subject_id=ledger.platform.org_id,
            predicate=dict(predicate),
            now=now,
        )
