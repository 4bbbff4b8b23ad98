"""Keyset pages: a cursor names the last row seen, so a page costs the same however deep it is."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, Protocol, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from market.kit.errors import InvalidInput
from market.kit.i18n import N_

Item = TypeVar("Item")
MAX_PAGE = 200
# The parameters of every list: where to go on, and how many at most.
Cursor = Annotated[str | None, Query(max_length=300, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


class HasId(Protocol):
    id: UUID


Row = TypeVar("Row", bound=HasId)


class Page(BaseModel, Generic[Item]):
    """items: at most `limit` of them. next: the cursor of the page after, or null at the end."""

    items: list[Item]
    next: str | None = None


def page_by_id(rows: Sequence[Row], limit: int, shown: Callable[[Sequence[Row]], list[Item]]) -> Page[Item]:
    """A page of a list that is ordered by id, from `limit` + 1 rows: the one too many says that there are more."""
    here = rows[:limit]
    return Page(items=shown(here), next=write_cursor(str(here[-1].id)) if len(rows) > limit else None)


def write_cursor(*position: str | int) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).rstrip(b"=").decode()


def read_id(cursor: str | None) -> UUID | None:
    """The id in the cursor of a list that is ordered by id; None for the list's beginning."""
    if not cursor:
        return None
    (text,) = read_cursor(cursor, [str])
    try:
        return UUID(str(text))
    except ValueError as error:
        raise _not_ours() from error


def read_cursor(cursor: str, shape: Sequence[type]) -> tuple[str | int, ...]:
    """The position in `cursor`, checked to have the given types."""
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(position, list) or [type(part) for part in position] != list(shape):
            raise ValueError
    except (ValueError, binascii.Error, RecursionError) as error:
        raise _not_ours() from error
    return tuple(position)


def _not_ours() -> InvalidInput:
    return InvalidInput(
        N_("The cursor is not one that this list gave out."),
        hint=N_("Take `next` from the page before, unchanged, or leave the cursor out to start again."),
        where="cursor",
    )
