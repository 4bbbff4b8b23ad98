"""Tables that are read by row: as they lie in a file store, or fetched once from an object store and kept for a while."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from market.catalog.blob_store import BlobStore
from market.delivery.errors import BytesMissing, TooLargeToRead
from market.delivery.reader.errors import fault
from market.delivery.reader.reading import DESCRIBE_LIMITS, can_read, describe_table, read_rows
from market.delivery.reader.shapes import Output, ReaderLimits, RowPage, RowQuery, TableSummary
from market.kit.i18n import N_

LARGEST_FETCHED = 512 << 20
KEPT_BYTES = 2 << 30
KEPT_SUMMARIES = 512
# Shorter than a person's patience: the thread that waits serves nobody else.
ROW_LIMITS = ReaderLimits(cpu_seconds=20, wall_seconds=30.0)


class Tables:
    """Reads rows of blobs, a few at a time; whoever comes when all places are taken is told to come again."""

    def __init__(self, store: BlobStore, places: int) -> None:
        self._store = store
        self._places = threading.BoundedSemaphore(places)
        self._lock = threading.Lock()
        self._fetched: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._summaries: OrderedDict[tuple[str, str], TableSummary] = OrderedDict()

    def rows(self, digest: str, media_type: str, query: RowQuery, output: Output) -> RowPage:
        """A page of rows. Raises the reader's faults, BytesMissing, TooLargeToRead."""
        self._check_type(media_type)
        with self._place(), self._opened(digest) as source:
            return read_rows(source, media_type, query, output, ROW_LIMITS, digest=digest)

    def summary(self, digest: str, media_type: str) -> TableSummary:
        """Columns and number of rows. Bytes under a digest never change, so it is worked out once."""
        self._check_type(media_type)
        key = (digest, media_type)
        with self._lock:
            known = self._summaries.get(key)
        if known is not None:
            return known
        with self._place(), self._opened(digest) as source:
            found = describe_table(source, media_type, DESCRIBE_LIMITS)
        with self._lock:
            self._summaries[key] = found
            while len(self._summaries) > KEPT_SUMMARIES:
                self._summaries.popitem(last=False)
        return found

    def close(self) -> None:
        """Let go of what was fetched."""
        with self._lock:
            for descriptor, _ in self._fetched.values():
                os.close(descriptor)
            self._fetched.clear()

    @staticmethod
    def _check_type(media_type: str) -> None:
        if not can_read(media_type):
            raise fault("unsupported-media-type", found=media_type[:100])

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=0.2):
            raise fault("busy")
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def _opened(self, digest: str) -> Iterator[Path | int]:
        path = self._store.path_of(digest)
        if path is not None:
            yield path
            return
        descriptor = self._kept(digest)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _kept(self, digest: str) -> int:
        """A descriptor of the caller's own, for reading only."""
        with self._lock:
            if digest in self._fetched:
                self._fetched.move_to_end(digest)
                return os.dup(self._fetched[digest][0])
        descriptor, size = self._fetch(digest)
        mine = os.dup(descriptor)
        with self._lock:
            if digest in self._fetched:
                os.close(descriptor)
                return mine
            self._fetched[digest] = (descriptor, size)
            while sum(held for _, held in self._fetched.values()) > KEPT_BYTES and len(self._fetched) > 1:
                old, _ = self._fetched.popitem(last=False)[1]
                os.close(old)
        return mine

    def _fetch(self, digest: str) -> tuple[int, int]:
        """The blob in a file without a name, and its size."""
        with tempfile.NamedTemporaryFile(prefix="datawharf-table-") as file:
            try:
                for piece in self._store.read(digest):
                    if file.tell() + len(piece) > LARGEST_FETCHED:
                        raise TooLargeToRead(
                            N_("Files up to %(most)s bytes can be read row by row here."),
                            hint=N_("Download the file whole."),
                            most=LARGEST_FETCHED,
                        )
                    file.write(piece)
            except FileNotFoundError as error:
                raise bytes_missing() from error
            file.flush()
            return os.open(file.name, os.O_RDONLY | os.O_CLOEXEC), file.tell()


def bytes_missing() -> BytesMissing:
    return BytesMissing(
        N_("The store does not have them. The operator is told by the server's log."),
        hint=N_("Try again later; your licence is not touched."),
        retry_after=60,
    )
