"""Identifiers: UUIDv7 (RFC 9562 section 5.7), sortable by the time they were made."""

from __future__ import annotations

import secrets
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0


def new_id() -> UUID:
    """A fresh UUIDv7. Ids made by one process are strictly increasing.

    Layout: 48 bits of Unix milliseconds, version 7, a 12-bit counter within the millisecond, variant, 62 random bits.
    """
    global _last
    with _lock:
        # Milliseconds and counter as one number, so that a busy millisecond borrows from the next one.
        _last = max(_last + 1, (time.time_ns() // 1_000_000) << 12)
        stamp = _last
    millis, counter = stamp >> 12, stamp & 0xFFF
    tail = secrets.randbits(62)
    return UUID(int=(millis & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | tail)
