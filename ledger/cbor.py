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
_HASH_ITEM = 2 + 32
_SCALARS = frozenset((bytes, int, str, bool, type(None)))


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged item."""

    number: int
    value: Any


def encode(value: Any) -> bytes:
    """Deterministic CBOR of ints, bytes, str, bool, None, lists, maps and Tags."""
    return cbor2.dumps(_ordered(value))


def decode(data: bytes, what: str, *, deterministic: bool = False) -> Any:
    """The one item that `data` consists of; Malformed names `what`. Maps come as dict, arrays as list.

    With `deterministic` only the bytes that `encode` gives for the item are accepted.
    """
    reader = _Reader(data, what)
    value = reader.item(0)
    if reader.position != len(data):
        raise Malformed(f"The {what} has {len(data) - reader.position} bytes too many at its end.")
    if deterministic and not reader.deterministic:
        raise Malformed(f"The {what} is not in deterministic encoding.")
    return value


def _ordered(value: Any) -> Any:
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Tag):
        return cbor2.CBORTag(value.number, _ordered(value.value))
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    if isinstance(value, Mapping):
        pairs = sorted(value.items(), key=lambda pair: cbor2.dumps(pair[0]))
        return {key: _ordered(item) for key, item in pairs}
    return value


class _Reader:
    """Reads from `position` on; `deterministic` says whether all of it was in the one form that `encode` gives."""

    __slots__ = ("_data", "_size", "_what", "deterministic", "position")

    def __init__(self, data: bytes, what: str) -> None:
        self.position = 0
        self.deterministic = True
        self._data = data
        self._size = len(data)
        self._what = what

    def item(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise Malformed(f"The {self._what} is nested more than {MAX_DEPTH} levels deep.")
        start = self.position
        if start == self._size:
            self._expect(1)
        major, argument = self._data[start] >> 5, self._data[start] & 31
        self.position = start + 1
        if argument >= 24:
            argument = self._long_argument(major, argument)
        match major:
            case 2:
                return self._take(argument)
            case 0:
                return argument
            case 1:
                return -1 - argument
            case 3:
                return self._text(argument)
            case 4:
                return self._array(argument, depth)
            case 5:
                return self._map(argument, depth)
            case 6:
                return Tag(argument, self.item(depth + 1))
            case _:
                if argument not in _CONSTANTS:
                    raise Malformed(f"The {self._what} contains a number or value that is not read here.")
                return _CONSTANTS[argument]

    def _array(self, count: int, depth: int) -> list[Any]:
        self._expect(count)
        start, stop = self.position, self.position + count * _HASH_ITEM
        # Proofs are long rows of 32-byte strings, and those are cut out at once.
        if count > 1 and stop <= self._size and depth < MAX_DEPTH:
            row = self._data[start:stop]
            if row[::_HASH_ITEM] == b"\x58" * count and row[1::_HASH_ITEM] == b"\x20" * count:
                self.position = stop
                return [row[at + 2 : at + _HASH_ITEM] for at in range(0, len(row), _HASH_ITEM)]
        return [self.item(depth + 1) for _ in range(count)]

    def _long_argument(self, major: int, low: int) -> int:
        if low not in _ARGUMENT_SIZES or major == 7:
            raise Malformed(
                f"The {self._what} contains an indefinite length or a reserved or floating value."
            )
        size = _ARGUMENT_SIZES[low]
        argument = int.from_bytes(self._take(size), "big")
        if argument < 24 or (size > 1 and not argument >> 4 * size):
            self.deterministic = False
        return argument

    def _map(self, count: int, depth: int) -> dict[int | str, Any]:
        self._expect(2 * count)
        found: dict[int | str, Any] = {}
        last = b""
        for _ in range(count):
            start = self.position
            key = self.item(depth + 1)
            if isinstance(key, bool) or not isinstance(key, int | str):
                raise Malformed(f"The {self._what} has a map key that is neither an integer nor text.")
            if key in found:
                raise Malformed(f"The {self._what} has the map key {key!r} twice.")
            encoded = self._data[start : self.position]
            if encoded < last:
                self.deterministic = False
            last = encoded
            found[key] = self.item(depth + 1)
        return found

    def _text(self, size: int) -> str:
        try:
            return self._take(size).decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed(f"The {self._what} contains text that is not UTF-8.") from None

    def _take(self, size: int) -> bytes:
        start, stop = self.position, self.position + size
        if stop > self._size:
            self._expect(size)
        self.position = stop
        return self._data[start:stop]

    def _expect(self, size: int) -> None:
        """Each announced byte or item needs at least a byte, so a wrong count never costs memory."""
        if size > self._size - self.position:
            raise Malformed(f"The {self._what} ends too early.")
