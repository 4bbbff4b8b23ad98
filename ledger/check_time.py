"""Between which times a statement was recorded, and according to whom.

Not before: the time that the signer states in the statement. Not after: the earliest time at which somebody saw a
checkpoint that covers it. Witnesses and a time-stamping authority are independent of the log; its operator is not, and
is believed only where nobody else speaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ledger.errors import LedgerError, Unsupported
from ledger.finding import Finding
from ledger.timestamp import Token, verify_timestamp

CLOCK_TOLERANCE = 300
"""Seconds by which two honest clocks may differ."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The checkpoint existed at `time` (POSIX seconds), says `by`. `cause` picks the sentence: "" is the operator."""

    time: int
    by: str
    cause: Literal["", "witness", "authority"]


def sighting_of_token(token: Token, note: bytes) -> Sighting:
    """What a time-stamp token says about the checkpoint `note`; a Finding if it says nothing, or cannot be checked."""
    try:
        stamped = verify_timestamp(token.answer, note, token.roots)
    except Unsupported as error:
        raise Finding("warning", "unsupported", reason=str(error)) from None
    except LedgerError as error:
        raise Finding("failed", "timestamp", reason=str(error)) from None
    return Sighting(stamped.time, stamped.authority, "authority")


def first_sighting(sightings: Sequence[Sighting]) -> Sighting:
    """The one to go by, of at least one: the earliest of those independent of the log, else the operator's."""
    return min(sightings, key=lambda each: (each.cause == "", each.time))


def time_bounds(claimed: int, sightings: Sequence[Sighting], now: int | None) -> dict[str, Any]:
    """Details of the step `time`; a Finding where the times do not fit each other, or nobody but the signer states one."""
    found: dict[str, Any] = {"not_before_time": claimed}
    if not sightings:
        raise Finding("warning", "none", **found)
    first = first_sighting(sightings)
    found |= {"by": first.by, "not_after_time": first.time}
    if now is not None and first.time > now + CLOCK_TOLERANCE:
        raise Finding("warning", "future", **found)
    if claimed > first.time + CLOCK_TOLERANCE:
        raise Finding("warning", "claimed_later", **found)
    return found | {"cause": first.cause}
