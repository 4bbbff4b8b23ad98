"""How much one caller may have at a time, and how long things last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from market.kit.ports import Ports


@dataclass(frozen=True)
class DeliveryLimits:
    """recheck: a running stream asks this often whether its licence still stands; it must be cut within 60 s.

    stall: a stream that sends no piece for this long is ended. streams: at once by one ticket or one API key.
    readers: tables read at once by one process, fewer than the threads that serve requests.
    batch: usage of one licence within this time becomes one statement; it divides a day.
    """

    ticket: timedelta = timedelta(minutes=15)
    recheck: timedelta = timedelta(seconds=25)
    stall: timedelta = timedelta(minutes=5)
    signed_address: timedelta = timedelta(seconds=60)
    streams_per_ticket: int = 4
    streams_per_key: int = 16
    readers: int = 3
    batch: timedelta = timedelta(minutes=5)


def limits_of(ports: Ports) -> DeliveryLimits:
    """The limits that create_app was given, else the usual ones."""
    given = ports.extras.get(DeliveryLimits)
    return given if isinstance(given, DeliveryLimits) else DeliveryLimits()
