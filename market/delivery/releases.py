"""Released: the platform states that bytes of a version left for a buyer, once a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session

from market.delivery import repository
from market.delivery.gate import Grant
from market.delivery.models import Delivery, Release
from market.delivery.schemas import DeliveryState, DeliveryView, ReleaseView
from market.delivery.verbs import READ_DELIVERIES
from market.kit.auth import Principal, Resource, decide
from market.kit.db import insert_new
from market.kit.paging import Page, page_by_id, read_id
from market.provenance import service as provenance
from market.provenance.gateway import Ledger
from market.provenance.schemas import About, OpeningIn
from market.statements import commit

FIELD = "release"


def is_released(session: Session, grant: Grant, now: datetime) -> bool:
    """Whether today's release of this version under this licence is stated already, or needs none."""
    if grant.entitlement is None:
        return True
    day = now.astimezone(UTC).date()
    return repository.is_released(session, grant.entitlement.id, grant.version.id, day)


def release(session: Session, *, ledger: Ledger, grant: Grant, now: datetime) -> None:
    """State that the first byte of the day leaves now. Two requests at once make one statement."""
    entitlement, version = grant.entitlement, grant.version
    if entitlement is None or version.leaf is None:
        return
    delivery = _delivery(session, grant, now)
    day = now.astimezone(UTC).date()
    if not insert_new(session, Release(delivery_id=delivery.id, day=day)):
        return
    committed = commit(
        {
            "entitlement": str(entitlement.id),
            "version": str(version.id),
            "contentRoot": version.content_root,
            "day": day.isoformat(),
            "contract": entitlement.contract,
        }
    )
    stated = provenance.record_as_platform(
        session,
        ledger=ledger,
        kind="release",
        subject_id=entitlement.id,
        predicate={"registration": version.leaf, FIELD: committed.hex, "day": day.isoformat()},
        openings=[OpeningIn(FIELD, committed.salt, committed.content)],
        about=About(org_ids=[entitlement.buyer_org, entitlement.provider_org], asset_id=version.asset_id),
        now=now,
    )
    repository.set_release_leaf(session, delivery.id, day, stated.leaf)


def deliveries(
    session: Session,
    *,
    actor: Principal,
    provided: bool = False,
    entitlement_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[DeliveryView]:
    """What one's organisation got or, with `provided`, what others got of its assets; newest first."""
    org_id = actor.acting_org
    decide(actor, READ_DELIVERIES, Resource(org_id=org_id))
    rows = repository.deliveries(
        session,
        org_id,
        provided=provided,
        entitlement_id=entitlement_id,
        before=read_id(cursor),
        limit=limit + 1,
    )
    return page_by_id(rows, limit, lambda shown: views_of(session, shown))


def views_of(session: Session, rows: Sequence[Delivery]) -> list[DeliveryView]:
    released: dict[UUID, list[ReleaseView]] = {}
    for row in repository.releases_of(session, [delivery.id for delivery in rows]):
        if row.leaf is not None:
            released.setdefault(row.delivery_id, []).append(ReleaseView(day=row.day, leaf=row.leaf))
    return [
        DeliveryView(
            id=row.id,
            entitlement_id=row.entitlement_id,
            version_id=row.version_id,
            asset_id=row.asset_id,
            buyer_org=row.org_id,
            provider_org=row.provider_org_id,
            state=DeliveryState(row.state),
            released_at=row.released_at,
            received_at=row.received_at,
            leaf=row.received_leaf,
            releases=released.get(row.id, []),
        )
        for row in rows
    ]


def _delivery(session: Session, grant: Grant, now: datetime) -> Delivery:
    """The row of a version under a licence; made if it is the first time."""
    entitlement, version = grant.entitlement, grant.version
    assert entitlement is not None
    found = repository.delivery_of(session, entitlement.id, version.id)
    if found is None:
        made = Delivery(
            entitlement_id=entitlement.id,
            version_id=version.id,
            asset_id=version.asset_id,
            org_id=entitlement.buyer_org,
            provider_org_id=entitlement.provider_org,
            state=DeliveryState.RELEASED.value,
            released_at=now,
        )
        insert_new(session, made)
        found = repository.delivery_of(session, entitlement.id, version.id)
    assert found is not None
    return found
