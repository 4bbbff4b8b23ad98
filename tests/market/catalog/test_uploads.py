"""Bytes on their way in: resumable, exact, and nothing half done whatever happens."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from starlette.requests import ClientDisconnect

from ledger.hashing import root_of
from market.catalog import file_blobs
from market.catalog.blobs import FileBlobs
from market.catalog.intake import Reception
from market.catalog.limits import UploadLimits
from market.catalog.ports import intake_of
from market.catalog.streaming import receive_chunk
from market.kit.errors import Fault
from tests.market.catalog.conftest import CHUNK, Org, Shop, b64, build_shop, checksum_of, manifest_of

BIG = 17 * 2**20 + 12_345


@pytest.fixture
def draft(shop: Shop) -> tuple[Org, dict[str, Any], bytes]:
    """A draft version of one file of three chunks, and that file."""
    provider = shop.org("provider")
    data = random.Random(7).randbytes(2 * CHUNK + 100)
    version = provider.version(provider.asset()["id"], {"a.bin": data})
    return provider, version, data


def used(org: Org) -> int:
    return int(org("GET", "/storage").json()["used"])


def test_an_upload_goes_on_where_it_stopped(shop: Shop, draft: tuple[Org, dict[str, Any], bytes]) -> None:
    provider, version, data = draft
    first = provider.open(version["id"], "a.bin")
    assert (first["offset"], first["chunk_size"], first["state"]) == (0, CHUNK, "receiving")
    assert used(provider) == len(data)
    answer = provider.patch(first["upload"], 0, data[:CHUNK])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (200, str(CHUNK))
    head = provider("HEAD", f"/uploads/{first['upload']}")
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (str(CHUNK), str(len(data)))
    again = provider.open(version["id"], "a.bin")
    assert (again["upload"], again["offset"]) == (first["upload"], CHUNK)
    assert used(provider) == len(data)
    assert provider("GET", f"/versions/{version['id']}").json()["files"][0]["received"] == CHUNK
    done = provider.upload(version["id"], "a.bin", data)
    assert done["state"] == "complete"
    digest = sha256(data).hexdigest()
    assert shop.kept() == [digest]
    assert shop.incoming() == []
    path = intake_of(shop.ports).store.path_of(digest)
    assert path is not None
    assert path.read_bytes() == data
    over = provider.patch(first["upload"], len(data), b"")
    assert (over.status_code, over.json()["slug"]) == (410, "upload-over")


def test_each_wrong_chunk_is_named_and_changes_nothing(
    shop: Shop, draft: tuple[Org, dict[str, Any], bytes]
) -> None:
    provider, version, data = draft
    upload = provider.open(version["id"], "a.bin")["upload"]
    provider.patch(upload, 0, data[:CHUNK])
    chunk = data[CHUNK : 2 * CHUNK]
    wrong = provider.patch(upload, 0, data[:CHUNK])
    assert (wrong.status_code, wrong.json()["slug"]) == (409, "offset-wrong")
    assert wrong.headers["Upload-Offset"] == str(CHUNK)
    flipped = bytes([chunk[0] ^ 1]) + chunk[1:]
    damaged = provider.patch(upload, CHUNK, flipped, checksum_of(chunk))
    assert (damaged.status_code, damaged.json()["slug"]) == (460, "checksum-mismatch")
    for checksum in ("", "sha256", "sha256 AAAA", f"md5 {b64(b'0' * 32)}", "sha256 ****"):
        missing = provider.patch(upload, CHUNK, chunk, checksum)
        assert (missing.status_code, missing.json()["where"]) == (400, "Upload-Checksum")
    long = provider.patch(upload, CHUNK, data[CHUNK:] + b"x")
    assert (long.status_code, long.json()["slug"]) == (413, "upload-too-long")
    unannounced = provider.patch(upload, CHUNK, iter([chunk, chunk]), checksum_of(chunk * 2))  # type: ignore[arg-type]
    assert (unannounced.status_code, unannounced.json()["slug"]) == (413, "upload-too-long")
    headers = {"Upload-Offset": "0", "Upload-Checksum": checksum_of(b""), "Authorization": "Bearer provider"}
    other = shop.web.patch(f"/api/v1/uploads/{upload}", content=b"", headers=headers)
    assert other.status_code == 415
    assert provider("HEAD", f"/uploads/{upload}").headers["Upload-Offset"] == str(CHUNK)
    assert provider.upload(version["id"], "a.bin", data)["state"] == "complete"


@pytest.mark.parametrize("where", [0, CHUNK, 2 * CHUNK + 99])
def test_one_flipped_bit_refuses_the_file(
    shop: Shop, draft: tuple[Org, dict[str, Any], bytes], where: int
) -> None:
    provider, version, data = draft
    bad = bytearray(data)
    bad[where] ^= 4
    upload = provider.open(version["id"], "a.bin")["upload"]
    for start in range(0, len(bad), CHUNK):
        answer = provider.patch(upload, start, bytes(bad[start : start + CHUNK]))
    assert (answer.status_code, answer.json()["slug"]) == (422, "bytes-differ")
    assert sha256(bad).hexdigest() in answer.json()["detail"]
    assert (shop.incoming(), shop.kept(), used(provider)) == ([], [], 0)
    assert provider("GET", f"/uploads/{upload}").json()["state"] == "refused"
    assert provider("GET", f"/versions/{version['id']}").json()["missing"] == 1
    assert provider.upload(version["id"], "a.bin", data)["state"] == "complete"


def test_only_files_of_the_manifest_are_taken(draft: tuple[Org, dict[str, Any], bytes]) -> None:
    provider, version, data = draft
    address = f"/versions/{version['id']}/uploads"
    for body, slug in (
        ({"path": "b.bin"}, "manifest-unusable"),
        ({"path": "A.bin"}, "manifest-unusable"),
        ({"path": "../a.bin"}, "manifest-unusable"),
        ({"path": "a.bin", "size": len(data) + 1}, "bytes-differ"),
        ({"path": "a.bin", "sha256": "0" * 64}, "bytes-differ"),
        ({"path": "a.bin", "colour": "red"}, "invalid-input"),
    ):
        answer = provider("POST", address, body)
        assert (answer.status_code, answer.json()["slug"]) == (422, slug)
        assert answer.json()["hint"]
    assert used(provider) == 0


def test_the_same_bytes_of_another_organisation_must_be_sent(
    shop: Shop, draft: tuple[Org, dict[str, Any], bytes]
) -> None:
    provider, version, data = draft
    provider.upload(version["id"], "a.bin", data)
    other = shop.org("other")
    copied = other.version(other.asset()["id"], {"copy.bin": data})
    assert copied["missing"] == 1
    opened = other.open(copied["id"], "copy.bin")
    assert (opened["state"], opened["offset"]) == ("receiving", 0)
    assert other.upload(copied["id"], "copy.bin", data)["state"] == "complete"
    assert shop.kept() == [sha256(data).hexdigest()]
    assert (used(provider), used(other)) == (len(data), len(data))


def test_ones_own_bytes_are_sent_and_paid_for_once(
    shop: Shop, draft: tuple[Org, dict[str, Any], bytes]
) -> None:
    provider, version, data = draft
    twice = provider.version(version["asset_id"], {"x.bin": data, "y.bin": data, "z.bin": b"z"}, "2.0.0")
    provider.upload(version["id"], "a.bin", data)
    assert provider.upload(twice["id"], "x.bin", data)["state"] == "complete"
    assert used(provider) == len(data)
    later = provider.version(version["asset_id"], {"x.bin": data, "new.bin": b"new"}, "3.0.0")
    assert {file["path"]: file["state"] for file in later["files"]} == {
        "x.bin": "available",
        "new.bin": "waiting",
    }
    for draft_id, left in ((version["id"], len(data)), (later["id"], len(data)), (twice["id"], 0)):
        assert provider("DELETE", f"/versions/{draft_id}").status_code == 204
        assert used(provider) == left


def test_an_empty_file_needs_no_chunk(shop: Shop) -> None:
    provider = shop.org("provider")
    version = provider.version(provider.asset()["id"], {"empty.txt": b""})
    provider.open(version["id"], "empty.txt")
    assert provider("GET", f"/versions/{version['id']}").json()["missing"] == 0
    assert shop.incoming() == []


def test_chunks_of_a_large_file_have_a_sidecar(small_shop: Shop) -> None:
    small_shop.ports.add(UploadLimits, UploadLimits())
    provider = small_shop.org("provider")
    data = random.Random(3).randbytes(BIG)
    asset, version = provider.registered({"big.bin": data})
    assert asset["id"] == version["asset_id"]
    (file,) = version["files"]
    answer = small_shop.web.get(f"/api/v1/versions/{version['id']}/sidecar", params={"path": "big.bin"})
    hashes = [answer.content[at : at + 32] for at in range(0, len(answer.content), 32)]
    assert len(hashes) == 5
    assert root_of(hashes).hex() == file["chunks"]
    none = small_shop.web.get(f"/api/v1/versions/{version['id']}/sidecar", params={"path": "none"})
    assert none.status_code == 404


@pytest.mark.parametrize("at", ["every chunk", "before the last"])
def test_another_process_may_go_on(shop: Shop, draft: tuple[Org, dict[str, Any], bytes], at: str) -> None:
    provider, version, data = draft
    upload = provider.open(version["id"], "a.bin")["upload"]
    for start in range(0, len(data), CHUNK):
        if at == "every chunk" or start + CHUNK >= len(data):
            shop.restart()
        answer = provider.patch(upload, start, data[start : start + CHUNK])
        assert answer.status_code == 200
    assert answer.json()["state"] == "complete"
    assert shop.kept() == [sha256(data).hexdigest()]


class Killed(BaseException):
    """The process is gone: no handler of the product sees this."""


STEPS = ("write", "checksum", "commit", "advance", "promote", "complete", "discard")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_step_loses_nothing_acknowledged(
    shop: Shop, draft: tuple[Org, dict[str, Any], bytes], step: str, when: str
) -> None:
    """The last chunk's request dies before or after a step; a new process takes the upload up and completes it."""
    provider, version, data = draft
    upload = UUID(provider.open(version["id"], "a.bin")["upload"])
    for start in (0, CHUNK):
        provider.patch(str(upload), start, data[start : start + CHUNK])
    intake = intake_of(shop.ports)
    with pytest.MonkeyPatch.context() as patch:
        _die_at(patch, step, when)
        reception = intake.begin(
            actor=provider.actor,
            upload_id=upload,
            start=2 * CHUNK,
            length=100,
            checksum=checksum_of(data[2 * CHUNK :]),
        )
        with pytest.raises(Killed):
            reception.take([data[2 * CHUNK :]])
            reception.end(shop.clock.now())
    reception.close()
    shop.restart()
    offset = int(provider("HEAD", f"/uploads/{upload}").headers["Upload-Offset"])
    assert offset in (2 * CHUNK, len(data))
    if offset < len(data):
        assert provider.patch(str(upload), offset, data[offset:]).status_code == 200
    shop.drain(minutes=2)
    assert provider("GET", f"/versions/{version['id']}").json()["missing"] == 0
    shop.drain(hours=30)
    assert (shop.incoming(), shop.kept(), used(provider)) == ([], [sha256(data).hexdigest()], len(data))


def _die_at(patch: pytest.MonkeyPatch, step: str, when: str) -> None:
    from market.catalog import repository

    owner, name = {
        "write": (file_blobs.FileChunk, "write"),
        "checksum": (Reception, "end"),
        "commit": (file_blobs.FileChunk, "commit"),
        "advance": (Reception, "_advance"),
        "promote": (FileBlobs, "promote"),
        "complete": (repository, "mark_available"),
        "discard": (FileBlobs, "discard"),
    }[step]
    real = getattr(owner, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            real(*args, **kwargs)
        raise Killed

    patch.setattr(owner, name, dying)


def test_a_connection_that_breaks_leaves_the_offset(
    shop: Shop, draft: tuple[Org, dict[str, Any], bytes]
) -> None:
    provider, version, data = draft
    upload = UUID(provider.open(version["id"], "a.bin")["upload"])

    async def breaking() -> AsyncIterator[bytes]:
        yield data[:1000]
        raise ClientDisconnect

    begin = partial(
        intake_of(shop.ports).begin,
        actor=provider.actor,
        upload_id=upload,
        start=0,
        length=CHUNK,
        checksum=checksum_of(data[:CHUNK]),
    )
    with pytest.raises(ClientDisconnect):
        asyncio.run(receive_chunk(begin, breaking(), shop.clock.now))
    assert provider("HEAD", f"/uploads/{upload}").headers["Upload-Offset"] == "0"
    assert provider.upload(version["id"], "a.bin", data)["state"] == "complete"


def test_two_requests_do_not_write_at_once(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    data = b"x" * CHUNK
    version = provider.version(provider.asset()["id"], {"a.bin": data})
    upload = UUID(provider.open(version["id"], "a.bin")["upload"])
    held = intake_of(small_shop.ports).begin(
        actor=provider.actor, upload_id=upload, start=0, length=CHUNK, checksum=checksum_of(data)
    )
    busy = provider.patch(str(upload), 0, data)
    assert (busy.status_code, busy.json()["slug"]) == (409, "upload-busy")
    held.take([data])
    assert held.end(small_shop.clock.now()).state == "complete"
    held.close()


def test_a_full_disk_is_said_and_leaves_the_offset(sqlite_url: str, tmp_path: Path) -> None:
    """A disk of its own of 1 MB, filled to the brim."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=1m tmpfs {disk} 2>/dev/null") != 0:
        pytest.skip("mounting a small disk takes root")
    try:
        _fill_up(sqlite_url, tmp_path, disk)
    finally:
        assert os.system(f"umount {disk}") == 0


def _fill_up(url: str, tmp_path: Path, disk: Path) -> None:
    shop = build_shop(url, tmp_path, FileBlobs(disk))
    provider = shop.org("provider")
    data = random.Random(5).randbytes(900_000)
    version = provider.version(provider.asset()["id"], {"a.bin": data})
    upload = provider.open(version["id"], "a.bin")["upload"]
    offset = 0
    (disk / "other").write_bytes(bytes(400_000))
    while True:
        answer = provider.patch(upload, offset, data[offset : offset + CHUNK])
        if answer.status_code != 200:
            break
        offset += CHUNK
    assert (answer.status_code, answer.json()["slug"]) == (507, "storage-full")
    assert 0 < offset < len(data)
    assert provider("HEAD", f"/uploads/{upload}").headers["Upload-Offset"] == str(offset)
    (disk / "other").unlink()
    assert provider.upload(version["id"], "a.bin", data)["state"] == "complete"
    shop.db.close()


def test_the_quota_holds_when_fifty_ask_at_once(shop: Shop) -> None:
    shop.ports.add(UploadLimits, UploadLimits(quota_bytes=10_000, chunk_bytes=CHUNK))
    provider = shop.org("provider")
    files = {f"{number}.bin": bytes([number]) * 1000 for number in range(50)}
    version = provider.version(provider.asset()["id"], files)

    def announce(path: str) -> Any:
        return provider("POST", f"/versions/{version['id']}/uploads", {"path": path})

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(announce, files))
    assert [answer.status_code for answer in answers].count(201) == 10
    refused = next(answer for answer in answers if answer.status_code != 201).json()
    assert (refused["status"], refused["slug"]) == (413, "storage-quota-exceeded")
    assert "1000" in refused["detail"]
    assert used(provider) == 10_000


def test_unfinished_uploads_are_limited_and_end_after_a_day(shop: Shop) -> None:
    shop.ports.add(UploadLimits, UploadLimits(in_flight=2, chunk_bytes=CHUNK))
    provider = shop.org("provider")
    files = {f"{number}.bin": bytes([number]) * 10 for number in range(3)}
    version = provider.version(provider.asset()["id"], files)
    first = provider.open(version["id"], "0.bin")
    provider.patch(first["upload"], 0, files["0.bin"][:5])
    provider.open(version["id"], "1.bin")
    third = provider("POST", f"/versions/{version['id']}/uploads", {"path": "2.bin"})
    assert (third.status_code, third.json()["slug"]) == (429, "too-many-uploads")
    assert used(provider) == 20
    shop.drain(hours=23)
    assert used(provider) == 20
    shop.drain(hours=3)
    assert (used(provider), shop.incoming()) == (0, [])
    ended = provider.patch(first["upload"], 5, files["0.bin"][5:])
    assert (ended.status_code, ended.json()["slug"]) == (410, "upload-over")
    for path, data in files.items():
        assert provider.upload(version["id"], path, data)["state"] == "complete"


def test_bytes_that_a_restore_lost_are_sent_anew(
    shop: Shop, draft: tuple[Org, dict[str, Any], bytes]
) -> None:
    provider, version, data = draft
    upload = provider.open(version["id"], "a.bin")["upload"]
    provider.patch(upload, 0, data[:CHUNK])
    shop.incoming()[0].unlink()
    lost = provider.patch(upload, CHUNK, data[CHUNK : 2 * CHUNK])
    assert (lost.status_code, lost.json()["slug"], used(provider)) == (410, "upload-over", 0)
    assert provider.upload(version["id"], "a.bin", data)["state"] == "complete"


def test_a_planted_link_is_not_followed(small_shop: Shop, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    store = FileBlobs(tmp_path / "blobs")
    token = "ab" * 16
    (tmp_path / "blobs" / "incoming" / token).symlink_to(victim)
    with pytest.raises((OSError, Fault)):
        store.open_chunk(token, 0)
    assert victim.read_bytes() == b"precious"


def test_a_registered_version_takes_no_bytes(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    _, version = provider.registered({"a.bin": b"a"})
    answer = provider("POST", f"/versions/{version['id']}/uploads", {"path": "a.bin"})
    assert (answer.status_code, answer.json()["slug"]) == (409, "version-sealed")
    answer = provider("DELETE", f"/versions/{version['id']}")
    assert (answer.status_code, answer.json()["slug"]) == (409, "version-sealed")
    assert manifest_of({"a.bin": b"a"}).digest.hex() == version["manifest_digest"]
