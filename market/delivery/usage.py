"""Usage: rows that left under a licence, counted with the answer and stated in batches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from sqlmodel import Session

from market.delivery import repository
from market.delivery.gate import Grant
from market.delivery.models import UsageBatch, UsageEvent
from market.delivery.schemas import UsageBatchView
from market.kit.auth import Principal
from market.kit.ids import new_id
from market.kit.jobs import Payload, enqueue
from market.kit.paging import Page, page_by_id, read_id
from market.licensing import service as licensing
from market.licensing.schemas import EntitlementView
from market.provenance import service as provenance
from market.provenance.gateway import Ledger
from market.provenance.schemas import About, OpeningIn
from market.statements import commit

USAGE_TOPIC = "delivery.usage"
FIELD = "usage"
EVENTS_PER_BATCH = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def count_rows(session: Session, *, grant: Grant, rows: int, now: datetime, batch: timedelta) -> int | None:
    """Count rows that are about to leave. Returns how many are left, None for no limit. Raises RowQuotaExceeded, NotEntitled.

    They have been read already and nobody has seen them: a refusal here keeps them back, and a crash before the commit
    costs the buyer nothing.
    """
    entitlement = grant.entitlement
    if entitlement is None:
        return None
    left = licensing.spend_rows(session, entitlement_id=entitlement.id, rows=rows, now=now)
    session.add(
        UsageEvent(
            entitlement_id=entitlement.id,
            version_id=grant.version.id,
            path=grant.file.path,
            row_count=rows,
            at=now,
        )
    )
    start = now - (now - _EPOCH) % batch
    end = start + batch
    enqueue(
        session,
        USAGE_TOPIC,
        {"entitlement": str(entitlement.id), "before": end.isoformat()},
        now=now,
        key=f"{entitlement.id}:{int(start.timestamp())}",
        delay=end - now,
    )
    return left


def state_usage(session: Session, *, ledger: Ledger, payload: Payload, now: datetime) -> int:
    """State what was read under a licence before a moment and is not stated yet; one statement a day of reading at least.

    Returns the number of statements.
    """
    entitlement_id = UUID(payload["entitlement"])
    before = datetime.fromisoformat(payload["before"])
    entitlement = licensing.standing(session, entitlement_id=entitlement_id, now=now)
    if entitlement is None:
        return 0
    made = 0
    while events := repository.open_events(session, entitlement_id, before, EVENTS_PER_BATCH):
        for day, of_day in groupby(events, key=lambda event: event.at.date()):
            _state(session, ledger, entitlement, day, list(of_day), now)
            made += 1
        session.expire_all()
    return made


def batches_of(
    session: Session,
    *,
    actor: Principal,
    entitlement_id: UUID,
    now: datetime,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[UsageBatchView]:
    """What stands in the ledger about rows read under a licence, newest first; for both parties."""
    licensing.entitlement(session, actor=actor, entitlement_id=entitlement_id, now=now)
    rows = repository.batches_of(session, entitlement_id, read_id(cursor), limit + 1)
    return page_by_id(rows, limit, lambda shown: [_view(row) for row in shown])


def _view(row: UsageBatch) -> UsageBatchView:
    return UsageBatchView(
        sequence=row.sequence,
        day=row.day,
        rows=row.row_count,
        first_at=row.first_at,
        last_at=row.last_at,
        leaf=row.leaf,
    )


def _state(
    session: Session,
    ledger: Ledger,
    entitlement: EntitlementView,
    day: date,
    events: list[UsageEvent],
    now: datetime,
) -> None:
    rows = sum(event.row_count for event in events)
    first, last = events[0].at, events[-1].at
    sequence = repository.last_sequence(session, entitlement.id) + 1
    committed = commit(
        {
            "entitlement": str(entitlement.id),
            "rows": rows,
            "from": first.isoformat(timespec="seconds"),
            "to": last.isoformat(timespec="seconds"),
        }
    )
    stated = provenance.record_as_platform(
        session,
        ledger=ledger,
        kind="usage",
        subject_id=entitlement.id,
        predicate={FIELD: committed.hex, "day": day.isoformat(), "sequence": sequence},
        openings=[OpeningIn(FIELD, committed.salt, committed.content)],
        about=About(org_ids=[entitlement.buyer_org, entitlement.provider_org], asset_id=entitlement.asset_id),
        now=now,
    )
    batch = UsageBatch(
        id=new_id(),
        entitlement_id=entitlement.id,
        sequence=sequence,
        day=day,
        row_count=rows,
        first_at=first,
        last_at=last,
        leaf=stated.leaf,
    )
    session.add(batch)
    session.flush()
    _put(session, events, batch.id)


def _put(session: Session, events: Iterable[UsageEvent], batch_id: UUID) -> None:
    repository.put_in_batch(session, [event.id for event in events], batch_id)
