"""The map of each process: short steps in requests, the rest by a thread, a file for each, and refusals that say why."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from pathlib import Path

import obstore.store
import pytest

from ledger.errors import Conflict, StorageFailed
from ledger.index.check import check_history
from ledger.index.state import IndexState, format_state
from ledger.indexer.map import IndexMap
from ledger.indexer.own import OwnMap
from ledger.indexer.writer import IndexWriter
from ledger.log import Log
from ledger.reader import LogReader
from ledger.signer import FileSignerState, Signer
from ledger.stores.files import FileLock, FileObjects
from ledger.stores.objects import S3Objects
from tests.ledger.index.worlds import (
    INDEX_COSIGNER,
    INDEX_ORIGIN,
    INDEX_SIGNER,
    TRUST,
    Indexed,
    asset,
    genesis,
    org,
    statement,
)
from tests.ledger.logs import COSIGNER, LOG_SIGNER, NOW, ORIGIN, RECEIPT_KEY

KEYS = (asset(1), org(1), "asset:none", "kind:urn:datawharf:predicate/registration/v1")


@pytest.fixture
def world() -> Iterator[Indexed]:
    made = Indexed(genesis())
    made.follow()
    for number in range(10):
        made.publish(*(statement(number % 3, number=at) for at in range(4)))
        made.follow()
    yield made
    made.map.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnMap]:
    made = OwnMap(ORIGIN, tmp_path / "cache", request_step=8, step=16)
    yield made
    made.close()


def prove(own: OwnMap, world: Indexed, key: str) -> bytes:
    return own.prove(key, world.reader(), world.index_reader(), with_entries=True)


def until_done(own: OwnMap) -> None:
    """Wait for the thread that takes what is missing."""
    for thread in threading.enumerate():
        if thread.name == "index-map":
            thread.join(30)
            assert not thread.is_alive()


def test_what_is_missing_is_taken_behind_the_first_request(own: OwnMap, world: Indexed) -> None:
    with pytest.raises(Conflict, match="being made again"):
        prove(own, world, asset(1))
    until_done(own)
    for key in KEYS:
        assert prove(own, world, key) == world.prove(key)


def test_the_first_to_ask_gets_the_answer_if_little_is_missing(tmp_path: Path, world: Indexed) -> None:
    own = OwnMap(ORIGIN, tmp_path)
    assert prove(own, world, asset(1)) == world.prove(asset(1))
    world.publish(statement(1, number=77))
    world.follow()
    assert prove(own, world, asset(1)) == world.prove(asset(1))
    own.close()


def test_a_map_may_be_made_before_anybody_asks(own: OwnMap, world: Indexed) -> None:
    own.begin(world.reader(), world.index_reader())
    until_done(own)
    assert prove(own, world, asset(1)) == world.prove(asset(1))


def test_while_it_catches_up_it_proves_what_it_has(own: OwnMap, world: Indexed) -> None:
    own.catch_up(world.reader(), world.index_reader())
    before = world.prove(asset(1))
    for number in range(10):
        world.publish(*(statement(1, number=100 * number + at) for at in range(4)))
        world.follow()
    entered, leave = threading.Event(), threading.Event()

    def busy() -> None:
        with own.changing():
            entered.set()
            leave.wait(30)

    other = threading.Thread(target=busy)
    other.start()
    entered.wait(30)
    shown = prove(own, world, asset(1))
    leave.set()
    other.join()
    assert shown == before
    assert check_history(shown, TRUST, key=asset(1)).ok
    prove(own, world, asset(1))
    until_done(own)
    assert prove(own, world, asset(1)) == world.prove(asset(1))


def test_a_wrong_index_is_refused_each_time_it_is_asked(own: OwnMap, world: Indexed) -> None:
    own.catch_up(world.reader(), world.index_reader())
    world.publish(statement(1, number=200))
    world.index_log.append([format_state(IndexState(world.log.head, bytes(32)))])
    world.index_log.publish(world.time)
    for _ in range(2):
        with pytest.raises(StorageFailed, match="is not what those entries lead to"):
            prove(own, world, asset(1))


def test_a_closed_map_goes_on_when_it_is_used_again(own: OwnMap, world: Indexed) -> None:
    own.catch_up(world.reader(), world.index_reader())
    own.close()
    assert prove(own, world, asset(1)) == world.prove(asset(1))


@pytest.mark.parametrize("kind", ["damaged", "of another log"])
def test_a_file_of_no_use_is_made_again(tmp_path: Path, world: Indexed, kind: str) -> None:
    if kind == "damaged":
        (tmp_path / "map.sqlite").write_bytes(b"not SQLite at all" * 100)
    else:
        IndexMap("other.example/log", tmp_path / "map.sqlite").close()
    own = OwnMap(ORIGIN, tmp_path)
    assert prove(own, world, asset(1)) == world.prove(asset(1))
    own.close()


def test_a_file_that_cannot_be_reached_is_kept(tmp_path: Path, world: Indexed) -> None:
    (tmp_path / "map.sqlite").mkdir()
    own = OwnMap(ORIGIN, tmp_path)
    with pytest.raises(StorageFailed, match="could not be opened"):
        prove(own, world, asset(1))
    assert (tmp_path / "map.sqlite").is_dir()
    own.close()


def test_closing_stops_the_thread(tmp_path: Path, world: Indexed) -> None:
    own = OwnMap(ORIGIN, tmp_path, request_step=1, step=1)
    with pytest.raises(Conflict):
        prove(own, world, asset(1))
    own.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "index-map"]


def _serve(
    logs: Path, cache: Path, asked: multiprocessing.SimpleQueue, answers: multiprocessing.SimpleQueue
) -> None:
    """A process that has the public files and a cache folder, and answers for each key."""
    own = OwnMap(ORIGIN, cache)
    reader = LogReader(ORIGIN, FileObjects(logs / "log"), LOG_SIGNER.verifier)
    index_reader = LogReader(INDEX_ORIGIN, FileObjects(logs / "index"), INDEX_SIGNER.verifier)
    while (key := asked.get()) is not None:
        answers.put(own.prove(key, reader, index_reader, with_entries=True))
    own.close()


def test_two_processes_with_one_folder_answer_the_same_bytes_while_a_third_writes(tmp_path: Path) -> None:

    (tmp_path / "log").mkdir()
    log = Log.create(
        ORIGIN,
        FileObjects(tmp_path / "log"),
        FileLock(tmp_path / "head"),
        Signer(FileSignerState(tmp_path / "signer"), LOG_SIGNER, COSIGNER, RECEIPT_KEY),
        genesis(),
    )
    log.publish(NOW)
    index_log = Log.create(
        INDEX_ORIGIN,
        FileObjects(tmp_path / "index"),
        FileLock(tmp_path / "index.head"),
        Signer(FileSignerState(tmp_path / "index.signer"), INDEX_SIGNER, INDEX_COSIGNER, RECEIPT_KEY),
        [],
    )
    cache = tmp_path / "cache"
    writing = OwnMap(ORIGIN, cache)
    with writing.changing() as index_map:
        writer = IndexWriter(index_log, index_map)
    reader = LogReader(ORIGIN, FileObjects(tmp_path / "log"), LOG_SIGNER.verifier)
    index_reader = LogReader(INDEX_ORIGIN, FileObjects(tmp_path / "index"), INDEX_SIGNER.verifier)
    writer.follow(reader, NOW)
    spawn = multiprocessing.get_context("spawn")
    asked, answers = [spawn.SimpleQueue() for _ in range(2)], [spawn.SimpleQueue() for _ in range(2)]
    servers = [
        spawn.Process(target=_serve, args=(tmp_path, cache, one, other))
        for one, other in zip(asked, answers, strict=True)
    ]
    for server in servers:
        server.start()
    try:
        for number in range(3):
            log.append([statement(1, number=number), statement(2, number=number)])
            log.publish(NOW + number)
            writer.follow(reader, NOW + number)
            for key in KEYS:
                for queue in asked:
                    queue.put(key)
                shown = writing.prove(key, reader, index_reader, with_entries=True)
                assert [queue.get() for queue in answers] == [shown, shown]
                assert check_history(shown, TRUST, key=key).ok
    finally:
        for server, queue in zip(servers, asked, strict=True):
            queue.put(None)
            server.join(30)
            server.kill()
            server.join()
        writer.close()
        writing.close()
        log.close()
    assert sorted(path.name for path in cache.glob("*.sqlite")) == [
        "map-1.sqlite",
        "map-2.sqlite",
        "map.sqlite",
    ]


def test_objects_in_a_bucket_are_followed_as_files_are(tmp_path: Path, world: Indexed) -> None:
    buckets = []
    for stored in (world.log_world.objects.stored, world.index_world.objects.stored):
        bucket = S3Objects(obstore.store.MemoryStore())
        bucket.create(dict(stored))
        buckets.append(bucket)
    own = OwnMap(ORIGIN, tmp_path)
    for key in KEYS:
        shown = own.prove(
            key,
            LogReader(ORIGIN, buckets[0], LOG_SIGNER.verifier),
            LogReader(INDEX_ORIGIN, buckets[1], INDEX_SIGNER.verifier),
            with_entries=True,
        )
        assert shown == world.prove(key)
    own.close()
