"""A process that appends and publishes until it is killed, and says on standard output what is acknowledged."""

from __future__ import annotations

import sys
from pathlib import Path

from ledger.log import Log
from ledger.signer import FileSignerState
from ledger.stores.files import FileLock, FileObjects
from tests.ledger.logs import NOW, ORIGIN, entries, make_signer


def open_log(folder: Path) -> Log:
    """Load the log in `folder`, or create it where there is none."""
    objects, lock = FileObjects(folder / "log"), FileLock(folder / "head")
    signer = make_signer(FileSignerState(folder / "signer"))
    if lock.read() is None:
        return Log.create(ORIGIN, objects, lock, signer, entries(0, 2))
    return Log.load(ORIGIN, objects, lock, signer)


def main() -> None:
    log = open_log(Path(sys.argv[1]))
    counts = [1, 2, 250, 3, 700, 1]
    step = 0
    while True:
        count = counts[step % len(counts)]
        step += 1
        appended = log.append(entries(log.size, log.size + count))
        print(f"appended {appended.stop}", flush=True)
        if step % 2:
            published = log.publish(NOW + step)
            print(f"published {published.size} {published.root.hex()}", flush=True)


if __name__ == "__main__":
    main()
