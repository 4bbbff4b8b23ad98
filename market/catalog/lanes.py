"""Work on the bytes of an upload that must keep their order, beside other work on the same bytes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

# Batches of about 4 MiB: this is how much of an upload may wait in memory.
AHEAD = 2


class Lane:
    """Hands batches to `work` one after the other, in a thread of the pool that is held only while there are any."""

    def __init__(self, pool: Executor, work: Callable[[Sequence[bytes]], None]) -> None:
        self._pool, self._work = pool, work
        self._waiting: deque[Sequence[bytes]] = deque()
        self._busy = False
        self._failure: BaseException | None = None
        self._changed = threading.Condition()

    def feed(self, batch: Sequence[bytes]) -> None:
        """Add a batch; waits while too many are waiting. Raises what the work raised for an earlier one."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < AHEAD)
            self._raise_failure()
            self._waiting.append(batch)
            if self._busy:
                return
            self._busy = True
        self._pool.submit(self._drain)

    def wait(self) -> None:
        """Return when all batches are done. Raises what the work raised."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)
            self._raise_failure()

    def abandon(self) -> None:
        """Drop the batches that wait, and return when the one at hand is done."""
        with self._changed:
            self._waiting.clear()
            self._changed.wait_for(lambda: not self._busy)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _drain(self) -> None:
        while True:
            with self._changed:
                self._changed.notify_all()
                if not self._waiting:
                    self._busy = False
                    return
                batch = self._waiting.popleft()
            try:
                self._work(batch)
            except BaseException as failure:
                with self._changed:
                    self._failure = failure
                    self._waiting.clear()
