"""Salted commitments: the log holds SHA-256(prefix, salt, content); salt and content travel only among the parties.

Deleting salt and content makes the entry mean nothing, and every proof about it stays valid.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.statement import canonical_json, commitment

SALT_SIZE = 32


@dataclass(frozen=True)
class Commitment:
    """salt: 32 bytes. content: RFC 8785 JSON bytes. digest: the 32-byte commitment that the statement carries."""

    salt: bytes
    content: bytes
    digest: bytes

    @property
    def hex(self) -> str:
        return self.digest.hex()


def commit(content: Mapping[str, Any], salt: bytes | None = None) -> Commitment:
    """Commit to a document, under a fresh salt unless one is given (the two sides of a contract share one)."""
    salt = secrets.token_bytes(SALT_SIZE) if salt is None else salt
    if len(salt) != SALT_SIZE:
        raise ValueError(f"a salt has {SALT_SIZE} bytes, this one has {len(salt)}")
    data = canonical_json(content)
    return Commitment(salt, data, commitment(salt, data))


def resealed(salt: bytes, content: bytes) -> Commitment:
    """The commitment that salt and content stand for, again."""
    return Commitment(salt, content, commitment(salt, content))


def opens(digest: bytes, salt: bytes, content: bytes) -> bool:
    """Whether salt and content open the commitment."""
    return len(salt) == SALT_SIZE and commitment(salt, content) == digest
