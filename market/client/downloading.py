"""Verified download: every chunk is checked as it arrives, and an interrupted one goes on where it stopped.

A file comes into `<name>.part` and gets its name when its last byte has been checked. What is in a .part file is
checked again before it is continued, so that neither a crash nor a neighbour can smuggle bytes in.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import RawIOBase
from pathlib import Path
from typing import cast
from urllib.parse import quote

from ledger.errors import LedgerError
from ledger.manifest import CHUNK_SIZE, FileRow, Manifest, chunk_count, parse_sidecar, verify_chunk
from market.client.errors import Corrupt, Interrupted, Unreachable
from market.client.progress import Progress, Silent
from market.client.receiving import NETWORK_ERRORS, Body
from market.client.transport import Transport

RESUMES = 5
PART = ".part"
# One hasher per core of a small machine, and a chunk each on its way in, waiting, and on its way to the disk.
HASHERS, CHUNKS_AHEAD = 2, 5
# What came with the data: by it a later check can name the file that was changed.
MANIFEST = ".manifest.json"


def download_files(
    api: Transport, version_id: str, manifest: Manifest, folder: Path, progress: Progress | None = None
) -> int:
    """Bring all files of a version into `folder`. Returns their bytes. Raises Corrupt, Interrupted or Problem."""
    for row in manifest.rows:
        download_file(api, version_id, row, folder, progress)
    (folder / MANIFEST).write_bytes(manifest.canonical)
    return sum(row.size for row in manifest.rows)


def download_file(
    api: Transport, version_id: str, row: FileRow, folder: Path, progress: Progress | None = None
) -> Path:
    """Bring one file. A file that is there already is checked instead of fetched."""
    progress = progress or Silent()
    target = folder / row.path
    target.parent.mkdir(parents=True, exist_ok=True)
    progress.begin(f"receive {row.path}", row.size)
    if target.exists() and _is_whole(target, row):
        progress.advance(row.size)
        progress.end()
        return target
    address = f"/api/v1/versions/{version_id}/files/{quote(row.path)}"
    part = target.with_name(target.name + PART)
    fetch = _fetch_chunked if chunk_count(row.size) else _fetch_small
    for attempt in range(RESUMES):
        if attempt:
            progress.begin(f"receive {row.path}", row.size)
        try:
            fetch(api, version_id, address, row, part, progress)
            break
        except Unreachable as error:
            if attempt + 1 == RESUMES:
                raise Interrupted(
                    "{error} What was checked is kept; run the same command again to go on.", error=error
                ) from error
    part.replace(target)
    progress.end()
    return target


def _fetch_small(
    api: Transport, _version_id: str, address: str, row: FileRow, part: Path, progress: Progress
) -> None:
    with api.stream(address) as reply:
        data = b"".join(reply.iter_bytes(1 << 20))
    if len(data) != row.size or hashlib.sha256(data).digest() != row.sha256:
        raise _corrupt(row)
    part.write_bytes(data)
    progress.advance(len(data))


def _fetch_chunked(
    api: Transport, version_id: str, address: str, row: FileRow, part: Path, progress: Progress
) -> None:
    sidecar = _sidecar(api, version_id, row)
    part.touch()
    with part.open("r+b", buffering=0) as file:
        done = _checked_chunks(file, row, sidecar)
        file.truncate(done * CHUNK_SIZE)
        file.seek(done * CHUNK_SIZE)
        progress.advance(done * CHUNK_SIZE)
        if done == len(sidecar):
            return
        with api.receive(address, start=done * CHUNK_SIZE) as body, ThreadPoolExecutor(HASHERS) as hashers:
            pipeline = _Pipeline(body, row, sidecar, hashers)
            for chunk in pipeline.verified(done):
                _write_all(file, chunk)
                progress.advance(len(chunk))


class _Pipeline:
    """Receives a chunk while the ones before are hashed; hands them out in order, each only after it was checked."""

    def __init__(
        self, body: Body, row: FileRow, sidecar: tuple[bytes, ...], hashers: ThreadPoolExecutor
    ) -> None:
        self._body, self._row, self._sidecar, self._hashers = body, row, sidecar, hashers
        self._free = [memoryview(bytearray(CHUNK_SIZE)) for _ in range(CHUNKS_AHEAD)]
        self._waiting: deque[tuple[memoryview, memoryview, Future[None]]] = deque()

    def verified(self, first: int) -> Iterator[memoryview]:
        """The chunks from number `first` on. A chunk is good until the next one is asked for.

        What came whole before a connection ended is still handed out; then Unreachable is raised. Raises Corrupt at
        the first chunk that differs, and hands out none behind it.
        """
        ended: Unreachable | None = None
        for index in range(first, len(self._sidecar)):
            if not self._free:
                yield from self._oldest()
            ended = self._receive(index)
            if ended is not None:
                break
        while self._waiting:
            yield from self._oldest()
        if ended is not None:
            raise ended

    def _receive(self, index: int) -> Unreachable | None:
        """Take one chunk from the network and have it hashed. Returns the reason if it did not come whole."""
        size = min(CHUNK_SIZE, self._row.size - index * CHUNK_SIZE)
        buffer = self._free.pop()
        try:
            filled = self._body.read_into(buffer[:size])
        except NETWORK_ERRORS:
            filled = 0
        if filled < size:
            self._free.append(buffer)
            return Unreachable(
                "The connection ended inside chunk {chunk} of {file}.", chunk=index, file=self._row.path
            )
        chunk = buffer[:size]
        check = self._hashers.submit(_check, index, chunk, self._row, self._sidecar)
        self._waiting.append((buffer, chunk, check))
        return None

    def _oldest(self) -> Iterator[memoryview]:
        buffer, chunk, check = self._waiting.popleft()
        check.result()
        yield chunk
        self._free.append(buffer)


def _write_all(file: RawIOBase, data: memoryview) -> None:
    while data:
        data = data[file.write(data) or 0 :]


def _sidecar(api: Transport, version_id: str, row: FileRow) -> tuple[bytes, ...]:
    try:
        return parse_sidecar(api.get_bytes(f"/api/v1/versions/{version_id}/sidecar", path=row.path), row)
    except LedgerError as error:
        raise Corrupt("{error} Nothing of the file was used.", error=error) from error


def _checked_chunks(file: RawIOBase, row: FileRow, sidecar: tuple[bytes, ...]) -> int:
    """How many whole chunks at the start of `file` are the registered ones."""
    for index in range(len(sidecar)):
        chunk = file.read(CHUNK_SIZE) or b""
        try:
            if len(chunk) != min(CHUNK_SIZE, row.size - index * CHUNK_SIZE):
                return index
            verify_chunk(index, chunk, sidecar)
        except LedgerError:
            return index
    return len(sidecar)


def _check(index: int, chunk: memoryview, row: FileRow, sidecar: tuple[bytes, ...]) -> None:
    try:
        # Hashing takes any buffer.
        verify_chunk(index, cast("bytes", chunk), sidecar)
    except LedgerError as error:
        raise Corrupt(
            "{file}: chunk {chunk} is not the registered one. It was not kept; tell the provider and keep your receipt.",
            file=row.path,
            chunk=index,
        ) from error


def _is_whole(path: Path, row: FileRow) -> bool:
    if path.stat().st_size != row.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest() == row.sha256


def _corrupt(row: FileRow) -> Corrupt:
    return Corrupt(
        "{file} is not the registered file: its SHA-256 differs. It was not kept; tell the provider.",
        file=row.path,
    )
