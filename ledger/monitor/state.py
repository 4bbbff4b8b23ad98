"""What a monitor remembers from one look at a log to the next, in one durable file.

    RFC 8785 JSON {"version": 1, "origin", "head": note text, "checked": n, "range": [hash, ...], "rules": entry 0 or
    null, "bindings": [[key id, organisation, key], ...]}

The head is the largest one that was verified. The first `checked` entries have been read, `range` are the roots of the
complete subtrees that they decompose into, and `bindings` the keys in force after them. Binary values are base64.

    <file>.evidence/<kind>-<time>-<size held>-<size served>/   held.note, served.note: the two signed heads
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.durable import make_folder, replace_file
from ledger.encoding import canonical_json, format_base64, parse_base64, parse_canonical_json
from ledger.entry_rules import Binding
from ledger.errors import Malformed, StorageFailed
from ledger.hashing import HASH_SIZE
from ledger.note import Verifier

VERSION = 1


@dataclass(frozen=True)
class MonitorState:
    """The largest verified head, as note and checkpoint, and how far its entries have been read."""

    head: Checkpoint
    note: bytes
    checked: int = 0
    range: tuple[bytes, ...] = ()
    rules: bytes | None = None
    bindings: tuple[Binding, ...] = field(default=(), repr=False)


class StateFailed(StorageFailed):
    """The monitor's own file cannot be read or written: nothing that the log did."""


class StateFile:
    """The file at `path`, and the evidence beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, *verifiers: Verifier) -> MonitorState | None:
        """What was remembered; None if there is no file yet. `Malformed` or `Unverified` if it is not of this log."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateFailed(f"{self.path} cannot be read: {error.strerror}.") from error
        return parse_state(data, *verifiers)

    def write(self, state: MonitorState) -> None:
        """Make `state` durable; a crash leaves the old one or the new one."""
        try:
            make_folder(self.path.parent)
            replace_file(self.path, format_state(state))
        except OSError as error:
            raise StateFailed(f"{self.path} cannot be written: {error.strerror}.") from error

    def keep_evidence(self, name: str, notes: dict[str, bytes]) -> Path:
        """Keep signed notes for ever, under a name that is new for new notes; return the folder."""
        folder = self.path.with_name(self.path.name + ".evidence") / name
        try:
            make_folder(folder)
            for file, note in notes.items():
                replace_file(folder / file, note)
        except OSError as error:
            raise StateFailed(f"{folder} cannot be written: {error.strerror}.") from error
        return folder


def format_state(state: MonitorState) -> bytes:
    """The bytes of the file."""
    return canonical_json(
        {
            "version": VERSION,
            "origin": state.head.origin,
            "head": state.note.decode(),
            "checked": state.checked,
            "range": [format_base64(hash_) for hash_ in state.range],
            "rules": None if state.rules is None else format_base64(state.rules),
            "bindings": [list(binding) for binding in state.bindings],
        }
    )


def parse_state(data: bytes, *verifiers: Verifier) -> MonitorState:
    """The state in a file; `Malformed` unless `format_state` makes it, `Unverified` if another key signed its head."""
    match parse_canonical_json(data):
        case {"version": 1, "head": str() as note, "checked": int() as checked, "range": list() as range_,
              "rules": rules, "bindings": list() as bindings}:  # fmt: skip
            head = open_checkpoint(note.encode(), *verifiers)
        case _:
            raise Malformed("The state of the monitor is not one that this program wrote.")
    state = MonitorState(
        head,
        note.encode(),
        checked,
        tuple(parse_base64(str(each), "hash in the monitor's state", HASH_SIZE) for each in range_),
        None if rules is None else parse_base64(str(rules), "entry 0 in the monitor's state"),
        tuple(_binding(each) for each in bindings),
    )
    fits = not isinstance(checked, bool) and 0 <= checked <= head.size and checked.bit_count() == len(range_)
    if format_state(state) != data or not fits:
        raise Malformed("The state of the monitor does not fit together; start anew with another file.")
    return state


def _binding(value: Any) -> Binding:
    match value:
        case [str() as kid, str() as org, str() as key]:
            return kid, org, key
    raise Malformed("The state of the monitor has a binding that is none.")
