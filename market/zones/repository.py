"""Counting registrations."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from market.zones.models import RegistrationSerial


def next_serial(session: Session, adcode: str, kind: str, month: str) -> int:
    """The next number; given out again only if this transaction is undone."""
    taken = _advance(session, adcode, kind, month)
    if taken is None:
        try:
            with session.begin_nested():
                session.add(RegistrationSerial(adcode=adcode, kind=kind, month=month, last=1))
                session.flush()
            return 1
        except IntegrityError:
            taken = _advance(session, adcode, kind, month)  # another transaction was first
    if taken is None:
        raise RuntimeError("the counter of registrations vanished")
    return taken


def _advance(session: Session, adcode: str, kind: str, month: str) -> int | None:
    row = session.exec(
        update(RegistrationSerial)
        .where(
            col(RegistrationSerial.adcode) == adcode,
            col(RegistrationSerial.kind) == kind,
            col(RegistrationSerial.month) == month,
        )
        .values(last=RegistrationSerial.last + 1)
        .returning(col(RegistrationSerial.last))
        .execution_options(synchronize_session=False)
    ).first()
    return int(row[0]) if row is not None else None
