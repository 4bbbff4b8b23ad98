"""An entry of the index log: the map after one published checkpoint of the log that is indexed.

    datawharf/index-state/v1 LF origin LF size LF base64 root LF map version LF base64 map root LF

Entry n belongs to the n-th published checkpoint that has entries, in order; so the newest entry is the last one, and
anybody who has the log can write the whole index log again. Its origin is that of the log with `/index/v1` behind it.
"""

from dataclasses import dataclass

from ledger.checkpoint import Checkpoint
from ledger.encoding import format_base64, parse_base64, parse_decimal
from ledger.errors import Malformed
from ledger.hashing import HASH_SIZE
from ledger.index.keys import MAP_VERSION
from ledger.records import format_record, parse_record

_STATE = "datawharf/index-state/v1"


@dataclass(frozen=True, slots=True)
class IndexState:
    """The map of the log at `log` (a checkpoint's origin, size and root) has the root `map_root` (32 bytes)."""

    log: Checkpoint
    map_root: bytes
    map_version: str = MAP_VERSION


def index_origin(origin: str) -> str:
    """Origin of the index log of the log `origin`."""
    return f"{origin}/index/v1"


def format_state(state: IndexState) -> bytes:
    """Bytes of an entry of the index log."""
    log = state.log
    root = format_base64(log.root)
    return format_record(
        _STATE, [log.origin, str(log.size), root, state.map_version, format_base64(state.map_root)]
    )


def parse_state(data: bytes) -> IndexState:
    """The state in an entry of the index log; Malformed for any bytes that `format_state` would not give."""
    origin, size, root, version, map_root = parse_record(data, _STATE, 5)
    if version != MAP_VERSION:
        raise Malformed(f"The index has the map function {version[:80]!r}; this program knows {MAP_VERSION}.")
    log = Checkpoint(
        origin,
        parse_decimal(size, "size in the index"),
        parse_base64(root, "root in the index", HASH_SIZE),
    )
    state = IndexState(log, parse_base64(map_root, "map root in the index", HASH_SIZE), version)
    if log.size == 0 or format_state(state) != data:
        raise Malformed("The entry of the index is not in its one form, or of a log without entries.")
    return state
