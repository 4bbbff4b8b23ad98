"""What a log promises while nothing fails: indices, files, proofs, checkpoints, two verbs to open it."""

from __future__ import annotations

import random
import resource
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from ledger.checkpoint import Checkpoint, cosign_checkpoint, open_checkpoint
from ledger.errors import Conflict, Malformed, StorageFailed, Unavailable, Unverified
from ledger.hashing import EMPTY_ROOT, leaf_hash
from ledger.head import frames_of
from ledger.integrate import EMPTY_EDGE, grow, read_edge
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import COSIGNATURE_ED25519, NoteSigner, Verifier, open_note, sign_note
from ledger.proofs import verify_consistency, verify_inclusion
from ledger.reader import LogReader
from ledger.signer import FileSignerState
from ledger.stores.files import FileLock, FileObjects
from ledger.stores.memory import Outcome
from tests.ledger.logs import (
    COSIGNER,
    LOG_SIGNER,
    NOW,
    ORIGIN,
    World,
    entries,
    make_signer,
    naive_files,
    naive_root,
)
from tests.ledger.writer import open_log

SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000]


def test_files_are_those_of_the_specification_at_every_published_size() -> None:
    """One log grows through all sizes; after each publication a naive model's files are all there, byte for byte."""
    world = World()
    log = world.create()
    data: list[bytes] = []
    expected: dict[str, bytes] = {}
    for size in SIZES:
        new = entries(len(data), size, 24)
        data += new
        assert log.append(new) == range(size - len(new), size)
        published = log.publish(NOW + size)
        expected |= naive_files(data)
        assert (published.size, published.root) == (size, naive_root(data))
        assert (
            open_checkpoint(world.objects.stored["checkpoint"], LOG_SIGNER.verifier) == published.checkpoint
        )
    stored = {path: data for path, data in world.objects.stored.items() if path.startswith("tile/")}
    assert stored == expected
    kept = {path for path in world.objects.stored if path.startswith("checkpoints/")}
    assert kept == {f"checkpoints/{size}{end}" for size in SIZES for end in ("", ".cose", ".links")}
    assert not list(world.objects.paths("staging/"))


def test_the_edge_read_from_tiles_is_the_edge_in_memory() -> None:
    rng = random.Random(7)
    files: dict[str, bytes] = {}
    edge = EMPTY_EDGE
    for count in (1, 1, 253, 1, 1, 300, 512, 64_467, 3, 700):
        growth = grow(edge, frames_of([rng.randbytes(rng.randrange(40)) for _ in range(count)]))
        files |= growth.objects
        edge = growth.edge
        assert read_edge(files.get, edge.size) == edge
        assert edge.root == growth.root
    assert edge.size > 65_536


def test_every_entry_can_be_proved_under_every_published_size() -> None:
    world = World()
    log = world.create(entries(0, 2))
    roots = {}
    for stop in (2, 3, 255, 256, 257, 300, 513):
        log.append(entries(log.size, stop))
        roots[stop] = log.publish(NOW).root
    for size, root in roots.items():
        for index in {*range(0, size, 37), size - 1}:
            verify_inclusion(
                leaf_hash(entries(index, index + 1)[0]), index, size, log.inclusion(index, size), root
            )
    for old, new in pairwise(roots):
        verify_consistency(old, roots[old], new, roots[new], log.consistency(old, new))
    assert list(log.entries(0, 10_000)) == entries(0, 513)
    assert list(log.entries(250, 260)) == entries(250, 260)
    assert log.entry(512) == entries(512, 513)[0]


def test_reading_beyond_the_end_is_refused() -> None:
    log = World().create(entries(0, 3))
    for call in (lambda: log.entry(3), lambda: log.entry(-1), lambda: log.inclusion(0, 4)):
        with pytest.raises(Malformed):
            call()
    with pytest.raises(Malformed):
        log.consistency(2, 4)


def test_an_entry_is_covered_by_the_first_checkpoint_after_it() -> None:
    log = World().create(entries(0, 2))
    rng = random.Random(11)
    sizes = [log.publish(NOW).size]
    for _ in range(200):
        log.append(entries(log.size, log.size + rng.randrange(1, 4)))
        if rng.random() < 0.7:
            sizes.append(log.publish(NOW).size)
    sizes.append(log.publish(NOW).size)
    for index in range(log.size):
        assert log.checkpoint_covering(index).size == min(size for size in sizes if size > index)
    log.append([b"later"])
    with pytest.raises(Conflict, match="not published yet"):
        log.checkpoint_covering(log.size - 1)


def test_few_small_files_are_read_to_find_a_checkpoint() -> None:
    world = World()
    log = world.create(entries(0, 2))
    for _ in range(1000):
        log.append([b"x"])
        log.publish(NOW)
    reads: list[str] = []

    class Counted:
        paths, create, swap, delete = (
            world.objects.paths,
            world.objects.create,
            world.objects.swap,
            world.objects.delete,
        )

        def read(self, path: str) -> bytes | None:
            reads.append(path)
            return world.objects.read(path)

    reader = Log.open_reader(ORIGIN, Counted(), LOG_SIGNER.verifier)
    reads.clear()
    assert reader.checkpoint_covering(123).size == 124
    assert len(reads) <= 30


def test_publishing_without_new_entries_changes_nothing() -> None:
    world = World()
    log = world.create(entries(0, 2))
    first = log.publish(NOW)
    writes = len(world.faults.writes)
    assert log.publish(NOW + 60) == first
    assert len(world.faults.writes) == writes


def test_a_published_note_carries_the_log_and_the_operator() -> None:
    log = World().create(entries(0, 2))
    note = open_note(log.publish(NOW).note, [LOG_SIGNER.verifier, COSIGNER.verifier])
    assert note.verified == (LOG_SIGNER.verifier, COSIGNER.verifier)


def test_the_number_of_writes_per_commit() -> None:
    """Write amplification shows here: a steady append touches one bundle and one tile a level."""
    world = World()
    log = world.create(entries(0, 300))
    log.publish(NOW)
    world.faults.writes.clear()
    log.append([b"one"])
    staged = world.faults.writes[0]
    assert staged.startswith("write staging/1-300-301-")
    assert world.faults.writes[1:] == [
        "swap head",
        "write tile/entries/001.p/45",
        "write tile/0/001.p/45",
        f"delete {staged.removeprefix('write ')}",
    ]
    world.faults.writes.clear()
    log.publish(NOW)
    assert world.faults.writes == [
        "signer state",
        "write checkpoints/301",
        "write checkpoints/301.cose",
        "write checkpoints/301.links",
        "write checkpoint",
    ]
    world.faults.writes.clear()
    assert log.append([]) == range(301, 301)
    assert world.faults.writes == []


def test_an_entry_that_is_too_large_stops_the_whole_batch() -> None:
    world = World()
    log = world.create(entries(0, 2))
    writes = len(world.faults.writes)
    with pytest.raises(Malformed, match="65535"):
        log.append([b"fits", b"x" * 65_536])
    assert len(world.faults.writes) == writes
    assert log.append([b"x" * 65_535, b""]) == range(2, 4)
    assert [len(entry) for entry in log.entries(2, 4)] == [65_535, 0]


def test_create_refuses_where_a_log_is() -> None:
    world = World()
    world.create(entries(0, 2)).publish(NOW)
    before = dict(world.objects.stored)
    with pytest.raises(Conflict, match="load it"):
        world.create(entries(0, 2))
    world.lock.record = None
    with pytest.raises(Conflict, match="load it"):
        world.create(entries(0, 2))
    assert world.objects.stored == before


def test_load_refuses_where_no_log_is() -> None:
    world = World()
    with pytest.raises(StorageFailed, match="create it, or restore"):
        world.load()
    assert world.faults.writes == []


def test_a_log_is_opened_only_with_its_own_signer() -> None:
    world = World()
    world.create(entries(0, 2))
    for verb in (
        lambda: Log.load("other.example", world.objects, world.lock, world.signer()),
        lambda: Log.create("other.example", world.objects, world.lock, world.signer(), []),
    ):
        with pytest.raises(Conflict, match="The signer signs for"):
            verb()


def test_a_second_writer_ends_the_first() -> None:
    """Where the store cannot keep others out, the swap decides: the older owner cannot append any more."""
    world = World()
    first = world.create(entries(0, 2))
    second = world.load()
    with pytest.raises(Conflict):
        first.append([b"late"])
    with pytest.raises(StorageFailed, match="load it again"):
        first.append([b"late"])
    assert second.append([b"in time"]) == range(2, 3)
    assert list(second.entries(2, 9)) == [b"in time"]
    assert list(world.load().entries(2, 9)) == [b"in time"]


def test_a_log_in_files_passes_from_one_writer_to_the_next(tmp_path: Path) -> None:
    def open_log(verb: str) -> Log:
        objects, lock = FileObjects(tmp_path / "log"), FileLock(tmp_path / "head")
        signer = make_signer(FileSignerState(tmp_path / "signer"))
        if verb == "create":
            return Log.create(ORIGIN, objects, lock, signer, entries(0, 2))
        return Log.load(ORIGIN, objects, lock, signer)

    first = open_log("create")
    first.append(entries(2, 600))
    first.publish(NOW)
    first.close()
    with pytest.raises(StorageFailed, match="closed"):
        first.append([b"late"])
    second = open_log("load")
    assert list(second.entries(0, 600)) == entries(0, 600)
    assert second.publish(NOW + 1).size == 600
    second.close()
    assert (tmp_path / "signer").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "log" / "staging").iterdir()] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["head", "head.lease", "log", "signer"]


def test_a_reader_follows_the_published_checkpoint() -> None:
    world = World()
    log = world.create(entries(0, 2))
    reader = Log.open_reader(ORIGIN, world.objects, LOG_SIGNER.verifier)
    assert (reader.size, reader.published) == (0, None)
    log.publish(NOW)
    assert reader.refresh() == log.published
    log.append(entries(2, 500))
    assert reader.refresh() is not None
    assert reader.size == 2
    with pytest.raises(Malformed):
        reader.entry(2)
    log.publish(NOW)
    reader.refresh()
    assert reader.entry(499) == entries(499, 500)[0]
    assert reader.inclusion(3, 500) == log.inclusion(3, 500)


def test_a_reader_refuses_a_log_that_went_back() -> None:
    world = World()
    log = world.create(entries(0, 2))
    log.publish(NOW)
    old = dict(world.objects.stored)
    log.append(entries(2, 9))
    log.publish(NOW)
    reader = Log.open_reader(ORIGIN, world.objects, LOG_SIGNER.verifier)
    world.objects.stored = old
    with pytest.raises(StorageFailed, match="from 9 entries to another tree of 2"):
        reader.refresh()


def test_two_threads_that_look_at_once_do_not_take_the_log_for_one_that_went_back() -> None:
    """One has read the checkpoint and is overtaken by another, which reads a newer one."""
    world = World()
    log = world.create(entries(0, 2))
    log.publish(NOW)
    overtaking: list[threading.Thread] = []

    class Slow:
        def read(self, path: str) -> bytes | None:
            data = world.objects.read(path)
            if path == "checkpoint" and not overtaking:
                log.append(entries(2, 9))
                log.publish(NOW)
                overtaking.append(threading.Thread(target=reader.refresh))
                overtaking[0].start()
                overtaking[0].join(0.2)
            return data

    reader = LogReader(ORIGIN, Slow(), LOG_SIGNER.verifier)
    assert reader.refresh() is not None
    overtaking[0].join()
    assert reader.size == 9


def test_an_empty_log_can_be_published() -> None:
    published = World().create().publish(NOW)
    assert (published.size, published.root) == (0, EMPTY_ROOT)


def test_a_disk_that_takes_no_more_loses_nothing(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.publish(NOW)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(StorageFailed, match="File too large"):
            log.append([b"x" * 60_000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert log.size == 2
    assert log.append([b"x" * 60_000]) == range(2, 3)
    assert list((tmp_path / "log" / "staging").iterdir()) == []
    log.close()
    assert open_log(tmp_path).entry(2) == b"x" * 60_000


class Witness:
    """Cosigns, or has too few friends, or gives something else back."""

    def __init__(self) -> None:
        self.signer = NoteSigner("witness.example/w", SigningKey.from_seed(bytes(32)), COSIGNATURE_ED25519)
        self.asked: list[int] = []
        self.missing = False
        self.other: bytes | None = None

    def look_back(self, note: bytes, checkpoint: Checkpoint, keys: Sequence[Verifier]) -> None:
        """It knows nothing that speaks against it."""

    def cosign(self, note: bytes, checkpoint: Checkpoint) -> bytes:
        self.asked.append(checkpoint.size)
        if self.missing:
            raise Unverified("Too few witnesses.")
        return self.other or cosign_checkpoint(note, self.signer, NOW + len(self.asked))


def witnessed(world: World, witness: Witness) -> Log:
    return Log.load(ORIGIN, world.objects, world.lock, world.signer(), cosigners=witness)


def test_cosignatures_are_gathered_before_a_checkpoint_is_public_and_stay_with_it() -> None:
    world, witness = World(), Witness()
    world.create(entries(0, 2))
    log = witnessed(world, witness)
    published = log.publish(NOW)
    assert open_note(published.note, [witness.signer.verifier]).verified == (witness.signer.verifier,)
    assert world.objects.stored["checkpoint"] == published.note
    assert log.checkpoint_at(2) == published
    assert (log.publish(NOW + 5), witness.asked) == (published, [2])


def test_too_few_cosigners_delay_the_publication_and_nothing_else() -> None:
    world, witness = World(), Witness()
    world.create(entries(0, 2))
    witness.missing = True
    log = witnessed(world, witness)
    for _ in range(2):
        with pytest.raises(Unavailable, match="Too few"):
            log.publish(NOW)
    assert "checkpoint" not in world.objects.stored
    assert log.append(entries(2, 5)) == range(2, 5)
    log = witnessed(world, witness)
    assert log.append(entries(5, 6)) == range(5, 6)
    witness.missing = False
    assert log.publish(NOW + 9).size == 6
    # What was signed first is published first, so that the list of checkpoints is the same as without the failure.
    assert [log.checkpoint_covering(index).size for index in range(6)] == [2, 2, 6, 6, 6, 6]


@pytest.mark.parametrize("write", [1, 2, 3, 4])
@pytest.mark.parametrize("outcome", ["lost", "persisted"])
def test_cosignatures_are_settled_once_a_checkpoint_is_kept(write: int, outcome: Outcome) -> None:
    """The witness answers with another time at each call, so asking twice would show."""
    world, witness = World(), Witness()
    world.create(entries(0, 2))
    log = witnessed(world, witness)
    world.faults.plan(1 + write, outcome)
    with pytest.raises(StorageFailed, match="Injected"):
        log.publish(NOW)
    kept = world.objects.stored.get("checkpoints/2")
    again = witnessed(world, witness)
    assert again.published is not None
    if kept is not None:
        assert again.published.note == kept
        assert witness.asked == [2]
    assert again.checkpoint_at(2) == again.published


def test_cosigners_cannot_change_what_is_published() -> None:
    world, witness = World(), Witness()
    log = world.create(entries(0, 2))
    witness.other = sign_note(f"{ORIGIN}\n3\n{'A' * 43}=\n", [LOG_SIGNER])
    with pytest.raises(Conflict, match="another head"):
        witnessed(world, witness).publish(NOW)
    witness.other = b"no note"
    with pytest.raises(Malformed):
        witnessed(world, witness).publish(NOW)
    witness.other = None
    assert witnessed(world, witness).publish(NOW).root == log.head.root
