"""Bytes in an S3 object store, for installations of several machines.

    incoming/<token>/<start>-<random>    one acknowledged chunk each; the upload's parts say which of them count
    sha256/<ab>/<digest>                 complete bytes under their SHA-256

An object appears whole or not at all, so a put that returned is durable. Two requests for the same offset write two
objects, and the database decides which of them is the part.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError, PreconditionError
from obstore.store import S3Store

from market.catalog.blob_store import DIGEST, TOKEN, Part
from market.kit.errors import Fault, Kind
from market.kit.i18n import N_

# Up to this size a blob is put in one request, on the condition that it is new.
SINGLE_PUT = 64 << 20
_MULTIPART_SIZE = 16 << 20
_PARALLEL = 4


class ObjectStoreDown(Fault):
    kind, slug = Kind.UNAVAILABLE, "object-store-down"
    title = N_("The store that keeps the files cannot be reached")


class ObjectBlobs:
    """A `BlobStore` in an S3 bucket; needs conditional puts (If-None-Match).

    signing: the same bucket as buyers reach it; None where they do not.
    """

    # Held in memory until it is whole.
    chunk_bytes = 16 << 20

    def __init__(self, store: S3Store, signing: S3Store | None = None) -> None:
        self._store, self._signing = store, signing

    def open_chunk(self, token: str, start: int) -> ObjectChunk:
        return ObjectChunk(self._store, _folder(token), start)

    def read_incoming(self, token: str, parts: Sequence[Part]) -> Iterator[bytes]:
        for part in parts:
            if not re.fullmatch(r"\d{16}-[0-9a-f]{16}", part.name):
                raise ValueError("this is not the name of a part")
            yield from self._stream(f"{_folder(token)}{part.name}")

    def promote(self, token: str, parts: Sequence[Part], digest: str) -> None:
        if self.has(digest):
            return
        pieces = self.read_incoming(token, parts)
        if sum(part.size for part in parts) <= SINGLE_PUT:
            try:
                obstore.put(self._store, _blob(digest), b"".join(pieces), mode="create", use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return  # somebody else sent the same bytes meanwhile
            except BaseError as error:
                raise _down(error) from error
            return
        # S3 has no condition for a multipart upload; writing the same bytes twice harms nothing.
        writer = obstore.open_writer(
            self._store, _blob(digest), buffer_size=_MULTIPART_SIZE, max_concurrency=_PARALLEL
        )
        try:
            for piece in pieces:
                writer.write(piece)
            # Only here does the object appear: a failure above leaves nothing under the digest.
            writer.close()
        except BaseError as error:
            raise _down(error) from error

    def discard(self, token: str) -> None:
        try:
            for batch in obstore.list(self._store, prefix=_folder(token)):
                obstore.delete(self._store, [item["path"] for item in batch])
        except BaseError as error:
            raise _down(error) from error

    def incoming(self) -> Iterator[str]:
        # Asked for objects, not folders: some stores go on to list a folder whose last object is gone.
        seen: set[str] = set()
        try:
            for batch in obstore.list(self._store, prefix="incoming/"):
                seen |= {item["path"].split("/")[1] for item in batch}
        except BaseError as error:
            raise _down(error) from error
        yield from sorted(token for token in seen if TOKEN.fullmatch(token))

    def has(self, digest: str) -> bool:
        try:
            obstore.head(self._store, _blob(digest))
        except (FileNotFoundError, NotFoundError):
            return False
        except BaseError as error:
            raise _down(error) from error
        return True

    def read(self, digest: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        return self._stream(_blob(digest), start, stop)

    def _stream(self, path: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        if stop is not None and stop <= start:
            return
        try:
            if stop is not None:
                found = obstore.get(self._store, path, options={"range": (start, stop)})
            elif start:
                found = obstore.get(self._store, path, options={"range": {"offset": start}})
            else:
                found = obstore.get(self._store, path)
            for piece in found.stream(min_chunk_size=1 << 20):
                yield bytes(piece)
        except (FileNotFoundError, NotFoundError) as error:
            raise FileNotFoundError(path) from error
        except BaseError as error:
            raise _down(error) from error

    def path_of(self, digest: str) -> Path | None:
        return None

    def signed_address(self, digest: str, lifetime: timedelta) -> str | None:
        return obstore.sign(self._signing, "GET", _blob(digest), lifetime) if self._signing else None


class ObjectChunk:
    """Gathers a chunk (at most one PATCH) in memory and puts it as one object."""

    def __init__(self, store: S3Store, folder: str, start: int) -> None:
        self._store = store
        self._folder = folder
        self._name = f"{start:016d}-{secrets.token_hex(8)}"
        self._pieces: list[bytes] = []

    def write(self, pieces: Sequence[bytes]) -> None:
        self._pieces += pieces

    def commit(self) -> str:
        data = b"".join(self._pieces)
        try:
            obstore.put(self._store, self._folder + self._name, data, mode="create", use_multipart=False)
        except BaseError as error:
            raise _down(error) from error
        return self._name

    def close(self) -> None:
        self._pieces = []


def _folder(token: str) -> str:
    if not TOKEN.fullmatch(token):
        raise ValueError("an upload's token is hex")
    return f"incoming/{token}/"


def _blob(digest: str) -> str:
    if not DIGEST.fullmatch(digest):
        raise ValueError("a blob's digest is 64 hex digits")
    return f"sha256/{digest[:2]}/{digest}"


def _down(error: BaseError) -> ObjectStoreDown:
    return ObjectStoreDown(
        N_("The object store did not answer as it should; nothing of this request was kept."),
        hint=N_("Try again in a moment; an upload goes on from the same byte."),
        retry_after=5,
    )
