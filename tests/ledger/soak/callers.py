"""A process with one sequencer and several callers, who tell on standard output each answer that they get.

    python -m tests.ledger.soak.callers FOLDER NAME STOP FIRST…

When it reads a line, caller c adds the entries FIRST[c] to STOP - 1 of its own, a few at a time, and any entry again
until it is answered. The lock store is a file in FOLDER, or the database that `LOCK_URL` names.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from concurrent.futures import Future
from pathlib import Path

from sqlalchemy import NullPool, create_engine

from ledger.errors import LedgerError
from ledger.log import Log
from ledger.sequencer import Limits, Sequenced, Sequencer
from ledger.signer import FileSignerState
from ledger.storage import LockStore
from ledger.stores.files import FileLock, FileObjects
from ledger.stores.sql import SqlLock
from tests.ledger.logs import ORIGIN, entries, make_signer

LOCK_URL = "LEDGER_SOAK_LOCK"
IN_FLIGHT = 25
# Short ones, so that the log goes from one process to the other as often as can be, also in the midst of a commit.
LEASE_SECONDS = 0.5
LIMITS = Limits(patience=4.0, turn=0.1)
_printing = threading.Lock()


def entry_of(name: str, caller: int, number: int) -> bytes:
    """What a caller adds."""
    return f"{name} {caller} {number}".encode().ljust(100, b".")


def open_shared(folder: Path) -> Log:
    """Load the log, or create it where there is none."""
    objects, lock = FileObjects(folder / "log"), _lock(folder)
    signer = make_signer(FileSignerState(folder / "signer"))
    if lock.read() is None:
        return Log.create(ORIGIN, objects, lock, signer, entries(0, 2), lease_seconds=LEASE_SECONDS)
    return Log.load(ORIGIN, objects, lock, signer, lease_seconds=LEASE_SECONDS)


def _lock(folder: Path) -> LockStore:
    url = os.environ.get(LOCK_URL)
    if url is None:
        return FileLock(folder / "head")
    lock = SqlLock(create_engine(url, poolclass=NullPool), ORIGIN)
    lock.create_table()
    return lock


def _say(*words: object) -> None:
    with _printing:
        print(*words, flush=True)


def _call(sequencer: Sequencer, name: str, caller: int, first: int, stop: int) -> None:
    flying: deque[tuple[int, Future[Sequenced]]] = deque()
    while first < stop or flying:
        while first < stop and len(flying) < IN_FLIGHT:
            flying.append((first, sequencer.submit(entry_of(name, caller, first))))
            first += 1
        number, answer = flying.popleft()
        answered = _answered(sequencer, entry_of(name, caller, number), answer)
        published = answered.published
        _say("entry", caller, number, answered.index, published.size, published.root.hex())


def _answered(sequencer: Sequencer, entry: bytes, answer: Future[Sequenced]) -> Sequenced:
    while True:
        try:
            return answer.result()
        except LedgerError as error:
            _say("again", type(error).__name__, error)
            answer = sequencer.submit(entry)


def main() -> None:
    _say("ready")
    sys.stdin.readline()
    folder, name, stop = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with Sequencer(lambda: open_shared(folder), LIMITS) as sequencer:
        callers = [
            threading.Thread(target=_call, args=(sequencer, name, caller, int(first), stop))
            for caller, first in enumerate(sys.argv[4:])
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()


if __name__ == "__main__":
    main()
