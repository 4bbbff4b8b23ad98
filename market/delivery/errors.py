"""What can stand between a licence and its data."""

from __future__ import annotations

from market.kit.errors import Fault, Kind
from market.kit.i18n import N_


class LicenceNeeded(Fault):
    kind, slug = Kind.FORBIDDEN, "licence-needed"
    title = N_("Your organisation has no licence for this asset")


class LicenceEnded(Fault):
    kind, slug = Kind.FORBIDDEN, "licence-ended"
    title = N_("Your organisation's licence has run out")


class LicenceRevoked(Fault):
    kind, slug = Kind.FORBIDDEN, "licence-revoked"
    title = N_("The provider ended your organisation's licence")


class LicenceSuspended(Fault):
    kind, slug = Kind.FORBIDDEN, "licence-suspended"
    title = N_("Your organisation's licence is suspended")


class LicenceForOtherUse(Fault):
    kind, slug = Kind.FORBIDDEN, "licence-for-other-use"
    title = N_("The licence does not cover this way of use")


class KeptByProvider(Fault):
    kind, slug = Kind.CONFLICT, "kept-by-provider"
    title = N_("The provider keeps these files itself")


class NotHereYet(Fault):
    kind, slug = Kind.CONFLICT, "file-not-here-yet"
    title = N_("The bytes of this file are not here yet")


class BytesMissing(Fault):
    kind, slug = Kind.UNAVAILABLE, "bytes-missing"
    title = N_("The bytes of this file cannot be read just now")


class TicketInvalid(Fault):
    kind, slug = Kind.FORBIDDEN, "ticket-invalid"
    title = N_("This download address is not valid")


class TicketExpired(Fault):
    kind, slug = Kind.FORBIDDEN, "ticket-expired"
    title = N_("This download address is too old")


class TooManyStreams(Fault):
    kind, slug = Kind.TOO_MANY, "too-many-streams"
    title = N_("Too many downloads are running at once")


class RangeUnsatisfiable(Fault):
    """params["size"]: the file's length in bytes."""

    kind, slug = Kind.RANGE, "range-unsatisfiable"
    title = N_("The file does not have these bytes")


class OtherBytes(Fault):
    kind, slug = Kind.STALE, "other-bytes"
    title = N_("The file is another one than If-Match names")


class NothingReleased(Fault):
    kind, slug = Kind.CONFLICT, "nothing-released"
    title = N_("Nothing of this version was delivered under this licence")


class BadCondition(Fault):
    slug = "bad-condition"
    title = N_("A condition cannot be read")


class TooLargeToRead(Fault):
    kind, slug = Kind.TOO_LARGE, "too-large-to-read-by-row"
    title = N_("This file is too large to be read row by row")
