"""Where a reading goes on: a place in one file, as opaque text.

URL-safe base64 without padding of ``version ‖ first 16 hex digits of the file's SHA-256 ‖ numbers``, joined by dots. For
CSV and JSON Lines the numbers are byte offset and line; for Parquet row group and row in it. It holds no secret and is
not signed: a forged one only reads other rows of the same file.
"""

from __future__ import annotations

import base64
import binascii

from market.delivery.reader.refusal import Refusal

_VERSION = "1"
_DIGEST_DIGITS = 16
Place = tuple[int, int]


def format_cursor(digest: str, place: Place) -> str:
    """``digest``: the file's SHA-256 in hexadecimal."""
    text = ".".join((_VERSION, digest[:_DIGEST_DIGITS], *map(str, place)))
    return base64.urlsafe_b64encode(text.encode("ascii")).rstrip(b"=").decode("ascii")


def parse_cursor(cursor: str, digest: str) -> Place:
    """Raises ``Refusal("bad-cursor")`` unless it is exactly what ``format_cursor`` made for this file."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").split(".")
        first, second = (int(part) for part in parts[2:])
    except (ValueError, binascii.Error) as problem:
        raise Refusal("bad-cursor", where="cursor") from problem
    place = (first, second)
    if min(place) < 0 or format_cursor(digest, place) != cursor:
        raise Refusal("bad-cursor", where="cursor")
    return place
