"""Manifests, chunks and file names."""

import os
import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.encoding import canonical_json
from ledger.errors import Conflict, Malformed, Unverified
from ledger.hashing import leaf_hash, root_of
from ledger.manifest import (
    CHUNK_SIZE,
    CHUNKED_ABOVE,
    FileDigest,
    FileRow,
    Manifest,
    check_path,
    check_paths,
    chunk_count,
    format_sidecar,
    hash_file,
    parse_manifest,
    parse_sidecar,
    verify_chunk,
)

MIB = 1 << 20


def row(path: str = "data/ports.csv", size: int = 5, **others: Any) -> FileRow:
    return FileRow(path, size, sha256(path.encode()).digest(), "text/csv", **others)


def test_a_manifest_reads_back_in_one_order() -> None:
    rows = [
        row("b.csv"),
        row("ｚ".encode().decode()),
        row("a/ປາກເຊ.csv"),
        row("港口.csv", record_root=bytes(32)),
    ]
    rows.append(row("big.parquet", CHUNKED_ABOVE + 1, chunks=bytes(32)))
    manifest = Manifest(rows)
    assert [found.path.encode() for found in manifest.rows] == sorted(found.path.encode() for found in rows)
    assert parse_manifest(manifest.canonical) == manifest
    assert Manifest(reversed(rows)).canonical == manifest.canonical
    assert manifest.digest == sha256(manifest.canonical).digest()
    assert manifest.content_root == root_of(leaf_hash(found.canonical) for found in manifest.rows)
    assert manifest.row("b.csv") == row("b.csv")
    assert manifest.row("absent") is None


def test_the_bytes_of_a_manifest_are_fixed() -> None:
    manifest = Manifest([FileRow("a.txt", 3, sha256(b"abc").digest(), "text/plain; charset=utf-8")])
    line = (
        '{"mediaType":"text/plain; charset=utf-8","path":"a.txt",'
        '"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":3}'
    )
    root = sha256(b"\x00" + line.encode()).hexdigest()
    assert manifest.canonical.decode() == f'{{"contentRoot":"{root}","files":[{line}],"version":1}}'


names = st.text(st.characters(categories=["Ll", "Lo", "Nd"]), min_size=1, max_size=12).map(
    lambda text: unicodedata.normalize("NFC", text)
)


@given(st.lists(st.tuples(names, st.integers(0, CHUNKED_ABOVE)), min_size=1, max_size=6))
def test_every_acceptable_manifest_reads_back(files: list[tuple[str, int]]) -> None:
    try:
        manifest = Manifest(row(name, size) for name, size in files)
    except Malformed:
        return
    assert parse_manifest(manifest.canonical) == manifest


def changed(**changes: Any) -> bytes:
    document = {
        "contentRoot": Manifest([row()]).content_root.hex(),
        "files": [row().document],
        "version": 1,
    }
    return canonical_json({k: v for k, v in (document | changes).items() if v is not ...})


def changed_row(**changes: Any) -> bytes:
    document = {k: v for k, v in (row().document | changes).items() if v is not ...}
    root = root_of([leaf_hash(canonical_json(document))])
    return changed(files=[document], contentRoot=root.hex())


BAD_MANIFESTS = [
    b"",
    b"[]",
    changed(version=2),
    changed(version=True),
    changed(version=...),
    changed(files=...),
    changed(files=[]),
    changed(files={}),
    changed(files=[1]),
    changed(extra=1),
    changed(contentRoot="00" * 32),
    changed(contentRoot=changed().decode()[16:80].upper()),
    changed(contentRoot=1),
    changed() + b"\n",
    changed_row(path="../x"),
    changed_row(size=-1),
    changed_row(size=True),
    changed_row(size="5"),
    changed_row(size=CHUNKED_ABOVE + 1),
    changed_row(chunks="00" * 32),
    changed_row(chunks=None),
    changed_row(sha256="00" * 31),
    changed_row(sha256="AA" * 32),
    changed_row(recordRoot="zz" * 32),
    changed_row(mediaType="csv"),
    changed_row(mediaType="text/csv\n"),
    changed_row(mediaType=...),
    changed_row(note="hello"),
    canonical_json({"contentRoot": "", "files": [row("b").document, row("a").document], "version": 1}),
]


def test_the_basis_of_the_bad_manifests_is_good() -> None:
    assert parse_manifest(changed()) == parse_manifest(changed_row()) == Manifest([row()])
    assert parse_manifest(changed_row(recordRoot="00" * 32)).rows[0].record_root == bytes(32)


@pytest.mark.parametrize("number", range(len(BAD_MANIFESTS)))
def test_bad_manifests_are_refused(number: int) -> None:
    with pytest.raises(Malformed):
        parse_manifest(BAD_MANIFESTS[number])


def test_rows_in_another_order_are_refused() -> None:
    documents = [row("b").document, row("a").document]
    root = Manifest([row("a"), row("b")]).content_root.hex()
    with pytest.raises(Malformed, match="order"):
        parse_manifest(canonical_json({"contentRoot": root, "files": documents, "version": 1}))


GOOD_PATHS = [
    "a",
    "data/2024/ports.csv",
    "港口/吞吐量.csv",
    "ພາສາລາວ.txt",
    "ភាសា\u200bខ្មែរ.txt".replace("\u200b", ""),
    ".hidden",
    "console.txt",
    "com10.txt",
    "a b.csv",
    "x" * 255,
    "naïve.csv",
    "a~1",
    "-rf",
]
BAD_PATHS = [
    "",
    "/",
    "/etc/passwd",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/./b",
    "a\\b",
    "..\\a",
    "C:",
    "C:/a",
    "a:stream",
    "a\x00b",
    "a\nb",
    "a\x7fb",
    "a\x85b",
    "a\u2028b",
    "a\u202egpj.exe",
    "a\u2066b",
    "a\u200fb",
    "a\u061cb",
    "a\ufffe",
    "a\U0001ffff",
    "a\ud800",
    "con",
    "CON",
    "Con.txt",
    "dir/nul.tar.gz",
    "com1",
    "LPT9.csv",
    "com\u00b9",
    "con .txt",
    "conin$",
    "a.",
    "a ",
    "dir./a",
    "dir /a",
    "a?",
    "a*",
    'a"b',
    "a<b",
    "a>b",
    "a|b",
    "x" * 256,
    "é" * 128,
    "/".join(["x" * 200] * 6),
    "e\u0301.csv",
    "\u212b",
]
ALIKE = [
    ("a.csv", "a.csv"),
    ("a.csv", "A.CSV"),
    ("straße", "STRASSE"),
    ("data.csv", "dаta.csv"),
    ("COPY", "СОРУ"),
    ("α", "a"),
    ("a", "ａ"),
    ("ﬁle", "file"),
    ("a\u200db", "ab"),
    ("a\ufe0f", "a"),
    ("a\u00adb", "ab"),
    ("dir/a", "DIR/A"),
    ("a", "a/b"),
    ("A/b", "a"),
    ("a/b/c", "a/B"),
    ("²", "2"),
    ("İ", "i\u0307"),
]


@pytest.mark.parametrize("path", GOOD_PATHS)
def test_good_names_are_accepted(path: str) -> None:
    check_path(path)


@pytest.mark.parametrize("number", range(len(BAD_PATHS)))
def test_hostile_names_are_refused(number: int) -> None:
    with pytest.raises(Malformed):
        check_path(BAD_PATHS[number])


def test_good_names_go_together() -> None:
    check_paths([*GOOD_PATHS, "a b.csv.gz", "data/2024/ports.json", "data/2025/ports.csv"])


@pytest.mark.parametrize("pair", ALIKE)
def test_names_that_are_too_alike_are_refused_in_either_order(pair: tuple[str, str]) -> None:
    for paths in (pair, pair[::-1]):
        with pytest.raises(Malformed, match=r"too alike|also a folder"):
            check_paths(paths)


def reference(data: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    hashes = tuple(leaf_hash(data[start : start + CHUNK_SIZE]) for start in range(0, len(data), CHUNK_SIZE))
    return sha256(data).digest(), hashes if len(data) > CHUNKED_ABOVE else ()


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize(
    "size",
    [0, 1, MIB, CHUNKED_ABOVE - 1, CHUNKED_ABOVE, CHUNKED_ABOVE + 1, 5 * CHUNK_SIZE, 5 * CHUNK_SIZE + 7],
)
@pytest.mark.parametrize("step", [MIB, 3 * MIB + 1, 64 * MIB])
def test_digest_of_a_stream(size: int, step: int) -> None:
    data = (b"0123456789abcdef!" * (size // 17 + 1))[:size]
    digest = FileDigest()
    for piece in pieces(data, step):
        digest.update(piece)
    found = digest.finish()
    assert (found.size, digest.size) == (size, size)
    assert (found.sha256, found.chunk_hashes) == reference(data)
    assert len(found.chunk_hashes) == chunk_count(size)
    assert found.chunks == (root_of(found.chunk_hashes) if size > CHUNKED_ABOVE else None)
    assert digest.finish() is found
    with pytest.raises(ValueError):
        digest.update(b"x")


@settings(max_examples=8)
@given(st.integers(CHUNKED_ABOVE - 3, CHUNKED_ABOVE + CHUNK_SIZE + 3), st.integers(50_000, 9 * MIB))
def test_digest_does_not_depend_on_the_pieces(size: int, step: int) -> None:
    data = bytes(size)
    digest = FileDigest()
    for piece in pieces(data, step):
        digest.update(piece)
    found = digest.finish()
    assert (found.sha256, found.chunk_hashes) == reference(data)


def test_small_files_have_a_row_without_chunks(tmp_path: Path) -> None:
    path = tmp_path / "ports.csv"
    path.write_bytes(b"port,tons\nQinzhou,1\n")
    seen: list[int] = []
    found = hash_file(path, seen.append, name="data/ports.csv", media_type="text/csv")
    assert found.row == FileRow("data/ports.csv", 20, sha256(path.read_bytes()).digest(), "text/csv")
    assert found.chunk_hashes == ()
    assert seen == [20]
    with pytest.raises(Malformed):
        parse_sidecar(b"", found.row)


def test_chunks_of_a_large_file_verify_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    data = os.urandom(MIB) * 17 + b"tail"
    path.write_bytes(data)
    found = hash_file(path)
    assert (found.row.path, found.row.size, found.row.media_type) == (
        "large.bin",
        len(data),
        "application/octet-stream",
    )
    sidecar = parse_sidecar(format_sidecar(found.chunk_hashes), found.row)
    chunks = list(pieces(data, CHUNK_SIZE))
    for index, chunk in enumerate(chunks):
        verify_chunk(index, chunk, sidecar)
    for index, chunk in [
        (0, chunks[4]),
        (4, chunks[4][:-1]),
        (0, b"\x01" + chunks[0][1:]),
        (5, b""),
        (-1, chunks[4]),
    ]:
        with pytest.raises(Unverified):
            verify_chunk(index, chunk, sidecar)


def test_sidecars_of_other_files_are_refused() -> None:
    hashes = [bytes([number]) * 32 for number in range(5)]
    large = row(size=CHUNKED_ABOVE + 1, chunks=root_of(hashes))
    good = format_sidecar(hashes)
    assert parse_sidecar(good, large) == tuple(hashes)
    for bad in (b"", good[:-1], good[:-32], good + bytes(32)):
        with pytest.raises(Malformed):
            parse_sidecar(bad, large)
    with pytest.raises(Unverified):
        parse_sidecar(good[32:] + good[:32], large)


def test_a_file_that_changes_while_it_is_hashed_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "moving.bin"

    def grow(done: int) -> None:
        if done == MIB:
            with path.open("ab") as file:
                file.write(b"more")

    def rewrite(done: int) -> None:
        if done == MIB:
            with path.open("r+b") as file:
                file.write(b"x")
            os.utime(path, ns=(1, 1))

    def swap(done: int) -> None:
        if done == MIB:
            other = tmp_path / "other.bin"
            other.write_bytes(bytes(3 * MIB))
            stamp = path.stat()
            os.utime(other, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
            other.replace(path)

    for disturb in (grow, rewrite, swap):
        path.write_bytes(bytes(3 * MIB))
        hash_file(path)
        with pytest.raises(Conflict, match="changed while"):
            hash_file(path, disturb)


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        hash_file(tmp_path)
    with pytest.raises(Malformed):
        hash_file(Path("/dev/null"), name="x")
