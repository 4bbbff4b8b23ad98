"""Signing on one's own machine: nothing is signed that was not looked at first."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ledger.cose import bytes_to_sign
from ledger.keys import SigningKey
from ledger.statement import assemble_statement, parse_canonical_json, sign_statement
from market.client.errors import ClientError
from market.statements import Commitment, Fact, build, claims_for, opens, read_fact


def sign_fact(
    key: SigningKey,
    *,
    origin: str,
    org_id: UUID,
    kind: str,
    subject_id: UUID,
    predicate: Mapping[str, Any],
    commitments: Mapping[str, Commitment],
) -> dict[str, Any]:
    """A statement that this client writes itself. Returns {statement, openings} as the API takes it."""
    fields = dict(predicate) | {name: commitment.hex for name, commitment in commitments.items()}
    claims = claims_for(kind, origin, org_id=org_id, subject_id=subject_id, now=datetime.now(UTC))
    signed = sign_statement(build(kind, **fields), claims, key)
    return {
        "statement": base64.b64encode(signed.leaf_bytes).decode(),
        "openings": [opening_body(name, commitment) for name, commitment in commitments.items()],
    }


def opening_body(name: str, commitment: Commitment) -> dict[str, str]:
    return {
        "name": name,
        "salt": base64.b64encode(commitment.salt).decode(),
        "content": base64.b64encode(commitment.content).decode(),
    }


def look_at(
    to_sign: Mapping[str, Any], *, origin: str, org_id: UUID, kind: str
) -> tuple[Fact, dict[str, Any]]:
    """What the server asks to have signed: the fact, and the content of each commitment. Raises ClientError if it is odd."""
    unsigned = assemble_statement(_bytes(to_sign["protected"]), _bytes(to_sign["payload"]), bytes(64))
    fact = read_fact(unsigned, origin)
    if fact.kind.name != kind or fact.org_id != org_id:
        raise ClientError(
            "The server asks for a signature under a {found}, where a {wanted} was expected. Nothing was signed.",
            found=fact.kind.name,
            wanted=kind,
        )
    contents: dict[str, Any] = {}
    for opening in to_sign["openings"]:
        name, content = opening["name"], _bytes(opening["content"])
        committed = fact.predicate.get(name)
        if not isinstance(committed, str) or not opens(
            bytes.fromhex(committed), _bytes(opening["salt"]), content
        ):
            raise ClientError(
                "What the server shows as {name} is not what would be signed. Nothing was signed.", name=name
            )
        contents[name] = parse_canonical_json(content)
    return fact, contents


def sign_shown(key: SigningKey, to_sign: Mapping[str, Any]) -> dict[str, Any]:
    """Sign exactly the bytes that were looked at. Returns {statement, openings}."""
    protected, payload = _bytes(to_sign["protected"]), _bytes(to_sign["payload"])
    unsigned = assemble_statement(protected, payload, bytes(64))
    if unsigned.kid != key.public.thumbprint:
        raise ClientError(
            "The server asks for the key {asked}, but this is {ours}. Use that key, or register this one.",
            asked=unsigned.kid.hex()[:16],
            ours=key.public.thumbprint.hex()[:16],
        )
    signed = assemble_statement(protected, payload, key.sign(bytes_to_sign(protected, payload)))
    return {"statement": base64.b64encode(signed.leaf_bytes).decode(), "openings": to_sign["openings"]}


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
