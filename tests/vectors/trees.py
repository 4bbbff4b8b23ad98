"""Roots, tiles and proofs, computed from the words of RFC 6962 and C2SP tlog-tiles alone (tests/ledger/oracle.py)."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any

from tests.ledger import oracle

TILE_SIZES = (0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000)
PROOF_TREES = (1, 2, 3, 7, 8, 13, 256, 257)
OLD_AND_NEW = (
    (1, 2),
    (2, 3),
    (3, 8),
    (4, 8),
    (6, 7),
    (7, 13),
    (8, 13),
    (12, 13),
    (255, 257),
    (256, 257),
    (1, 257),
)


def text(data: bytes) -> str:
    return b64encode(data).decode()


def entry(index: int) -> bytes:
    """Entry `index` of the logs here: its number in decimal."""
    return str(index).encode()


def tiles() -> list[dict[str, Any]]:
    """[{size, root, files: number of tiles and bundles, digest: over all of them, edge: {path: SHA-256}}]."""
    made = []
    for size in TILE_SIZES:
        entries = [entry(index) for index in range(size)]
        files = oracle.tile_files(entries)
        listing = "".join(f"{sha256(data).hexdigest()}  {path}\n" for path, data in sorted(files.items()))
        edge = {path: sha256(data).hexdigest() for path, data in sorted(files.items()) if ".p/" in path}
        made.append(
            {
                "size": size,
                "root": text(oracle.naive_root(entries)),
                "files": len(files),
                "digest": sha256(listing.encode()).hexdigest(),
                "edge": edge,
            }
        )
    return made


def inclusion() -> list[dict[str, Any]]:
    """[{name, leafHash, index, size, path, root, verdict}]."""
    made = []
    for size in PROOF_TREES:
        hashes = [oracle.leaf(entry(index)) for index in range(size)]
        for index in sorted({0, 1, size // 2, size - 2, size - 1} & set(range(size))):
            good = {
                "leafHash": text(hashes[index]),
                "index": index,
                "size": size,
                "path": [text(hash_) for hash_ in oracle.inclusion(index, hashes)],
                "root": text(oracle.tree(hashes)),
            }
            made += _judged(f"entry {index} of {size}", good, _bad_inclusion(good, hashes, index))
    return made


def consistency() -> list[dict[str, Any]]:
    """[{name, oldSize, oldRoot, newSize, newRoot, path, verdict}]."""
    made = []
    for old, new in OLD_AND_NEW:
        hashes = [oracle.leaf(entry(index)) for index in range(new)]
        good = {
            "oldSize": old,
            "oldRoot": text(oracle.tree(hashes[:old])),
            "newSize": new,
            "newRoot": text(oracle.tree(hashes)),
            "path": [text(hash_) for hash_ in oracle.consistency(old, hashes)],
        }
        made += _judged(f"{old} to {new}", good, _bad_consistency(good))
    empty, one = text(oracle.tree([])), text(oracle.leaf(entry(0)))
    same = {"oldSize": 1, "oldRoot": one, "newSize": 1, "newRoot": one, "path": []}
    nothing = {"oldSize": 0, "oldRoot": empty, "newSize": 1, "newRoot": one, "path": []}
    made += _judged("1 to 1", same, {"another root": {"newRoot": empty}, "a path": {"path": [one]}})
    made += _judged("0 to 1", nothing, {"another empty root": {"oldRoot": one}, "a path": {"path": [one]}})
    return made


def _bad_inclusion(good: dict[str, Any], hashes: list[bytes], index: int) -> dict[str, dict[str, Any]]:
    stranger = text(sha256(b"stranger").digest())
    bad = {
        "another leaf": {"leafHash": stranger},
        "another root": {"root": stranger},
        "index at the end": {"index": good["size"]},
        "a path too long": {"path": [*good["path"], stranger]},
        "an empty tree": {"size": 0},
    }
    if good["path"]:
        bad |= {
            "a path too short": {"path": good["path"][:-1]},
            "a hash changed": {"path": [stranger, *good["path"][1:]]},
            "a short hash": {"path": [good["path"][0][:40], *good["path"][1:]]},
            "the next index": {"index": index ^ 1},
        }
    if len(good["path"]) > 1:
        bad["a path upside down"] = {"path": good["path"][::-1]}
    return bad


def _bad_consistency(good: dict[str, Any]) -> dict[str, dict[str, Any]]:
    stranger = text(sha256(b"stranger").digest())
    swapped = {"oldRoot": good["newRoot"], "newRoot": good["oldRoot"]}
    return {
        "another old root": {"oldRoot": stranger},
        "another new root": {"newRoot": stranger},
        "roots swapped": swapped,
        "sizes swapped": {"oldSize": good["newSize"], "newSize": good["oldSize"]},
        "a path too long": {"path": [*good["path"], stranger]},
        "a path too short": {"path": good["path"][:-1]},
        "a hash changed": {"path": [*good["path"][:-1], stranger]},
    }


def _judged(name: str, good: dict[str, Any], bad: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    made = [{"name": name} | good | {"verdict": "accept"}]
    return made + [
        {"name": f"{name}: {what}"} | good | change | {"verdict": "refuse"} for what, change in bad.items()
    ]
