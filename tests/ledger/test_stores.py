"""What every object store and every lock store must do; the memory ones that other tests lean on included."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import MemoryStore, S3Store
from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError

from ledger import durable
from ledger.durable import swap_file
from ledger.errors import Conflict, Malformed, StorageFailed
from ledger.fsck import fsck
from ledger.log import Log
from ledger.storage import LockStore, ObjectStore
from ledger.stores import sql
from ledger.stores.files import FileLock, FileObjects
from ledger.stores.memory import Faults, MemoryLock, MemoryObjects
from ledger.stores.objects import S3Lock, S3Objects
from ledger.stores.sql import SqlLock
from tests.ledger.logs import COSIGNER, LOG_SIGNER, NOW, ORIGIN, RECEIPT_KEY, World, entries, make_signer


@pytest.fixture(params=["memory", "files", "bucket"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "memory":
        return MemoryObjects()
    if request.param == "files":
        return FileObjects(tmp_path / "objects")
    return S3Objects(MemoryStore())


OpenLock = Callable[[], LockStore]


@pytest.fixture(params=["memory", "files", "sqlite", "postgresql", "bucket"])
def open_lock(request: pytest.FixtureRequest, tmp_path: Path) -> OpenLock:
    """Each call gives another handle on the same lock store."""
    if request.param == "memory":
        store = MemoryLock()
        return lambda: store
    if request.param == "files":
        return lambda: FileLock(tmp_path / "head")
    if request.param == "bucket":
        bucket = MemoryStore()
        return lambda: S3Lock(bucket)
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/heads.db"
    else:
        url = request.getfixturevalue("postgresql_url")

    def connect() -> LockStore:
        engine = create_engine(url)
        request.addfinalizer(engine.dispose)
        lock = SqlLock(engine, "ledger.example/test")
        lock.create_table()
        return lock

    return connect


def test_an_object_is_there_once_created_and_not_before(objects: ObjectStore) -> None:
    assert objects.read("tile/0/000.p/1") is None
    objects.create({"tile/0/000.p/1": b"hash", "tile/entries/000.p/1": b"entry"})
    assert objects.read("tile/0/000.p/1") == b"hash"
    assert objects.read("tile/entries/000.p/1") == b"entry"
    assert objects.read("tile/0") is None
    assert objects.read("tile/0/000.p/1/below") is None


def test_an_object_is_written_once(objects: ObjectStore) -> None:
    objects.create({"tile/0/000": b"good"})
    objects.create({"tile/0/000": b"good", "tile/0/001": b"more"})
    with pytest.raises(Conflict, match="tile/0/000"):
        objects.create({"tile/0/000": b"late"})
    assert objects.read("tile/0/000") == b"good"
    assert objects.read("tile/0/001") == b"more"


def test_a_mutable_object_is_swapped(objects: ObjectStore) -> None:
    before = None
    for data in (b"first", b"second", b""):
        objects.swap("checkpoint", before, data)
        assert objects.read("checkpoint") == data
        before = data
    for stale in (None, b"first"):
        with pytest.raises(Conflict, match="changed by another"):
            objects.swap("checkpoint", stale, b"late")
    assert objects.read("checkpoint") == b""


def test_paths_lists_by_prefix(objects: ObjectStore) -> None:
    made = {"tile/0/000": b"", "tile/0/001.p/2": b"", "tile/1/000.p/1": b"", "staging/1-0-2-ab": b""}
    objects.create(made)
    assert sorted(objects.paths("tile/")) == sorted(path for path in made if path.startswith("tile/"))
    assert list(objects.paths("tile/0/001.p/")) == ["tile/0/001.p/2"]
    assert list(objects.paths("tile/1/00")) == ["tile/1/000.p/1"]
    assert list(objects.paths("nothing/")) == []
    assert list(objects.paths("staging/")) == ["staging/1-0-2-ab"]


def test_staged_objects_can_be_deleted_twice(objects: ObjectStore) -> None:
    objects.create({"staging/one": b"1", "staging/two": b"2"})
    objects.delete(["staging/one"])
    objects.delete(["staging/one"])
    assert objects.read("staging/one") is None
    assert objects.read("staging/two") == b"2"


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../out", "tile/../../out", "tile//0", "tile/", "a\\b", "a\0b", ".", "tile/ü"]
)
def test_no_path_leaves_the_store(objects: ObjectStore, path: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        objects.read(path)
    with pytest.raises(Malformed):
        objects.create({path: b"x"})
    assert not (tmp_path / "out").exists()


def test_writers_of_the_same_object_agree(objects: ObjectStore) -> None:
    """Many at once with the same bytes all succeed; of those with different bytes one wins and stays."""
    failures: list[Exception] = []

    def write(data: bytes) -> None:
        try:
            objects.create({"tile/0/000": data, f"tile/0/{len(data):03}": b"own"})
        except Conflict as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(b"x" * length,)) for length in (1, 1, 1, 2, 2, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert objects.read("tile/0/000") in (b"x", b"xx")
    assert len(failures) == 3


def test_a_batch_larger_than_the_limit_of_open_files(objects: ObjectStore) -> None:
    batch = {
        f"tile/0/x{number // 1000:03}/{number % 1000:03}": bytes([number % 251]) for number in range(1500)
    }
    objects.create(batch)
    assert sorted(objects.paths("tile/")) == sorted(batch)
    assert all(objects.read(path) == data for path, data in batch.items())


def test_a_lock_store_has_one_first_record(open_lock: OpenLock) -> None:
    lock = open_lock()
    assert lock.read() is None
    lock.create(b"first")
    with pytest.raises(Conflict):
        lock.create(b"second")
    assert lock.read() == b"first"


def test_a_swap_names_what_it_replaces(open_lock: OpenLock) -> None:
    lock = open_lock()
    lock.create(b"one")
    lock.swap(b"one", b"two")
    assert lock.read() == b"two"
    with pytest.raises(Conflict):
        lock.swap(b"one", b"three")
    assert lock.read() == b"two"


def test_a_swap_needs_a_record(open_lock: OpenLock) -> None:
    with pytest.raises(Conflict):
        open_lock().swap(b"one", b"two")


def test_of_many_swaps_one_wins(open_lock: OpenLock) -> None:
    first = open_lock()
    first.create(b"start")
    won: list[bytes] = []
    refused: list[Conflict] = []

    def swap(lock: LockStore, name: bytes) -> None:
        try:
            lock.swap(b"start", name)
            won.append(name)
        except Conflict as error:
            refused.append(error)

    threads = [threading.Thread(target=swap, args=(open_lock(), str(n).encode())) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert len(refused) == 5
    assert open_lock().read() == won[0]


def test_a_lease_changes_by_swaps_and_leaves_the_head_alone(open_lock: OpenLock) -> None:
    lock = open_lock()
    assert lock.read_lease() is None
    with pytest.raises(Conflict):
        lock.swap_lease(b"none", b"one")
    lock.swap_lease(None, b"one")
    lock.swap_lease(b"one", b"two")
    for stale in (None, b"one"):
        with pytest.raises(Conflict):
            open_lock().swap_lease(stale, b"three")
    assert lock.read_lease() == b"two"
    assert lock.read() is None


def test_a_counter_in_a_lock_store_loses_no_step(open_lock: OpenLock) -> None:
    """Compare-and-swap under contention: every swap that succeeded counts, and every thread gets its turn."""
    open_lock().create(b"0")

    def count(lock: LockStore) -> None:
        done = 0
        while done < 25:
            data = lock.read()
            assert data is not None
            with suppress(Conflict):
                lock.swap(data, str(int(data) + 1).encode())
                done += 1

    threads = [threading.Thread(target=count, args=(open_lock(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert open_lock().read() == b"100"


@pytest.mark.parametrize(
    ("owner", "name", "sleeps_at"),
    [(Path, "read_bytes", 1), (os, "listdir", 1), (Path, "read_bytes", 2), (Path, "replace", 1)],
)
def test_a_swapper_that_slept_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, sleeps_at: int
) -> None:
    """Before one of its steps the swapper is stopped, and somebody else swaps twice in the meantime."""
    path = tmp_path / "record"
    path.write_bytes(b"old")
    real = getattr(owner, name)
    calls = 0

    def sleep_first(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == sleeps_at:
            assert swap_file(path, b"old", b"new")
            assert swap_file(path, b"new", b"newer")
        return real(*arguments)

    monkeypatch.setattr(owner, name, sleep_first)
    assert not swap_file(path, b"old", b"late")
    monkeypatch.undo()
    assert calls > sleeps_at
    assert path.read_bytes() == b"newer"
    assert [each.name for each in tmp_path.iterdir()] == ["record"]


def test_two_logs_share_a_table(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/heads.db")
    one, two = SqlLock(engine, "one.example"), SqlLock(engine, "two.example")
    one.create_table()
    one.create(b"1")
    two.create(b"2")
    one.swap(b"1", b"11")
    assert (one.read(), two.read()) == (b"11", b"2")
    engine.dispose()


def test_a_sqlite_lock_refuses_to_run_without_full_sync(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/heads.db")
    lock = SqlLock(engine, "ledger.example/test")
    lock.create_table()
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=NORMAL"))
    engine.dispose()
    with pytest.raises(StorageFailed, match="synchronous=FULL"):
        lock.create(b"one")
    assert lock.read() is None
    engine.dispose()


def test_a_bucket_is_asked_whether_it_enforces_conditional_puts() -> None:
    sound = S3Objects(MemoryStore())
    sound.check_conditional_put()
    assert list(sound.paths("staging/")) == []


@pytest.mark.parametrize("ignored", ["create", "swap"])
def test_a_bucket_that_ignores_a_condition_is_refused(monkeypatch: pytest.MonkeyPatch, ignored: str) -> None:
    real = obstore.put

    def put(*arguments: Any, **options: Any) -> Any:
        if isinstance(options.get("mode"), str) == (ignored == "create"):
            options["mode"] = "overwrite"
        return real(*arguments, **options)

    monkeypatch.setattr(obstore, "put", put)
    objects = S3Objects(MemoryStore())
    with pytest.raises(StorageFailed, match="does not enforce conditional puts"):
        objects.check_conditional_put()
    assert list(objects.paths("staging/")) == []


def test_a_stopped_client_does_not_keep_the_row(postgresql_url: str) -> None:
    """PostgreSQL ends the transaction of a client that sleeps between its update and its commit."""
    engine = create_engine(postgresql_url)
    lock = SqlLock(engine, ORIGIN)
    lock.create_table()
    lock.create(b"one")
    stopped = create_engine(postgresql_url)
    connection = stopped.connect()
    sql._demand_durability(connection)
    connection.execute(sql.heads.update().values(record=b"of the stopped"))
    lock.swap(b"one", b"two")
    with pytest.raises(DBAPIError):
        connection.commit()
    connection.invalidate()
    connection.close()
    assert lock.read() == b"two"
    engine.dispose()
    stopped.dispose()


def test_a_bucket_that_does_not_answer_is_the_stores_fault(free_port: int) -> None:
    bucket = S3Store(
        "bucket",
        endpoint=f"http://127.0.0.1:{free_port}",
        access_key_id="a",
        secret_access_key="b",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    dead = S3Objects(bucket)
    with pytest.raises(StorageFailed):
        dead.read("checkpoint")
    with pytest.raises(StorageFailed):
        dead.create({"tile/0/000": b"x"})


def test_a_log_lives_in_a_bucket(tmp_path: Path) -> None:
    """Objects in S3 and the head in a database: the shape of an installation with several machines."""
    engine = create_engine(f"sqlite:///{tmp_path}/heads.db")
    lock = SqlLock(engine, ORIGIN)
    lock.create_table()
    state = World().state
    objects = S3Objects(MemoryStore())
    first = Log.create(ORIGIN, objects, lock, make_signer(state), entries(0, 2))
    first.append(entries(2, 600))
    first.publish(NOW)
    second = Log.load(ORIGIN, objects, lock, make_signer(state))
    with pytest.raises(Conflict):
        first.append(entries(600, 601))
    second.append(entries(600, 700))
    second.publish(NOW + 1)
    report = fsck(objects, LOG_SIGNER.verifier, cosigner=COSIGNER.verifier, receipt_key=RECEIPT_KEY.public)
    assert report.problems == ()
    assert report.entries == 700
    # What the older owner staged before its swap failed is dropped by whoever loads next.
    Log.load(ORIGIN, objects, lock, make_signer(state))
    assert list(objects.paths("staging/")) == []
    engine.dispose()


def test_a_missing_table_is_the_stores_fault(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/heads.db")
    with pytest.raises(StorageFailed):
        SqlLock(engine, "ledger.example/none").read()
    engine.dispose()


def test_a_file_in_the_place_of_a_folder_is_the_stores_fault(tmp_path: Path) -> None:
    objects = FileObjects(tmp_path)
    objects.create({"tile": b"a file"})
    with pytest.raises(StorageFailed):
        objects.create({"tile/0/000": b"x"})


def test_a_folder_that_cannot_be_listed_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileObjects(tmp_path / "objects")
    assert list(store.paths("checkpoints/")) == []
    store.create({"checkpoints/7": b"note"})

    def fail(path: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "scandir", fail)
    with pytest.raises(StorageFailed, match="Input/output error"):
        list(store.paths("checkpoints/"))


def test_a_failed_batch_leaves_no_temporary_file(tmp_path: Path) -> None:
    objects = FileObjects(tmp_path)
    objects.create({"tile/0/000": b"x"})
    with pytest.raises(Conflict):
        objects.create({"tile/0/001": b"y", "tile/0/000": b"z"})
    assert list(objects.paths("staging/")) == []


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 40])
def test_each_file_is_synced_once_on_a_slow_disk_too(
    monkeypatch: pytest.MonkeyPatch, count: int, slow: bool
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(durable, "sync_file", synced.append)
    monkeypatch.setattr(durable, "_LONG_SYNC", -1.0 if slow else 1e9)
    durable.sync_files(range(count))
    assert sorted(synced) == list(range(count))


@pytest.mark.parametrize("slow", [False, True])
def test_a_failed_sync_is_heard_of_on_a_slow_disk_too(monkeypatch: pytest.MonkeyPatch, slow: bool) -> None:
    def sync(descriptor: int) -> None:
        if descriptor == 5:
            raise OSError("gone")

    monkeypatch.setattr(durable, "sync_file", sync)
    monkeypatch.setattr(durable, "_LONG_SYNC", -1.0 if slow else 1e9)
    with pytest.raises(OSError, match="gone"):
        durable.sync_files(range(40))


def test_memory_objects_police_the_rules() -> None:
    objects = MemoryObjects()
    with pytest.raises(Conflict):
        objects.swap("tile/0/000", None, b"x")
    with pytest.raises(Conflict):
        objects.create({"checkpoint": b"x"})
    with pytest.raises(Conflict):
        objects.delete(["tile/0/000"])


def test_faults_strike_the_chosen_write() -> None:
    faults = Faults()
    objects, lock = MemoryObjects(faults), MemoryLock(faults)
    faults.plan(2, "lost")
    faults.plan(3, "persisted")
    with pytest.raises(StorageFailed, match="lost"):
        objects.create({"a": b"1", "b": b"2", "c": b"3"})
    assert sorted(objects.stored) == ["a"]
    with pytest.raises(StorageFailed, match="persisted"):
        lock.create(b"head")
    assert lock.read() == b"head"
    assert faults.pending == 0
    assert faults.writes == ["write a", "write b", "swap head"]
