"""Writing a long run of bytes into a file in large blocks, past the system's cache where it lets us.

Copying bytes into the cache costs more CPU than hashing them, pushes other data out, and leaves the work to the fsync.
Where direct writing is not to be had (another system, tmpfs, an odd offset) the blocks go through the cache, and the
system is asked to begin with them at once, so that the fsync finds little left to do.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
from collections.abc import Sequence

from market.catalog.write_behind import start_writing

BLOCK = 4 << 20
# What disks and file systems ask of the place and the length of a direct write.
ALIGNMENT = 4096
_DIRECT: int = getattr(os, "O_DIRECT", 0)


class BlockWriter:
    """Writes from byte `at` on; `flush` before anything relies on it. The descriptor stays the caller's."""

    def __init__(self, descriptor: int, at: int) -> None:
        self._descriptor, self._at = descriptor, at
        self._block = mmap.mmap(-1, BLOCK)
        self._filled = 0
        self._direct = False
        self._tried = False

    def write(self, pieces: Sequence[bytes]) -> None:
        """Add the next bytes. Raises OSError."""
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                part = rest[: BLOCK - self._filled]
                rest = rest[len(part) :]
                self._block[self._filled : self._filled + len(part)] = part
                self._filled += len(part)
                if self._filled == BLOCK:
                    self._put()

    def flush(self) -> int:
        """Write what is left, and return the place behind the last byte. Raises OSError."""
        # The last bytes seldom have a length that can be written directly.
        if self._filled < BLOCK:
            self._set_direct(False)
        self._put()
        return self._at

    def _put(self) -> None:
        if not self._tried and self._filled == BLOCK:
            self._tried = True
            self._set_direct(bool(_DIRECT) and self._at % ALIGNMENT == 0)
        began = self._at
        with memoryview(self._block) as whole, whole[: self._filled] as block:
            done = 0
            while done < len(block):
                done += self._put_some(block[done:], began + done)
        self._at += self._filled
        self._filled = 0
        if not self._direct and self._at - began == BLOCK:
            start_writing(self._descriptor, began, BLOCK)

    def _put_some(self, block: memoryview, at: int) -> int:
        with block:
            try:
                return os.pwrite(self._descriptor, block, at)
            except OSError as error:
                # Not on this file system, or no longer after a write that was cut short.
                if error.errno != errno.EINVAL or not self._direct:
                    raise
                self._set_direct(False)
                return os.pwrite(self._descriptor, block, at)

    def _set_direct(self, direct: bool) -> None:
        if direct == self._direct:
            return
        flags = fcntl.fcntl(self._descriptor, fcntl.F_GETFL)
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_SETFL, flags | _DIRECT if direct else flags & ~_DIRECT)
        except OSError:
            return
        self._direct = direct
