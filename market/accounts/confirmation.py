"""Step-up: what changes power asks that the person gave his password a short while ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from market.accounts.errors import ConfirmationRequired
from market.accounts.verbs import INVITE
from market.kit.auth import Principal, Resource, Via, allowed
from market.kit.i18n import N_
from market.provenance.verbs import BIND_KEY

FRESH = timedelta(minutes=10)


def is_fresh(actor: Principal, now: datetime) -> bool:
    if actor.via is Via.SYSTEM:
        return True
    return actor.confirmed_at is not None and now - actor.confirmed_at <= FRESH


def require_fresh(actor: Principal, now: datetime) -> None:
    """Refuse unless the actor proved himself by password within the last ten minutes."""
    if not is_fresh(actor, now):
        raise ConfirmationRequired(
            N_("This changes who can do what, so it asks for your password again."),
            hint=N_("Confirm with your password on the account page, or log in again on the command line."),
        )


def may_manage(actor: Principal, org_id: UUID) -> bool:
    """Whether to show what owners and administrators do."""
    return allowed(actor, INVITE, Resource(org_id=org_id))


def may_bind(actor: Principal, org_id: UUID) -> bool:
    return allowed(actor, BIND_KEY, Resource(org_id=org_id))
