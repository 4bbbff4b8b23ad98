"""What a log looks like, computed as simply as the specifications say it, with nothing of the ledger's own code.

RFC 6962 section 2.1 and C2SP tlog-tiles. Whoever changes the ledger does not change this.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def leaf(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def tree(hashes: Sequence[bytes]) -> bytes:
    """MTH over leaf hashes, by the recursive definition: k is the largest power of two below n."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + tree(hashes[:k]) + tree(hashes[k:])).digest()


def naive_root(entries: Sequence[bytes]) -> bytes:
    return tree([leaf(entry) for entry in entries])


def tile_files(entries: Sequence[bytes]) -> dict[str, bytes]:
    """Every tile and entry bundle that a log of exactly these entries has, by its path."""
    files: dict[str, bytes] = {}
    for start in range(0, len(entries), 256):
        part = entries[start : start + 256]
        bundle = b"".join(len(entry).to_bytes(2, "big") + entry for entry in part)
        files[path("entries", start // 256, len(part))] = bundle
    level, hashes = 0, [leaf(entry) for entry in entries]
    while hashes:
        for start in range(0, len(hashes), 256):
            part = hashes[start : start + 256]
            files[path(str(level), start // 256, len(part))] = b"".join(part)
        hashes = [tree(hashes[at : at + 256]) for at in range(0, len(hashes) - 255, 256)]
        level += 1
    return files


def path(level: str, index: int, width: int) -> str:
    """tile/<L>/<N>[.p/<W>], N in groups of three digits, all but the last with an x before them."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < 256 else "")


def inclusion(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH(index, D[n]) of RFC 6962 section 2.1.1, over leaf hashes."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if index < k:
        return [*inclusion(index, hashes[:k]), tree(hashes[k:])]
    return [*inclusion(index - k, hashes[k:]), tree(hashes[:k])]


def consistency(old: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PROOF(old, D[n]) of RFC 6962 section 2.1.2, over leaf hashes; 0 < old <= n."""

    def sub(m: int, part: Sequence[bytes], whole: bool) -> list[bytes]:
        if m == len(part):
            return [] if whole else [tree(part)]
        k = 1
        while k * 2 < len(part):
            k *= 2
        if m <= k:
            return [*sub(m, part[:k], whole), tree(part[k:])]
        return [*sub(m - k, part[k:], False), tree(part[:k])]

    return sub(old, hashes, True)
