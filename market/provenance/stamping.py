"""Stamping in the background: authorities are other people's machines, and nobody waits for them."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Self

from ledger.errors import LedgerError
from ledger.stamping import Stamper

POLL_SECONDS = 5.0
RETRY_SECONDS = 60.0
_END_SECONDS = 2.0

log = logging.getLogger(__name__)


class BackgroundStamping:
    """A thread beside the one that publishes. What it cannot stamp now it tries again later."""

    def __init__(self, stamper: Stamper, *, poll: float = POLL_SECONDS, retry: float = RETRY_SECONDS) -> None:
        self._stamper = stamper
        self._poll, self._retry = poll, retry
        self._ended = threading.Event()
        # An authority may keep it for as long as it likes; the process ends without it then.
        self._thread = threading.Thread(target=self._run, name="stamping", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            try:
                self._stamper.step(time.monotonic())
                pause = self._poll
            except LedgerError as error:
                log.warning("no time stamp: %s", error)
                pause = self._retry
            except Exception:
                log.exception("stamping failed")
                pause = self._retry
