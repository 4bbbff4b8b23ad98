"""Stores in memory that police the ports' rules and fail on demand.

`Faults` counts every write to everything that shares it, in order, so that a test can let the n-th write of a
commit be lost (`"lost"`: the caller sees an error, nothing is stored) or survive although the caller sees an
error (`"persisted"`). A real disk or network can do either.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from ledger.errors import Conflict, StorageFailed
from ledger.storage import check_object_path

Outcome = Literal["lost", "persisted"]


class Faults:
    """A plan of failures by write number (the first write is 1), and the names of the writes so far."""

    def __init__(self) -> None:
        self.writes: list[str] = []
        self._plan: dict[int, Outcome] = {}

    def plan(self, after: int, outcome: Outcome) -> None:
        """Let the `after`-th write from now on fail (1 = the next one)."""
        self._plan[len(self.writes) + after] = outcome

    def clear(self) -> None:
        """Forget all planned failures."""
        self._plan.clear()

    @property
    def pending(self) -> int:
        """Number of planned failures that have not happened."""
        return len(self._plan)

    def pass_write(self, name: str) -> Outcome | None:
        """Count one write; return how it must fail, or None."""
        self.writes.append(name)
        return self._plan.pop(len(self.writes), None)


class MemoryObjects:
    """An `ObjectStore` in a dictionary. `mutable` and `deletable` name what may be replaced or removed."""

    mutable = ("checkpoint",)
    deletable = "staging/"

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.stored: dict[str, bytes] = {}
        self._guard = threading.Lock()

    def read(self, path: str) -> bytes | None:
        return self.stored.get(check_object_path(path))

    def create(self, objects: Mapping[str, bytes]) -> None:
        for path, data in objects.items():
            check_object_path(path)
            if path in self.mutable:
                raise Conflict(f"The object {path} is mutable and cannot be created write-once.")
            with self._guard:
                existing = self.stored.get(path)
                if existing is not None:
                    if existing != data:
                        raise Conflict(f"The object {path} exists with other bytes.")
                    continue
                self._write(path, data)

    def swap(self, path: str, old: bytes | None, new: bytes) -> None:
        if path not in self.mutable:
            raise Conflict(f"The object {path} is write-once and cannot be swapped.")
        with self._guard:
            if self.stored.get(path) != old:
                raise Conflict(f"The object {path} has been changed by another writer.")
            self._write(path, new)

    def paths(self, prefix: str) -> Iterator[str]:
        return iter([path for path in self.stored if path.startswith(prefix)])

    def delete(self, paths: Sequence[str]) -> None:
        for path in paths:
            if not path.startswith(self.deletable):
                raise Conflict(f"The object {path} is kept for ever and cannot be deleted.")
            outcome = self.faults.pass_write(f"delete {path}")
            if outcome != "lost":
                self.stored.pop(path, None)
            if outcome:
                raise StorageFailed(f"Injected: deleting {path} failed ({outcome}).")

    def _write(self, path: str, data: bytes) -> None:
        outcome = self.faults.pass_write(f"write {path}")
        if outcome != "lost":
            self.stored[path] = bytes(data)
        if outcome:
            raise StorageFailed(f"Injected: writing {path} failed ({outcome}).")


class MemoryLock:
    """A `LockStore` in two variables. Faults strike the head only: a lease is no promise to anybody."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.record: bytes | None = None
        self.lease: bytes | None = None
        self._guard = threading.Lock()

    def read(self) -> bytes | None:
        return self.record

    def create(self, data: bytes) -> None:
        with self._guard:
            if self.record is not None:
                raise Conflict("The lock store has a head already.")
            self._write(data)

    def swap(self, old: bytes, new: bytes) -> None:
        with self._guard:
            if self.record != old:
                raise Conflict(
                    "The head in the lock store is not the expected one; another writer has moved it."
                )
            self._write(new)

    def read_lease(self) -> bytes | None:
        return self.lease

    def swap_lease(self, old: bytes | None, new: bytes) -> None:
        with self._guard:
            if self.lease != old:
                raise Conflict("The lease has been changed by another process.")
            self.lease = new

    def _write(self, data: bytes) -> None:
        outcome = self.faults.pass_write("swap head")
        if outcome != "lost":
            self.record = bytes(data)
        if outcome:
            raise StorageFailed(f"Injected: swapping the head failed ({outcome}).")
