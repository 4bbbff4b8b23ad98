"""Read a fact back: is this statement one of ours, whole and exact?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ledger.errors import Malformed, Unverified
from ledger.names import origin_id, parse_urn
from ledger.statement import Statement
from market.statements.build import build, check_predicate
from market.statements.kinds import BY_PREDICATE, Kind


@dataclass(frozen=True)
class Fact:
    """A statement whose shape was checked. Its signature was not: that takes the signer's key."""

    kind: Kind
    org_id: UUID
    subject_id: UUID
    predicate: Mapping[str, Any]
    statement: Statement


def read_fact(statement: Statement, origin: str) -> Fact:
    """The fact in a statement. Raises Malformed for a wrong shape, Unverified for one that is meant for another log."""
    claims = statement.claims
    if claims.aud != origin:
        raise Unverified(f"the statement is meant for the log {claims.aud!r}, not for {origin!r}")
    document = statement.document
    kind = BY_PREDICATE.get(str(document.get("predicateType")))
    if kind is None:
        raise Malformed(f"unknown kind of statement: {document.get('predicateType')!r}")
    predicate = document.get("predicate")
    if not isinstance(predicate, dict):
        raise Malformed("the statement's predicate is not an object")
    check_predicate(kind, predicate)
    if document != build(kind.name, **predicate):
        raise Malformed("the statement's subject does not repeat what its predicate says")
    return Fact(
        kind,
        _id_in(claims.iss, "org", origin),
        _id_in(claims.sub, kind.subject_kind, origin),
        predicate,
        statement,
    )


def _id_in(name: str, kind: str, origin: str) -> UUID:
    parts = parse_urn(name)
    if parts.origin_id != origin_id(origin):
        raise Unverified(f"{name} belongs to another log than {origin}")
    if parts.kind != kind:
        raise Malformed(f"{name} should name a thing of the kind {kind!r}")
    return parts.uuid
