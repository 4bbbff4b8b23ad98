"""Data as a service: rows of a licensed table, each counted against the licence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from market.catalog import service as catalog
from market.delivery import gate
from market.delivery.conditions import read_columns, read_condition
from market.delivery.gate import Grant
from market.delivery.reader.shapes import RowQuery, TableSummary
from market.delivery.schemas import ColumnView, RowsIn, TableView
from market.delivery.verbs import READ_ROWS
from market.kit.auth import Principal
from market.kit.errors import NotFound
from market.kit.i18n import N_
from market.licensing.errors import RowQuotaExceeded
from market.licensing.schemas import Environment


@dataclass(frozen=True)
class Reading:
    """A page of rows that may be read. left: rows that the licence has left, None for no limit."""

    grant: Grant
    query: RowQuery
    left: int | None


def admit_rows(
    session: Session, *, actor: Principal, asset_id: UUID, asked: RowsIn, now: datetime
) -> Reading:
    """Check the licence and the query. Never asks for more rows than are left. Raises RowQuotaExceeded where none is."""
    grant = admit_table(
        session, actor=actor, asset_id=asset_id, path=asked.path, version_id=asked.version_id, now=now
    )
    left = grant.entitlement.rows_left if grant.entitlement else None
    if left is not None and left <= 0 and grant.entitlement is not None:
        raise RowQuotaExceeded(
            N_("Rows left: %(left)s of %(quota)s. This needs %(rows)s."),
            hint=N_("Ask for fewer rows, or take another licence."),
            left=0,
            quota=grant.entitlement.quota_rows,
            rows=asked.limit,
        )
    query = RowQuery(
        columns=read_columns(asked.columns or ()),
        filters=tuple(read_condition(text) for text in asked.where),
        cursor=asked.cursor,
        limit=asked.limit if left is None else min(asked.limit, left),
    )
    return Reading(grant, query, left)


def admit_table(
    session: Session, *, actor: Principal, asset_id: UUID, path: str, version_id: UUID | None, now: datetime
) -> Grant:
    """The table, if the actor's organisation may read it by row now."""
    if version_id is None:
        version_id = catalog.asset(session, actor=actor, asset_id=asset_id).current_version_id
    if version_id is None:
        raise NotFound(N_("This asset has no registered version yet."), where="version_id")
    grant = gate.admit(
        session,
        actor=actor,
        verb=READ_ROWS,
        version_id=version_id,
        path=path,
        environment=Environment.API,
        now=now,
    )
    if grant.version.asset_id != asset_id:
        raise NotFound(N_("This asset has no such version."), where="version_id")
    return grant


def table_view(grant: Grant, summary: TableSummary) -> TableView:
    return TableView(
        version_id=grant.version.id,
        path=grant.file.path,
        columns=[ColumnView(name=column.name, type=column.type) for column in summary.columns],
        row_count=summary.row_count,
    )
