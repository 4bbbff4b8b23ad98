"""Asking the system to begin writing a part of a file to its disk, so that a later fsync finds little left to do."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

# SYNC_FILE_RANGE_WRITE of sync_file_range(2).
_START_WRITING = 2


def start_writing(descriptor: int, start: int, size: int) -> None:
    """Begin, without waiting. Nothing is durable by this: where the system has no such call, nothing happens."""
    call = _sync_file_range()
    if call is not None:
        call(descriptor, start, size, _START_WRITING)


@cache
def _sync_file_range() -> Callable[[int, int, int, int], int] | None:
    found = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if found is not None:
        found.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
        found.restype = ctypes.c_int
    call: Callable[[int, int, int, int], int] | None = found
    return call
