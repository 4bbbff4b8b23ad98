"""Write a fact down: the in-toto payload of a kind, and the claims that go in the protected header."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.errors import Malformed
from ledger.names import urn
from ledger.statement import Claims, in_toto
from market.statements.kinds import KINDS, Kind


def build(kind_name: str, **predicate: Any) -> dict[str, Any]:
    """The payload of a statement. Fields whose value is None are left out; hashes may be bytes or hex.

    Example: build("payment", payment=commitment.hex, action="paid").
    """
    kind = KINDS[kind_name]
    values = {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in predicate.items()
        if value is not None
    }
    check_predicate(kind, values)
    digest = {kind.digest_algorithm: values[kind.subject_field]}
    return in_toto(kind.predicate_type, kind.subject_name, digest, values)


def claims_for(kind_name: str, origin: str, *, org_id: UUID, subject_id: UUID, now: datetime) -> Claims:
    """Who says it (the organisation), about what, to which log, when (whole seconds, UTC)."""
    kind = KINDS[kind_name]
    return Claims(
        iss=urn(origin, "org", org_id),
        sub=urn(origin, kind.subject_kind, subject_id),
        aud=origin,
        iat=int(now.timestamp()),
    )


def check_predicate(kind: Kind, values: dict[str, Any]) -> None:
    """Raise Malformed unless the fields are exactly those of the kind, each of its shape."""
    missing = kind.required.keys() - values.keys()
    unknown = values.keys() - kind.required.keys() - kind.optional.keys()
    if missing or unknown:
        raise Malformed(
            f"a {kind.name} statement has wrong fields: missing {sorted(missing)}, unknown {sorted(unknown)}"
        )
    for name, value in values.items():
        rule = kind.required.get(name) or kind.optional[name]
        if not rule(value):
            raise Malformed(f"a {kind.name} statement has an unusable value in {name!r}")
