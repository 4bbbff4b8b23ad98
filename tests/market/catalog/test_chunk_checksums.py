"""Requests that announce their bytes by the hashes of the 4 MiB chunks in them."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.manifest import CHUNK_SIZE, chunk_hash
from market.catalog import part_checks
from market.catalog.blobs import FileBlobs
from market.catalog.limits import UploadLimits, limits_of
from market.catalog.ports import intake_of
from market.catalog.running_digests import RunningDigests
from tests.market.catalog.conftest import Org, Shop, b64, checksum_of

MIB = 1 << 20
SIZE = 21 * MIB + 5
DATA = random.Random(11).randbytes(SIZE)


def chunks_of(data: bytes) -> str:
    """What the header says of bytes that start with a chunk."""
    return f"chunks {b64(b''.join(chunk_hash(data[at : at + CHUNK_SIZE]) for at in range(0, len(data), CHUNK_SIZE)))}"


@pytest.fixture
def sent(small_shop: Shop) -> tuple[Shop, Org, str]:
    """An announced upload of DATA."""
    small_shop.ports.add(UploadLimits, UploadLimits())
    provider = small_shop.org("provider")
    version = provider.version(provider.asset()["id"], {"big.bin": DATA})
    return small_shop, provider, str(provider.open(version["id"], "big.bin")["upload"])


def is_whole(shop: Shop) -> bool:
    digest = sha256(DATA).hexdigest()
    path = intake_of(shop.ports).store.path_of(digest)
    return shop.incoming() == [] and path is not None and path.read_bytes() == DATA


@pytest.mark.parametrize(
    "parts",
    [
        ["chunks 21", "chunks 0"],
        ["chunks 4", "chunks 8", "sha256 4", "chunks 5"],
        ["sha256 3", "sha256 1", "chunks 17"],
        ["chunks 16", "sha256 1", "sha256 4"],
    ],
    ids=", ".join,
)
@pytest.mark.parametrize("restarts", [False, True], ids=["one process", "a new process each time"])
def test_both_forms_may_be_mixed(sent: tuple[Shop, Org, str], parts: list[str], restarts: bool) -> None:
    shop, provider, upload = sent
    offset, answer = 0, None
    for part in parts:
        form, mebibytes = part.split()
        stop = SIZE if part == parts[-1] else offset + int(mebibytes) * MIB
        if part == parts[0] and len(parts) == 2:
            stop = 20 * MIB
        if restarts:
            shop.restart()
        piece = DATA[offset:stop]
        checksum = chunks_of(piece) if form == "chunks" else checksum_of(piece)
        answer = provider.patch(upload, offset, piece, checksum)
        assert answer.status_code == 200, answer.text
        offset = stop
    assert answer is not None
    assert answer.json()["state"] == "complete"
    assert is_whole(shop)


@pytest.mark.parametrize("restarts", [False, True], ids=["one process", "a new process"])
def test_one_wrong_hash_is_named_and_changes_nothing(sent: tuple[Shop, Org, str], restarts: bool) -> None:
    shop, provider, upload = sent
    assert provider.patch(upload, 0, DATA[: 8 * MIB], chunks_of(DATA[: 8 * MIB])).status_code == 200
    if restarts:
        shop.restart()
    piece = bytearray(DATA[8 * MIB : 16 * MIB])
    right = chunks_of(bytes(piece))
    piece[5 * MIB] ^= 1
    damaged = provider.patch(upload, 8 * MIB, bytes(piece), right)
    assert (damaged.status_code, damaged.json()["slug"]) == (460, "checksum-mismatch")
    assert provider("HEAD", f"/uploads/{upload}").headers["Upload-Offset"] == str(8 * MIB)
    # Had the damaged bytes stayed in a digest, the whole would now be refused.
    for start, stop in ((8 * MIB, 16 * MIB), (16 * MIB, SIZE)):
        answer = provider.patch(upload, start, DATA[start:stop], chunks_of(DATA[start:stop]))
        assert answer.status_code == 200
    assert answer.json()["state"] == "complete"
    assert is_whole(shop)


def test_hashes_that_do_not_fit_the_bytes_are_refused(sent: tuple[Shop, Org, str]) -> None:
    _, provider, upload = sent
    head = DATA[: 8 * MIB]
    one = b64(chunk_hash(DATA[:CHUNK_SIZE]))
    for body, checksum in (
        (head, f"chunks {one}"),
        (DATA[: 5 * MIB], chunks_of(DATA[: 5 * MIB])),
        (DATA[: 3 * MIB], f"chunks {one}"),
        (b"", f"chunks {one}"),
        (head, "chunks "),
        (head, f"chunks {b64(b'0' * 31)}"),
        (head, f"chunks {one}{one}"),
        (head, f"leaves {one}"),
    ):
        answer = provider.patch(upload, 0, body, checksum)
        assert (answer.status_code, answer.json()["where"]) == (400, "Upload-Checksum"), checksum[:20]
        assert answer.json()["hint"]
    many = provider.patch(upload, 0, head, f"chunks {b64(bytes(32) * 6)}")
    assert (many.status_code, many.json()["where"]) == (400, "Upload-Checksum")
    endless = provider.patch(upload, 0, head, f"chunks {b64(bytes(32) * 200)}")
    assert endless.status_code == 422
    assert provider.patch(upload, 0, DATA[:MIB]).status_code == 200
    within = provider.patch(upload, MIB, DATA[MIB : 5 * MIB], chunks_of(DATA[MIB : 5 * MIB]))
    assert (within.status_code, within.json()["where"]) == (400, "Upload-Checksum")
    assert provider("HEAD", f"/uploads/{upload}").headers["Upload-Offset"] == str(MIB)


def test_a_body_of_unsaid_length_is_held_to_its_hashes(sent: tuple[Shop, Org, str]) -> None:
    _, provider, upload = sent
    head = DATA[: 8 * MIB]

    def pieces(data: bytes) -> Any:
        return iter([data[at : at + MIB] for at in range(0, len(data), MIB)])

    longer = provider.patch(upload, 0, pieces(DATA[: 9 * MIB]), chunks_of(head))
    assert (longer.status_code, longer.json()["slug"]) == (413, "upload-too-long")
    for shorter in (DATA[: 7 * MIB], DATA[: 4 * MIB]):
        answer = provider.patch(upload, 0, pieces(shorter), chunks_of(head))
        assert (answer.status_code, answer.json()["slug"]) == (460, "checksum-mismatch")
    answer = provider.patch(upload, 0, pieces(head), chunks_of(head))
    assert (answer.status_code, answer.json()["offset"]) == (200, 8 * MIB)


def test_small_files_have_no_chunks(sent: tuple[Shop, Org, str]) -> None:
    _, provider, _ = sent
    data = DATA[: 5 * MIB]
    version = provider.version(provider.asset()["id"], {"small.bin": data})
    upload = provider.open(version["id"], "small.bin")["upload"]
    answer = provider.patch(upload, 0, data, chunks_of(data))
    assert (answer.status_code, answer.json()["where"]) == (400, "Upload-Checksum")
    assert provider.patch(upload, 0, data).json()["state"] == "complete"


def test_right_chunks_of_another_file_are_refused_in_the_end(sent: tuple[Shop, Org, str]) -> None:
    """Every request is what it says it is; the whole is not what the manifest says."""
    shop, provider, upload = sent
    other = bytes([DATA[0] ^ 1]) + DATA[1:]
    answer = provider.patch(upload, 0, other, chunks_of(other))
    assert (answer.status_code, answer.json()["slug"]) == (422, "bytes-differ")
    assert (shop.incoming(), shop.kept()) == ([], [])


class Counted:
    """SHA-256 that says how many bytes it hashed."""

    bytes = 0

    def __init__(self, start: bytes = b"") -> None:
        self._real = sha256(start)

    def update(self, data: bytes) -> None:
        Counted.bytes += len(data)
        self._real.update(data)

    def digest(self) -> bytes:
        return self._real.digest()

    def copy(self) -> Counted:
        other = Counted()
        other._real = self._real.copy()
        return other


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    from ledger import digests
    from market.catalog import running_digests

    for module in (digests, running_digests, part_checks):
        monkeypatch.setattr(module, "sha256", Counted)
    monkeypatch.setattr(Counted, "bytes", 0)
    return Counted


def test_two_hashes_of_each_byte_are_enough(sent: tuple[Shop, Org, str], counted: type[Counted]) -> None:
    shop, provider, upload = sent
    headers = [chunks_of(DATA[: 16 * MIB]), chunks_of(DATA[16 * MIB :])]
    counted.bytes = 0
    provider.patch(upload, 0, DATA[: 16 * MIB], headers[0])
    provider.patch(upload, 16 * MIB, DATA[16 * MIB :], headers[1])
    assert is_whole(shop)
    assert counted.bytes == 2 * SIZE


def test_a_small_file_is_hashed_once(sent: tuple[Shop, Org, str], counted: type[Counted]) -> None:
    _, provider, _ = sent
    version = provider.version(provider.asset()["id"], {"small.bin": DATA[:MIB]})
    upload = provider.open(version["id"], "small.bin")["upload"]
    counted.bytes = 0
    assert provider.patch(upload, 0, DATA[:MIB]).json()["state"] == "complete"
    assert counted.bytes == MIB


def test_a_store_may_want_smaller_chunks(sent: tuple[Shop, Org, str], tmp_path: Path) -> None:
    class Narrow(FileBlobs):
        chunk_bytes = 5 * MIB

    from market.catalog.blobs import BlobStore

    shop, _, _ = sent
    assert limits_of(shop.ports).chunk_bytes == FileBlobs.chunk_bytes
    shop.ports.add(BlobStore, Narrow(tmp_path / "narrow"))
    assert limits_of(shop.ports).chunk_bytes == 5 * MIB


def test_digests_of_many_uploads_stay_bounded() -> None:
    from uuid import UUID

    with ThreadPoolExecutor(2) as pool:
        digests = RunningDigests(pool, most=2)
        for number in range(3):
            digest = digests.resume(UUID(int=number), 0, chunked=False)
            assert digest is not None
            digest.feed([b"abc"])
            digests.keep(UUID(int=number), digest)
        assert digests.resume(UUID(int=0), 3, chunked=False) is None
        assert digests.resume(UUID(int=1), 2, chunked=False) is None
        found = digests.take(UUID(int=2), 3)
        assert found is not None
        assert found.sha256 == sha256(b"abc").digest()
