"""ETag and If-Match: an edit says which revision it changes (RFC 9110 sections 8.8.3 and 13.1.1)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from market.kit.errors import EditConflict, MalformedRequest, PreconditionMissing
from market.kit.i18n import N_


def format_etag(revision: int) -> str:
    return f'"{revision}"'


def if_match(
    if_match: Annotated[str | None, Header(description='The ETag you read, for example "3".')] = None,
) -> int:
    """Dependency of every edit: the revision that the caller saw."""
    if if_match is None:
        raise PreconditionMissing(
            N_("This request needs an If-Match header."),
            hint=N_("Read the object first and send back its ETag."),
            where="If-Match",
        )
    text = if_match.strip()
    if len(text) < 3 or text[0] != '"' or text[-1] != '"' or not text[1:-1].isdecimal():
        raise MalformedRequest(
            N_("If-Match must be one ETag that this service gave out."),
            hint=N_('It looks like "3".'),
            where="If-Match",
        )
    return int(text[1:-1])


IfMatch = Annotated[int, Depends(if_match)]


def same_revision(expected: int, actual: int) -> None:
    """Refuse an edit of something that changed since it was read."""
    if expected != actual:
        raise EditConflict(
            N_("You saw revision %(expected)s; it is now at revision %(actual)s. Nothing was changed."),
            hint=N_("Read it again, and repeat your change if it still makes sense."),
            where="If-Match",
            expected=expected,
            actual=actual,
        )
