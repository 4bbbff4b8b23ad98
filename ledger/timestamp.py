"""RFC 3161 time-stamp tokens over checkpoints, with the optional package `rfc3161-client`.

    request    TimeStampReq: SHA-256 of the checkpoint note's bytes, certificates wanted, no nonce:
               an old token over the same bytes is as true as a new one
    token      TimeStampResp as the authority sent it (media type application/timestamp-reply), kept with the checkpoint
               of `size` entries as checkpoints/<size>.tsr

A token says that the note existed at its time, according to an authority that has no part in the log. It is checked
without a network against root certificates that the verifier holds, as of the time of the token. Certificates in the
token serve as links of the chain and never as its root. Revocation lists are not asked for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from ledger.errors import Malformed, Unsupported, Unverified

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"
MAX_TOKEN = 64 * 1024
OLDEST_CLIENT = (1, 0, 9)


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A verified token: the data existed at `time` (POSIX seconds, the latest that the authority's accuracy allows).

    `authority` is the subject of the root certificate that it was checked against (RFC 4514).
    """

    time: int
    authority: str


@dataclass(frozen=True, slots=True)
class Token:
    """An authority's `answer`, and the `roots` (PEM) that the verifier believes; nothing checked."""

    answer: bytes
    roots: tuple[bytes, ...]


def format_timestamp_request(data: bytes) -> bytes:
    """DER of a request for a token over `data`; Unsupported where the package is missing."""
    demand_package()
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=False)
    return bytes(builder.build().as_bytes())


def verify_timestamp(token: bytes, data: bytes, roots: Sequence[bytes]) -> Timestamp:
    """What `token` says about `data`, according to one of the `roots` (PEM, one or more certificates each).

    Malformed if the token or a root is none; Unverified if the token is for other data, says nothing, or leads to none
    of the roots; Unsupported where the package is missing.
    """
    demand_package()
    from rfc3161_client import VerificationError, VerifierBuilder

    reasons = []
    for root in _certificates(roots):
        # Verifying consumes parts of the answer, so it is read anew for each root.
        response = _parse(token)
        try:
            VerifierBuilder(roots=[root]).build().verify_message(response, data)
        except (VerificationError, ValueError) as error:
            reasons.append(_reason(error))
        else:
            return Timestamp(_latest(response), root.subject.rfc4514_string())
    reason = reasons[0] if reasons else "no root certificate is given"
    raise Unverified(f"The time-stamp token does not verify: {reason}.")


def demand_package() -> None:
    """`Unsupported` unless this installation can ask for tokens and check them."""
    # Older versions believe any root certificate that the token itself brings.
    try:
        import rfc3161_client  # noqa: F401

        found = tuple(int(part) for part in version("rfc3161-client").split(".")[:3] if part.isdigit())
    except (ImportError, PackageNotFoundError):
        found = ()
    if found < OLDEST_CLIENT:
        raise Unsupported(
            "This installation cannot check time-stamp tokens; install datawharf[timestamps], or rfc3161-client "
            f"{'.'.join(map(str, OLDEST_CLIENT))} or newer."
        )


def _parse(token: bytes) -> "TimeStampResponse":
    from rfc3161_client import decode_timestamp_response

    if len(token) > MAX_TOKEN:
        raise Malformed(f"The time-stamp token has {len(token)} bytes; at most {MAX_TOKEN} are read.")
    try:
        return decode_timestamp_response(token)
    except ValueError as error:
        raise Malformed(f"This is not the answer of a time-stamping authority: {error}.") from None


def _certificates(roots: Sequence[bytes]) -> "list[Certificate]":
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return [certificate for root in roots for certificate in load_pem_x509_certificates(root)]
    except ValueError:
        raise Malformed("A root certificate of the time-stamping authority is not PEM.") from None


def _reason(error: Exception) -> str:
    """What OpenSSL found wrong, without the place in its source."""
    found = re.search(r'Verify error: ([^"]+)', str(error))
    if found:
        return found[1]
    return "its signature does not hold" if "ErrorStack" in str(error) else str(error).rstrip(".")


def _latest(response: "TimeStampResponse") -> int:
    info = response.tst_info
    time = info.gen_time.timestamp()
    accuracy = info.accuracy
    if accuracy is not None:
        time += (accuracy.seconds or 0) + (accuracy.millis or 0) / 1e3 + (accuracy.micros or 0) / 1e6
    return -int(-time // 1)
