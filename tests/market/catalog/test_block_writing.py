"""Bytes arrive in the file as they were given, directly or through the cache, whatever their pieces are."""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.catalog import block_writing
from market.catalog.block_writing import BLOCK, BlockWriter

DATA = random.Random(2).randbytes(2 * BLOCK + 5000)


def written(path: Path, start: int, pieces: list[bytes]) -> bytes:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.pwrite(descriptor, bytes(start), 0)
        writer = BlockWriter(descriptor, start)
        for piece in pieces:
            writer.write([piece])
        end = writer.flush()
        assert end == start + sum(map(len, pieces))
    finally:
        os.close(descriptor)
    return path.read_bytes()[start:]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from([0, 1, 4095, 4096, BLOCK]),
    st.lists(st.integers(0, len(DATA)), max_size=5),
    st.sampled_from([0, 1, 4096, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, len(DATA)]),
)
def test_any_pieces_at_any_place(tmp_path: Path, start: int, cuts: list[int], size: int) -> None:
    edges = [0, *sorted(min(cut, size) for cut in cuts), size]
    pieces = [DATA[left:right] for left, right in itertools.pairwise(edges)]
    assert written(tmp_path / "file", start, pieces) == DATA[:size]


@pytest.mark.parametrize("refused", ["flag", "write", "nothing there"])
def test_where_direct_writing_is_refused_the_cache_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    real_flag, real_write = fcntl.fcntl, os.pwrite
    direct: set[int] = set()

    def flag(descriptor: int, command: int, value: int = 0) -> Any:
        if command == fcntl.F_SETFL and value & os.O_DIRECT:
            if refused == "flag":
                raise OSError(errno.EINVAL, "no such thing here")
            direct.add(descriptor)
            return 0
        direct.discard(descriptor)
        return real_flag(descriptor, command, value)

    def write(descriptor: int, data: Any, at: int) -> int:
        if descriptor in direct and command_refused:
            raise OSError(errno.EINVAL, "odd")
        return real_write(descriptor, data, at)

    command_refused = refused == "write"
    monkeypatch.setattr(block_writing.fcntl, "fcntl", flag)
    monkeypatch.setattr(block_writing.os, "pwrite", write)
    if refused == "nothing there":
        monkeypatch.setattr(block_writing, "_DIRECT", 0)
    assert written(tmp_path / "file", 0, [DATA]) == DATA


def test_a_write_that_is_cut_short_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    monkeypatch.setattr(block_writing.os, "pwrite", lambda fd, data, at: real(fd, data[:1_000_001], at))
    assert written(tmp_path / "file", 0, [DATA]) == DATA


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    descriptor = os.open("/dev/full", os.O_RDWR)
    try:
        with pytest.raises(OSError, match="No space left"):
            BlockWriter(descriptor, 0).write([DATA])
        writer = BlockWriter(descriptor, 0)
        writer.write([b"x"])
        with pytest.raises(OSError, match="No space left"):
            writer.flush()
    finally:
        os.close(descriptor)
