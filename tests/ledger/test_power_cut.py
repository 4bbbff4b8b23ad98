"""A power cut at any call of a writer: what it acknowledged is there although nothing but synced bytes is sure to be."""

from __future__ import annotations

import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from ledger.fsck import fsck
from ledger.log import Log
from ledger.stores.files import FileObjects
from tests.ledger.logs import COSIGNER, LOG_SIGNER, RECEIPT_KEY, entries
from tests.ledger.power_cut import Call, Disk, File, Folder, trace
from tests.ledger.writer import open_log

SOAK = bool(os.environ.get("DATAWHARF_SOAK"))
CUTS, LINES = (1_000, 60) if SOAK else (60, 14)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Call]]:
    """The folder that a writer worked in, and its calls to the file system."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    folder = tmp_path_factory.mktemp("power")
    root = folder / "ledger"
    root.mkdir()
    command = [sys.executable, "-m", "tests.ledger.writer", str(root)]
    return root, trace(command, folder / "strace", LINES, cwd=ROOT)


def acknowledged(said: bytes) -> tuple[int, dict[int, str]]:
    """Entries that the writer said are in the log, and the published roots by their sizes."""
    size, roots = 0, dict[int, str]()
    for line in said.decode().splitlines(keepends=True):
        if line.endswith("\n"):
            verb, number, *root = line.split()
            size = max(size, int(number))
            if verb == "published":
                roots[int(number)] = root[0]
    return size, roots


def check(folder: Path, said: bytes) -> None:
    size, roots = acknowledged(said)
    log = open_log(folder)
    assert log.size >= size
    assert list(log.entries(0, log.size)) == entries(0, log.size)
    for published, root in roots.items():
        assert log.checkpoint_at(published).root.hex() == root
    check_soundness(folder, log)
    log.append(entries(log.size, log.size + 3))
    log.publish(1_900_000_000)
    check_soundness(folder, log)
    log.close()


def check_soundness(folder: Path, log: Log) -> None:
    if log.refresh() is None:
        return
    report = fsck(
        FileObjects(folder / "log"),
        LOG_SIGNER.verifier,
        cosigner=COSIGNER.verifier,
        receipt_key=RECEIPT_KEY.public,
        head=log.head,
    )
    assert report.problems == ()


@pytest.mark.kill
@pytest.mark.slow
def test_nothing_acknowledged_is_lost_in_a_power_cut(
    traced: tuple[Path, list[Call]], tmp_path: Path, rng: random.Random
) -> None:
    root, calls = traced
    cuts = sorted(rng.sample(range(len(calls)), min(CUTS, len(calls))))
    disk = Disk(root)
    for at, call in enumerate(calls):
        disk.apply(call)
        if cuts and cuts[0] == at:
            cuts.pop(0)
            left = tmp_path / str(at)
            disk.after_a_cut(rng, left)
            check(left, disk.said)
            shutil.rmtree(left)
    assert acknowledged(disk.said)[0] > 0
    assert not cuts


@pytest.mark.kill
def test_a_log_is_there_after_a_power_cut_with_all_the_folders_that_were_made_for_it(
    tmp_path: Path, rng: random.Random
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    root = tmp_path / "disk"
    root.mkdir()
    home = Path("some") / "where" / "else"
    command = [sys.executable, "-m", "tests.ledger.writer", str(root / home)]
    disk = Disk(root)
    for call in trace(command, tmp_path / "strace", 2, cwd=ROOT):
        disk.apply(call)
    for number in range(10):
        left = tmp_path / str(number)
        disk.after_a_cut(rng, left)
        check(left / home, disk.said)


def test_the_model_keeps_what_is_synced_and_nothing_else(tmp_path: Path, rng: random.Random) -> None:
    """A model that loses nothing would prove nothing."""
    disk = Disk(Path("/d"))

    def call(name: str, *texts: str, words: tuple[str, ...] = ("",), result: int = 0) -> None:
        disk.apply(Call(name, tuple(text.encode() for text in texts), words, result))

    call("mkdir", "/d/in")
    call("openat", "/d/in/file", words=("AT_FDCWD", "", "O_WRONLY|O_CREAT", "0644"), result=7)
    call("write", "bytes", words=("7", "", "5"), result=5)
    states = set()
    for number in range(600):
        disk.after_a_cut(rng, tmp_path / str(number))
        file = tmp_path / str(number) / "in" / "file"
        states.add(file.read_bytes() if file.exists() else None)
    assert {None, b"", b"bytes", b"by\0\0\0"} <= states
    call("fsync", words=("7",))
    for path in ("/d/in", "/d"):
        call("openat", path, words=("AT_FDCWD", "", "O_RDONLY|O_DIRECTORY"), result=8)
        call("fsync", words=("8",))
        call("close", words=("8",))
    call("unlink", "/d/in/file")
    left = set()
    for number in range(600, 640):
        disk.after_a_cut(rng, tmp_path / str(number))
        file = tmp_path / str(number) / "in" / "file"
        left.add(file.read_bytes() if file.exists() else None)
    assert left == {None, b"bytes"}
    assert isinstance(disk.top.now(b"in"), Folder)
    assert not isinstance(disk.top.now(b"in"), File)
