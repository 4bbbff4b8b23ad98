"""A signed statement, which is one entry of the log (RFC 9943 section 6, in-toto Statement v1).

    entry      18([protected, {}, payload, signature]), deterministic frame, at most 65,535 bytes
    protected  {1: -8, 3: "application/vnd.in-toto+json", 4: kid 32 bytes (RFC 9679 thumbprint),
                15: {1: iss, 2: sub, 3: aud = origin of the log, 6: iat in POSIX seconds}}
    payload    RFC 8785 JSON {"_type", "predicate", "predicateType", "subject": [{"name", "digest"}]},
                no other field
    leaf hash  SHA-256(0x00 || entry)

Statements made by other software may carry further header parameters and claims. Their protected bytes stay
as they were signed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

from ledger import cbor, cose
from ledger.encoding import MAX_SAFE_INTEGER, canonical_json, parse_canonical_json, parse_hex
from ledger.errors import Malformed, Unverified
from ledger.hashing import leaf_hash
from ledger.keys import SIGNATURE_SIZE, PublicKey, SigningKey
from ledger.names import origin_id, parse_urn, urn
from ledger.tiles import MAX_ENTRY_SIZE

__all__ = [
    "CONTENT_TYPE",
    "Claims",
    "Statement",
    "ToSign",
    "assemble_statement",
    "canonical_json",
    "commitment",
    "in_toto",
    "origin_id",
    "parse_canonical_json",
    "parse_statement",
    "parse_urn",
    "sign_statement",
    "statement_to_sign",
    "urn",
]

CONTENT_TYPE = "application/vnd.in-toto+json"
IN_TOTO_TYPE = "https://in-toto.io/Statement/v1"
SALT_SIZE = 32

_ISS, _SUB, _AUD, _IAT = 1, 2, 3, 6
_MAX_CLAIM = 1024


@dataclass(frozen=True, slots=True)
class Claims:
    """Who says it (iss), of what (sub), to which log (aud, its origin), when by their clock (iat, seconds)."""

    iss: str
    sub: str
    aud: str
    iat: int


class ToSign(NamedTuple):
    """What a signer elsewhere needs: it signs `to_be_signed`; the two others go into `assemble_statement`."""

    protected: bytes
    payload: bytes
    to_be_signed: bytes


@dataclass(frozen=True)
class Statement:
    """A well-formed statement. Nothing is said about its signature until `verify` returns."""

    protected: bytes
    payload: bytes
    signature: bytes
    alg: int = field(compare=False)
    kid: bytes = field(compare=False)
    content_type: str = field(compare=False)
    claims: Claims = field(compare=False)
    document: dict[str, Any] = field(compare=False, repr=False)

    @cached_property
    def leaf_bytes(self) -> bytes:
        """The entry as it stands in the log."""
        return cose.format_sign1(cose.Sign1(self.protected, {}, self.payload, self.signature))

    @cached_property
    def leaf_hash(self) -> bytes:
        """RFC 6962 hash of the entry, 32 bytes; how other statements refer to this one."""
        return leaf_hash(self.leaf_bytes)

    @property
    def predicate_type(self) -> str:
        """What kind of fact this is, as a versioned URI."""
        return str(self.document["predicateType"])

    @property
    def predicate(self) -> dict[str, Any]:
        """The fact itself."""
        found: dict[str, Any] = self.document["predicate"]
        return found

    def verify(self, key: PublicKey) -> None:
        """Return if `key` made the signature and is the key that the header names, else raise Unverified."""
        if self.kid != key.thumbprint:
            raise Unverified(
                f"The statement names the signing key {self.kid.hex()}, not {key.thumbprint.hex()}."
            )
        key.verify(cose.bytes_to_sign(self.protected, self.payload), self.signature)


def in_toto(
    predicate_type: str, subject_name: str, digest: Mapping[str, str], predicate: Mapping[str, Any]
) -> dict[str, Any]:
    """An in-toto Statement about one subject; `digest` maps algorithm to lower-case hex."""
    return {
        "_type": IN_TOTO_TYPE,
        "subject": [{"name": subject_name, "digest": dict(digest)}],
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }


def statement_to_sign(payload: Mapping[str, Any], claims: Claims, kid: bytes) -> ToSign:
    """What the owner of key `kid` (32 bytes) has to sign; Malformed if no valid statement can result."""
    protected = _format_protected(claims, kid)
    payload_bytes = canonical_json(payload)
    assemble_statement(protected, payload_bytes, bytes(SIGNATURE_SIZE))
    return ToSign(protected, payload_bytes, cose.bytes_to_sign(protected, payload_bytes))


def assemble_statement(protected: bytes, payload: bytes, signature: bytes) -> Statement:
    """A statement signed elsewhere, with our own header: Malformed unless it is the one we would make."""
    statement = parse_statement(cose.format_sign1(cose.Sign1(protected, {}, payload, signature)))
    if _format_protected(statement.claims, statement.kid) != protected:
        raise Malformed(
            "The protected header of the statement is not in the form that was given out to sign."
        )
    return statement


def sign_statement(payload: Mapping[str, Any], claims: Claims, key: SigningKey) -> Statement:
    """A statement over `payload` (an in-toto Statement) signed by `key`."""
    parts = statement_to_sign(payload, claims, key.public.thumbprint)
    return assemble_statement(parts.protected, parts.payload, key.sign(parts.to_be_signed))


def parse_statement(data: bytes) -> Statement:
    """The statement in an entry; Malformed if it departs from the layout. The signature is not checked."""
    if len(data) > MAX_ENTRY_SIZE:
        raise Malformed(f"The statement has {len(data)} bytes; the ledger takes at most {MAX_ENTRY_SIZE}.")
    message = cose.parse_sign1(data, "statement")
    if message.unprotected:
        raise Malformed("The unprotected header of the statement is not empty.")
    if message.payload is None:
        raise Malformed("The statement has no payload.")
    if len(message.signature) != SIGNATURE_SIZE:
        raise Malformed("The signature of the statement does not have 64 bytes.")
    header = cose.parse_protected(message.protected, "statement")
    kid = header.get(cose.KEY_ID)
    if not isinstance(kid, bytes) or len(kid) != sha256().digest_size:
        raise Malformed("The statement does not name its key by a thumbprint of 32 bytes.")
    if header.get(cose.CONTENT_TYPE) != CONTENT_TYPE:
        raise Malformed(f"The content type of the statement is not {CONTENT_TYPE}.")
    statement = Statement(
        message.protected,
        message.payload,
        message.signature,
        alg=header[cose.ALGORITHM],
        kid=kid,
        content_type=CONTENT_TYPE,
        claims=_parse_claims(header.get(cose.CWT_CLAIMS)),
        document=_parse_document(message.payload),
    )
    # The frame is deterministic, so these are the bytes that would be made again.
    vars(statement)["leaf_bytes"] = bytes(data)
    return statement


def commitment(salt: bytes, content: bytes) -> bytes:
    """Salted hash, 32 bytes, that enters the log for `content`; deleting the 32-byte salt erases it."""
    if len(salt) != SALT_SIZE:
        raise Malformed("The salt of a commitment has exactly 32 bytes.")
    return sha256(b"datawharf/commitment/v1\n" + salt + content).digest()


def _format_protected(claims: Claims, kid: bytes) -> bytes:
    return cbor.encode(
        {
            cose.ALGORITHM: cose.EDDSA,
            cose.CONTENT_TYPE: CONTENT_TYPE,
            cose.KEY_ID: kid,
            cose.CWT_CLAIMS: {_ISS: claims.iss, _SUB: claims.sub, _AUD: claims.aud, _IAT: claims.iat},
        }
    )


def _parse_claims(claims: object) -> Claims:
    if not isinstance(claims, dict):
        raise Malformed("The statement has no claims in its protected header.")
    iat = claims.get(_IAT)
    if isinstance(iat, bool) or not isinstance(iat, int) or not 0 <= iat <= MAX_SAFE_INTEGER:
        raise Malformed("The statement does not say in whole seconds when it was issued.")
    return Claims(
        _claim(claims, _ISS, "issuer"), _claim(claims, _SUB, "subject"), _claim(claims, _AUD, "log"), iat
    )


def _claim(claims: dict[Any, Any], label: int, what: str) -> str:
    value = claims.get(label)
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_CLAIM or not value.isprintable():
        raise Malformed(f"The statement does not name its {what} in up to {_MAX_CLAIM} printable characters.")
    return value


def _parse_document(payload: bytes) -> dict[str, Any]:
    match parse_canonical_json(payload):
        case {
            "_type": str() as type_,
            "subject": [_, *_] as subjects,
            "predicateType": str() as predicate_type,
            "predicate": dict(),
            **others,
        } as document if not others:
            found: dict[str, Any] = document
        case _:
            raise Malformed("The payload is not an in-toto Statement with exactly its four fields.")
    if type_ != IN_TOTO_TYPE or not predicate_type:
        raise Malformed(f"The payload is not an in-toto Statement of type {IN_TOTO_TYPE}.")
    for subject in subjects:
        _check_subject(subject)
    return found


def _check_subject(subject: object) -> None:
    match subject:
        case {"name": str() as name, "digest": dict() as digest, **others} if not others and name and digest:
            pass
        case _:
            raise Malformed("A subject of the payload does not consist of a name and a digest.")
    for algorithm, value in digest.items():
        if not isinstance(value, str) or not value:
            raise Malformed(f"The {algorithm} digest of the subject {name!r} is not text.")
        parse_hex(value, f"{algorithm} digest of the subject {name!r}", 32 if algorithm == "sha256" else None)
