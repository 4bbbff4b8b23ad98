"""The process whose calls to the file system fail: it takes a log to a size, tries again after an error, and tells all."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from ledger import durable
from ledger.errors import LedgerError
from ledger.log import Log
from tests.ledger.logs import NOW, entries
from tests.ledger.writer import open_log

TARGET = 259
_ATTEMPTS = 3
_PR_SET_PTRACER, _PR_SET_PTRACER_ANY = 0x59616D61, -1


def commit(folder: Path, pipe: Connection) -> None:
    """One commit of a log that is open, by whoever has been told to begin."""
    _prepare()
    log = open_log(folder)
    _begin(pipe)
    for attempt in range(_ATTEMPTS):
        # As a sequencer does it: once more with the same log, then with the log loaded again.
        with _told(pipe):
            if attempt > 1:
                log = open_log(folder)
            _finish(log, pipe)
            break
    pipe.send(("ended",))


def takeover(folder: Path, pipe: Connection) -> None:
    """The recovery of what another process left half done, and the commit after it."""
    _prepare()
    _begin(pipe)
    for _ in range(_ATTEMPTS):
        with _told(pipe):
            _finish(open_log(folder), pipe)
            break
    pipe.send(("ended",))


def _finish(log: Log, pipe: Connection) -> None:
    start = log.size
    if start < TARGET:
        pipe.send(("appended", log.append(entries(start, TARGET)).start))
    published = log.publish(NOW + 1)
    pipe.send(("published", published.size, published.root))
    log.beat(now=True)
    log.close()


def _prepare() -> None:
    # All calls in one thread, so that the n-th call is the same one in each run.
    durable._LONG_SYNC = math.inf
    # Where only a parent may trace its children, strace, which is none, may trace this one.
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _PR_SET_PTRACER_ANY, 0, 0, 0)


def _begin(pipe: Connection) -> None:
    pipe.send("ready")
    pipe.recv()


@contextmanager
def _told(pipe: Connection) -> Iterator[None]:
    try:
        yield
    except LedgerError as error:
        pipe.send(("refused", type(error).__name__, str(error)))
    except Exception as error:
        pipe.send(("escaped", type(error).__name__, str(error)))
