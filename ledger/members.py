"""The members of a JSON document that was parsed strictly: each has its type and size, or the document is refused.

`what` names the member in the sentence of the refusal, with the document that it belongs to.
"""

from collections.abc import Mapping, Set
from typing import Any

from ledger.encoding import parse_base64
from ledger.errors import Malformed


def fields_of(
    value: object, what: str, required: Set[str], optional: Set[str] = frozenset()
) -> Mapping[str, Any]:
    """An object with all required members and none but these and the optional ones."""
    if not isinstance(value, dict) or not required <= value.keys() or value.keys() - required - optional:
        raise Malformed(f"The {what} does not consist of exactly {', '.join(sorted(required))}.")
    return value


def list_of(value: object, what: str, limit: int) -> list[Any]:
    """A list of at most `limit` items."""
    if not isinstance(value, list) or len(value) > limit:
        raise Malformed(f"The {what} is not a list of at most {limit}.")
    return value


def count_of(value: object, what: str) -> int:
    """A whole number from 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Malformed(f"The {what} is not a number from 0.")
    return value


def text_of(value: object, what: str) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Malformed(f"The {what} is not text.")
    return value


def bytes_of(value: object, what: str, size: int | None = None) -> bytes:
    """Bytes in canonical base64, `size` of them if that is given."""
    if not isinstance(value, str):
        raise Malformed(f"The {what} is not text.")
    return parse_base64(value, what, size)
