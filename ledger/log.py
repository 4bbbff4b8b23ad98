"""An append-only log: RFC 6962 tree, C2SP tiles and checkpoints, one writing process at a time.

The order of writes, and what a crash after each step leaves:

    1 stage     the batch as one object               -> a stray batch that no head names; dropped at load
    2 swap      the head in the lock store names it   -> the entries are in the log; load writes their tiles again
    3 tiles     bundles and tiles, write-once         -> nothing to repair
    4 sign      the guarded signer, durable state     -> load publishes the signed head
    5 cosign    witnesses' lines, where there are any -> load asks for them again
    6 publish   kept checkpoint, then `checkpoint`    -> load completes it with the same bytes
    7 tidy      the staged batch is deleted           -> nothing to repair

`append` does 1 to 3 and 7, `publish` does 4 to 6. Step 2 is the point of no return. No signature exists for a
tree that cannot be served, because 4 comes after 3.

Two processes may have the log open, although a lease (`ledger.lease`) keeps them out of each other's way; the one that
loaded it later owns it. Its epoch is in the head and with the signer, so that an earlier owner, however late it wakes
up, fails at 2 and at 4; 1 and 3 write objects once, with the same bytes; 6 swaps what it has read, and only forward.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Protocol, Self

from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.errors import Conflict, StorageFailed, Unavailable, Unverified
from ledger.head import STAGING, Head, Staged, format_head, format_staged, frames_of, leftovers, parse_head
from ledger.integrate import EMPTY_EDGE, Edge, Growth, grow
from ledger.kept import NEWEST, CheckpointPublisher, Published
from ledger.lease import LEASE_SECONDS, Lease
from ledger.note import Verifier
from ledger.reader import LogReader
from ledger.recover import check_prefix, compare_copies, complete_head
from ledger.signer import MAX_CLAIM, HeadSigner, SignedHead
from ledger.storage import LockStore, ObjectStore


class Cosigners(Protocol):
    """Who adds signature lines to a checkpoint before it is published: witnesses."""

    def cosign(self, note: bytes, checkpoint: Checkpoint) -> bytes:
        """The signed `note` of `checkpoint` with further lines behind its own; they are kept with it for ever.

        The tiles of the tree are there to be read. `Unverified` or `Unavailable` if too few lines can be had just
        now: nothing is published then, and `Log.publish` asks again when it is called again.
        """

    def look_back(self, note: bytes, checkpoint: Checkpoint, keys: Sequence[Verifier]) -> None:
        """`StorageFailed` if one has cosigned more than the newest signed `note`, or another tree of its size.

        Asked when a log is loaded, before anything is changed: all copies on this side may be old together. `keys` are
        all that sign for the log or have signed.
        """


class Log(LogReader):
    """The one writer of a log. Made by `Log.create` or `Log.load`, never directly.

    Its reading verbs see every integrated entry, published or not. Safe to use from several threads.
    """

    def __init__(
        self,
        head: Head,
        edge: Edge,
        objects: ObjectStore,
        lock: LockStore,
        signer: HeadSigner,
        lease: Lease,
        cosigners: Cosigners | None = None,
    ) -> None:
        super().__init__(head.origin, objects, *signer.log_verifiers)
        self._head = head
        self._edge = edge
        self._objects = objects
        self._publisher = CheckpointPublisher(head.origin, objects, *signer.log_verifiers)
        self._lock = lock
        self._signer = signer
        self._lease = lease
        self._cosigners = cosigners
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
        *,
        cosigners: Cosigners | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> Self:
        """Start the log `origin` with its first entries (durable and integrated, not yet published).

        `Conflict` if the lock store has a head, or the signer or the object store knows of a log already.
        RFC 9942 has no receipt for a tree of one entry, so give at least two or publish later.
        """
        _check_origin(origin, signer)
        if lock.read() is not None or signer.last() is not None or objects.read(NEWEST) is not None:
            raise Conflict(f"There is a log {origin} here already; load it instead of creating it.")
        with _held(Lease(lock, origin, lease_seconds)) as lease:
            epoch = signer.epoch() + 1
            staged, _ = _prepare(origin, EMPTY_EDGE, genesis_entries)
            path = staged.path(epoch)
            objects.create({path: format_staged(staged)})
            head = Head(origin, staged.stop, staged.root, epoch, path)
            lock.create(format_head(head))
            # From here on the log exists, and load finishes what a crash interrupts.
            signer.claim(epoch)
            log = cls(head, complete_head(head, objects), objects, lock, signer, lease, cosigners)
        log._tidy(path)
        return log

    @classmethod
    def load(
        cls,
        origin: str,
        objects: ObjectStore,
        lock: LockStore,
        signer: HeadSigner,
        *,
        cosigners: Cosigners | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> Self:
        """Take the log over and finish what a crash left undone.

        `StorageFailed` if there is no such log, or if a store is behind what was signed or published; the message
        says which copy knows more and what to restore, and nothing has been changed. `Conflict` if another
        process is writing. One that was killed, stopped, or has nothing to write is taken over: at once if it ended
        on this machine, else after it was silent for its lease; it gets `Conflict` when it tries to write again.
        """
        _check_origin(origin, signer)
        with _held(Lease(lock, origin, lease_seconds)) as lease:
            record = lock.read()
            if record is None:
                raise StorageFailed(f"There is no log {origin} here; create it, or restore its lock store.")
            head = parse_head(record)
            if head.origin != origin:
                raise StorageFailed(f"The lock store belongs to the log {head.origin}, not to {origin}.")
            _look_at_promises(head, objects, signer)
            _ask_for_newer(cosigners, signer)
            owned = replace(head, epoch=_next_epoch(head.epoch, signer.epoch()))
            lock.swap(record, format_head(owned))
            signer.claim(owned.epoch)
            # Only from here on can no earlier owner sign, so what it had signed is looked at again.
            signed, published = _look_at_promises(owned, objects, signer)
            log = cls(owned, complete_head(owned, objects), objects, lock, signer, lease, cosigners)
            log._finish_loading(signed, published)
        return log

    @staticmethod
    def open_reader(origin: str, objects: ObjectStore, *verifiers: Verifier) -> LogReader:
        """A read-only view for any process, as of the published checkpoint; call `refresh` to follow the log."""
        reader = LogReader(origin, objects, *verifiers)
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
            self.beat()
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
        """Sign the integrated tree at `time` (POSIX seconds), have it cosigned and make it public.

        Without new entries the published checkpoint is returned as it is. After an error call it again: the same
        head gets the same bytes. `Unavailable` while too few cosigners answer; entries can be appended meanwhile.
        """
        with self._guard:
            self._demand_usable()
            if self._unfinished is not None:
                self._complete(self._unfinished)
            if self._published is not None and self._published.size == self.size:
                return self._published
            before = 0 if self._published is None else self._published.size
            path = self.consistency(before, self.size)
            return self._complete(self._signer.sign(self.head, time, self._head.epoch, path))

    def beat(self, *, now: bool = False) -> None:
        """Show other processes that this one still writes, where it is due (or `now`); appending does it by itself.

        `Conflict` if one of them has taken the log over; it must then be loaded again.
        """
        with self._guard:
            self._demand_usable()
            with self._fatal(Conflict):
                self._lease.beat(now=now)

    @property
    def wanted(self) -> bool:
        """Whether another process waits for the log, as of the last beat; `close` lets it have it."""
        return self._lease.wanted

    def refresh(self) -> Published | None:
        """The published checkpoint; the writer needs no second look."""
        return self._published

    def close(self) -> None:
        """Let another process write. The log must not be used afterwards."""
        with self._guard:
            self._broken = f"The log {self.origin} has been closed."
            self._lease.release()

    def _complete(self, signed: SignedHead) -> Published:
        # Until this has succeeded nothing else is published (after a crash: load finishes it), so that the list
        # of published checkpoints, and with it every receipt, is the same whatever fails in between.
        self._unfinished = signed
        note = self._publisher.kept_note(signed.checkpoint) or self._cosigned(signed)
        self._published = self._publisher.publish(signed, note)
        self._unfinished = None
        return self._published

    def _cosigned(self, signed: SignedHead) -> bytes:
        if self._cosigners is None:
            return signed.note
        try:
            note = self._cosigners.cosign(signed.note, signed.checkpoint)
        except Unverified as error:
            raise Unavailable(str(error)) from error
        if open_checkpoint(note, *self._signer.log_verifiers) != signed.checkpoint:
            raise Conflict(f"The cosigners gave back the note of another head of {self.origin}.")
        return note

    def _finish_loading(self, signed: SignedHead | None, published: Published | None) -> None:
        promised = [known.checkpoint for known in (signed, published) if known is not None]
        for earlier in promised:
            check_prefix(self._edge, self._objects, earlier)
        self._published = published
        if signed is not None and (published is None or published.size < signed.checkpoint.size):
            # Cosigners that do not answer keep nobody from appending; the next publication asks them again.
            with suppress(Unavailable):
                self._complete(signed)
        self._objects.delete(leftovers(self._objects.paths(STAGING), self._head.epoch))

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
    def _fatal(self, kind: type[BaseException] = BaseException) -> Iterator[None]:
        try:
            yield
        except kind:
            self._broken = (
                f"An append to {self.origin} did not finish, and its entries may or may not be in the log; load it "
                "again."
            )
            raise


@contextmanager
def _held(lease: Lease) -> Iterator[Lease]:
    """Take the lease, and let it go again if what it was taken for does not succeed."""
    lease.acquire()
    try:
        yield lease
    except BaseException:
        lease.release()
        raise


def _next_epoch(head: int, signer: int) -> int:
    # Further ahead the signer has let nobody go: an epoch there was written into the lock store alone, and is not believed.
    return (head if signer < head < signer + MAX_CLAIM else signer) + 1


def _look_at_promises(
    head: Head, objects: ObjectStore, signer: HeadSigner
) -> tuple[SignedHead | None, Published | None]:
    """What was signed and what was published, neither of them ahead of the head."""
    signed = signer.last()
    published = LogReader(head.origin, objects, *signer.log_verifiers).refresh()
    compare_copies(
        head,
        None if signed is None else signed.checkpoint,
        None if published is None else published.checkpoint,
    )
    return signed, published


def _ask_for_newer(cosigners: Cosigners | None, signer: HeadSigner) -> None:
    signed = signer.last()
    if cosigners is None or signed is None:
        return
    try:
        cosigners.look_back(signed.note, signed.checkpoint, signer.log_verifiers)
    except StorageFailed as error:
        if signer.last() != signed:
            raise Conflict(
                f"Another process signed for {signed.checkpoint.origin} in this very moment; load it again."
            ) from error
        raise


def _check_origin(origin: str, signer: HeadSigner) -> None:
    if signer.log_verifier.name != origin:
        raise Conflict(f"The signer signs for {signer.log_verifier.name}, not for {origin}.")


def _prepare(origin: str, edge: Edge, entries: Sequence[bytes]) -> tuple[Staged, Growth]:
    framed = frames_of(entries)
    growth = grow(edge, framed)
    return Staged(origin, edge.size, growth.edge.size, growth.root, framed), growth
