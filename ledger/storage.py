"""Ports through which a log reaches durable storage.

Two stores with different promises (after Sunlight's design document, "lock backend" and "object backend"):

* an object store holds many write-once files: tiles, entry bundles, staged batches, kept checkpoints;
* a lock store holds one small record, the head, and changes it only by compare-and-swap.

The lock store is trusted for *which* tree is the log; the object store is only trusted to give bytes back,
and everything read from it is checked against a root before it leaves the house.

Paths are relative, "/"-separated, ASCII (tile paths of C2SP tlog-tiles and the names in `ledger.log`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from ledger.errors import Malformed

_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")


class ObjectReader(Protocol):
    """All that reading a log takes, so a folder, a bucket and an address on the web are read by the same code."""

    def read(self, path: str) -> bytes | None:
        """Return the object's bytes, or None where there is no such object; `StorageFailed` if nobody can tell."""


class ObjectStore(ObjectReader, Protocol):
    """Write-once objects by path. Every method raises `StorageFailed` when the store cannot do it."""

    def create(self, objects: Mapping[str, bytes]) -> None:
        """Make a batch of objects durable before returning.

        An object that exists with the same bytes is left alone; with other bytes it is left alone too and
        `Conflict` is raised. When the call fails, any part of the batch may have been stored.
        """

    def swap(self, path: str, old: bytes | None, new: bytes) -> None:
        """Durably and atomically replace `old` (None: no object) by `new` at `path`; `Conflict` if it is not `old`.

        For the few mutable objects (`checkpoint`) only. However long a caller slept between reading `old` and this
        call, or within it, it never overwrites what another one wrote meanwhile.
        """

    def paths(self, prefix: str) -> Iterator[str]:
        """Yield the paths of stored objects that start with `prefix`, in any order."""

    def delete(self, paths: Sequence[str]) -> None:
        """Remove objects; a missing one is no error. For staged batches only."""


class LockStore(Protocol):
    """One record per log, changed by compare-and-swap: the arbiter between writers; and a lease beside it.

    A process that is stopped within any of these calls keeps no other one out, and changes nothing when it goes on
    after another one's swap. (In SQLite a process stopped within the very UPDATE keeps the whole database.)
    """

    def read(self) -> bytes | None:
        """Return the record, or None where there is none yet."""

    def create(self, data: bytes) -> None:
        """Durably store the first record; `Conflict` if there is one already."""

    def swap(self, old: bytes, new: bytes) -> None:
        """Durably replace `old` by `new`; `Conflict` if the record is not `old`."""

    def read_lease(self) -> bytes | None:
        """Return the lease: who writes just now (`ledger.lease`); None where there never was one."""

    def swap_lease(self, old: bytes | None, new: bytes) -> None:
        """Replace the lease `old` by `new`; `Conflict` if it is not `old`. It need not survive a power cut."""


def check_object_path(path: str) -> str:
    """Return `path` if it is a plain relative object path, else raise `Malformed`."""
    segments = path.split("/")
    if any(not _SEGMENT.fullmatch(s) or s in (".", "..") for s in segments):
        raise Malformed(f"The object path {path!r} is not a plain relative path.")
    return path
