"""The directory of signing keys. Each binding and each withdrawal is an entry of the log, made by the platform."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from ledger.bindings import verify_possession
from ledger.errors import LedgerError
from ledger.keys import PublicKey
from ledger.names import urn
from market.kit.auth import Principal, Resource, decide, nothing_there
from market.kit.i18n import N_
from market.kit.paging import MAX_PAGE, Page, page_by_id, read_id
from market.provenance import repository
from market.provenance.errors import BadSignature, KeyTaken, KeyUnusable, KeyWithdrawn
from market.provenance.gateway import Ledger
from market.provenance.models import SigningKeyRow
from market.provenance.schemas import KeyView
from market.provenance.service import record_as_platform, statements
from market.provenance.verbs import BIND_KEY, READ_KEYS, WITHDRAW_KEY


def bind_key(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    org_id: UUID,
    key: bytes,
    possession: bytes,
    label: str,
    now: datetime,
) -> KeyView:
    """Bind a public key to an organisation, whose holder proved that he has the private half.

    Weak keys (small or mixed order, not canonical) are refused: anybody could sign in their name.
    The same key for the same organisation again is the same binding.
    """
    decide(actor, BIND_KEY, Resource(org_id=org_id))
    public = _usable(key)
    org = urn(ledger.origin, "org", org_id)
    try:
        verify_possession(public, ledger.origin, org, possession)
    except LedgerError as error:
        raise BadSignature(
            N_("The proof of possession does not fit this key and organisation."),
            hint=N_("Make it with the key itself, for the log %(origin)s."),
            where="possession",
            origin=ledger.origin,
        ) from error
    kid = public.thumbprint.hex()
    known = repository.key(session, kid)
    if known is not None:
        return _again(session, ledger, known, org_id)
    binding = record_as_platform(
        session,
        ledger=ledger,
        kind="key-binding",
        subject_id=org_id,
        predicate={"org": org, "key": public.raw.hex(), "possession": possession.hex()},
        now=now,
    )
    row = SigningKeyRow(
        kid=kid, org_id=org_id, key=public.raw.hex(), label=label, binding=binding.leaf, created_at=now
    )
    session.add(row)
    session.flush()
    return _views(session, ledger, [row])[0]


def withdraw_key(
    session: Session, *, actor: Principal, ledger: Ledger, org_id: UUID, kid: str, reason: str, now: datetime
) -> KeyView:
    """End a key: nothing new can be signed with it. What it signed before stays valid."""
    decide(actor, WITHDRAW_KEY, Resource(org_id=org_id))
    row = repository.key(session, kid)
    if row is None or row.org_id != org_id:
        raise nothing_there()
    if row.state == "bound":
        stated = record_as_platform(
            session,
            ledger=ledger,
            kind="key-withdrawal",
            subject_id=org_id,
            predicate={
                "org": urn(ledger.origin, "org", org_id),
                "key": row.key,
                "binding": row.binding,
                "reason": reason,
            },
            now=now,
        )
        row.state, row.withdrawal = "withdrawn", stated.leaf
        session.add(row)
        session.flush()
    return _views(session, ledger, [row])[0]


def keys_of(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    org_id: UUID,
    cursor: str | None = None,
    limit: int = MAX_PAGE,
) -> Page[KeyView]:
    """All keys an organisation ever had, oldest first. Anybody's to see, as the ledger is; the labels are its own."""
    decide(actor, READ_KEYS, Resource())
    rows = repository.keys_of(session, org_id, read_id(cursor), limit + 1)
    page = page_by_id(rows, limit, lambda shown: _views(session, ledger, shown))
    if actor.org_id != org_id:
        page.items = [view.model_copy(update={"label": ""}) for view in page.items]
    return page


def _usable(key: bytes) -> PublicKey:
    try:
        return PublicKey.parse(key)
    except LedgerError as error:
        raise KeyUnusable(
            "%(why)s", hint=N_("Make a new Ed25519 key, and register that one."), where="key", why=error
        ) from error


def _again(session: Session, ledger: Ledger, known: SigningKeyRow, org_id: UUID) -> KeyView:
    if known.org_id != org_id:
        raise KeyTaken(
            N_("This key belongs to another organisation."), hint=N_("Make a key of your own."), where="key"
        )
    if known.state == "withdrawn":
        raise KeyWithdrawn(
            N_("This key was withdrawn and cannot come back."),
            hint=N_("Make a new key and register that one."),
        )
    return _views(session, ledger, [known])[0]


def _views(session: Session, ledger: Ledger, rows: Sequence[SigningKeyRow]) -> list[KeyView]:
    bindings = statements(session, ledger, [row.binding for row in rows])
    return [
        KeyView(
            kid=row.kid,
            org_id=row.org_id,
            key=row.key,
            label=row.label,
            state=row.state,
            bound_index=bindings[row.binding].index,
            created_at=row.created_at,
        )
        for row in rows
    ]
