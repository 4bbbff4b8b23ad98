"""The head of a log in its lock store, and the staged batch that the head names.

    head      datawharf/log-head/v1 LF origin LF size LF base64 root LF epoch LF staging path or "-" LF
    staged    datawharf/log-staging/v1 LF origin LF start LF stop LF base64 root LF
              then stop - start times (uint16 big-endian length || entry bytes), as in an entry bundle
    path      staging/<epoch>-<start>-<stop>-<hex root>

`root` is the RFC 6962 root of the log's first `size` (`stop`) entries. The epoch grows by one each time a
process takes the log over: a swap by the previous owner then fails, and its staged batches have other names.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.encoding import format_base64, parse_base64, parse_decimal
from ledger.errors import Malformed
from ledger.hashing import HASH_SIZE
from ledger.records import format_record, parse_record
from ledger.tiles import MAX_ENTRY_SIZE

STAGING = "staging/"

_HEAD = "datawharf/log-head/v1"
_STAGED = "datawharf/log-staging/v1"
_NOTHING_STAGED = "-"
_BATCH = re.compile(f"{STAGING}([0-9]+)-")


@dataclass(frozen=True, slots=True)
class Head:
    """Which tree is the log: `size` entries with `root`; `staged` is the path of the batch that led there."""

    origin: str
    size: int
    root: bytes
    epoch: int
    staged: str | None


@dataclass(frozen=True, slots=True)
class Staged:
    """A batch made durable before it becomes part of the log: framed entries `start` to `stop` - 1."""

    origin: str
    start: int
    stop: int
    root: bytes
    framed: tuple[bytes, ...]

    def path(self, epoch: int) -> str:
        """Where the owner of this epoch stages the batch."""
        return f"{STAGING}{epoch}-{self.start}-{self.stop}-{self.root.hex()}"


def leftovers(paths: Iterable[str], epoch: int) -> list[str]:
    """Which objects below `staging/` the owner of `epoch` may drop: all but what a later owner has staged."""
    return [path for path in paths if (batch := _BATCH.match(path)) is None or int(batch[1]) <= epoch]


def frames_of(entries: Sequence[bytes]) -> tuple[bytes, ...]:
    """The entries with their lengths before them, in order; `Malformed` if one is over 65,535 bytes."""
    longest = max(map(len, entries), default=0)
    if longest > MAX_ENTRY_SIZE:
        raise Malformed(f"An entry has {longest} bytes; the ledger takes at most {MAX_ENTRY_SIZE}.")
    return tuple([len(entry).to_bytes(2, "big") + entry for entry in entries])


def split_frames(data: bytes, start: int = 0) -> list[bytes]:
    """The framed entries in `data` from byte `start` on; `Malformed` if the last one is cut."""
    frames = []
    while start < len(data):
        stop = start + 2 + int.from_bytes(data[start : start + 2], "big")
        if start + 2 > len(data) or stop > len(data):
            raise Malformed(f"The framed entries end within the one that starts at byte {start}.")
        frames.append(data[start:stop])
        start = stop
    return frames


def format_head(head: Head) -> bytes:
    """Bytes of the lock store's record."""
    root = format_base64(head.root)
    return format_record(
        _HEAD, [head.origin, str(head.size), root, str(head.epoch), head.staged or _NOTHING_STAGED]
    )


def parse_head(data: bytes) -> Head:
    """The head in a lock store's record; Malformed for any bytes that `format_head` would not give."""
    origin, size, root, epoch, staged = parse_record(data, _HEAD, 5)
    if not staged:
        raise Malformed("The head names neither a staged batch nor that there is none.")
    return Head(
        origin,
        parse_decimal(size, "size in the head"),
        parse_base64(root, "root in the head", HASH_SIZE),
        parse_decimal(epoch, "epoch in the head"),
        None if staged == _NOTHING_STAGED else staged,
    )


def format_staged(staged: Staged) -> bytes:
    """Bytes of a staged batch."""
    fields = [staged.origin, str(staged.start), str(staged.stop), format_base64(staged.root)]
    return format_record(_STAGED, fields) + b"".join(staged.framed)


def parse_staged(data: bytes) -> Staged:
    """The batch in staged bytes; Malformed if it is cut, or has another number of entries than it says."""
    header_end = _end_of_line(data, 5)
    origin, start, stop, root = parse_record(data[:header_end], _STAGED, 4)
    framed = tuple(split_frames(data, header_end))
    staged = Staged(
        origin,
        parse_decimal(start, "start of the staged batch"),
        parse_decimal(stop, "end of the staged batch"),
        parse_base64(root, "root of the staged batch", HASH_SIZE),
        framed,
    )
    if staged.stop - staged.start != len(framed):
        raise Malformed(f"The staged batch has {len(framed)} entries, not {staged.start} to {staged.stop}.")
    return staged


def _end_of_line(data: bytes, lines: int) -> int:
    position = 0
    for _ in range(lines):
        position = data.find(b"\n", position) + 1
        if position == 0:
            raise Malformed("The staged batch ends within its header.")
    return position
