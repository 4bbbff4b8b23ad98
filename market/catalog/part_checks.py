"""Comparing the bytes of one request with what was announced, hashing only what is not hashed anyway."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from concurrent.futures import Executor
from hashlib import sha256
from typing import Protocol

from ledger.manifest import format_sidecar
from market.catalog.checksums import Announced
from market.catalog.lanes import Lane
from market.catalog.running_digests import RunningDigest


class PartCheck(Protocol):
    """feed: the next bytes of the request. passes: whether all of them are what was announced."""

    def feed(self, batch: Sequence[bytes]) -> None: ...

    def passes(self) -> bool: ...


def part_check(pool: Executor, announced: Announced, start: int, digest: RunningDigest | None) -> PartCheck:
    """digest: of the file's bytes up to `start`, which the caller feeds with the same bytes; None if there is none."""
    if announced.sha256 is None:
        return _ChunkCheck(pool, announced.chunk_hashes, start, digest)
    if start == 0 and digest is not None:
        return _BeginningCheck(announced.sha256, digest)
    return _HashCheck(pool, announced.sha256)


class _ChunkCheck:
    """The digest hashes the chunks already; without one, this does."""

    def __init__(
        self, pool: Executor, announced: Sequence[bytes], start: int, digest: RunningDigest | None
    ) -> None:
        self._announced, self._start = announced, start
        self._own = RunningDigest(pool, start=start, chunked=True) if digest is None else None
        self._digest = digest or self._own

    def feed(self, batch: Sequence[bytes]) -> None:
        if self._own is not None:
            self._own.feed(batch)

    def passes(self) -> bool:
        assert self._digest is not None
        found = format_sidecar(self._digest.chunk_hashes(self._start))
        return hmac.compare_digest(found, format_sidecar(self._announced))


class _BeginningCheck:
    """The SHA-256 of a file's first bytes is what the digest of the whole is at that point."""

    def __init__(self, announced: bytes, digest: RunningDigest) -> None:
        self._announced, self._digest = announced, digest

    def feed(self, batch: Sequence[bytes]) -> None:
        pass

    def passes(self) -> bool:
        return hmac.compare_digest(self._digest.sha256(), self._announced)


class _HashCheck:
    """A SHA-256 of its own, for bytes in the middle."""

    def __init__(self, pool: Executor, announced: bytes) -> None:
        self._announced, self._hash = announced, sha256()
        self._lane = Lane(pool, self._update)

    def feed(self, batch: Sequence[bytes]) -> None:
        self._lane.feed(batch)

    def passes(self) -> bool:
        self._lane.wait()
        return hmac.compare_digest(self._hash.digest(), self._announced)

    def _update(self, batch: Sequence[bytes]) -> None:
        for piece in batch:
            self._hash.update(piece)
