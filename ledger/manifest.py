"""The manifest: which files a version of an asset consists of.

row            RFC 8785 JSON {"chunks"?, "mediaType", "path", "recordRoot"?, "sha256", "size"}; hashes in hex
order          by the UTF-8 bytes of the path; rules for paths in `ledger.paths`
chunks         only and always above 16 MiB: RFC 6962 root over the chunk hashes (see `ledger.digests`)
recordRoot     RFC 6962 root over the canonical records of a table
content root   RFC 6962 root over the rows' bytes
manifest.json  RFC 8785 JSON {"contentRoot": hex, "files": [row, ...], "version": 1}
sidecar        the chunk hashes of one file, 32 bytes each, one after the other
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.digests import (
    CHUNK_SIZE,
    CHUNKED_ABOVE,
    ChunkHashes,
    Digest,
    FileDigest,
    chunk_hash,
    digest_file,
)
from ledger.encoding import MAX_SAFE_INTEGER, canonical_json, parse_canonical_json, parse_hex
from ledger.errors import Malformed, Unverified
from ledger.hashing import HASH_SIZE, leaf_hash, root_of
from ledger.paths import check_path, check_paths

__all__ = [
    "CHUNKED_ABOVE",
    "CHUNK_SIZE",
    "ChunkHashes",
    "Digest",
    "FileDigest",
    "FileRow",
    "HashedFile",
    "Manifest",
    "check_path",
    "check_paths",
    "chunk_count",
    "format_sidecar",
    "hash_file",
    "parse_manifest",
    "parse_sidecar",
    "verify_chunk",
]

VERSION = 1
DEFAULT_MEDIA_TYPE = "application/octet-stream"

_NAME = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}(?:; ?{_NAME}=[A-Za-z0-9._+-]{{1,64}}){{0,4}}")


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file: its name, size in bytes, 32-byte hashes and media type. Malformed if they do not fit together."""

    path: str
    size: int
    sha256: bytes
    media_type: str
    chunks: bytes | None = None
    record_root: bytes | None = None

    def __post_init__(self) -> None:
        check_path(self.path)
        if not 0 <= self.size <= MAX_SAFE_INTEGER:
            raise Malformed(f"The file {self.path!r} cannot have {self.size} bytes.")
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            raise Malformed(f"The file {self.path!r} has no media type of the form type/subtype.")
        if any(
            len(found) != HASH_SIZE
            for found in (self.sha256, self.chunks, self.record_root)
            if found is not None
        ):
            raise Malformed(f"A hash of the file {self.path!r} does not have 32 bytes.")
        if (self.chunks is not None) != (self.size > CHUNKED_ABOVE):
            raise Malformed(
                f"The file {self.path!r} must have chunks exactly if it is over {CHUNKED_ABOVE} bytes."
            )

    @property
    def document(self) -> dict[str, Any]:
        """The row as a JSON object."""
        found: dict[str, Any] = {
            "path": self.path,
            "size": self.size,
            "sha256": self.sha256.hex(),
            "mediaType": self.media_type,
        }
        if self.chunks is not None:
            found["chunks"] = self.chunks.hex()
        if self.record_root is not None:
            found["recordRoot"] = self.record_root.hex()
        return found

    @property
    def canonical(self) -> bytes:
        """The row's bytes, of which the content root is made."""
        return canonical_json(self.document)


@dataclass(frozen=True)
class Manifest:
    """At least one file, in the order of their paths' bytes; Malformed if two names are too alike."""

    rows: tuple[FileRow, ...]

    def __init__(self, rows: Iterable[FileRow]) -> None:
        ordered = tuple(sorted(rows, key=lambda row: row.path.encode()))
        if not ordered:
            raise Malformed("A manifest names at least one file.")
        check_paths(row.path for row in ordered)
        object.__setattr__(self, "rows", ordered)

    @cached_property
    def content_root(self) -> bytes:
        """RFC 6962 root over the rows, 32 bytes."""
        return root_of(leaf_hash(row.canonical) for row in self.rows)

    @cached_property
    def canonical(self) -> bytes:
        """The bytes of manifest.json."""
        return canonical_json(
            {
                "contentRoot": self.content_root.hex(),
                "files": [row.document for row in self.rows],
                "version": VERSION,
            }
        )

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of manifest.json, 32 bytes; the subject of a registration."""
        return sha256(self.canonical).digest()

    def row(self, path: str) -> FileRow | None:
        """The row of the file `path`, if there is one."""
        return next((row for row in self.rows if row.path == path), None)


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A row made from a file, and the file's chunk hashes (none up to 16 MiB)."""

    row: FileRow
    chunk_hashes: tuple[bytes, ...]


def parse_manifest(data: bytes) -> Manifest:
    """The manifest whose canonical bytes are `data`; Malformed for any other bytes."""
    match parse_canonical_json(data):
        case {
            "contentRoot": str() as root,
            "files": list() as files,
            "version": int() as version,
            **others,
        } if not others:
            pass
        case _:
            raise Malformed("The manifest does not consist of contentRoot, files and version.")
    if version != VERSION or isinstance(version, bool):
        raise Malformed(f"The manifest has the version {version}; this program reads version {VERSION}.")
    manifest = Manifest(_parse_row(row) for row in files)
    if parse_hex(root, "content root of the manifest", HASH_SIZE) != manifest.content_root:
        raise Malformed("The content root of the manifest is not the one of its files.")
    if manifest.canonical != data:
        raise Malformed("The manifest does not list its files in the order of their names.")
    return manifest


def _parse_row(row: object) -> FileRow:
    match row:
        case {
            "path": str() as path,
            "size": int() as size,
            "sha256": str() as whole,
            "mediaType": str() as media_type,
            **others,
        } if not others.keys() - {"chunks", "recordRoot"} and not isinstance(size, bool):
            return FileRow(
                path,
                size,
                parse_hex(whole, f"hash of {path!r}", HASH_SIZE),
                media_type,
                chunks=_optional_hash(others.get("chunks"), f"chunk root of {path!r}", "chunks" in others),
                record_root=_optional_hash(
                    others.get("recordRoot"), f"record root of {path!r}", "recordRoot" in others
                ),
            )
        case _:
            raise Malformed(
                "A file in the manifest lacks a field, or has one that is not known or of a wrong type."
            )


def _optional_hash(value: object, what: str, present: bool) -> bytes | None:
    if not present:
        return None
    if not isinstance(value, str):
        raise Malformed(f"The {what} is not text.")
    return parse_hex(value, what, HASH_SIZE)


def hash_file(
    path: Path,
    on_progress: Callable[[int], None] | None = None,
    *,
    name: str | None = None,
    media_type: str = DEFAULT_MEDIA_TYPE,
) -> HashedFile:
    """The row of a file on disk under `name` (its own by default), read once; `on_progress` gets bytes done.

    Malformed if it is not a regular file or the name is not allowed; Conflict if it changed while it was read.
    """
    name = path.name if name is None else name
    check_path(name)
    found = digest_file(path, on_progress)
    return HashedFile(FileRow(name, found.size, found.sha256, media_type, found.chunks), found.chunk_hashes)


def chunk_count(size: int) -> int:
    """Into how many chunks a file of `size` bytes is cut (0 up to 16 MiB)."""
    return -(-size // CHUNK_SIZE) if size > CHUNKED_ABOVE else 0


def format_sidecar(chunk_hashes: Sequence[bytes]) -> bytes:
    """The bytes of a sidecar."""
    return b"".join(chunk_hashes)


def parse_sidecar(data: bytes, row: FileRow) -> tuple[bytes, ...]:
    """The chunk hashes of the file `row`; Malformed if their number is wrong, Unverified if they are another file's."""
    count = chunk_count(row.size)
    if not count or len(data) != count * HASH_SIZE:
        raise Malformed(
            f"The list of chunks of {row.path!r} has {len(data)} bytes instead of {count * HASH_SIZE}."
        )
    hashes = tuple(data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE))
    if root_of(hashes) != row.chunks:
        raise Unverified(f"The list of chunks of {row.path!r} does not belong to the file in the manifest.")
    return hashes


def verify_chunk(index: int, data: bytes, sidecar: Sequence[bytes]) -> None:
    """Return if `data` is chunk `index` of the file whose parsed sidecar this is, else raise Unverified.

    One SHA-256 over the chunk is all it takes.
    """
    if not 0 <= index < len(sidecar):
        raise Unverified(f"The file has no chunk {index}.")
    if chunk_hash(data) != sidecar[index]:
        raise Unverified(f"Chunk {index} (from byte {index * CHUNK_SIZE}) is not what was registered.")
