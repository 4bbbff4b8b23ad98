"""Opening files: by key, and by the tickets that stand in for one."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from market.delivery import gate
from market.delivery.gate import Grant
from market.delivery.schemas import NewTicket, TicketView
from market.delivery.tickets import Ticket, format_ticket, parse_ticket
from market.delivery.verbs import DOWNLOAD, MAKE_TICKET
from market.kit.auth import Authenticator, Principal
from market.licensing.schemas import Environment


def open_file(session: Session, *, actor: Principal, version_id: UUID, path: str, now: datetime) -> Grant:
    """A file for its holder of a licence, or for its own organisation."""
    return gate.admit(
        session,
        actor=actor,
        verb=DOWNLOAD,
        version_id=version_id,
        path=path,
        environment=Environment.DOWNLOAD,
        now=now,
    )


def issue_ticket(
    session: Session,
    *,
    actor: Principal,
    new: NewTicket,
    secret: bytes,
    lifetime: timedelta,
    now: datetime,
) -> TicketView:
    """An address for one file that works without a key, for a few minutes and while the licence stands."""
    grant = gate.admit(
        session,
        actor=actor,
        verb=MAKE_TICKET,
        version_id=new.version_id,
        path=new.path,
        environment=Environment.DOWNLOAD,
        now=now,
    )
    ticket = Ticket(
        org_id=grant.org_id,
        account_id=grant.account_id,
        key_id=grant.key_id,
        entitlement_id=grant.entitlement.id if grant.entitlement else None,
        version_id=new.version_id,
        sha256=grant.file.sha256,
        path=new.path,
        expires_at=(now + lifetime).replace(microsecond=0),
    )
    return TicketView(url=f"/d/{format_ticket(ticket, secret)}", expires_at=ticket.expires_at)


def use_ticket(
    session: Session, *, authenticator: Authenticator, text: str, secret: bytes, now: datetime
) -> Grant:
    """The file of a ticket, if its taker still may and the licence still stands.

    Raises TicketInvalid, TicketExpired, Licence… faults.
    """
    return gate.admit_ticket(session, authenticator, parse_ticket(text, secret, now), now)
