"""Many hashes in one call: compiled or in Python, they are hashlib's, byte for byte."""

from __future__ import annotations

import platform
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatch_build import SOURCE, compile_library
from ledger.bulk_hashes import LIBRARY, BulkHashes, Compiled, Interpreted, chosen, hash_complete
from ledger.errors import Malformed
from ledger.hashing import leaf_hash, node_hash

CPUS = Path("/proc/cpuinfo")
HAS_INSTRUCTIONS = CPUS.exists() and "sha_ni" in CPUS.read_text("utf-8").split()
"""What the kernel says of the processor; where it says nothing, that it has none."""

compiles = pytest.mark.skipif(
    platform.machine() != "x86_64" or shutil.which("cc") is None,
    reason="needs a C compiler on an x86-64 processor",
)
computes = pytest.mark.skipif(
    not HAS_INSTRUCTIONS, reason="this processor has no SHA instructions, or none that it tells of"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("compiled") / "lib.so"
    assert compile_library(made) is None
    return made


@pytest.fixture(
    params=[False, pytest.param(True, marks=compiles)], ids=["interpreted", "compiled"], scope="module"
)
def bulk(request: pytest.FixtureRequest) -> BulkHashes:
    if not request.param:
        return Interpreted()
    loaded = Compiled.load(request.getfixturevalue("library"))
    if loaded is None and not HAS_INSTRUCTIONS:
        pytest.skip("this processor has no SHA instructions")
    assert loaded is not None
    return loaded


def frames(*entries: bytes) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def hashes(*messages: bytes) -> bytes:
    return b"".join(sha256(message).digest() for message in messages)


@pytest.mark.parametrize("other", [0, 55, 300])
def test_leaf_hashes_of_every_length_up_to_four_blocks(bulk: BulkHashes, other: int) -> None:
    for length in range(260):
        pair = bytes(range(256)) * 2
        entries = pair[:length], pair[1 : 1 + other]
        assert bulk.hash_frames(frames(*entries), 2) == hashes(*(b"\0" + entry for entry in entries)), length
        assert bulk.hash_frames(frames(entries[0]), 1) == hashes(b"\0" + entries[0]), length


@given(entries=st.lists(st.binary(max_size=400), max_size=9))
@example(entries=[bytes(65_535), b"", bytes(65_535)])
def test_leaf_hashes_are_those_of_hashlib(bulk: BulkHashes, entries: list[bytes]) -> None:
    assert bulk.hash_frames(frames(*entries), len(entries)) == hashes(*(b"\0" + entry for entry in entries))


@given(leaves=st.binary(min_size=32, max_size=32), subtrees=st.integers(0, 5), levels=st.integers(0, 4))
def test_nodes_are_those_of_hashlib(bulk: BulkHashes, leaves: bytes, subtrees: int, levels: int) -> None:
    level = [sha256(leaves + bytes((number,))).digest() for number in range(subtrees << levels)]
    data = b"".join(level)
    for _ in range(levels):
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [sha256(b"\1" + left + right).digest() for left, right in pairs]
    assert bulk.hash_levels(data, levels) == b"".join(level)


@given(entries=st.lists(st.binary(max_size=70), min_size=1, max_size=5), cut=st.integers(1, 70))
def test_cut_frames_and_other_numbers_are_refused(bulk: BulkHashes, entries: list[bytes], cut: int) -> None:
    data = frames(*entries)
    for wrong, count in (
        (data[:-cut], len(entries)),
        (data + b"\0", len(entries)),
        (data, len(entries) - 1),
        (data, len(entries) + 1),
        (data, 1 << 60),
        (data, -1),
    ):
        with pytest.raises(Malformed):
            bulk.hash_frames(wrong, count)


def test_hashes_that_do_not_come_out_even_are_refused(bulk: BulkHashes) -> None:
    for size, levels in ((1, 0), (32, 1), (65, 1), (96, 1), (64, 2), (128 + 64, 2), (64, -1)):
        with pytest.raises(ValueError):
            bulk.hash_levels(bytes(size), levels)


def test_complete_subtree_is_folded_to_its_root() -> None:
    leaves = [leaf_hash(bytes((number,))) for number in range(4)]
    root = node_hash(node_hash(*leaves[:2]), node_hash(*leaves[2:]))
    assert hash_complete(b"".join(leaves)) == root
    assert hash_complete(leaves[0]) == leaves[0]


def test_without_a_library_python_hashes(tmp_path: Path) -> None:
    assert Compiled.load(tmp_path / "none.so") is None
    (tmp_path / "text.so").write_text("no library")
    assert Compiled.load(tmp_path / "text.so") is None


@compiles
@computes
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("blocks > others ? one : other", "other"),
        ("blocks > others ? one : other", "one"),
        ("number < blocks || number < others", "number == both"),
        ("(size_t)frames[position] << 8", "(size_t)(frames[position] & 1) << 8"),
        ("(size_t)frames[position] << 8", "(size_t)(frames[position] & 127) << 8"),
        ("0x428a2f98", "0x428a2f99"),
        ("? 1 : 0;", "? 1 : 1;"),
        ("1 + m->size + 1 + 8 + BLOCK", "1 + m->size + 1 + 7 + BLOCK"),
        ("hash_two(&one, &other, out + HASH * done)", "hash_two(&one, &other, out)"),
        ("hashes = out;", ""),
        ("(b & (1u << 29)) != 0", "0"),
        ("bulk_hash_levels(", "other_name("),
    ],
)
def test_library_that_hashes_otherwise_is_not_used(tmp_path: Path, before: str, after: str) -> None:
    source = SOURCE.read_text("utf-8")
    assert before in source
    changed = tmp_path / "changed.c"
    changed.write_text(source.replace(before, after), "utf-8")
    assert compile_library(tmp_path / "changed.so", changed) is None
    assert Compiled.load(tmp_path / "changed.so") is None


@compiles
@computes
def test_reads_and_writes_stay_inside_what_they_are_given(tmp_path: Path) -> None:
    """The same calls under the compiler's own watch on memory, with cuts at every byte and wrong numbers of entries."""
    program = tmp_path / "watched"
    driver = Path(__file__).with_name("bulk_hashes_driver.c")
    subprocess.run(
        [
            "cc",
            "-O1",
            "-g",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
            "-o",
            program,
            SOURCE,
            driver,
        ],
        check=True,
        capture_output=True,
    )
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("compiler", "reason"),
    [("no-such-compiler", "no-such-compiler"), ("false", "false could not compile"), ("cc 'x", "No closing")],
)
@compiles
def test_install_without_a_compiler_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiler: str, reason: str
) -> None:
    monkeypatch.setenv("CC", compiler)
    target = tmp_path / "lib.so"
    target.write_bytes(b"from an earlier source")
    why_not = compile_library(target)
    assert why_not is not None
    assert reason in why_not
    assert list(tmp_path.iterdir()) == []


def test_install_goes_on_where_nothing_can_be_written(tmp_path: Path) -> None:
    assert compile_library(tmp_path / "absent" / "lib.so") is not None


@pytest.mark.skipif(not CPUS.exists(), reason="the system does not tell what the processor has")
def test_installed_library_is_the_one_in_use() -> None:
    if not LIBRARY.exists():
        pytest.skip("it was not compiled when the package was installed")
    assert type(chosen()) is (Compiled if HAS_INSTRUCTIONS else Interpreted)
