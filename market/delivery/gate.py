"""The one gate before all data: whoever has a running licence, or reads his own organisation's data, passes.

Every door asks here at each request: files by key, files by ticket, rows, pages. A refusal is 403 and says what to do;
it is never "not found" for an asset that everybody may see, and never "try again later".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from market.catalog import service as catalog
from market.catalog.schemas import FileView, VersionView
from market.delivery.errors import (
    KeptByProvider,
    LicenceEnded,
    LicenceForOtherUse,
    LicenceNeeded,
    LicenceRevoked,
    LicenceSuspended,
    NotHereYet,
    TicketInvalid,
)
from market.delivery.tickets import Ticket
from market.delivery.verbs import DOWNLOAD, MAKE_TICKET
from market.kit.auth import Authenticator, Principal, Resource, Verb, allowed, decide, system
from market.kit.i18n import N_
from market.licensing import service as licensing
from market.licensing.schemas import EntitlementState, EntitlementView, Environment

_TICKETS = system("download ticket")
_NOBODY = UUID(int=0)
# In the Chinese catalogue the sentence leads to the Chinese page.
_TAKE_OFFER = N_("Take one of its offers: /en/assets/%(asset)s")


@dataclass(frozen=True)
class Grant:
    """A file that somebody may have now. entitlement: under which licence; None for one's own data.

    account_id, key_id: who asked, and with which API key, None on a page.
    """

    org_id: UUID
    account_id: UUID
    key_id: UUID | None
    version: VersionView
    file: FileView
    environment: Environment
    entitlement: EntitlementView | None


def admit(
    session: Session,
    *,
    actor: Principal,
    verb: Verb,
    version_id: UUID,
    path: str,
    environment: Environment,
    now: datetime,
) -> Grant:
    """The file, if the actor's organisation may use it this way now. Raises the faults that say why not."""
    decide(actor, verb, Resource(org_id=actor.acting_org))
    version, file = catalog.file_of(session, actor=actor, version_id=version_id, path=path)
    entitlement = None
    if version.org_id != actor.acting_org:
        entitlement = licensing.entitlement_for(
            session, actor=actor, asset_id=version.asset_id, now=now, environment=environment
        )
        check_licence(entitlement, version.asset_id, environment)
    _check_here(session, version, file)
    return Grant(
        actor.acting_org, actor.account_id or _NOBODY, actor.key_id, version, file, environment, entitlement
    )


def admit_ticket(session: Session, authenticator: Authenticator, ticket: Ticket, now: datetime) -> Grant:
    """The file that a genuine ticket stands for, if who took it still may and the licence behind it still stands."""
    holder = authenticator.standing(
        session, account_id=ticket.account_id, org_id=ticket.org_id, key_id=ticket.key_id
    )
    if not allowed(holder, MAKE_TICKET, Resource(org_id=ticket.org_id)):
        raise TicketInvalid(
            N_("Whoever took it may not have these data any more."),
            hint=N_("Take a new one from your library, or by POST /api/v1/tickets."),
        )
    version, file = catalog.file_of(session, actor=_TICKETS, version_id=ticket.version_id, path=ticket.path)
    if file.sha256 != ticket.sha256:
        raise _stale_ticket()
    entitlement = None
    if ticket.entitlement_id is not None:
        entitlement = licensing.standing(session, entitlement_id=ticket.entitlement_id, now=now)
        if entitlement is None or (entitlement.buyer_org, entitlement.asset_id) != (
            ticket.org_id,
            version.asset_id,
        ):
            raise _stale_ticket()
        check_licence(entitlement, version.asset_id, Environment.DOWNLOAD)
    elif version.org_id != ticket.org_id:
        raise _stale_ticket()
    _check_here(session, version, file)
    return Grant(
        ticket.org_id, ticket.account_id, ticket.key_id, version, file, Environment.DOWNLOAD, entitlement
    )


def still_stands(session: Session, authenticator: Authenticator, grant: Grant, now: datetime) -> bool:
    """Whether what was admitted would be admitted again."""
    holder = authenticator.standing(
        session, account_id=grant.account_id, org_id=grant.org_id, key_id=grant.key_id
    )
    if not allowed(holder, DOWNLOAD, Resource(org_id=grant.org_id)):
        return False
    if grant.entitlement is None:
        return True
    entitlement = licensing.standing(session, entitlement_id=grant.entitlement.id, now=now)
    return entitlement is not None and entitlement.is_active and grant.environment in entitlement.environment


def check_licence(entitlement: EntitlementView | None, asset_id: UUID, environment: Environment) -> None:
    """Return if the licence is in force for this use; else raise the fault that names its state."""
    if entitlement is None:
        raise LicenceNeeded(
            N_("Only holders of a licence may have the data; everybody may read its description."),
            hint=_TAKE_OFFER,
            asset=asset_id,
        )
    if entitlement.state is EntitlementState.REVOKED:
        raise LicenceRevoked(
            N_("It was ended on %(when)s: %(reason)s"),
            hint=N_("Write to the provider; your receipts stay valid. Offers: /en/assets/%(asset)s"),
            when=_day(entitlement.ended_at),
            reason=(entitlement.reason.en or entitlement.reason.zh) if entitlement.reason else "–",
            asset=asset_id,
        )
    if entitlement.state is EntitlementState.SUSPENDED:
        raise LicenceSuspended(
            N_("A payment for it is in dispute."),
            hint=N_("It goes on by itself once that is settled; see your orders."),
        )
    if not entitlement.is_active:
        raise LicenceEnded(
            N_("It was good until %(when)s."),
            hint=N_("Take a new one of its offers: /en/assets/%(asset)s"),
            when=_day(entitlement.ends_at),
            asset=asset_id,
        )
    if environment not in entitlement.environment:
        raise LicenceForOtherUse(
            N_("It allows: %(allowed)s. This needs: %(needed)s."),
            hint=_TAKE_OFFER,
            allowed=", ".join(entitlement.environment),
            needed=environment.value,
            asset=asset_id,
        )


def _check_here(session: Session, version: VersionView, file: FileView) -> None:
    if file.state == "remote":
        raise KeptByProvider(
            N_("Fetch them there: %(address)s"),
            hint=N_("Then check them against the version's manifest with: datawharf verify."),
            address=catalog.kept_at(session, version_id=version.id),
        )
    if file.state != "available":
        raise NotHereYet(
            N_("%(path)s is still to be uploaded."), hint=N_("Send its bytes first."), path=file.path
        )


def _stale_ticket() -> TicketInvalid:
    return TicketInvalid(
        N_("It does not fit what is here any more."),
        hint=N_("Take a new one from your library, or by POST /api/v1/tickets."),
    )


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment is not None else "–"
