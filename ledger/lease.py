"""Who writes to a log just now: a lease with a heartbeat, beside the head in the lock store.

    lease     datawharf/log-lease/v1 LF origin LF holder or "-" LF beat LF milliseconds LF wanted by or "-" LF
    holder    <boot>:<process namespace>:<process>:<its start>:<random hex>

The holder counts its beat up before `milliseconds` have passed. Whoever wants the lease watches the record by a clock
of its own and never compares clocks: a beat that stands still for that long belongs to a holder that died, was stopped
or has no need of the log, and the lease is taken from it. A holder that ended on this very machine is known to be gone
at once. A process that cannot have the lease writes its name into `wanted by`; the holder may then let go of it.

The lease only keeps writers out of each other's way. What makes a late writer harmless is the epoch of the head and of
the signer (`ledger.log`), so nothing here has to survive a power cut, and no clock can do harm.
"""

import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ledger.encoding import parse_decimal
from ledger.errors import Conflict, LedgerError, Malformed
from ledger.records import format_record, parse_record
from ledger.storage import LockStore

LEASE_SECONDS = 3.0
"""How long a silent holder is waited for."""

_LEASE = "datawharf/log-lease/v1"
_NOBODY = "-"
_POLL_SECONDS = 0.02
_BEATS_PER_LEASE = 3


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """The state of a lease: `holder` beats at least once in `milliseconds`; `wanted_by` waits for it."""

    origin: str
    holder: str
    beat: int
    milliseconds: int
    wanted_by: str


def format_lease(record: LeaseRecord) -> bytes:
    """Bytes of a lease."""
    numbers = [str(record.beat), str(record.milliseconds)]
    return format_record(_LEASE, [record.origin, record.holder, *numbers, record.wanted_by])


def parse_lease(data: bytes) -> LeaseRecord:
    """The lease in its bytes; Malformed for any that `format_lease` would not give."""
    origin, holder, beat, milliseconds, wanted_by = parse_record(data, _LEASE, 5)
    return LeaseRecord(
        origin,
        holder,
        parse_decimal(beat, "beat of the lease"),
        parse_decimal(milliseconds, "duration of the lease"),
        wanted_by,
    )


class Lease:
    """The lease on the log `origin`, as one writer sees it. Not to be used by two threads at once."""

    def __init__(self, lock: LockStore, origin: str, seconds: float = LEASE_SECONDS) -> None:
        self._lock = lock
        self._origin = origin
        self._seconds = seconds
        self._name = f"{_this_process()}:{secrets.token_hex(8)}"
        self._beaten = 0.0
        self.wanted = False
        """Whether another process asked for the lease, as of the last beat."""

    def acquire(self) -> None:
        """Take the lease, at once or as soon as its holder has been silent for the holder's time.

        `Conflict` as soon as the holder is seen to be alive; it then knows that the lease is wanted.
        """
        seen: LeaseRecord | None = None
        since = 0.0
        while True:
            data = self._lock.read_lease()
            record = _parse(data)
            now = time.monotonic()
            if seen is None or _beat(record) != _beat(seen):
                if seen is not None and record.holder != _NOBODY:
                    raise Conflict(
                        f"Another process is writing to the log {self._origin}; it is alive and was told that the "
                        "log is wanted here."
                    )
                seen, since = record, now
            silent = (now - since) * 1000
            if self._is_free(record, silent):
                with suppress(Conflict):
                    self._swap(data, replace(record, holder=self._name, wanted_by=_NOBODY))
                    return
            elif record.wanted_by == _NOBODY:
                with suppress(Conflict):
                    self._lock.swap_lease(data, format_lease(replace(record, wanted_by=self._name)))
            else:
                time.sleep(_POLL_SECONDS)

    def beat(self, *, now: bool = False) -> None:
        """Show that this writer lives, if it is time to (or `now`); `Conflict` if the lease was taken from it."""
        if not now and time.monotonic() - self._beaten < self._seconds / _BEATS_PER_LEASE:
            return
        while True:
            data = self._lock.read_lease()
            record = _parse(data)
            if record.holder != self._name:
                raise Conflict(f"Another process has taken the log {self._origin} over.")
            self.wanted = record.wanted_by != _NOBODY
            with suppress(Conflict):
                self._swap(data, record)
                return

    def release(self) -> None:
        """Let others have the lease, if it is still held; a store that fails is no error, the lease runs out."""
        with suppress(LedgerError):
            while True:
                data = self._lock.read_lease()
                record = _parse(data)
                if record.holder != self._name:
                    return
                with suppress(Conflict):
                    self._swap(data, replace(record, holder=_NOBODY))
                    return

    def _is_free(self, record: LeaseRecord, silent: float) -> bool:
        if record.holder == _NOBODY and record.wanted_by in (_NOBODY, self._name):
            return True
        # Kept for the one that asked first, but not for long: it may have gone meanwhile.
        if record.holder == _NOBODY:
            return _is_over(record.wanted_by) or silent >= record.milliseconds / _BEATS_PER_LEASE
        return _is_over(record.holder) or silent >= record.milliseconds

    def _swap(self, data: bytes | None, record: LeaseRecord) -> None:
        ticking = replace(
            record, origin=self._origin, beat=record.beat + 1, milliseconds=round(self._seconds * 1000)
        )
        self._lock.swap_lease(data, format_lease(ticking))
        self._beaten = time.monotonic()


def _parse(data: bytes | None) -> LeaseRecord:
    # A lease promises nothing to anybody, so one that cannot be read is one that nobody holds.
    if data is not None:
        with suppress(Malformed):
            return parse_lease(data)
    return LeaseRecord("", _NOBODY, 0, 0, _NOBODY)


def _beat(record: LeaseRecord) -> tuple[str, int]:
    return record.holder, record.beat


def _this_process() -> str:
    return f"{_machine()}:{os.getpid()}:{_start_of(os.getpid())}"


@cache
def _machine() -> str:
    """This boot and process namespace: within both a process number names one process. Random where unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').readlink()}".replace(" ", "")
    except OSError:
        return f"{secrets.token_hex(8)}:-"


def _start_of(process: int) -> str:
    """When a process started, in the kernel's own count; empty if there is none of that number."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _is_over(holder: str) -> bool:
    """Whether the holder's process has ended for sure, or is this one, where the later writer is the meant one."""
    process = holder.rpartition(":")[0]
    machine, _, number = process.rpartition(":")[0].rpartition(":")
    if not number.isdigit() or machine != _machine():
        return False
    return process == _this_process() or _start_of(int(number)) != process.rpartition(":")[2]
