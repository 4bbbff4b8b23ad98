"""Many callers, one log: group commits, and for each caller its index and the checkpoint that covers its entry.

One thread appends what is waiting as one batch, publishes, and answers; meanwhile the next batch comes together. What a
caller can rely on:

* An answer comes only when a published checkpoint covers the entry; nothing that was answered is lost.
* Entries of one caller are appended in the order of its calls.
* An entry that is waiting already, or is among the last `Limits.remembered` entries of the log, is not appended
  again, whoever appended it and whatever was restarted since: the caller gets the index that it has.
* Without an answer (`Unavailable`, or another process took over) an entry may or may not be in the log. Adding the same
  bytes again is safe.

Any number of processes may have a sequencer for one log. The one that holds the log's lease appends; it lets go of it
when another one asks and it has had its turn. A log that failed half-way is loaded again, and what is in it by then is
not appended twice.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from ledger.errors import LedgerError, Malformed, Unavailable
from ledger.hashing import leaf_hash
from ledger.kept import Published
from ledger.log import Log
from ledger.tiles import MAX_ENTRY_SIZE

_IDLE_SECONDS = 0.25
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How a sequencer groups and how much it takes.

    batch, batch_bytes: most entries and bytes of one commit. linger: seconds that a commit waits for company.
    waiting: most entries without an answer; more are refused. remembered: how many of the log's last entries are
    never appended again. publish_every: least seconds between two checkpoints, each of which is kept for ever.
    patience: seconds that callers wait while nothing works. turn: seconds that a process keeps a log that another wants.
    """

    batch: int = 4096
    batch_bytes: int = 16 << 20
    linger: float = 0.002
    waiting: int = 65_536
    remembered: int = 65_536
    publish_every: float = 0.0
    patience: float = 20.0
    turn: float = 0.5


@dataclass(frozen=True, slots=True)
class Sequenced:
    """The answer to a caller: where its entry stands, and the first published checkpoint that covers it."""

    index: int
    published: Published


@dataclass(slots=True, eq=False)
class _Waiting:
    entry: bytes
    leaf: bytes
    answer: "Future[Sequenced]" = field(default_factory=Future)
    index: int = -1


class Sequencer:
    """Takes entries from any number of threads. `open_log` loads the log, when there is something to append.

    `on_published` hears of each new checkpoint, in the sequencer's own thread, after the callers have their answers;
    it must not raise. `clock` gives the POSIX seconds that a checkpoint states.
    """

    def __init__(
        self,
        open_log: Callable[[], Log],
        limits: Limits | None = None,
        *,
        on_published: Callable[[Published], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._open_log = open_log
        self._limits = limits or Limits()
        self._on_published = on_published
        self._clock = clock
        self._changed = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._placed: list[_Waiting] = []
        self._by_leaf: dict[bytes, _Waiting] = {}
        self._recent = _Recent(self._limits.remembered)
        self._log: Log | None = None
        self._opened = self._published_at = 0.0
        self._failing_since: float | None = None
        self._pause = _FIRST_PAUSE
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
        self._thread.start()

    def add(self, entry: bytes, timeout: float | None = None) -> Sequenced:
        """Append `entry` unless the log has it, and wait until a published checkpoint covers it.

        `Malformed` for more than 65,535 bytes. `Unavailable` if too many are waiting, after `timeout` seconds, and
        when the sequencer closes; any other `LedgerError` if the log cannot be written for longer than `patience`.
        """
        try:
            return self.submit(entry).result(timeout)
        except TimeoutError:
            raise Unavailable(
                f"The entry was not published within {timeout} seconds; it may come yet. Add the same bytes again."
            ) from None

    def submit(self, entry: bytes) -> "Future[Sequenced]":
        """The same without waiting; callers of the same bytes share one future, which cannot be cancelled."""
        if len(entry) > MAX_ENTRY_SIZE:
            raise Malformed(f"An entry has {len(entry)} bytes; the ledger takes at most {MAX_ENTRY_SIZE}.")
        leaf = leaf_hash(entry)
        with self._changed:
            if self._closed:
                raise Unavailable("The sequencer is closed; add the entry elsewhere.")
            waiting = self._by_leaf.get(leaf)
            if waiting is None:
                if len(self._by_leaf) >= self._limits.waiting:
                    raise Unavailable(
                        f"{len(self._by_leaf)} entries are waiting to be published, and no more are taken; try again "
                        "in a moment."
                    )
                waiting = _Waiting(bytes(entry), leaf)
                waiting.answer.set_running_or_notify_cancel()
                self._by_leaf[leaf] = waiting
                self._queue.append(waiting)
                if len(self._queue) in (1, self._limits.batch):
                    self._changed.notify_all()
            return waiting.answer

    def close(self) -> None:
        """Finish the commit under way and let the log go; who still waits then gets `Unavailable`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        try:
            while not self._closed:
                try:
                    self._work()
                    self._failing_since, self._pause = None, _FIRST_PAUSE
                except LedgerError as error:
                    self._recover(error)
        finally:
            self._let_go()
            with self._changed:
                self._closed = True
                left = list(self._by_leaf.values())
            self._refuse(
                left,
                lambda: Unavailable(
                    "The sequencer was closed before the entry was published; it may or may not be in the log. Add "
                    "the same bytes again elsewhere."
                ),
            )

    def _work(self) -> None:
        """One round: wait for entries, append them, publish, answer."""
        self._wait_for_work()
        if self._closed or not (self._queue or self._placed):
            self._stay_or_yield()
            return
        log = self._log or self._take_log()
        batch = self._next_batch()
        if batch:
            try:
                indices = log.append([each.entry for each in batch])
            except BaseException:
                with self._changed:
                    self._queue.extendleft(reversed(batch))
                raise
            for each, index in zip(batch, indices, strict=True):
                each.index = index
            self._placed += batch
            self._recent.add(indices.start, [each.leaf for each in batch])
        if self._placed and self._publication_due() <= 0:
            self._publish(log)
        self._stay_or_yield()

    def _wait_for_work(self) -> None:
        with self._changed:
            until = self._publication_due() if self._placed else _IDLE_SECONDS
            if not self._queue and until > 0 and not self._closed:
                self._changed.wait(min(until, _IDLE_SECONDS))
            if 0 < len(self._queue) < self._limits.batch and not self._closed:
                self._changed.wait(self._limits.linger)

    def _next_batch(self) -> list[_Waiting]:
        """Take the next entries off the queue; those that the log has already are only placed."""
        batch: list[_Waiting] = []
        size = 0
        with self._changed:
            while self._queue and len(batch) < self._limits.batch:
                first = self._queue[0]
                index = self._recent.index_of(first.leaf)
                if index is not None:
                    first.index = index
                    self._placed.append(first)
                elif batch and size + len(first.entry) > self._limits.batch_bytes:
                    break
                else:
                    batch.append(first)
                    size += len(first.entry)
                self._queue.popleft()
        return batch

    def _publication_due(self) -> float:
        return self._published_at + self._limits.publish_every - time.monotonic()

    def _publish(self, log: Log) -> None:
        before = log.published
        published = log.publish(int(self._clock()))
        self._published_at = time.monotonic()
        placed, self._placed = self._placed, []
        answers = [Sequenced(each.index, log.checkpoint_covering(each.index)) for each in placed]
        with self._changed:
            for each in placed:
                del self._by_leaf[each.leaf]
        for each, answer in zip(placed, answers, strict=True):
            each.answer.set_result(answer)
        if self._on_published is not None and published != before:
            self._on_published(published)

    def _take_log(self) -> Log:
        log = self._open_log()
        try:
            self._recent.follow(log)
        except BaseException:
            log.close()
            raise
        self._log, self._opened = log, time.monotonic()
        return log

    def _stay_or_yield(self) -> None:
        if self._log is not None:
            self._log.beat()
            if self._log.wanted and time.monotonic() - self._opened >= self._limits.turn:
                self._let_go()

    def _let_go(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def _recover(self, error: LedgerError) -> None:
        """After a failure: load the log again at the next round, and be patient with it for a while."""
        if not isinstance(error, Unavailable):
            self._let_go()
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        if now - self._failing_since >= self._limits.patience:
            with self._changed:
                left = list(self._by_leaf.values())
                self._queue.clear()
            self._placed = []
            self._refuse(left, lambda: _same(error))
            self._failing_since = None
        with self._changed:
            if not self._closed:
                self._changed.wait(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _refuse(self, left: Iterable[_Waiting], make: Callable[[], LedgerError]) -> None:
        for each in left:
            with self._changed:
                self._by_leaf.pop(each.leaf, None)
            each.answer.set_exception(make())


class _Recent:
    """Leaf hashes of the log's last entries, and where they stand."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._index: dict[bytes, int] = {}
        self._order: deque[tuple[bytes, int]] = deque()
        self._size = 0

    def index_of(self, leaf: bytes) -> int | None:
        """Where the entry stands that has this leaf hash; None if it is not among the last ones."""
        return self._index.get(leaf)

    def add(self, start: int, leaves: Sequence[bytes]) -> None:
        """Remember entries that were appended from index `start` on."""
        for index, leaf in enumerate(leaves, start):
            self._index[leaf] = index
            self._order.append((leaf, index))
        self._size = start + len(leaves)
        while len(self._order) > self._count:
            leaf, index = self._order.popleft()
            if self._index.get(leaf) == index:
                del self._index[leaf]

    def follow(self, log: Log) -> None:
        """Read what was appended since the last call, by whomever."""
        if log.size < self._size:  # another copy of the log: what is remembered means nothing there
            self._index.clear()
            self._order.clear()
            self._size = 0
        start = max(self._size, log.size - self._count)
        if start < log.size:
            hashes = log.hashes(log.size)
            self.add(start, hashes.read_hashes([(0, index) for index in range(start, log.size)]))


def _same(error: LedgerError) -> LedgerError:
    """An exception for each caller, since each adds its own traceback to it."""
    return type(error)(*error.args)
