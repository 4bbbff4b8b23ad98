"""Verified download: every chunk is checked as it arrives, and an interrupted one goes on where it stopped.

A file comes into `<name>.part` and gets its name when its last byte has been checked. What is in a .part file is
checked again before it is continued, so that neither a crash nor a neighbour can smuggle bytes in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from ledger.errors import LedgerError
from ledger.manifest import CHUNK_SIZE, FileRow, Manifest, chunk_count, parse_sidecar, verify_chunk
from market.client.errors import Corrupt, Interrupted, Unreachable
from market.client.progress import Progress, Silent
from market.client.transport import Transport

RESUMES = 5
PART = ".part"
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
    with part.open("r+b") as file:
        done = _checked_chunks(file, row, sidecar)
        file.truncate(done * CHUNK_SIZE)
        file.seek(done * CHUNK_SIZE)
        progress.advance(done * CHUNK_SIZE)
        if done == len(sidecar):
            return
        with api.stream(address, start=done * CHUNK_SIZE) as reply:
            for index, chunk in enumerate(_in_chunks(reply.iter_bytes(1 << 20)), done):
                _check(index, chunk, row, sidecar)
                file.write(chunk)
                progress.advance(len(chunk))
                done = index + 1
    if done != len(sidecar):
        raise Unreachable(
            "The connection ended at byte {byte} of {file}.", byte=done * CHUNK_SIZE, file=row.path
        )


def _sidecar(api: Transport, version_id: str, row: FileRow) -> tuple[bytes, ...]:
    try:
        return parse_sidecar(api.get_bytes(f"/api/v1/versions/{version_id}/sidecar", path=row.path), row)
    except LedgerError as error:
        raise Corrupt("{error} Nothing of the file was used.", error=error) from error


def _checked_chunks(file: BinaryIO, row: FileRow, sidecar: tuple[bytes, ...]) -> int:
    """How many whole chunks at the start of `file` are the registered ones."""
    for index in range(len(sidecar)):
        chunk = file.read(CHUNK_SIZE)
        try:
            if len(chunk) != min(CHUNK_SIZE, row.size - index * CHUNK_SIZE):
                return index
            verify_chunk(index, chunk, sidecar)
        except LedgerError:
            return index
    return len(sidecar)


def _in_chunks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Regroup a stream into chunks of CHUNK_SIZE; the last may be shorter."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= CHUNK_SIZE:
            yield bytes(waiting[:CHUNK_SIZE])
            del waiting[:CHUNK_SIZE]
    if waiting:
        yield bytes(waiting)


def _check(index: int, chunk: bytes, row: FileRow, sidecar: tuple[bytes, ...]) -> None:
    if index < len(sidecar) - 1 and len(chunk) < CHUNK_SIZE:
        raise Unreachable("The connection ended inside chunk {chunk} of {file}.", chunk=index, file=row.path)
    try:
        verify_chunk(index, chunk, sidecar)
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
