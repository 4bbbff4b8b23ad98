"""Names of things that statements speak about.

    origin id   first 16 hex digits of SHA-256(origin of the log)
    URN         urn:datawharf:<origin id>:<kind>:<uuid>, kind in lower-case letters, digits and hyphens

Since the origin is part of a name, a statement cannot be moved to another log without showing it.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from ledger.errors import Malformed

_URN = re.compile(
    r"urn:datawharf:(?P<origin>[0-9a-f]{16}):(?P<kind>[a-z][a-z0-9-]{0,31}):"
    r"(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)


@dataclass(frozen=True, slots=True)
class Urn:
    """The parts of a URN."""

    origin_id: str
    kind: str
    uuid: UUID


def origin_id(origin: str) -> str:
    """The 16 hex digits that stand for a log's origin in names."""
    return sha256(origin.encode()).hexdigest()[:16]


def urn(origin: str, kind: str, uuid: UUID | str) -> str:
    """Name of the thing `uuid` of `kind` in the market whose log is `origin`; Malformed if it cannot be."""
    name = f"urn:datawharf:{origin_id(origin)}:{kind}:{uuid}"
    parse_urn(name)
    return name


def parse_urn(name: str) -> Urn:
    """The parts of a URN made by `urn`; Malformed for any other text."""
    match = _URN.fullmatch(name)
    if match is None:
        raise Malformed(f"{name[:120]!r} is not a name of the form urn:datawharf:origin:kind:uuid.")
    return Urn(match["origin"], match["kind"], UUID(match["uuid"]))
