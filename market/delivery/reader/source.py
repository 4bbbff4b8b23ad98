"""The file as the locked-down process sees it: one open descriptor, read at given places, line by line."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

from market.delivery.reader.refusal import Refusal
from market.delivery.reader.shapes import MAX_LINE_BYTES

_BUFFER = 1 << 18
_OTHER_FILES = {
    b"PK\x03\x04": "a ZIP archive",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"\x89PNG": "a PNG picture",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"SQLite format 3": "an SQLite database",
    b"\x7fELF": "a program",
}
_UTF8_MARK = b"\xef\xbb\xbf"


class PositionedFile(io.RawIOBase):
    """Reads by ``pread``, so that readers that share the descriptor do not move each other's place."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor, self._size, self._at = descriptor, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        data = os.pread(self._descriptor, len(buffer), self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class Lines:
    """The lines of a UTF-8 text from a byte offset on. ``offset`` and ``line`` are those of the next line."""

    def __init__(self, descriptor: int, size: int, offset: int, line: int) -> None:
        self._file = io.BufferedReader(PositionedFile(descriptor, size), _BUFFER)
        self.size = size
        if offset > size:
            raise Refusal("bad-cursor", where="cursor")
        if offset > 0:
            self._file.seek(offset - 1)
            if self._file.read(1) != b"\n":
                raise Refusal("bad-cursor", where="cursor")
        elif self._file.peek(3)[:3] == _UTF8_MARK:
            self._file.read(3)
            offset = 3
        self.offset, self.line = offset, line

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(MAX_LINE_BYTES + 1)
        if not raw:
            raise StopIteration
        place = f"line {self.line}"
        if len(raw) > MAX_LINE_BYTES:
            raise Refusal("line-too-long", where=place, limit=MAX_LINE_BYTES)
        if b"\0" in raw:
            raise Refusal("nul-byte", where=f"{place}, byte {self.offset + raw.index(0)}")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise Refusal("not-utf-8", where=f"{place}, byte {self.offset + problem.start}") from None
        self.offset += len(raw)
        self.line += 1
        return text


def refuse_other_file_types(descriptor: int, expected: str) -> None:
    """Say so where a file of another kind carries the name of a text table."""
    start = os.pread(descriptor, 16, 0)
    for mark, found in _OTHER_FILES.items():
        if start.startswith(mark):
            raise Refusal("other-file-type", where="byte 0", expected=expected, found=found)
