"""Receiving the bytes of uploads: chunk by chunk, durable before it is acknowledged, verified before it is available.

write the chunk, compare its checksum, make it durable     a crash here: the offset is unchanged, the bytes ignored
advance the offset (a transaction)                         a crash here: HEAD says so, the client goes on
all there: digest of the whole against the manifest        a crash here: the finishing job does it again
promote under the digest                                   a crash here: the same once more, with the same outcome
file available, upload complete (a transaction)            a crash here: the sweeper removes the incoming bytes
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from ledger.manifest import Digest, FileDigest, format_sidecar
from market.catalog import repository
from market.catalog.blob_store import BlobStore, ChunkWriter, Part
from market.catalog.checksums import Announced, parse_checksum, too_long
from market.catalog.errors import BytesDiffer, ChecksumMismatch, OffsetWrong, UploadOver
from market.catalog.lanes import Lane
from market.catalog.limits import UploadLimits
from market.catalog.models import Blob, Upload
from market.catalog.part_checks import part_check
from market.catalog.running_digests import RunningDigests
from market.catalog.schemas import UploadView
from market.catalog.uploads import (
    FINISH_TOPIC,
    Arrival,
    arrival,
    arrival_of,
    give_up,
    load_upload,
    refuse_ended,
    upload_state,
)
from market.catalog.verbs import UPLOAD
from market.kit.auth import Principal
from market.kit.db import Database, insert_new
from market.kit.i18n import N_
from market.kit.jobs import enqueue

# The request that brought the last byte finishes by itself; the job is for when it could not.
_FINISH_LATER = timedelta(seconds=60)


class Intake:
    """One per process: the blob store, and the digests of uploads under way."""

    def __init__(self, db: Database, store: BlobStore, limits: UploadLimits) -> None:
        self.db, self.store, self.limits = db, store, limits
        # Each upload under way has up to three lanes, which wait for the disk or hash without the interpreter's lock.
        self.pool = ThreadPoolExecutor(2 + 3 * (os.cpu_count() or 1), thread_name_prefix="upload")
        self.digests = RunningDigests(self.pool)

    def begin(
        self, *, actor: Principal, upload_id: UUID, start: int, length: int | None, checksum: str
    ) -> Reception:
        """Be ready for a chunk of `length` bytes (None: not announced) at byte `start`.

        checksum: see `market.catalog.checksums`. Raises NotFound, UploadOver, OffsetWrong, UploadBusy, UploadTooLong,
        MalformedRequest.
        """
        announced = parse_checksum(checksum)
        upload = self._current(actor, upload_id, start)
        announced.require_chunked(upload.chunks is not None)
        room = announced.room(start, upload.size, self.limits.chunk_bytes, length)
        writer = self._open(upload, start)
        try:
            # Whoever held the upload before us may have moved it on.
            with self.db.reading() as session:
                upload = _expecting(arrival(session, upload_id), start)
        except BaseException:
            writer.close()
            raise
        return Reception(self, actor, upload, writer, room, announced)

    def finish(self, upload_id: UUID) -> None:
        """Finish an upload whose bytes are all here; does nothing if there is nothing to finish.

        Raises UploadBusy if a request is at it, BytesDiffer if the bytes are not the manifest's.
        """
        upload = self._unfinished(upload_id)
        if upload is None:
            return
        with closing(self._open(upload, upload.size)) as writer:
            found = self._unfinished(upload_id)
            if found is None:
                self.store.discard(upload.token)
                return
            if upload.size == 0:
                writer.commit()
            self.complete(found)

    def complete(self, upload: Arrival) -> None:
        """Verify the whole, promote it, and say so. The caller holds the upload."""
        with self.db.reading() as session:
            parts = [
                Part(part.start, part.size, part.name) for part in repository.parts_of(session, upload.id)
            ]
        found = self.digests.take(upload.id, upload.size) or self._read_back(upload, parts)
        if (found.size, found.sha256.hex(), _hex(found.chunks)) != (
            upload.size,
            upload.sha256,
            upload.chunks,
        ):
            self._refuse(upload, found)
        self.store.promote(upload.token, parts, upload.sha256)
        blob = Blob(
            sha256=upload.sha256,
            size=upload.size,
            sidecar=format_sidecar(found.chunk_hashes),
            created_at=upload.created_at,
        )
        with self.db.writing() as session:
            if repository.end_upload(session, upload.id, "complete"):
                self._settle(session, upload)
                insert_new(session, blob)
                repository.mark_available(session, upload.file_id)
        self.store.discard(upload.token)

    def _settle(self, session: Session, upload: Arrival) -> None:
        """An organisation pays for the same bytes once, however many of its files have them."""
        repository.lock_storage(session, upload.org_id)
        if repository.holds(session, upload.org_id, upload.sha256):
            repository.give_storage_back(session, upload.org_id, upload.charged)

    def _current(self, actor: Principal, upload_id: UUID, start: int) -> Arrival:
        with self.db.reading() as session:
            upload, file, _ = load_upload(session, actor, UPLOAD, upload_id)
            return _expecting(arrival_of(upload, file), start)

    def _unfinished(self, upload_id: UUID) -> Arrival | None:
        """The upload, if all its bytes are here and nobody has finished it."""
        with self.db.reading() as session:
            upload = arrival(session, upload_id)
        open_ = upload is not None and upload.state == "receiving" and upload.received == upload.size
        return upload if open_ else None

    def _open(self, upload: Arrival, start: int) -> ChunkWriter:
        try:
            return self.store.open_chunk(upload.token, start)
        except UploadOver:
            # The store lost the bytes, for example in a restore: the file can be sent anew.
            with self.db.writing() as session:
                give_up(session, upload, "expired")
            raise

    def _read_back(self, upload: Arrival, parts: Sequence[Part]) -> Digest:
        digest = FileDigest()
        for piece in self.store.read_incoming(upload.token, parts):
            digest.update(piece)
        return digest.finish()

    def _refuse(self, upload: Arrival, found: Digest) -> None:
        with self.db.writing() as session:
            give_up(session, upload, "refused")
        self.store.discard(upload.token)
        raise BytesDiffer(
            N_("The bytes of %(path)s have the SHA-256 %(found)s; the manifest says %(expected)s."),
            hint=N_(
                "Nothing was kept. Send the file that the manifest was made from, or make a new manifest."
            ),
            where=upload.path,
            path=upload.path,
            found=found.sha256.hex(),
            expected=upload.sha256,
        )


class Reception:
    """One chunk being received. Call `take` as bytes come, `end` after the last, and `close` in any case."""

    def __init__(
        self,
        intake: Intake,
        actor: Principal,
        upload: Arrival,
        writer: ChunkWriter,
        room: int,
        announced: Announced,
    ) -> None:
        self._intake, self._actor, self._upload = intake, actor, upload
        self._writer, self._room, self._announced = writer, room, announced
        self._start, self._size = upload.received, 0
        self._writing = Lane(intake.pool, writer.write)
        self._digest = intake.digests.resume(upload.id, self._start, chunked=upload.chunks is not None)
        self._check = part_check(intake.pool, announced, self._start, self._digest)

    def take(self, pieces: Sequence[bytes]) -> None:
        """Take the next bytes, to be written and hashed side by side. Raises UploadTooLong, StorageFull."""
        self._size += sum(map(len, pieces))
        if self._size > self._room:
            raise too_long(self._room)
        self._writing.feed(pieces)
        self._check.feed(pieces)
        if self._digest is not None:
            self._digest.feed(pieces)

    def end(self, now: datetime) -> UploadView:
        """Acknowledge the chunk, and finish the upload if it was the last. Raises ChecksumMismatch, BytesDiffer."""
        self._writing.wait()
        if not self._check.passes():
            raise ChecksumMismatch(
                N_("The %(size)s bytes from byte %(start)s do not have the checksum that was announced."),
                hint=N_("Send the chunk again from the same byte."),
                where="Upload-Checksum",
                size=self._size,
                start=self._start,
            )
        intake, upload = self._intake, self._upload
        if self._size:
            name = self._writer.commit()
            self._advance(name, now)
            if self._digest is not None:
                intake.digests.keep(upload.id, self._digest)
        if self._start + self._size == upload.size:
            if upload.size == 0:
                self._writer.commit()
            intake.complete(upload)
        with intake.db.reading() as session:
            return upload_state(session, actor=self._actor, upload_id=upload.id, limits=intake.limits)

    def _advance(self, name: str, now: datetime) -> None:
        upload = self._upload
        with self._intake.db.writing() as session:
            if not repository.advance_upload(session, upload.id, self._start, self._size, name):
                current = session.get_one(Upload, upload.id)
                refuse_ended(current.state)
                raise wrong_offset(current.received)
            if self._start + self._size == upload.size:
                work = {"upload": str(upload.id)}
                enqueue(session, FINISH_TOPIC, work, now=now, key=str(upload.id), delay=_FINISH_LATER)

    def close(self) -> None:
        """Let go of the upload."""
        # The descriptor must not be closed under a thread that still writes.
        self._writing.abandon()
        self._writer.close()


def _expecting(upload: Arrival | None, start: int) -> Arrival:
    """The upload, if the next byte that it takes is number `start`. Raises UploadOver, OffsetWrong."""
    refuse_ended("expired" if upload is None else upload.state)
    assert upload is not None
    if upload.received != start:
        raise wrong_offset(upload.received)
    return upload


def wrong_offset(right: int) -> OffsetWrong:
    return OffsetWrong(
        N_("The next byte that this upload takes is number %(offset)s."),
        hint=N_("Go on from there."),
        where="Upload-Offset",
        offset=right,
    )


def _hex(digest: bytes | None) -> str | None:
    return digest.hex() if digest is not None else None
