"""A second opinion on an inclusion path, from a library that we did not write.

merkletools hashes without the 0x00 and 0x01 prefixes of RFC 6962, so it is given the leaf hash as it is and a node hash
that puts 0x01 before the two children; then it computes the same root, by its own code.
"""

from __future__ import annotations

import warnings
from typing import Any

from ledger.checkpoint import parse_checkpoint
from ledger.hashing import leaf_hash
from ledger.note import parse_note
from ledger.proofs import path_sides
from ledger.receipt import Bundle
from market.client.errors import ClientError


class _Prefixed:
    """hashlib's sha256 as merkletools calls it for two children, with the node prefix of RFC 6962."""

    def __init__(self, hash_function: Any) -> None:
        self._hash_function = hash_function

    def __call__(self, data: bytes) -> Any:
        return self._hash_function(b"\x01" + bytes(data))


def merkletools_agrees(bundle: Bundle) -> bool:
    """Whether merkletools finds that the bundle's path leads from its statement to its checkpoint's root."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says at import that it lacks a hash that nobody asks it for
            from merkletools import MerkleTools
    except ImportError as error:
        raise ClientError(
            "The merkletools package is not here. Install it with: pip install --no-deps merkletools==1.0.3"
        ) from error
    checkpoint = parse_checkpoint(parse_note(bundle.checkpoint).text)
    tools = MerkleTools(hash_type="sha256")
    tools.hash_function = _Prefixed(tools.hash_function)
    proof = [
        {"left" if is_left else "right": digest.hex()}
        for digest, is_left in zip(
            bundle.path, path_sides(bundle.index, checkpoint.size, len(bundle.path)), strict=True
        )
    ]
    agrees: bool = tools.validate_proof(proof, leaf_hash(bundle.statement).hex(), checkpoint.root.hex())
    return agrees
