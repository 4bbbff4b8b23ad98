"""Text encodings, each with exactly one accepted form.

base64   RFC 4648 section 4, padded, no line breaks, unused bits zero (decoded, re-encoded and compared)
hex      lower case
decimal  ASCII, no sign, no leading zero, below 2^63
JSON     RFC 8785: no duplicate key, no NaN or Infinity, integers within +-(2^53 - 1), shortest form
"""

import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

import rfc8785

from ledger.errors import LedgerError, Malformed

MAX_SAFE_INTEGER = 2**53 - 1
MAX_COUNT = 2**63 - 1
MAX_DEPTH = 64

# The standard library's writer, many times faster; it differs from RFC 8785 in numbers, and in the order of some names.
_COMMON = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


def format_base64(data: bytes) -> str:
    """Padded standard base64."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def parse_base64(text: str, what: str, size: int | None = None) -> bytes:
    """Bytes of canonical base64 `text`, exactly `size` of them if given; Malformed names `what`."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise Malformed(f"The {what} is not base64.") from None
    if format_base64(data) != text:
        raise Malformed(f"The {what} is base64 in another than its canonical form.")
    if size is not None and len(data) != size:
        raise Malformed(f"The {what} has {len(data)} bytes instead of {size}.")
    return data


def parse_hex(text: str, what: str, size: int | None = None) -> bytes:
    """Bytes of lower-case hex `text`, exactly `size` of them if given; Malformed names `what`."""
    if not _HEX.fullmatch(text):
        raise Malformed(f"The {what} is not lower-case hexadecimal.")
    data = bytes.fromhex(text)
    if size is not None and len(data) != size:
        raise Malformed(f"The {what} has {len(data)} bytes instead of {size}.")
    return data


def parse_decimal(text: str, what: str) -> int:
    """A count in ASCII decimal, 0 to 2^63 - 1; Malformed names `what`."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_COUNT:
        raise Malformed(f"The {what} is not a decimal number without leading zeros below 2^63.")
    return int(text)


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value; Malformed if it has none (NaN, unsafe integer, lone surrogate)."""
    try:
        plain, common = _plain(value)
        return _COMMON.encode(plain).encode() if common else rfc8785.dumps(plain)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The value has no canonical JSON form: {error}.") from None


def parse_canonical_json(data: bytes) -> Any:
    """The JSON value whose RFC 8785 form is exactly `data`; Malformed for any other bytes."""
    found = _parse_common(data)
    if found is not None:
        return found
    value = parse_json(data)
    if canonical_json(value) != data:
        raise Malformed("The JSON is not in its canonical form (RFC 8785).")
    return value


def parse_json(data: bytes) -> Any:
    """The JSON value in `data`, in any layout; Malformed for a key twice, NaN or an unsafe integer."""
    try:
        return _READER.decode(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The text is not JSON: {error}.") from None


def _parse_common(data: bytes) -> Any:
    """The value of canonical JSON that the standard library writes back alike; None for what needs a closer look.

    In ASCII and without numbers but safe integers both agree, and a key that is there twice does not come back.
    """
    if not data.isascii() or data.count(b"[") + data.count(b"{") > MAX_DEPTH:
        return None
    text = data.decode("ascii")
    try:
        value = _COMMON_READER.decode(text)
        return value if _COMMON.encode(value) == text else None
    except (LedgerError, ValueError):
        return None


def _plain(value: Any, depth: int = 0) -> tuple[Any, bool]:
    """The value out of dicts and lists only, and whether all of it is written alike by RFC 8785 and the standard library:
    no number but safe integers, no name with letters beyond ASCII, whose order differs."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value, True
    if kind is int:
        return value, -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER
    if not isinstance(value, Mapping | list | tuple):
        return value, False
    if depth == MAX_DEPTH:
        raise Malformed(f"The JSON is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, Mapping):
        parts = {key: _plain(item, depth + 1) for key, item in value.items()}
        common = all(type(key) is str and key.isascii() and part[1] for key, part in parts.items())
        return {key: part[0] for key, part in parts.items()}, common
    items = [_plain(item, depth + 1) for item in value]
    return [item[0] for item in items], all(item[1] for item in items)


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("The JSON has an object with the same key twice.")
    return found


def _safe_integer(digits: str) -> int:
    number = int(digits)
    if abs(number) > MAX_SAFE_INTEGER:
        raise Malformed("The JSON has an integer beyond 2^53 - 1.")
    return number


def _refuse_constant(name: str) -> None:
    raise Malformed(f"The JSON contains {name}, which is not a number.")


def _refuse_fraction(digits: str) -> None:
    raise Malformed(f"{digits} is written in several ways.")


_READER = json.JSONDecoder(
    object_pairs_hook=_unique_pairs, parse_int=_safe_integer, parse_constant=_refuse_constant
)
_COMMON_READER = json.JSONDecoder(
    parse_int=_safe_integer, parse_float=_refuse_fraction, parse_constant=_refuse_constant
)
