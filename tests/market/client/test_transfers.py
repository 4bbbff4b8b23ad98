"""Transfers over a real connection go on where they stopped, and bytes that are not the registered ones are not kept."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.manifest import CHUNK_SIZE
from market.catalog.blobs import open_blobs
from market.client import Datawharf
from market.client.downloading import MANIFEST, PART
from market.client.errors import Corrupt
from market.client.views import Version
from tests.market.client.conftest import Market

SIZE = 9 * CHUNK_SIZE + 17
NAME = "big.bin"


class Cut(Exception):
    """The line was cut on purpose."""


class Line:
    """Listens to a transfer, and cuts it after `cut_after` further bytes. steps: what was told, in order."""

    def __init__(self, cut_after: int | None = None) -> None:
        self.cut_after = cut_after
        self.steps: list[int] = []
        self.verb = ""

    def begin(self, what: str, total: int) -> None:
        self.verb = what.partition(" ")[0]
        self.steps = []

    def advance(self, done: int) -> None:
        self.steps.append(done)
        if self.verb != "hash" and self.cut_after is not None and sum(self.steps) > self.cut_after:
            raise Cut

    def end(self) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("big")
    (made / NAME).write_bytes(random.Random(7).randbytes(SIZE))
    return made


@pytest.fixture(scope="module")
def provider(market: Market) -> Iterator[Datawharf]:
    with market.party() as client:
        yield client


@pytest.fixture(scope="module")
def version(market: Market, provider: Datawharf, folder: Path) -> Version:
    """Registered after an interruption; the interruption itself is what one of the tests is about."""
    from market.catalog.schemas import EXAMPLE_METADATA

    with pytest.raises(Cut):
        provider.register([folder], metadata=EXAMPLE_METADATA, progress=Line(cut_after=CHUNK_SIZE))
    line = Line()
    made = provider.register([folder], metadata=EXAMPLE_METADATA, progress=line)
    assert line.verb == "send"
    assert line.steps[0] > 0, "the second attempt began at byte 0"
    assert sum(line.steps) == SIZE
    return made


def test_an_interrupted_registration_goes_on_and_leaves_one_asset(
    provider: Datawharf, version: Version
) -> None:
    assert version["state"] == "registered"
    assert [asset["id"] for asset in provider.pages("/api/v1/assets")] == [version["asset_id"]]


def test_an_interrupted_download_goes_on(
    provider: Datawharf, version: Version, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(Cut):
        provider.download(version["asset_id"], tmp_path, progress=Line(cut_after=4 * CHUNK_SIZE))
    assert not (tmp_path / NAME).exists()
    line = Line()
    done = provider.download(version["asset_id"], tmp_path, progress=line)
    assert line.steps[0] >= 4 * CHUNK_SIZE
    assert (done["bytes"], done["state"]) == (SIZE, "released")
    assert (tmp_path / NAME).read_bytes() == (folder / NAME).read_bytes()
    assert (tmp_path / MANIFEST).is_file()
    assert not (tmp_path / (NAME + PART)).exists()


def test_what_was_tampered_with_between_two_attempts_is_fetched_again(
    provider: Datawharf, version: Version, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(Cut):
        provider.download(version["asset_id"], tmp_path, progress=Line(cut_after=4 * CHUNK_SIZE))
    part = tmp_path / (NAME + PART)
    with part.open("r+b") as file:
        file.seek(CHUNK_SIZE + 5)
        file.write(b"\0\0\0\0")
    line = Line()
    provider.download(version["asset_id"], tmp_path, progress=line)
    assert line.steps[0] == CHUNK_SIZE, "only the chunk before the damage counts"
    assert (tmp_path / NAME).read_bytes() == (folder / NAME).read_bytes()


def test_a_file_that_is_there_is_checked_and_a_changed_one_fetched_again(
    provider: Datawharf, version: Version, folder: Path, tmp_path: Path
) -> None:
    provider.download(version["asset_id"], tmp_path)
    (tmp_path / NAME).write_bytes(b"somebody's edit")
    provider.download(version["asset_id"], tmp_path)
    assert (tmp_path / NAME).read_bytes() == (folder / NAME).read_bytes()


def test_a_byte_swapped_at_the_store_is_named_and_not_kept(
    market: Market, provider: Datawharf, version: Version, tmp_path: Path
) -> None:
    bad = 6
    with swapped(market, version, bad * CHUNK_SIZE + 3), pytest.raises(Corrupt, match=f"chunk {bad} is not"):
        provider.download(version["asset_id"], tmp_path)
    assert not (tmp_path / NAME).exists()
    assert (tmp_path / (NAME + PART)).stat().st_size == bad * CHUNK_SIZE
    assert provider.download(version["asset_id"], tmp_path)["bytes"] == SIZE


@contextmanager
def swapped(market: Market, version: Version, at: int) -> Iterator[None]:
    """While the block runs, a byte of the stored file differs."""
    blob = open_blobs(market.settings.blobs, {}).path_of(version["files"][0]["sha256"])
    assert blob is not None
    mode = blob.stat().st_mode
    blob.chmod(0o600)
    before = _exchange(blob, at, None)
    try:
        yield
    finally:
        _exchange(blob, at, before)
        blob.chmod(mode)


def _exchange(path: Path, at: int, byte: bytes | None) -> bytes:
    with path.open("r+b") as file:
        file.seek(at)
        found = file.read(1)
        file.seek(at)
        file.write(bytes([found[0] ^ 1]) if byte is None else byte)
    return found
