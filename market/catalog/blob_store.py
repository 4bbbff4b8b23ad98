"""Where bytes are kept: the port. File and object stores implement it.

Bytes are durable before anything says so: a chunk before its offset is acknowledged, a blob before it is available.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

TOKEN = re.compile(r"[0-9a-f]{32,64}")
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Part:
    """An acknowledged chunk of an upload: where it starts, how long it is, and the store's own name for it."""

    start: int
    size: int
    name: str


class ChunkWriter(Protocol):
    """One chunk on its way in. Where the store can lock, nobody else writes to the upload until `close`."""

    def write(self, pieces: Sequence[bytes]) -> None:
        """Add the next bytes. Raises StorageFull."""

    def commit(self) -> str:
        """Make the chunk durable and return its part name; only now may it be acknowledged. Raises StorageFull."""

    def close(self) -> None:
        """Let go. What was not committed counts for nothing."""


class BlobStore(Protocol):
    """Keeps uploads while they arrive, and complete blobs under their digest (hex) for good.

    chunk_bytes: the largest chunk that it takes well.
    """

    chunk_bytes: int

    def open_chunk(self, token: str, start: int) -> ChunkWriter:
        """Begin to write at byte `start`. Raises UploadBusy, and UploadOver if the bytes before `start` are gone."""

    def read_incoming(self, token: str, parts: Sequence[Part]) -> Iterator[bytes]:
        """The bytes of an upload from its first part to its last."""

    def promote(self, token: str, parts: Sequence[Part], digest: str) -> None:
        """Keep an upload whose bytes have that digest; durable on return, and the same when done twice."""

    def discard(self, token: str) -> None:
        """Forget an upload; no error if there is none."""

    def incoming(self) -> Iterator[str]:
        """The tokens of all uploads that left bytes here."""

    def has(self, digest: str) -> bool:
        """Whether the blob is here."""

    def read(self, digest: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes [start, stop) of a blob. Raises FileNotFoundError."""

    def path_of(self, digest: str) -> Path | None:
        """The blob's own file, to be sent by the system; None if this store has no files or not this blob."""

    def signed_address(self, digest: str, lifetime: timedelta) -> str | None:
        """An address that gives the blob to whoever holds it until it ends; None if this store has no such thing."""
