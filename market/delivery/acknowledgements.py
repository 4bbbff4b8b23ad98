"""Received: the buyer signs that the last byte came and was checked. Without that a delivery stays "released"."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from sqlmodel import Session

from ledger.errors import LedgerError
from ledger.statement import parse_canonical_json
from market.catalog import service as catalog
from market.catalog.schemas import VersionView
from market.delivery import repository
from market.delivery.errors import AcknowledgementDiffers, NothingReleased
from market.delivery.models import Delivery
from market.delivery.releases import views_of
from market.delivery.schemas import DeliveryState, DeliveryView, NewAcknowledgement
from market.delivery.verbs import ACKNOWLEDGE
from market.kit.auth import Principal, Resource, decide
from market.kit.i18n import N_
from market.licensing import service as licensing
from market.licensing.schemas import EntitlementView
from market.provenance import service as provenance
from market.provenance.gateway import Ledger
from market.provenance.schemas import About
from market.statements import Fact

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

    Raises NothingReleased, AcknowledgementDiffers, and what recording a statement raises.
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
    _check_fact(provenance.read(ledger, new.data), entitlement, version)
    _check_opening(new, entitlement, version, delivery, now)
    if delivery.state == DeliveryState.RELEASED:
        stated = provenance.record(
            session,
            actor=actor,
            ledger=ledger,
            statement=new.data,
            openings=new.opened,
            about=About(org_ids=[entitlement.buyer_org, entitlement.provider_org], asset_id=version.asset_id),
            now=now,
        )
        delivery.state, delivery.received_at = DeliveryState.RECEIVED, now
        delivery.received_leaf = stated.leaf
        session.add(delivery)
        session.flush()
    return views_of(session, [delivery])[0]


def _check_fact(fact: Fact, entitlement: EntitlementView, version: VersionView) -> None:
    """The public part: which registration, under which contract."""
    if fact.kind.name != "received":
        _differs("predicateType")
    if fact.subject_id != entitlement.id:
        _differs("sub")
    for name, value in (("registration", version.leaf), ("contract", entitlement.contract)):
        if fact.predicate[name] != value:
            _differs(name)


def _check_opening(
    new: NewAcknowledgement,
    entitlement: EntitlementView,
    version: VersionView,
    delivery: Delivery,
    now: datetime,
) -> None:
    """The committed part. That it opens the commitment is checked when it is recorded."""
    if [one.name for one in new.opened] != [FIELD]:
        _differs("openings")
    try:
        said: Any = parse_canonical_json(new.opened[0].content)
    except LedgerError:
        said = None
    expected = {
        "bytes": version.size_bytes,
        "contentRoot": version.content_root,
        "contract": entitlement.contract,
        "entitlement": str(entitlement.id),
        "files": version.file_count,
    }
    if not isinstance(said, dict) or set(said) != {"at", *expected}:
        _differs("openings/0/content")
    for name, value in expected.items():
        if said[name] != value or type(said[name]) is not type(value):
            _differs(name)
    if not _in_time(said["at"], delivery.released_at, now):
        _differs("at")


def _in_time(at: object, released_at: datetime, now: datetime) -> bool:
    """Whether `at` is a moment with a zone, after the release and not to come, give or take a wrong clock."""
    if not isinstance(at, str):
        return False
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return False
    return moment.tzinfo is not None and released_at - CLOCK_SKEW <= moment <= now + CLOCK_SKEW


def _differs(where: str) -> NoReturn:
    raise AcknowledgementDiffers(
        N_("It differs in %(field)s. Nothing was recorded; the delivery stays at “released”."),
        hint=N_("Let the datawharf client write it, or compare it with the version and the licence."),
        where=where,
        field=where,
    )
