"""Any one call of a real writer to its files fails, or is its last: nothing that was acknowledged suffers."""

from __future__ import annotations

import errno
import multiprocessing
import os
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import StorageFailed
from ledger.log import Log
from ledger.signer import FileSignerState
from ledger.stores.files import FileLock, FileObjects
from tests.ledger.logs import NOW, ORIGIN, entries, make_signer
from tests.ledger.soak import faulted_writer
from tests.ledger.soak.faulted_writer import TARGET
from tests.ledger.soak.strace import Fault, calls_to, demand_strace, struck, traced
from tests.ledger.soak.told import Told
from tests.ledger.writer import open_log

SOAK = bool(os.environ.get("DATAWHARF_SOAK"))
CASES = None if SOAK else 24
BEFORE = 254
ERRORS = {"error=EIO": errno.EIO, "error=ENOSPC": errno.ENOSPC}
TAKE_SPACE = {
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "ftruncate",
}
TAKE_SPACE |= {"rename", "renameat", "renameat2"}

Target = Callable[[Path, Connection], None]
Said = tuple[Any, ...]
"""What a writer said: `appended`, `published`, `refused` or `escaped` with the details, and `ended`."""


class CutOff(FileObjects):
    """Its process ends, so to say, between the head and the tiles."""

    def create(self, objects: Mapping[str, bytes]) -> None:
        if any(path.startswith("tile/") for path in objects):
            raise StorageFailed("The end.")
        super().create(objects)


def published_log(folder: Path) -> Told:
    """A log one entry short of a new tile, and what was told of it."""
    told = Told()
    log = open_log(folder)
    log.append(entries(log.size, BEFORE))
    told.acknowledge(0, entries(0, BEFORE))
    published = log.publish(NOW)
    told.see(published.size, published.root)
    log.close()
    return told


def log_cut_off(folder: Path) -> Told:
    """The same with a batch in its head that no tile has."""
    told = published_log(folder)
    signer = make_signer(FileSignerState(folder / "signer"))
    log = Log.load(ORIGIN, CutOff(folder / "log"), FileLock(folder / "head"), signer)
    with pytest.raises(StorageFailed):
        log.append(entries(BEFORE, BEFORE + 3))
    log.close()
    return told


@pytest.fixture(scope="module")
def children() -> multiprocessing.context.ForkServerContext:
    """Starts processes that have everything imported, in milliseconds."""
    demand_strace()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([faulted_writer.__name__])
    return context


class Sweep:
    """One work of a writer, from the same folder each time."""

    def __init__(
        self, context: multiprocessing.context.ForkServerContext, place: Path, target: Target, told: Told
    ) -> None:
        self.context, self.place, self.target, self.told = context, place, target, told
        self.folder, self.trace = place / "ledger", place / "trace"

    def faults(self) -> Iterator[Fault]:
        """Each call of a run in which nothing fails, with each fault."""
        process, said = self.run(None)
        assert said[-1] == ("ended",)
        assert [each for each in said if each[0] in ("refused", "escaped")] == []
        for call, number in calls_to(self.folder, self.trace, process):
            for what in ("error=EIO", "error=ENOSPC", "signal=KILL"):
                if what != "error=ENOSPC" or call in TAKE_SPACE:
                    yield Fault(call, number, what)

    def run(self, fault: Fault | None) -> tuple[int, list[Said]]:
        """The process's number and all that it said."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.place / "template", self.folder)
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=self.target, args=(self.folder, theirs))
        process.start()
        theirs.close()
        assert process.pid is not None
        said: list[Said] = []
        try:
            assert ours.recv() == "ready"
            with traced(process.pid, self.trace, fault), suppress(EOFError, ConnectionResetError):
                ours.send("go")
                while ours.poll(120):
                    said.append(ours.recv())
        finally:
            process.kill()
            process.join()
            ours.close()
        return process.pid, said

    def check(self, fault: Fault) -> None:
        """Let a fault happen, and hold the log against all that was told."""
        _, said = self.run(fault)
        assert struck(self.trace, fault), "the fault never happened"
        told = Told(dict(self.told.entries), dict(self.told.roots))
        for what, *values in said:
            if what == "appended":
                told.acknowledge(values[0], entries(values[0], TARGET))
            elif what == "published":
                told.see(*values)
        if fault.what in ERRORS:
            self.check_refusals(said, os.strerror(ERRORS[fault.what]))
        self.check_folder(told)

    def check_refusals(self, said: list[Said], reason: str) -> None:
        """A call that fails is no end of the process: it hears why, tries again, and is through."""
        assert [each for each in said if each[0] == "escaped"] == []
        refusals = [each for each in said if each[0] == "refused"]
        assert {kind for _, kind, _ in refusals} <= {"StorageFailed"}
        assert not refusals or reason in refusals[0][2]
        assert said[-1] == ("ended",)
        assert max(each[1] for each in said if each[0] == "published") == TARGET

    def check_folder(self, told: Told) -> None:
        """Load it as another process does, and go on with it."""
        log, objects = open_log(self.folder), FileObjects(self.folder / "log")
        told.check(log, objects)
        again = entries(log.size, TARGET) or entries(TARGET, TARGET + 1)
        start = log.append(again).start
        told.acknowledge(start, again)
        published = log.publish(NOW + 2)
        told.see(published.size, published.root)
        told.check(log, objects)
        log.close()
        assert list((self.folder / "log" / "staging").iterdir()) == []


@pytest.mark.kill
@pytest.mark.slow
@pytest.mark.timeout(3600 if SOAK else 300)
@pytest.mark.parametrize("work", ["commit", "takeover"])
def test_any_call_to_the_file_system_may_fail_or_be_the_last(
    work: str, children: multiprocessing.context.ForkServerContext, tmp_path: Path, rng: random.Random
) -> None:
    template = tmp_path / "template"
    if work == "commit":
        sweep = Sweep(children, tmp_path, faulted_writer.commit, published_log(template))
    else:
        sweep = Sweep(children, tmp_path, faulted_writer.takeover, log_cut_off(template))
    cases = list(sweep.faults())
    assert {"openat", "write", "fsync", "link", "rename", "unlink"} <= {fault.call for fault in cases}
    chosen = cases if CASES is None else rng.sample(cases, CASES)
    print(f"{len(chosen)} of {len(cases)} faults:", *chosen)
    failed = []
    for fault in chosen:
        try:
            sweep.check(fault)
        except Exception as error:
            failed.append(f"{fault}: {type(error).__name__}: {error}")
    assert failed == []
