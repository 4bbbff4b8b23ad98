"""Received: the buyer signs that the last byte came and was checked. Without that a delivery stays "released"."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from ledger.errors import LedgerError
from ledger.statement import canonical_json, parse_canonical_json
from market.catalog import service as catalog
from market.catalog.schemas import VersionView
from market.delivery import repository
from market.delivery.errors import NothingReleased
from market.delivery.models import Delivery
from market.delivery.releases import views_of
from market.delivery.schemas import DeliveryState, DeliveryView, NewAcknowledgement
from market.delivery.verbs import ACKNOWLEDGE
from market.kit.auth import Principal, Resource, decide
from market.kit.i18n import N_
from market.licensing import service as licensing
from market.licensing.schemas import EntitlementView
from market.provenance.errors import StatementDiffers
from market.provenance.gateway import Ledger
from market.provenance.schemas import About
from market.provenance.signing import record_signed

FIELD = "received"
# A buyer's clock may be wrong by this much.
CLOCK_SKEW = timedelta(days=1)


def acknowledge(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    entitlement_id: UUID,
    new: NewAcknowledgement,
    now: datetime,
) -> DeliveryView:
    """Record the buyer's statement, if it says exactly what was delivered. A second one changes nothing.

    Raises NothingReleased, StatementDiffers, and what recording a statement raises.
    """
    entitlement = licensing.entitlement(session, actor=actor, entitlement_id=entitlement_id, now=now)
    decide(actor, ACKNOWLEDGE, Resource(org_id=entitlement.buyer_org))
    version = catalog.version(session, actor=actor, version_id=new.version_id)
    delivery = repository.delivery_of(session, entitlement.id, version.id, for_update=True)
    if delivery is None:
        raise NothingReleased(
            N_("Download the version first, by key or from your library."),
            hint=N_("datawharf download does both: it fetches, checks and acknowledges."),
            where="version_id",
        )
    if delivery.state == DeliveryState.RELEASED:
        stated = record_signed(
            session,
            actor=actor,
            ledger=ledger,
            signed=new,
            kind="received",
            subject_id=entitlement.id,
            predicate={"registration": version.leaf, "contract": entitlement.contract},
            contents={FIELD: _document(new, entitlement, version, delivery, now)},
            about=About(org_ids=[entitlement.buyer_org, entitlement.provider_org], asset_id=version.asset_id),
            now=now,
        )
        delivery.state, delivery.received_at = DeliveryState.RECEIVED, now
        delivery.received_leaf = stated.leaf
        session.add(delivery)
        session.flush()
    return views_of(session, [delivery])[0]


def _document(
    new: NewAcknowledgement,
    entitlement: EntitlementView,
    version: VersionView,
    delivery: Delivery,
    now: datetime,
) -> bytes:
    """What the buyer has to commit to; when it came is the buyer's to say, within reason."""
    at = _said_time(new)
    if not _in_time(at, delivery.released_at, now):
        raise StatementDiffers(
            N_("It came at %(at)s, it says, which is not between the release and now. Nothing was recorded."),
            hint=N_("Let the datawharf client write it, or compare it with the version and the licence."),
            where=f"openings/{FIELD}",
            at=at,
        )
    return canonical_json(
        {
            "at": at,
            "bytes": version.size_bytes,
            "contentRoot": version.content_root,
            "contract": entitlement.contract,
            "entitlement": str(entitlement.id),
            "files": version.file_count,
        }
    )


def _said_time(new: NewAcknowledgement) -> object:
    opened = next((one for one in new.opened if one.name == FIELD), None)
    try:
        said: Any = parse_canonical_json(opened.content) if opened else None
    except LedgerError:
        said = None
    return said.get("at") if isinstance(said, dict) else None


def _in_time(at: object, released_at: datetime, now: datetime) -> bool:
    """Whether `at` is a moment with a zone, after the release and not to come, give or take a wrong clock."""
    if not isinstance(at, str):
        return False
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return False
    return moment.tzinfo is not None and released_at - CLOCK_SKEW <= moment <= now + CLOCK_SKEW
