"""Errors name a fact. Each has a kind (which web status), a slug that never changes, and says what to do."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

from market.kit.i18n import N_


class Kind(IntEnum):
    """What sort of refusal this is; the value is the HTTP status."""

    MALFORMED = 400
    UNAUTHENTICATED = 401
    PAYMENT_REQUIRED = 402
    FORBIDDEN = 403
    NOT_FOUND = 404
    CONFLICT = 409
    GONE = 410
    STALE = 412
    TOO_LARGE = 413
    UNSUPPORTED = 415
    RANGE = 416
    INVALID = 422
    PRECONDITION_REQUIRED = 428
    TOO_MANY = 429
    CHECKSUM = 460  # not of the standard; what resumable uploads (tus) answer to a chunk that arrived damaged
    UNAVAILABLE = 503
    STORAGE_FULL = 507


class Fault(Exception):
    """A refusal that a person or a program can act on.

    detail, hint: English sentences (gettext msgids) with %(name)s fields filled from params.
    where: the field, header, file or line at fault, e.g. "files/2/path".
    """

    kind: ClassVar[Kind] = Kind.INVALID
    slug: ClassVar[str] = "invalid"
    title: ClassVar[str] = N_("The request could not be carried out")

    def __init__(
        self,
        detail: str = "",
        *,
        hint: str = "",
        where: str = "",
        retry_after: int | None = None,
        **params: object,
    ) -> None:
        super().__init__(detail % params if params else detail)
        self.detail, self.hint, self.where = detail, hint, where
        self.retry_after, self.params = retry_after, params


class NotFound(Fault):
    """Unknown, or somebody else's: the two look the same on purpose."""

    kind, slug = Kind.NOT_FOUND, "not-found"
    title = N_("There is nothing here, or it is not yours to see")


class Forbidden(Fault):
    kind, slug = Kind.FORBIDDEN, "forbidden"
    title = N_("Your role does not allow this")


class SignInRequired(Fault):
    kind, slug = Kind.UNAUTHENTICATED, "sign-in-required"
    title = N_("Sign in to do this")


class InvalidInput(Fault):
    kind, slug = Kind.INVALID, "invalid-input"
    title = N_("Some of the input cannot be used")


class MalformedRequest(Fault):
    kind, slug = Kind.MALFORMED, "malformed-request"
    title = N_("The request is malformed")


class Unsupported(Fault):
    kind, slug = Kind.UNSUPPORTED, "unsupported-media-type"
    title = N_("The body is of a type that is not taken here")


class EditConflict(Fault):
    kind, slug = Kind.STALE, "edit-conflict"
    title = N_("Someone changed this while you were editing")


class PreconditionMissing(Fault):
    kind, slug = Kind.PRECONDITION_REQUIRED, "precondition-missing"
    title = N_("The request must say which version it changes")


class TooManyRequests(Fault):
    kind, slug = Kind.TOO_MANY, "too-many-requests"
    title = N_("Too many requests")


class DatabaseBusy(Fault):
    kind, slug = Kind.UNAVAILABLE, "database-busy"
    title = N_("The database is busy")


class StorageFull(Fault):
    kind, slug = Kind.STORAGE_FULL, "storage-full"
    title = N_("There is no room left to store this")
