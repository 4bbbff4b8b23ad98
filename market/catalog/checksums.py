"""What a client says about the bytes of one request, so that damage on the way is found before they are acknowledged.

    Upload-Checksum: sha256 <base64>    their SHA-256
    Upload-Checksum: chunks <base64>    the hashes of the 4 MiB chunks that they consist of, one after the other

The second is for files over 16 MiB, whose manifest needs these hashes anyway: neither side then hashes a byte more
than it has to. It takes bytes that start at a multiple of 4 MiB and are whole chunks, or go to the end of the file.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from ledger.manifest import CHUNK_SIZE
from market.catalog.errors import UploadTooLong
from market.kit.errors import MalformedRequest
from market.kit.i18n import N_

HASH_SIZE = 32
# Hashes for far more bytes than one request carries.
LONGEST_CHECKSUM = 4096


@dataclass(frozen=True)
class Announced:
    """Either the SHA-256 of the bytes, or their chunk hashes."""

    sha256: bytes | None = None
    chunk_hashes: tuple[bytes, ...] = ()

    def room(self, start: int, size: int, most: int, length: int | None) -> int:
        """How many bytes the request that starts at `start` of a file of `size` bytes may have.

        most: what one request carries. length: what it said it has, if it did. Raises UploadTooLong, MalformedRequest.
        """
        room = min(size - start, most)
        if self.chunk_hashes:
            whole = min(size - start, len(self.chunk_hashes) * CHUNK_SIZE)
            if whole > room:
                raise too_long(room)
            if start % CHUNK_SIZE or whole <= (len(self.chunk_hashes) - 1) * CHUNK_SIZE:
                raise _unfit()
            if length is not None and length != whole:
                raise _unfit()
            return whole
        if length is not None and length > room:
            raise too_long(room)
        return room

    def require_chunked(self, chunked: bool) -> None:
        """Raise MalformedRequest for chunk hashes of a file that has no chunks."""
        if self.chunk_hashes and not chunked:
            raise _unfit()


def parse_checksum(header: str) -> Announced:
    """What the header announces. Raises MalformedRequest."""
    form, _, text = header.partition(" ")
    try:
        found = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        found = b""
    if form == "sha256" and len(found) == HASH_SIZE:
        return Announced(sha256=found)
    if form == "chunks" and found and len(found) % HASH_SIZE == 0:
        return Announced(
            chunk_hashes=tuple(found[at : at + HASH_SIZE] for at in range(0, len(found), HASH_SIZE))
        )
    raise MalformedRequest(
        N_("The checksum of the chunk is missing or in another form."),
        hint=N_("Send the header Upload-Checksum: sha256 followed by the chunk's SHA-256 in base64."),
        where="Upload-Checksum",
    )


def too_long(room: int) -> UploadTooLong:
    return UploadTooLong(
        N_("At most %(room)s bytes can come in this request."),
        hint=N_("Send no more than chunk_size bytes at a time, and no more than the file has."),
        where="body",
        room=room,
    )


def _unfit() -> MalformedRequest:
    return MalformedRequest(
        N_("The chunk hashes in Upload-Checksum do not fit the bytes of this request."),
        hint=N_(
            "They are for files over 16 MiB, from a multiple of 4 MiB on, one hash for each 4 MiB or what is left of "
            "the file. Send sha256 instead."
        ),
        where="Upload-Checksum",
    )
