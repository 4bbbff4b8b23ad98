"""Sending the bytes of files, in parts that a marketplace acknowledges one by one."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic

from ledger.manifest import CHUNK_SIZE, format_sidecar
from market.client.errors import ClientError, Interrupted, Problem, Unreachable
from market.client.progress import Progress, Silent
from market.client.registering import LocalFile
from market.client.transport import Transport

RESUMES = 5
# A part is what an interruption may cost; one that took less than a second is followed by one of twice its size.
FIRST_PART = 16 << 20
QUICK_SECONDS, SLOW_SECONDS = 1.0, 8.0
_PIECE = 256 * 1024


@dataclass(frozen=True)
class Part:
    """Bytes of a file to be sent in one request, read as they are sent; may be sent again."""

    path: Path
    start: int
    size: int

    def __iter__(self) -> Iterator[bytes]:
        left = self.size
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.start)
            while left:
                piece = file.read(min(_PIECE, left))
                if not piece:
                    raise ClientError(
                        "{path} became shorter while it was being sent. Register it again.", path=self.path
                    )
                left -= len(piece)
                yield piece


def upload_file(api: Transport, version_id: str, file: LocalFile, progress: Progress | None = None) -> None:
    """Send a file in parts, from wherever an earlier attempt ended. Raises Interrupted when it has to be tried later."""
    progress = progress or Silent()
    body = {"path": file.row.path, "size": file.row.size, "sha256": file.row.sha256.hex()}
    announce = f"/api/v1/versions/{version_id}/uploads"
    upload = api.post(announce, body)
    progress.begin(f"send {file.row.path}", file.row.size)
    progress.advance(upload["offset"])
    interrupted = False
    for attempt in range(RESUMES):
        try:
            lost = _send_rest(api, upload["upload"], file, upload["offset"], upload["chunk_size"], progress)
            if lost or interrupted:
                _have_it_finished(api, announce, body, upload["upload"])
            progress.end()
            return
        except Unreachable as error:
            if attempt + 1 == RESUMES:
                raise Interrupted(
                    "{error} What arrived is kept; run the same command again to go on.", error=error
                ) from error
            interrupted, upload = True, api.get(f"/api/v1/uploads/{upload['upload']}")


def _have_it_finished(api: Transport, announce: str, body: dict[str, object], upload_id: str) -> None:
    """The server that took the last byte may have died before it put the file in its place: its successor does that
    when the file is announced again.
    """
    if api.get(f"/api/v1/uploads/{upload_id}")["state"] == "receiving":
        api.post(announce, body)


def _send_rest(
    api: Transport, upload_id: str, file: LocalFile, offset: int, most: int, progress: Progress
) -> bool:
    """Whether a reply was lost on the way, so that the offset had to be asked for."""
    usual, lost = FIRST_PART, False
    while offset < file.row.size:
        part, checksum = next_part(file, offset, min(usual, most))
        headers = {
            "Upload-Offset": str(offset),
            "Upload-Checksum": checksum,
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(part.size),
        }
        began = monotonic()
        try:
            reply = api.send("PATCH", f"/api/v1/uploads/{upload_id}", content=part, headers=headers)
            offset_now = int(reply.headers["upload-offset"])
        except Problem as problem:
            if problem.slug == "checksum-mismatch":
                raise ClientError(
                    "{path} is not what it was when it was hashed. Register it again.", path=file.path
                ) from problem
            if problem.slug != "offset-wrong":
                raise
            offset_now, lost = int(api.get(f"/api/v1/uploads/{upload_id}")["offset"]), True
        usual = part_size_after(part.size, monotonic() - began, usual)
        progress.advance(offset_now - offset)
        offset = offset_now
    return lost


def part_size_after(sent: int, seconds: float, usual: int) -> int:
    """How large parts should be, after one of `sent` bytes took `seconds`."""
    if seconds < QUICK_SECONDS and sent >= usual:
        return usual * 2
    return max(CHUNK_SIZE, usual // 2) if seconds > SLOW_SECONDS else usual


def next_part(file: LocalFile, offset: int, most: int) -> tuple[Part, str]:
    """The part of at most `most` bytes from `offset` on, and what Upload-Checksum says of it.

    Nothing is hashed that was hashed before, unless an earlier attempt ended inside a chunk, or the server takes less
    than a chunk at a time.
    """
    size = min(most, file.row.size - offset)
    if offset % CHUNK_SIZE:
        size = min(size, CHUNK_SIZE - offset % CHUNK_SIZE)
    elif file.chunk_hashes and (whole := _whole_chunks(size, to_the_end=offset + size == file.row.size)):
        first = offset // CHUNK_SIZE
        hashes = file.chunk_hashes[first : first + -(-whole // CHUNK_SIZE)]
        return Part(file.path, offset, whole), _checksum("chunks", format_sidecar(hashes))
    part = Part(file.path, offset, size)
    return part, _checksum("sha256", file.row.sha256 if size == file.row.size else _hash(part))


def _whole_chunks(size: int, *, to_the_end: bool) -> int:
    return size if to_the_end else size - size % CHUNK_SIZE


def _hash(part: Part) -> bytes:
    digest = sha256()
    for piece in part:
        digest.update(piece)
    return digest.digest()


def _checksum(form: str, value: bytes) -> str:
    return f"{form} {base64.b64encode(value).decode()}"
