"""From the bytes of an entry to the keys under which the index lists it: map function datawharf/index-map/v1.

It looks at nothing but the entry and is fixed for life: other rules are another version, with another index log.
`DEFINITION` is the function in words; the platform publishes its digest, so that a verifier with other words notices.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from ledger.errors import Malformed
from ledger.names import origin_id, parse_urn
from ledger.statement import Statement, parse_statement

MAP_VERSION = "datawharf/index-map/v1"
UNREADABLE = "unreadable"

DEFINITION = """\
datawharf/index-map/v1
An entry that is not a statement has the one key "unreadable". A statement is a tagged COSE_Sign1 in deterministic
encoding with an empty unprotected header, whose payload is an in-toto Statement v1 in RFC 8785 form, whose key id has
32 bytes, and whose claims are iss, sub, aud (text of 1 to 1024 printable characters) and iat (0 to 2^53 - 1).
A statement has the keys, each once:
  kind:<predicateType>
  signer:<key id in hex>
  iss:<iss>
  sub:<sub>
and, for iss, sub and each text at any depth of the predicate, where <name> is the nearest field that holds it:
  <kind>:<uuid>         if the text is urn:datawharf:<origin id of aud>:<kind>:<uuid>
  key:<text>            if <name> is key and the text is 64 lower-case hex digits
  leaf:<text>           if <name> is binding, derivedFrom, offer, previous or registration, and it is 64 such digits
  certificate:<text>    if <name> is number, the predicateType is urn:datawharf:predicate/certificate/v<digits>, and
                        the text is 4 to 40 of A-Z 0-9 and hyphen, not beginning with a hyphen
"""
DEFINITION_DIGEST = sha256(DEFINITION.encode()).digest()

_HASH = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{3,39}")
_CERTIFICATE = re.compile(r"urn:datawharf:predicate/certificate/v[0-9]+")
_REFERENCES = frozenset(("binding", "derivedFrom", "offer", "previous", "registration"))


def keys_of(entry: bytes) -> tuple[str, ...]:
    """The keys of an entry, sorted, at least one. Never raises: what cannot be read has the key `UNREADABLE`."""
    try:
        statement = parse_statement(entry)
    except Malformed:
        return (UNREADABLE,)
    return tuple(sorted(set(_keys(statement))))


def key_of_subject(statement: Statement) -> str:
    """The key under which the index lists whatever is about the same thing as `statement`, by its name if it has one."""
    claims = statement.claims
    return next(_named(claims.sub, origin_id(claims.aud)), f"sub:{claims.sub}")


def key_hash(key: str) -> bytes:
    """Where a key stands in the map: SHA-256 of its UTF-8 bytes. Malformed if it has none."""
    try:
        return sha256(key.encode()).digest()
    except UnicodeEncodeError:
        raise Malformed("The key is not text that UTF-8 can carry.") from None


def _keys(statement: Statement) -> Iterator[str]:
    claims, kind = statement.claims, statement.predicate_type
    yield f"kind:{kind}"
    yield f"signer:{statement.kid.hex()}"
    yield f"iss:{claims.iss}"
    yield f"sub:{claims.sub}"
    home = origin_id(claims.aud)
    yield from _named(claims.iss, home)
    yield from _named(claims.sub, home)
    is_certificate = _CERTIFICATE.fullmatch(kind) is not None
    for name, text in _texts("", statement.predicate):
        yield from _named(text, home)
        if _HASH.fullmatch(text):
            if name == "key":
                yield f"key:{text}"
            elif name in _REFERENCES:
                yield f"leaf:{text}"
        elif name == "number" and is_certificate and _CODE.fullmatch(text):
            yield f"certificate:{text}"


def _named(text: str, home: str) -> Iterator[str]:
    if not text.startswith("urn:datawharf:"):
        return
    try:
        name = parse_urn(text)
    except Malformed:
        return
    if name.origin_id == home:
        yield f"{name.kind}:{name.uuid}"


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(name, item)
    elif isinstance(value, dict):
        for inner, item in value.items():
            yield from _texts(inner, item)
