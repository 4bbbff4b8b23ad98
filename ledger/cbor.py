"""The part of CBOR (RFC 8949) that COSE statements and receipts use.

    read   integers, byte and text strings, arrays, maps with integer or text keys, tags, true, false, null;
           definite lengths only, no key twice, no byte after the item, at most 16 levels deep
    write  core deterministic encoding (section 4.2.1): shortest heads, map keys ordered by their encoded bytes

Reading accepts heads longer than needed, because what others signed must stay as they wrote it; whoever wants
one form only encodes again and compares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cbor2

from ledger.errors import Malformed

MAX_DEPTH = 16

_CONSTANTS = {20: False, 21: True, 22: None}
_ARGUMENT_SIZES = {24: 1, 25: 2, 26: 4, 27: 8}


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged item."""

    number: int
    value: Any


def encode(value: Any) -> bytes:
    """Deterministic CBOR of ints, bytes, str, bool, None, lists, maps and Tags."""
    return cbor2.dumps(_ordered(value))


def decode(data: bytes, what: str) -> Any:
    """The one item that `data` consists of; Malformed names `what`. Maps come as dict, arrays as list."""
    reader = _Reader(data, what)
    value = reader.item(0)
    if reader.position != len(data):
        raise Malformed(f"The {what} has {len(data) - reader.position} bytes too many at its end.")
    return value


def _ordered(value: Any) -> Any:
    if isinstance(value, Tag):
        return cbor2.CBORTag(value.number, _ordered(value.value))
    if isinstance(value, Mapping):
        pairs = sorted(value.items(), key=lambda pair: cbor2.dumps(pair[0]))
        return {key: _ordered(item) for key, item in pairs}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    return value


class _Reader:
    def __init__(self, data: bytes, what: str) -> None:
        self.position = 0
        self._data = data
        self._what = what

    def item(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise Malformed(f"The {self._what} is nested more than {MAX_DEPTH} levels deep.")
        major, argument = self._head()
        match major:
            case 0:
                return argument
            case 1:
                return -1 - argument
            case 2:
                return self._take(argument)
            case 3:
                return self._text(argument)
            case 4:
                self._expect(argument)
                return [self.item(depth + 1) for _ in range(argument)]
            case 5:
                return self._map(argument, depth)
            case 6:
                return Tag(argument, self.item(depth + 1))
            case _:
                if argument not in _CONSTANTS:
                    raise Malformed(f"The {self._what} contains a number or value that is not read here.")
                return _CONSTANTS[argument]

    def _head(self) -> tuple[int, int]:
        major, low = divmod(self._take(1)[0], 32)
        if low < 24:
            return major, low
        if low not in _ARGUMENT_SIZES or major == 7:
            raise Malformed(
                f"The {self._what} contains an indefinite length or a reserved or floating value."
            )
        return major, int.from_bytes(self._take(_ARGUMENT_SIZES[low]), "big")

    def _map(self, count: int, depth: int) -> dict[int | str, Any]:
        self._expect(2 * count)
        found: dict[int | str, Any] = {}
        for _ in range(count):
            key = self.item(depth + 1)
            if isinstance(key, bool) or not isinstance(key, int | str):
                raise Malformed(f"The {self._what} has a map key that is neither an integer nor text.")
            if key in found:
                raise Malformed(f"The {self._what} has the map key {key!r} twice.")
            found[key] = self.item(depth + 1)
        return found

    def _text(self, size: int) -> str:
        try:
            return self._take(size).decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed(f"The {self._what} contains text that is not UTF-8.") from None

    def _take(self, size: int) -> bytes:
        self._expect(size)
        start = self.position
        self.position += size
        return self._data[start : self.position]

    def _expect(self, size: int) -> None:
        """Each announced byte or item needs at least a byte, so a wrong count never costs memory."""
        if size > len(self._data) - self.position:
            raise Malformed(f"The {self._what} ends too early.")
