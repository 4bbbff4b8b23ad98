"""Every way of reading a log notices each lie that it can notice, and says which one it is.

What one cannot see stands in the table too: fsck has no memory unless it is given a head, and whoever asks for nothing
but one receipt does not look at the other entries.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.errors import LedgerError
from ledger.fsck import fsck
from ledger.monitor.monitor import EXIT_CODES, Event, Monitor
from ledger.monitor.state import StateFile
from ledger.proofs import verify_consistency
from ledger.reader import LogReader, LogView
from ledger.storage import ObjectReader
from ledger.stores.http import HttpObjects
from tests.fakes.malicious_log import TIME, MaliciousLog, served

DAY = 24 * 3600
NOT_SEEN = ""
Table = dict[str, tuple[Callable[[MaliciousLog], None], str, str, str, str, str]]

# what the log does · LogView · consistency of two heads · receipt of entry 350 · fsck with the held head · monitor
LIES: Table = {
    "fork of the same size": (
        lambda log: log.fork(300),
        "another tree of 300: two histories",
        "Two different roots are claimed for the same 300",
        "another tree of 300: two histories",
        "checkpoints/300: It is another state than the one that is held: two histories",
        "fork",
    ),
    "fork further on": (
        lambda log: log.fork(600),
        "a tree of 600 that does not continue it",
        "root of the older tree of 300",
        "a tree of 600 that does not continue it",
        "checkpoints/300: The entries lead to another root",
        "fork",
    ),
    "rollback": (
        MaliciousLog.roll_back,
        "went from 300 entries to another tree of 40: it went back",
        "A tree of 40 entries cannot continue one of 300",
        "went from 300 entries to another tree of 40: it went back",
        "The file is missing",
        "rollback",
    ),
    "right signature over a wrong root": (
        MaliciousLog.sign_wrong_root,
        "do not lead to the signed root of 600",
        "root of the newer tree of 600",
        "do not lead to the signed root of 600",
        "checkpoints/600: The entries lead to another root",
        "mismatch",
    ),
    "another key": (
        MaliciousLog.sign_with_another_key,
        "no signature of a key that is trusted",
        "no signature of a key that is trusted",
        "no signature of a key that is trusted",
        "checkpoint, bytes 0 to 330: The note carries no signature of a key that is trusted",
        "unsigned",
    ),
    "entry swapped": (
        MaliciousLog.swap_entry,
        "entry 350 of market.example/ledger does not belong",
        NOT_SEEN,
        "entry 350 of market.example/ledger does not belong",
        "Entry 350 is not the one that was signed",
        "mismatch",
    ),
    "tile is not the bundle's": (
        MaliciousLog.swap_tile,
        "do not lead to the signed root of 600",
        "root of the newer tree of 600",
        "do not lead to the signed root of 600",
        "tile/0/001, bytes 3008 to 3039: The hash is not that of the entries below it",
        "mismatch",
    ),
    "bundle cut": (
        MaliciousLog.cut_bundle,
        "bundle ends within its entry 255",
        NOT_SEEN,
        "bundle ends within its entry 255",
        "tile/entries/001, bytes",
        "unreadable",
    ),
    "tile cut": (
        MaliciousLog.cut_tile,
        "does not hold 256 hashes",
        "does not hold 256 hashes",
        "does not hold 256 hashes",
        "tile/0/001, bytes 8160 to 8191: The file does not hold 256 hashes",
        "unreadable",
    ),
    "files withheld": (
        MaliciousLog.withhold,
        "tile/0/001 is missing",
        "tile/0/001 is missing",
        "tile/0/001 is missing",
        "The file is missing",
        "unreadable",
    ),
    "no checkpoint": (
        MaliciousLog.drop_checkpoint,
        "is gone",
        "is gone",
        "is gone",
        "checkpoint: The file is missing",
        "unreadable",
    ),
    "entry that its key did not sign": (
        MaliciousLog.break_statement,
        NOT_SEEN,
        NOT_SEEN,
        NOT_SEEN,
        NOT_SEEN,
        "entry",
    ),
    "nothing new for a year": (lambda log: None, NOT_SEEN, NOT_SEEN, NOT_SEEN, NOT_SEEN, "stale"),
}


class Heads:
    """What a client remembers from before the lie: the head of 300 entries."""

    def __init__(self, log: MaliciousLog) -> None:
        self.verifier = log.market.log_signer.verifier
        self.held: Checkpoint = open_checkpoint(log.stored["checkpoint"], self.verifier)


def read_view(files: ObjectReader, heads: Heads, lie: Callable[[], None]) -> None:
    view = LogView(files, heads.verifier)
    view.refresh()
    lie()
    view.refresh()
    view.prove(min(350, view.size - 1))


def compare_heads(files: ObjectReader, heads: Heads, lie: Callable[[], None]) -> None:
    """Somebody who keeps a head and asks for nothing but the proof between the two."""
    lie()
    note = files.read("checkpoint")
    if note is None:
        raise LedgerError("The checkpoint is gone.")
    head = open_checkpoint(note, heads.verifier)
    view = LogView(files, heads.verifier)
    view.refresh()
    path = [] if head.size <= heads.held.size else view.consistency(heads.held.size, head.size)
    verify_consistency(heads.held.size, heads.held.root, head.size, head.root, path)


def fetch_receipt(files: ObjectReader, heads: Heads, lie: Callable[[], None]) -> None:
    reader = LogReader(heads.verifier.name, files, heads.verifier)
    reader.refresh()
    lie()
    reader.refresh()
    reader.receipt(min(350, reader.size - 1), supporting=(1, 0))


def check_everything(files: ObjectReader, heads: Heads, lie: Callable[[], None]) -> None:
    lie()
    report = fsck(files, heads.verifier, head=heads.held)
    if report.problems:
        raise LedgerError("\n".join(map(str, report.problems)))


CLIENTS = {"view": read_view, "proof": compare_heads, "receipt": fetch_receipt, "fsck": check_everything}


def outcome(client: str, files: ObjectReader, log: MaliciousLog, lie: Callable[[], None]) -> str:
    try:
        CLIENTS[client](files, Heads(log), lie)
    except LedgerError as error:
        return str(error)
    return NOT_SEEN


@pytest.fixture(params=["memory", "http"])
def opened(request: pytest.FixtureRequest) -> Callable[[MaliciousLog], ObjectReader]:
    """The log's files in memory, or over HTTP."""
    if request.param == "memory":
        return lambda log: log

    def over_http(log: MaliciousLog) -> ObjectReader:
        serving = served(log)
        request.addfinalizer(lambda: serving.__exit__(None, None, None))
        objects = HttpObjects(serving.__enter__(), sleep=lambda _: None)
        request.addfinalizer(objects.close)
        return objects

    return over_http


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_named(lie: str, client: str, opened: Callable[[MaliciousLog], ObjectReader]) -> None:
    log = MaliciousLog()
    tell, *expected = LIES[lie]
    wanted = dict(zip(CLIENTS, expected, strict=False))[client]
    found = outcome(client, opened(log), log, lambda: tell(log))
    if wanted == NOT_SEEN:
        assert found == NOT_SEEN
    else:
        assert wanted in found


class Watch:
    """A monitor with its state in a folder, and what it told."""

    def __init__(self, files: ObjectReader, log: MaliciousLog, folder: Path, *names: str) -> None:
        self.trust = log.market.trust()
        self.file = StateFile(folder / "state.json")
        self.monitor = Monitor(files, self.trust, self.trust.logs[0], self.file, watch=names)
        self.events: list[Event] = []

    def look(self, now: int = TIME + 60) -> int:
        self.events.clear()
        return self.monitor.step(now, self.events.append)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


@pytest.mark.parametrize("lie", LIES)
def test_a_monitor_says_what_kind_of_lie_it_is(
    lie: str, opened: Callable[[MaliciousLog], ObjectReader], tmp_path: Path
) -> None:
    log = MaliciousLog()
    watch = Watch(opened(log), log, tmp_path)
    assert watch.look() == 0
    assert watch.kinds == ["started"]
    tell, *_, kind = LIES[lie]
    tell(log)
    later = TIME + 365 * DAY if kind == "stale" else TIME + DAY
    assert watch.look(later) == EXIT_CODES[kind]
    assert watch.kinds[-1] == kind
    for event in watch.events:
        assert event.sentence("en") != event.sentence("zh")
    held = watch.file.read(watch.trust.logs[0].verifier)
    assert held is not None
    if kind in ("fork", "rollback", "unsigned"):
        assert held.head.size == 300
        watch.look(later)
        assert watch.kinds == [kind], "it stays until somebody decides"


def test_the_double_is_honest_until_it_is_told_to_lie(
    opened: Callable[[MaliciousLog], ObjectReader], tmp_path: Path
) -> None:
    for client in CLIENTS:
        log = MaliciousLog()
        assert outcome(client, opened(log), log, log.grow) == NOT_SEEN, client
    log = MaliciousLog()
    watch = Watch(opened(log), log, tmp_path)
    assert watch.look() == 0
    log.grow()
    assert watch.look() == 0
    assert watch.kinds == ["grown"]


@pytest.mark.parametrize("size", [300, 600])
def test_both_heads_of_a_fork_are_kept(size: int, tmp_path: Path) -> None:
    log = MaliciousLog()
    watch = Watch(log, log, tmp_path)
    watch.look()
    held = log.stored["checkpoint"]
    log.fork(size)
    watch.look()
    watch.look()
    (folder,) = (tmp_path / "state.json.evidence").iterdir()
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert kept == {"held.note": held, "served.note": log.stored["checkpoint"]}
    assert str(folder) in watch.events[0].sentence()
    verifier = watch.trust.logs[0].verifier
    roots = {open_checkpoint(note, verifier).root for note in kept.values()}
    assert len(roots) == 2
