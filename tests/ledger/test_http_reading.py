"""Reading a log over HTTP: what a server may do, what it may not, and how long a reader bears it."""

from __future__ import annotations

import pickle
import re
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from ledger.errors import Malformed, StorageFailed
from ledger.fsck import fsck
from ledger.reader import LogReader, LogView
from ledger.stores.address import open_files
from ledger.stores.files import FileObjects
from ledger.stores.http import FIRST_WAIT, LONGEST_WAIT, MAX_RECORD, HttpObjects, largest_answer
from tests.fakes.malicious_log import WIRE, MaliciousLog, served

ADDRESS = "https://log.example/ledger"

MISBEHAVIOUR = {
    "oversized": "is longer than the",
    "announced oversized": "is longer than the",
    "endless": "is longer than the",
    "dripping": "did not end in time",
    "gzip bomb": "is longer than the",
    "cut gzip": "gzip that ends too early",
    "other coding": "only gzip is understood",
    "redirect": "redirects elsewhere, which is not followed",
    "broken off": "cannot be read",
    "refusing": "the server answers 403",
    "busy": "the server answers 503 (asked 4 times)",
}


def answering(*answers: httpx.Response | Exception) -> tuple[HttpObjects, list[str], list[float]]:
    """A reader whose server gives these answers one after the other, what was asked, and how long it waited."""
    asked: list[str] = []
    waited: list[float] = []
    rest = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        found = next(rest)
        if isinstance(found, Exception):
            raise found
        return found

    client = httpx.Client(transport=httpx.MockTransport(answer))
    return HttpObjects(ADDRESS + "/", client=client, sleep=waited.append), asked, waited


def test_a_file_is_read_and_an_absent_one_is_none() -> None:
    objects, asked, _ = answering(
        httpx.Response(200, stream=httpx.ByteStream(b"note")), httpx.Response(404), httpx.Response(410)
    )
    assert objects.read("checkpoint") == b"note"
    assert objects.read("tile/0/000.p/3") is None
    assert objects.read("tile/0/000") is None
    assert asked == [f"{ADDRESS}/{path}" for path in ("checkpoint", "tile/0/000.p/3", "tile/0/000")]


@pytest.mark.parametrize(
    "trouble", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.Response(503)]
)
def test_passing_trouble_is_waited_out(trouble: httpx.Response | Exception) -> None:
    objects, asked, waited = answering(trouble, trouble, httpx.Response(200, stream=httpx.ByteStream(b"x")))
    assert objects.read("checkpoint") == b"x"
    assert len(asked) == 3
    assert 0.5 * FIRST_WAIT <= waited[0] <= FIRST_WAIT <= waited[1] <= 2 * FIRST_WAIT


def test_a_server_says_when_to_come_back_but_not_for_ever() -> None:
    busy = [httpx.Response(429, headers={"Retry-After": after}) for after in ("7", "86400", "Tue, 1 Jan")]
    objects, _, waited = answering(*busy, httpx.Response(200, stream=httpx.ByteStream(b"")))
    objects.read("checkpoint")
    assert waited[:2] == [7.0, LONGEST_WAIT]
    assert waited[2] <= 4 * FIRST_WAIT


def test_what_does_not_pass_is_told_once() -> None:
    objects, asked, waited = answering(httpx.Response(302, headers={"Location": "http://elsewhere.example/"}))
    with pytest.raises(StorageFailed, match="redirects elsewhere"):
        objects.read("checkpoint")
    assert (len(asked), waited) == (1, [])
    objects, _, waited = answering(*[httpx.ConnectError("Connection refused")] * 4)
    with pytest.raises(
        StorageFailed, match=r"checkpoint cannot be read: Connection refused \(asked 4 times\)"
    ):
        objects.read("checkpoint")
    assert len(waited) == 3


@pytest.mark.parametrize("how", MISBEHAVIOUR)
@pytest.mark.parametrize("path", ["checkpoint", "tile/0/001", "tile/entries/001"])
def test_an_answer_that_is_no_file_is_refused_within_bounds(how: str, path: str) -> None:
    log = MaliciousLog()
    log.misbehave(how)()
    with served(log) as address:
        objects = HttpObjects(address, deadline=0.4 if how == "dripping" else 60.0, sleep=lambda _: None)
        with pytest.raises(StorageFailed, match=re.escape(MISBEHAVIOUR[how])):
            objects.read(path)
        objects.close()


def test_no_more_is_kept_than_a_file_can_have() -> None:
    log = MaliciousLog()
    log.misbehave("endless")()
    with served(log) as address:
        objects = HttpObjects(address, sleep=lambda _: None)
        tracemalloc.start()
        try:
            with pytest.raises(StorageFailed):
                objects.read("tile/0/001")
            assert tracemalloc.get_traced_memory()[1] < 8 << 20
        finally:
            tracemalloc.stop()
            objects.close()


def test_every_misbehaviour_of_the_double_is_in_the_table() -> None:
    assert {"gzip", *MISBEHAVIOUR} == set(WIRE)


def test_bundles_may_come_packed() -> None:
    log = MaliciousLog()
    log.misbehave("gzip")()
    with served(log) as address:
        objects = HttpObjects(address)
        view = LogView(objects, log.market.log_signer.verifier)
        view.refresh()
        assert list(view.entries(0, 600)) == log.market.entries
        assert view.prove(599)[0] == log.market.entries[599]
        objects.close()


def test_a_partial_tile_that_is_gone_is_read_from_the_full_one() -> None:
    """C2SP tlog-tiles: partial tiles may be deleted once the full tile is there."""
    log = MaliciousLog()
    verifier = log.market.log_signer.verifier
    with served(log) as address:
        objects = HttpObjects(address)
        view = LogView(objects, verifier)
        view.refresh()
        log.grow()
        for path in [path for path in log.stored if path.startswith(("tile/0/001.p", "tile/entries/001.p"))]:
            del log.stored[path]
        assert view.size == 300
        assert view.prove(299)[0] == log.market.entries[299]
        assert list(view.entries(250, 300)) == log.market.entries[250:300]
        objects.close()


def test_receipts_and_fsck_over_http_are_those_of_the_folder(tmp_path: Path) -> None:
    log = MaliciousLog()
    log.grow()
    for path, data in log.stored.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    verifier = log.market.log_signer.verifier
    folder = open_files(str(tmp_path))
    with served(log) as address:
        web = HttpObjects(address)
        views = [LogReader(verifier.name, files, verifier) for files in (web, folder)]
        for view in views:
            view.refresh()
        assert views[0].receipt(2, supporting=(1, 0)) == views[1].receipt(2, supporting=(1, 0))
        remote = fsck(web, verifier, receipt_key=log.market.receipt_key.public)
        local = fsck(folder, verifier, receipt_key=log.market.receipt_key.public)
        web.close()
    assert (remote.ok, remote.entries, remote.checkpoints) == (True, 600, 3)
    assert (local.ok, local.entries, local.checkpoints) == (True, 600, 3)


def test_a_log_without_links_is_checked_up_to_its_newest_head() -> None:
    log = MaliciousLog()
    log.grow()
    log.stored = {path: data for path, data in log.stored.items() if not path.startswith("checkpoints/")}
    report = fsck(log, log.market.log_signer.verifier)
    assert (report.ok, report.entries, report.checkpoints) == (True, 600, 1)


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("checkpoint", MAX_RECORD),
        ("checkpoints/7.cose", MAX_RECORD),
        ("tile/0/000", 8192),
        ("tile/3/x001/000.p/7", 8192),
        ("tile/entries/000", 256 * 65_537),
    ],
)
def test_no_answer_may_be_longer_than_its_file_can_be(path: str, limit: int) -> None:
    assert largest_answer(path) == limit


@pytest.mark.parametrize(
    "address",
    [
        "ftp://log.example",
        "https://",
        "https://user@log.example",
        "https://log.example/?x=1",
        "https://log.example/#x",
        "https://log.example:0/",
        "https://log.example/a b",
        "https://log.example:99999/",
        "log.example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Malformed):
        HttpObjects(address)


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "a/../b", "%2e%2e/x", "x?y"])
def test_no_path_leaves_the_address(path: str) -> None:
    objects, asked, _ = answering()
    with pytest.raises(Malformed):
        objects.read(path)
    assert asked == []


def test_another_process_can_read_the_same_address() -> None:
    assert pickle.loads(pickle.dumps(HttpObjects(ADDRESS))).address == ADDRESS


def test_a_place_is_a_folder_or_an_address(tmp_path: Path) -> None:
    assert isinstance(open_files(ADDRESS), HttpObjects)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "checkpoint").write_bytes(b"note")
    for place in (tmp_path, tmp_path / "log"):
        files = open_files(str(place))
        assert isinstance(files, FileObjects)
        assert files.read("checkpoint") == b"note"
    with pytest.raises(Malformed, match="There is no log in"):
        open_files(str(tmp_path / "nowhere"))


def test_the_deadline_is_one_of_the_whole_answer() -> None:
    log = MaliciousLog()
    log.misbehave("dripping")()
    clock: Callable[[], float] = time.monotonic
    with served(log) as address:
        objects = HttpObjects(address, deadline=0.3)
        begun = clock()
        with pytest.raises(StorageFailed, match="did not end in time"):
            objects.read("tile/entries/000")
        assert clock() - begun >= 0.3
        objects.close()
