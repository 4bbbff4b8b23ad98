"""What the client says of the bytes that it sends, and how often it hashes them."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.manifest import CHUNK_SIZE, chunk_hash
from market.client import sending
from market.client.errors import ClientError, Interrupted
from market.client.registering import LocalFile, hash_files
from market.client.sending import Part, next_part, part_size_after, upload_file
from market.client.transport import Transport

MIB = 1 << 20
SIZE = 21 * MIB + 5
DATA = random.Random(3).randbytes(SIZE)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> LocalFile:
    path = tmp_path_factory.mktemp("files") / "big.bin"
    path.write_bytes(DATA)
    return hash_files([("big.bin", path)])[0]


def said(checksum: str, body: bytes) -> str:
    """The form of a checksum, which must be right for the bytes."""
    form, value = checksum.split(" ")
    if form == "chunks":
        parts = [body[at : at + CHUNK_SIZE] for at in range(0, len(body), CHUNK_SIZE)]
        expected = b"".join(map(chunk_hash, parts))
    else:
        expected = sha256(body).digest()
    assert base64.b64decode(value) == expected
    return form


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.one_of(st.sampled_from(range(0, SIZE, CHUNK_SIZE)), st.integers(0, SIZE - 1)),
    st.one_of(st.integers(1, SIZE), st.sampled_from([CHUNK_SIZE, 2 * CHUNK_SIZE, 64 * MIB])),
)
def test_what_is_said_of_a_part_is_true(big: LocalFile, offset: int, most: int) -> None:
    part, checksum = next_part(big, offset, most)
    body = b"".join(part)
    assert (part.start, part.size) == (offset, len(body))
    assert 0 < len(body) <= most
    assert body == DATA[offset : offset + len(body)]
    form = said(checksum, body)
    end = offset + len(body)
    if form == "chunks":
        assert offset % CHUNK_SIZE == 0
        assert end % CHUNK_SIZE == 0 or end == SIZE
    else:
        assert offset % CHUNK_SIZE or most < CHUNK_SIZE


class Server:
    """Takes parts as the protocol says. cut: drops the connection once when it has so many bytes."""

    def __init__(
        self, size: int, *, chunk_size: int = 64 * MIB, offset: int = 0, cut: int | None = None
    ) -> None:
        self.size, self.chunk_size, self.offset, self.cut = size, chunk_size, offset, cut
        self.forms: list[tuple[str, int]] = []
        self.kept = bytearray(DATA[:offset])

    def __call__(self, request: httpx.Request) -> httpx.Response:
        view = {"upload": "u", "offset": self.offset, "chunk_size": self.chunk_size}
        if request.method != "PATCH":
            return httpx.Response(200, json=view)
        body = request.read()
        assert request.headers["Content-Length"] == str(len(body))
        assert "Transfer-Encoding" not in request.headers
        if self.cut is not None and self.offset >= self.cut:
            self.cut = None
            raise httpx.ReadError("cut")
        if request.headers["Upload-Offset"] != str(self.offset):
            return httpx.Response(409, json={"slug": "offset-wrong", "detail": "elsewhere"})
        self.forms.append((said(request.headers["Upload-Checksum"], body), len(body)))
        self.kept += body
        self.offset += len(body)
        return httpx.Response(200, json=view, headers={"Upload-Offset": str(self.offset)})


@pytest.fixture
def hashed_bytes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each SHA-256 of the sender was given."""
    seen: list[int] = []

    class Counted:
        def __init__(self) -> None:
            self._real = sha256()

        def update(self, data: bytes) -> None:
            seen.append(len(data))
            self._real.update(data)

        def digest(self) -> bytes:
            return self._real.digest()

    monkeypatch.setattr(sending, "sha256", Counted)
    return seen


def transport(server: Callable[[httpx.Request], httpx.Response]) -> Transport:
    client = httpx.Client(base_url="http://market.test", transport=httpx.MockTransport(server))
    return Transport("http://market.test", http=client)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("market.client.transport.time.sleep", lambda _seconds: None)


def test_nothing_is_hashed_twice(big: LocalFile, hashed_bytes: list[int]) -> None:
    server = Server(SIZE)
    upload_file(transport(server), "v", big)
    assert server.kept == DATA
    assert {form for form, _ in server.forms} == {"chunks"}
    assert hashed_bytes == []


def test_a_small_file_is_said_by_its_row(tmp_path: Path, hashed_bytes: list[int]) -> None:
    (tmp_path / "small").write_bytes(DATA[:MIB])
    server = Server(MIB)
    upload_file(transport(server), "v", hash_files([("small", tmp_path / "small")])[0])
    assert server.kept == DATA[:MIB]
    assert server.forms == [("sha256", MIB)]
    assert hashed_bytes == []


def test_inside_a_chunk_it_goes_on_by_the_other_form(big: LocalFile, hashed_bytes: list[int]) -> None:
    server = Server(SIZE, offset=CHUNK_SIZE + 7)
    upload_file(transport(server), "v", big)
    assert server.kept == DATA
    assert [form for form, _ in server.forms] == ["sha256", "chunks"]
    assert server.forms[0][1] == sum(hashed_bytes) == CHUNK_SIZE - 7


def test_a_server_that_takes_less_than_a_chunk(big: LocalFile) -> None:
    server = Server(SIZE, chunk_size=3 * MIB)
    upload_file(transport(server), "v", big)
    assert server.kept == DATA


@pytest.mark.parametrize("cut", [0, 16 * MIB])
def test_a_part_can_be_sent_again(big: LocalFile, cut: int) -> None:
    server = Server(SIZE, cut=cut)
    upload_file(transport(server), "v", big)
    assert server.kept == DATA


def test_an_upload_that_cannot_go_on_says_so(big: LocalFile) -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            raise httpx.ConnectError("gone")
        return httpx.Response(200, json={"upload": "u", "offset": 0, "chunk_size": 64 * MIB})

    with pytest.raises(Interrupted, match="run the same command again"):
        upload_file(transport(gone), "v", big)


def test_a_file_that_became_shorter_is_named(tmp_path: Path) -> None:
    path = tmp_path / "shrinking"
    path.write_bytes(DATA)
    file = hash_files([("shrinking", path)])[0]
    path.write_bytes(DATA[:MIB])
    with pytest.raises(ClientError, match="became shorter"):
        upload_file(transport(Server(SIZE)), "v", file)
    with pytest.raises(ClientError, match="became shorter"):
        list(Part(path, 0, 2 * MIB))


def test_a_file_that_is_no_longer_what_was_hashed_is_named(big: LocalFile) -> None:
    def refusing(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            return httpx.Response(460, json={"slug": "checksum-mismatch", "detail": "not these"})
        return httpx.Response(200, json={"upload": "u", "offset": 0, "chunk_size": 64 * MIB})

    with pytest.raises(ClientError, match="not what it was when it was hashed"):
        upload_file(transport(refusing), "v", big)


def test_parts_grow_where_the_way_is_quick_and_shrink_where_it_is_slow() -> None:
    usual: Any = 16 * MIB
    assert part_size_after(usual, 0.2, usual) == 32 * MIB
    assert part_size_after(MIB, 0.01, usual) == usual  # the last few bytes of a file say nothing
    assert part_size_after(usual, 3.0, usual) == usual
    assert part_size_after(usual, 9.0, usual) == 8 * MIB
    assert part_size_after(CHUNK_SIZE, 99.0, CHUNK_SIZE) == CHUNK_SIZE
