"""What SCRAPI (draft-ietf-scitt-scrapi-11) sends over HTTP, as bytes: submissions, keys, problems.

    submission    18([protected, unprotected, payload, signature]) in any well-formed encoding of its frame
                  -> entry 18([protected, {}, payload, signature]), RFC 9943 section 6: what is unsigned does not enter
    key set       [1* COSE_Key], RFC 9052 section 7; {1: 1 (OKP), 2: kid, 3: -8, -1: 6 (Ed25519), -2: 32 bytes}
    key locator   base64url of the kid without padding
    problem       {-1: title, -2: detail}, RFC 9290

The kid is the RFC 9679 thumbprint, so that a key is named by what it is.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from ledger import cbor, cose
from ledger.errors import Malformed
from ledger.keys import PublicKey

STATEMENT_TYPES = frozenset({"application/cose", "application/scitt-statement+cose"})
RECEIPT_TYPE = "application/cose"
KEYS_TYPE = "application/cbor"
PROBLEM_TYPE = "application/concise-problem-details+cbor"

_KTY, _KID, _ALG, _CRV, _X = 1, 2, 3, -1, -2
_OKP, _ED25519_CURVE = 1, 6
_TITLE, _DETAIL = -1, -2


@dataclass(frozen=True, slots=True)
class Problem:
    """A concise problem: what went wrong in a few words, and in a sentence or two."""

    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A statement that somebody wants in the log; nothing is verified.

    entry: the same signed bytes, nothing unsigned, in the one encoding of the frame. known_algorithm: whether it is
    signed with Ed25519. detached: whether its payload is missing.
    """

    entry: bytes
    known_algorithm: bool
    detached: bool


def parse_submission(data: bytes) -> Submission:
    """What a submitted statement asks to be entered; Malformed if it is no tagged COSE_Sign1.

    Whether the entry may stand in this log, and whether its signature holds, is said elsewhere.
    """
    tagged = cbor.decode(data, "statement")
    if not isinstance(tagged, cbor.Tag) or tagged.number != cose.SIGN1_TAG:
        raise Malformed("The statement is not a tagged COSE_Sign1.")
    match tagged.value:
        case [bytes() as protected, dict(), bytes() | None as payload, bytes() as signature]:
            entry = cose.format_sign1(cose.Sign1(protected, {}, payload, signature))
        case _:
            raise Malformed("The statement does not have the four parts of a COSE_Sign1.")
    header = cbor.decode(protected, "protected header of the statement") if protected else {}
    if not isinstance(header, dict):
        raise Malformed("The protected header of the statement is not a map.")
    algorithm = header.get(cose.ALGORITHM)
    return Submission(entry, algorithm in (cose.EDDSA, cose.ED25519), payload is None)


def format_key_set(keys: Sequence[PublicKey]) -> bytes:
    """The keys as a COSE Key Set, in their order; ValueError for none, which RFC 9052 does not allow."""
    if not keys:
        raise ValueError("A COSE Key Set has at least one key.")
    return cbor.encode([cbor.decode(key.cose_key(), "key") for key in keys])


def parse_key_set(data: bytes) -> tuple[PublicKey, ...]:
    """The keys of a key set. Keys of other types are passed over, as RFC 9052 asks; Malformed for a bad one of ours."""
    found = cbor.decode(data, "key set")
    if not isinstance(found, list) or not found:
        raise Malformed("The key set is not a list of at least one key.")
    return tuple(key for item in found if (key := _parse_key(item)) is not None)


def parse_cose_key(data: bytes) -> PublicKey:
    """The Ed25519 key in a COSE_Key; Malformed for any other, or if its kid is not its thumbprint."""
    key = _parse_key(cbor.decode(data, "key"))
    if key is None:
        raise Malformed("The key is not an Ed25519 key.")
    return key


def key_locator(key: PublicKey) -> str:
    """The last part of the address of a key: its kid in base64url without padding."""
    return base64.urlsafe_b64encode(key.thumbprint).rstrip(b"=").decode()


def format_problem(problem: Problem) -> bytes:
    """The body of a refusal."""
    return cbor.encode({_TITLE: problem.title, _DETAIL: problem.detail})


def parse_problem(data: bytes) -> Problem:
    """The title and the detail of a refusal; further members of RFC 9290 are passed over. Malformed if one is missing."""
    match cbor.decode(data, "problem"):
        case {-1: str() as title, -2: str() as detail}:
            return Problem(title, detail)
        case _:
            raise Malformed("The problem does not have a title and a detail.")


def _parse_key(item: object) -> PublicKey | None:
    if not isinstance(item, dict):
        raise Malformed("The key is not a map.")
    kind = (item.get(_KTY), item.get(_CRV))
    if kind != (_OKP, _ED25519_CURVE) or any(isinstance(part, bool) for part in kind):
        return None
    raw = item.get(_X)
    if not isinstance(raw, bytes) or item.get(_ALG, cose.EDDSA) not in (cose.EDDSA, cose.ED25519):
        raise Malformed("The key is not one that signs with Ed25519.")
    key = PublicKey.parse(raw)
    if item.get(_KID, key.thumbprint) != key.thumbprint:
        raise Malformed("The kid of the key is not its thumbprint.")
    return key
