"""The entry by which the platform states which verify.html it hands out: another file for one visitor would contradict it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from ledger.statement import parse_statement
from market.provenance import repository, service
from market.provenance.gateway import Ledger
from market.provenance.schemas import StatementView
from market.provenance.verifier_file import verifier_digest

KIND = "verifier"


def record_verifier(session: Session, *, ledger: Ledger, now: datetime) -> None:
    """State the digest of the verify.html of this release, unless the newest such statement says the same."""
    service.keep_stated(session, ledger=ledger, kind=KIND, predicate={"verifier": verifier_digest()}, now=now)


def verifier_statement(session: Session, ledger: Ledger) -> StatementView | None:
    """The newest statement about verify.html, if it is about the one that is handed out now."""
    row = repository.newest_about(session, KIND, ledger.platform.org_id)
    if row is None or parse_statement(row.statement).predicate.get("verifier") != verifier_digest():
        return None
    return service.view(row, ledger)
