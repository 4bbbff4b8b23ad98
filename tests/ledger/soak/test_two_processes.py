"""Two processes with four callers each write one log: every entry gets one place, and no place is left empty."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from ledger.stores.files import FileObjects
from tests.ledger.logs import entries
from tests.ledger.soak.callers import LOCK_URL, open_shared
from tests.ledger.soak.calling import Calls
from tests.ledger.soak.told import Told

SOAK = bool(os.environ.get("DATAWHARF_SOAK"))
EACH = 2_500 if SOAK else 250


@pytest.mark.slow
@pytest.mark.timeout(3600 if SOAK else 300)
@pytest.mark.parametrize("lock", ["file", "postgresql"])
def test_all_entries_of_two_processes_are_there_once(
    lock: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lock == "postgresql":
        monkeypatch.setenv(LOCK_URL, request.getfixturevalue("postgresql_url"))
    told = Told()
    told.acknowledge(0, entries(0, 2))
    open_shared(tmp_path).close()
    both = [Calls("left", told), Calls("right", told)]
    with ExitStack() as stack, ThreadPoolExecutor(2) as threads:
        processes = [stack.enter_context(calls.started(tmp_path, EACH)) for calls in both]
        said = [calls.go(process) for calls, process in zip(both, processes, strict=True)]
        for heard in [threads.submit(calls.hear, lines) for calls, lines in zip(both, said, strict=True)]:
            heard.result()
        assert [process.wait() for process in processes] == [0, 0]
    assert [calls.acknowledged for calls in both] == [4 * EACH, 4 * EACH]
    log = open_shared(tmp_path)
    assert sorted(told.entries) == list(range(log.size)), (
        "there is a gap, or an entry that nobody was told of"
    )
    told.check(log, FileObjects(tmp_path / "log"))
    print(
        f"{log.size - 2} entries, {turns(told)} turns, {sum(len(calls.refusals) for calls in both)} calls again"
    )
    # So few entries may all be written before the log is handed over for the first time.
    assert turns(told) > 2 or not SOAK
    for refusal in (line for calls in both for line in calls.refusals):
        assert refusal.startswith(("again Conflict ", "again Unavailable ")), refusal
    log.close()


def turns(told: Told) -> int:
    """How often the log went from one process to the other."""
    names = [told.entries[index].split()[0] for index in sorted(told.entries)]
    return sum(one != other for one, other in pairwise(names))
