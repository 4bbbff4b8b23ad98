"""Signing keys of an organisation: asked for here, bound and ended by the key directory of the log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from market.accounts.confirmation import require_fresh
from market.accounts.schemas import NewSigningKey
from market.kit.auth import Principal, Resource, decide
from market.provenance import keys
from market.provenance.gateway import Ledger
from market.provenance.schemas import KeyView
from market.provenance.verbs import BIND_KEY, WITHDRAW_KEY

if TYPE_CHECKING:
    from sqlmodel import Session


def bind_signing_key(
    session: Session, *, actor: Principal, ledger: Ledger, org_id: UUID, new: NewSigningKey, now: datetime
) -> KeyView:
    """Bind a public key whose holder proved that he has the private half. The binding becomes an entry of the log."""
    decide(actor, BIND_KEY, Resource(org_id=org_id))
    require_fresh(actor, now)
    return keys.bind_key(
        session,
        actor=actor,
        ledger=ledger,
        org_id=org_id,
        key=bytes.fromhex(new.key),
        possession=bytes.fromhex(new.possession),
        label=new.label,
        now=now,
    )


def withdraw_signing_key(
    session: Session, *, actor: Principal, ledger: Ledger, org_id: UUID, kid: str, reason: str, now: datetime
) -> KeyView:
    """End a key: nothing new can be signed with it."""
    decide(actor, WITHDRAW_KEY, Resource(org_id=org_id))
    require_fresh(actor, now)
    return keys.withdraw_key(
        session, actor=actor, ledger=ledger, org_id=org_id, kid=kid, reason=reason, now=now
    )
