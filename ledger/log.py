"""An append-only log: RFC 6962 tree, C2SP tiles and checkpoints, one writing process.

The order of writes, and what a crash after each step leaves:

    1 stage     the batch as one object               -> a stray batch that no head names; dropped at load
    2 swap      the head in the lock store names it   -> the entries are in the log; load writes their tiles again
    3 tiles     bundles and tiles, write-once         -> nothing to repair
    4 sign      the guarded signer, durable state     -> load publishes the signed head
    5 publish   kept checkpoint, then `checkpoint`    -> load completes it with the same bytes
    6 tidy      the staged batch is deleted           -> nothing to repair

`append` does 1 to 3 and 6, `publish` does 4 and 5. Step 2 is the point of no return. No signature exists for a
tree that cannot be served, because 4 comes after 3.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Self

from ledger.checkpoint import Checkpoint
from ledger.errors import Conflict, StorageFailed
from ledger.head import STAGING, Head, Staged, format_head, format_staged, frames_of, parse_head
from ledger.integrate import EMPTY_EDGE, Edge, Growth, grow
from ledger.kept import NEWEST, CheckpointPublisher, Published
from ledger.note import Verifier
from ledger.reader import LogReader
from ledger.recover import check_prefix, compare_copies, complete_head
from ledger.signer import HeadSigner, SignedHead
from ledger.storage import LockStore, ObjectStore

_FIRST_EPOCH = 1


class Log(LogReader):
    """The one writer of a log. Made by `Log.create` or `Log.load`, never directly.

    Its reading verbs see every integrated entry, published or not. Safe to use from several threads.
    """

    def __init__(
        self, head: Head, edge: Edge, objects: ObjectStore, lock: LockStore, signer: HeadSigner
    ) -> None:
        super().__init__(head.origin, objects, signer.log_verifier)
        self._head = head
        self._edge = edge
        self._objects = objects
        self._publisher = CheckpointPublisher(head.origin, objects, signer.log_verifier)
        self._lock = lock
        self._signer = signer
        self._unfinished: SignedHead | None = None
        self._broken: str | None = None
        self._strays: set[str] = set()
        self._guard = threading.RLock()

    @classmethod
    def create(
        cls,
        origin: str,
        objects: ObjectStore,
        lock: LockStore,
        signer: HeadSigner,
        genesis_entries: Sequence[bytes],
    ) -> Self:
        """Start the log `origin` with its first entries (durable and integrated, not yet published).

        `Conflict` if the lock store has a head, or the signer or the object store knows of a log already.
        RFC 9942 has no receipt for a tree of one entry, so give at least two or publish later.
        """
        _check_origin(origin, signer)
        if lock.read() is not None or signer.last() is not None or objects.read(NEWEST) is not None:
            raise Conflict(f"There is a log {origin} here already; load it instead of creating it.")
        staged, _ = _prepare(origin, EMPTY_EDGE, genesis_entries)
        path = staged.path(_FIRST_EPOCH)
        objects.create({path: format_staged(staged)})
        head = Head(origin, staged.stop, staged.root, _FIRST_EPOCH, path)
        lock.create(format_head(head))
        # From here on the log exists, and load finishes what a crash interrupts.
        try:
            log = cls(head, complete_head(head, objects), objects, lock, signer)
        except BaseException:
            lock.close()
            raise
        log._tidy(path)
        return log

    @classmethod
    def load(cls, origin: str, objects: ObjectStore, lock: LockStore, signer: HeadSigner) -> Self:
        """Take the log over and finish what a crash left undone.

        `StorageFailed` if there is no such log, or if a store is behind what was signed or published; the message
        says which copy knows more and what to restore, and nothing has been changed. `Conflict` if another
        process is writing, where the lock store can tell; else that process gets `Conflict` at its next append.
        """
        _check_origin(origin, signer)
        record = lock.read()
        if record is None:
            raise StorageFailed(f"There is no log {origin} here; create it, or restore its lock store.")
        head = parse_head(record)
        if head.origin != origin:
            raise StorageFailed(f"The lock store belongs to the log {head.origin}, not to {origin}.")
        signed = signer.last()
        published = LogReader(origin, objects, signer.log_verifier).refresh()
        compare_copies(
            head,
            None if signed is None else signed.checkpoint,
            None if published is None else published.checkpoint,
        )
        owned = replace(head, epoch=head.epoch + 1)
        lock.swap(record, format_head(owned))
        try:
            log = cls(owned, complete_head(owned, objects), objects, lock, signer)
            log._finish_loading(signed, published)
        except BaseException:
            lock.close()
            raise
        return log

    @staticmethod
    def open_reader(origin: str, objects: ObjectStore, verifier: Verifier | None = None) -> LogReader:
        """A read-only view for any process, as of the published checkpoint; call `refresh` to follow the log."""
        reader = LogReader(origin, objects, verifier)
        reader.refresh()
        return reader

    @property
    def size(self) -> int:
        """Number of integrated entries."""
        return self._edge.size

    @property
    def head(self) -> Checkpoint:
        """The integrated tree, signed or not."""
        return Checkpoint(self.origin, self._head.size, self._head.root)

    def append(self, entries: Sequence[bytes]) -> range:
        """Make entries part of the log, durable and integrated; return their indices, in the order given.

        `Malformed` if one is over 65,535 bytes (nothing is appended then). After `StorageFailed` or `Conflict`
        they may or may not be in the log: load it again and look.
        """
        with self._guard:
            self._demand_usable()
            if not entries:
                return range(self.size, self.size)
            staged, growth = _prepare(self.origin, self._edge, entries)
            path = staged.path(self._head.epoch)
            self._strays.add(path)
            self._objects.create({path: format_staged(staged)})
            head = replace(self._head, size=staged.stop, root=staged.root, staged=path)
            with self._fatal():
                self._lock.swap(format_head(self._head), format_head(head))
                self._objects.create(growth.objects)
            self._head, self._edge = head, growth.edge
            self._tidy(path)
            return range(staged.start, staged.stop)

    def publish(self, time: int) -> Published:
        """Sign the integrated tree at `time` (POSIX seconds) and make it public.

        Without new entries the published checkpoint is returned as it is. After an error call it again: the same
        head gets the same bytes.
        """
        with self._guard:
            self._demand_usable()
            if self._unfinished is not None:
                self._complete(self._unfinished)
            if self._published is not None and self._published.size == self.size:
                return self._published
            return self._complete(self._signer.sign(self.head, time))

    def refresh(self) -> Published | None:
        """The published checkpoint; the writer needs no second look."""
        return self._published

    def close(self) -> None:
        """Let another process write. The log must not be used afterwards."""
        with self._guard:
            self._broken = f"The log {self.origin} has been closed."
            self._lock.close()

    def _complete(self, signed: SignedHead) -> Published:
        # Until this has succeeded nothing else is published (after a crash: load finishes it), so that the list
        # of published checkpoints, and with it every receipt, is the same whatever fails in between.
        self._unfinished = signed
        self._published = self._publisher.publish(signed)
        self._unfinished = None
        return self._published

    def _finish_loading(self, signed: SignedHead | None, published: Published | None) -> None:
        promised = [known.checkpoint for known in (signed, published) if known is not None]
        for earlier in promised:
            check_prefix(self._edge, self._objects, earlier)
        self._published = published
        if signed is not None and (published is None or published.size < signed.checkpoint.size):
            self._complete(signed)
        self._objects.delete(list(self._objects.paths(STAGING)))

    def _tidy(self, path: str) -> None:
        self._strays.add(path)
        # The entries are in the log whether this works or not, so a failure here is not the caller's.
        with suppress(StorageFailed):
            self._objects.delete(sorted(self._strays))
            self._strays.clear()

    def _demand_usable(self) -> None:
        if self._broken is not None:
            raise StorageFailed(self._broken)

    @contextmanager
    def _fatal(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._broken = (
                f"An append to {self.origin} did not finish, and its entries may or may not be in the log; load it "
                "again."
            )
            raise


def _check_origin(origin: str, signer: HeadSigner) -> None:
    if signer.log_verifier.name != origin:
        raise Conflict(f"The signer signs for {signer.log_verifier.name}, not for {origin}.")


def _prepare(origin: str, edge: Edge, entries: Sequence[bytes]) -> tuple[Staged, Growth]:
    framed = frames_of(entries)
    growth = grow(edge, framed)
    return Staged(origin, edge.size, growth.edge.size, growth.root, framed), growth
