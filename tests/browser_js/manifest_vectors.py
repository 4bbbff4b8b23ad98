"""File names, manifests and digests of files, with the verdict of the ledger package."""

from hashlib import sha256
from typing import Any

from ledger.digests import CHUNK_SIZE, CHUNKED_ABOVE, FileDigest
from ledger.encoding import canonical_json
from ledger.errors import LedgerError
from ledger.manifest import FileRow, Manifest, parse_manifest
from ledger.paths import check_paths

PATH_SETS: list[list[str]] = [
    ["a.csv"], ["a/b/c.csv"], ["港口.csv", "ທ່າເຮືອ.csv", "ciudad.csv"], ["x" * 255], ["x" * 256], ["é"], ["e\u0301"],
    [""], ["/a"], ["a/"], ["a//b"], ["."], [".."], ["a/../b"], ["a/./b"], [".hidden"], ["a."], ["a "], [" a"], ["a./b"],
    ["a\\b"], ["a:b"], ["a*"], ["a?"], ['a"'], ["a|b"], ["a<b"], ["a\0b"], ["a\nb"], ["a\x7fb"], ["a\x85b"], ["a\u2028b"],
    ["a\u202eb"], ["a\u200fb"], ["a\u2066b"], ["a\u200bb"], ["a\ufffe"], ["\ufdd0"], ["a\U0001ffff"], ["a\u00a0b"],
    ["CON"], ["con.txt"], ["a/NUL"], ["lpt1"], ["COM\u00b9"], ["com10"], ["console"],
    ["aux .txt"], ["conin$"], ["nul.tar.gz"],
    ["a/" * 400 + "b"], ["a/" * 600 + "b"], ["港" * 85], ["港" * 86], ["a", "b"], ["a", "A"], ["a", "a"], ["a", "\u0430"],
    ["straße", "STRASSE"], ["ﬁle", "file"], ["a\u200bb", "ab"], ["a", "a/b"], ["A/x", "a/y"], ["a/x", "a/y"], ["a/b", "A"],
    ["ρ", "p"], ["ı", "i"], ["l", "ӏ"], ["ｆull", "full"], ["σ", "ς"], ["K", "k"], ["a-b", "a/b"], ["a/b", "a-b", "a.b"],
]  # fmt: skip


def _row(path: str, size: int = 5, **more: Any) -> FileRow:
    return FileRow(path, size, sha256(path.encode()).digest(), more.pop("media_type", "text/csv"), **more)


def _accepted(call: Any, *arguments: Any) -> bool:
    try:
        call(*arguments)
    except LedgerError:
        return False
    return True


def _manifests() -> list[bytes]:
    chunks = sha256(b"chunks").digest()
    good = Manifest(
        [
            _row("b.csv"),
            _row("A.csv"),
            _row("港.csv"),
            _row("big", 2**24 + 1, chunks=chunks, record_root=chunks),
        ]
    )
    text = good.canonical
    document = {
        "version": 1,
        "contentRoot": good.content_root.hex(),
        "files": [row.document for row in good.rows],
    }
    rows: list[dict[str, Any]] = document["files"]  # type: ignore[assignment]
    changed_rows: list[list[Any]] = [
        rows[::-1], rows[:-1], [], [*rows, rows[0]], [None], [rows[0] | {"size": -1}], [rows[0] | {"size": 2**24 + 1}],
        [rows[0] | {"chunks": chunks.hex()}], [rows[0] | {"more": 1}], [rows[0] | {"mediaType": "csv"}],
        [rows[0] | {"mediaType": "text/csv; charset=utf-8"}], [rows[0] | {"sha256": "AB" * 32}], [rows[0] | {"path": 5}],
        [rows[0] | {"recordRoot": None}], [rows[0] | {"recordRoot": chunks.hex()}], [rows[0] | {"size": True}],
    ]  # fmt: skip
    rebuilt = [canonical_json(document | {"files": each}) for each in changed_rows]
    rooted = [
        Manifest([_row("a", media_type=kind)]).canonical
        for kind in ("text/csv; charset=utf-8", "application/vnd.x+json")
    ]
    others = [
        canonical_json(document | {"version": 2}), canonical_json(document | {"more": 2}), b"{}", b"[]", text + b"\n",
        canonical_json(document | {"contentRoot": "00" * 32}), text.replace(b'"size":5', b'"size":6', 1),
        text.replace(b"b.csv", b"c.csv"), text.replace(b'"version":1', b'"version":true'),
    ]  # fmt: skip
    return [text, *rooted, *rebuilt, *others]


def _digest(size: int) -> dict[str, object]:
    """Digest of `size` bytes of the pattern 0, 1, … 250, 0, …"""
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    digest = FileDigest()
    digest.update(data)
    found = digest.finish()
    return {
        "size": size,
        "sha256": found.sha256.hex(),
        "chunks": found.chunks.hex() if found.chunks else None,
        "chunkHashes": [each.hex() for each in found.chunk_hashes],
    }


def build() -> dict[str, object]:
    """{"paths": [{paths, accepted}], "manifests": [{data: hex, accepted, digest}], "digests": [{size, …}]}."""
    sizes = [0, 1, 2**20, 2**20 + 1, CHUNKED_ABOVE, CHUNKED_ABOVE + 1, 5 * CHUNK_SIZE, 5 * CHUNK_SIZE + 3]
    return {
        "paths": [{"paths": paths, "accepted": _accepted(check_paths, paths)} for paths in PATH_SETS],
        "manifests": [
            {
                "data": data.hex(),
                "accepted": _accepted(parse_manifest, data),
                "digest": sha256(data).hexdigest(),
            }
            for data in _manifests()
        ],
        "digests": [_digest(size) for size in sizes],
    }
