"""Streams that run in this process: counted by whose they are, with threads of their own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CapacityLimiter

from market.delivery.errors import TooManyStreams
from market.kit.i18n import N_

READING_THREADS = 32


class Streams:
    """Counts what runs, so that one caller cannot take all places; and its own threads, so that slow disks stop no page."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.threads = CapacityLimiter(READING_THREADS)

    @property
    def running(self) -> int:
        """How many streams run in this process."""
        with self._lock:
            return self._running.total()

    @contextmanager
    def one(self, who: str, most: int) -> Iterator[None]:
        """A place for one stream of `who`. Raises TooManyStreams."""
        with self._lock:
            if self._running[who] >= most:
                raise TooManyStreams(
                    N_("At most %(most)s at once."),
                    hint=N_("Wait until one of them ends."),
                    retry_after=5,
                    most=most,
                )
            self._running[who] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[who] -= 1
                if not self._running[who]:
                    del self._running[who]
