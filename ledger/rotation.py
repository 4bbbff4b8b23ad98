"""Changing the key of a log without changing its name: an entry that the old and the new key have signed.

    entry   C2SP signed note with a line of each of the two keys, and the text
            datawharf/log-key-rotation/v1 LF origin LF vkey of the old key LF vkey of the new key LF

The entry stands in the log before the new key is used alone. From then on checkpoints carry a line of each key, until
those who check them have put the new key into their trust files; then the old key is retired. Checkpoints from before
stay checkable, since trust files may name both.
"""

from dataclasses import dataclass

from ledger.errors import Malformed, Unverified
from ledger.note import NOTE_ED25519, NoteSigner, Verifier, open_note, parse_note, parse_vkey, sign_note

_KIND = "datawharf/log-key-rotation/v1"


@dataclass(frozen=True, slots=True)
class Rotation:
    """`new` signs for the log from now on, and the holders of both keys have agreed. The origin is the keys' name."""

    old: Verifier
    new: Verifier

    def __post_init__(self) -> None:
        if (self.old.kind, self.new.kind) != (NOTE_ED25519, NOTE_ED25519):
            raise Malformed("A rotation names keys that sign checkpoints, and no others.")
        if self.old.name != self.new.name:
            raise Malformed(f"A rotation cannot rename the log {self.old.name} to {self.new.name}.")
        if self.old.key == self.new.key:
            raise Malformed("A rotation goes over to another key, not to the same.")


def sign_rotation(old: NoteSigner, new: NoteSigner) -> bytes:
    """The entry with which the log goes over from `old` to `new`."""
    return sign_note(_text(Rotation(old.verifier, new.verifier)), [old, new])


def is_rotation(entry: bytes) -> bool:
    """Whether an entry says that it is a rotation; nothing in it is checked."""
    return entry.startswith(f"{_KIND}\n".encode())


def open_rotation(entry: bytes) -> Rotation:
    """The rotation in an entry, if both keys that it names signed it; Malformed or Unverified otherwise."""
    lines = parse_note(entry).text.split("\n")
    if len(lines) != 5 or lines[0] != _KIND:
        raise Malformed(f"The entry is not of the kind {_KIND}.")
    rotation = Rotation(parse_vkey(lines[2]), parse_vkey(lines[3]))
    opened = open_note(entry, [rotation.old, rotation.new])
    if opened.text != _text(rotation):
        raise Malformed("The rotation is of another log than its keys.")
    if len(opened.verified) != 2:
        raise Unverified("The rotation is not signed by both keys.")
    return rotation


def _text(rotation: Rotation) -> str:
    return f"{_KIND}\n{rotation.old.name}\n{rotation.old.vkey}\n{rotation.new.vkey}\n"
