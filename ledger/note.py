"""C2SP signed-note (c2sp.org/signed-note), with Ed25519 notes (0x01) and cosignatures by Ed25519 and ML-DSA-44.

    note             text (ends in LF) || LF || one or more signature lines; the last empty line separates
    signature line   U+2014 || SP || key name || SP || base64(key id 4 || signature) || LF
    key id           first 4 bytes of SHA-256(name || LF || type byte || public key)
    vkey             name "+" key id in hex "+" base64(type byte || public key)
    type 0x01        signature 64 over the text
    types 0x04 0x06  a time and a signature over a checkpoint: see `ledger.cosignature`

The text is UTF-8 without control characters other than LF.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.cosignature import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA,
    MAX_NAME,
    ed25519_message,
    format_timed,
    ml_dsa_message,
    parse_timed,
)
from ledger.encoding import MAX_COUNT, format_base64, parse_base64, parse_hex
from ledger.errors import Malformed, Unsupported, Unverified
from ledger.keys import PublicKey, SigningKey
from ledger.mldsa import MlDsaPublicKey, MlDsaSigningKey
from ledger.verifying import once

__all__ = [
    "COSIGNATURE_ED25519",
    "COSIGNATURE_ML_DSA",
    "COSIGNATURE_TYPES",
    "MAX_SIGNATURES",
    "NOTE_ED25519",
    "Note",
    "NoteSignature",
    "NoteSigner",
    "VerifiedNote",
    "Verifier",
    "check_key_name",
    "format_note",
    "format_vkey",
    "open_note",
    "parse_note",
    "parse_signature_lines",
    "parse_vkey",
    "sign_note",
]

NOTE_ED25519 = 0x01
COSIGNATURE_TYPES = frozenset((COSIGNATURE_ED25519, COSIGNATURE_ML_DSA))
MAX_SIGNATURES = 100

_DASH = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
# Control characters, and halves of surrogate pairs, which UTF-8 cannot carry.
_UNFIT = re.compile(r"[\x00-\x1f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A named public key that may sign notes; `kind` is the signature type byte, `key_id` 4 bytes."""

    name: str
    kind: int
    key: PublicKey | MlDsaPublicKey

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if self.kind not in (NOTE_ED25519, COSIGNATURE_ED25519, COSIGNATURE_ML_DSA):
            raise Malformed(f"The key {self.name} has the unsupported signature type {self.kind:#04x}.")
        if isinstance(self.key, MlDsaPublicKey) != (self.kind == COSIGNATURE_ML_DSA):
            raise Malformed(f"The key {self.name} is not one for the signature type {self.kind:#04x}.")
        if self.kind == COSIGNATURE_ML_DSA and len(self.name.encode()) > MAX_NAME:
            raise Malformed(f"The name of an ML-DSA-44 cosigner has at most {MAX_NAME} bytes.")

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name || LF || type || key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key.raw).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier in text form."""
        return format_vkey(self)


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who claims to have signed (name, 4-byte key id), and the bytes of the signature."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its line feed."""
        return f"{_DASH}{self.name} {format_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signature lines below it, none of them checked."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class VerifiedNote:
    """A text with its good signatures: `verified[i]` made `lines[i]`; `unknown` are lines of other keys."""

    text: str
    verified: tuple[Verifier, ...]
    lines: tuple[NoteSignature, ...]
    unknown: tuple[NoteSignature, ...]


class NoteSigner:
    """A named private key that signs notes (0x01) or cosigns checkpoints (0x04, 0x06)."""

    def __init__(self, name: str, key: SigningKey | MlDsaSigningKey, kind: int = NOTE_ED25519) -> None:
        self.verifier = Verifier(name, kind, key.public)
        self._key = key

    @property
    def name(self) -> str:
        """The key name."""
        return self.verifier.name

    @property
    def vkey(self) -> str:
        """The public half in text form."""
        return format_vkey(self.verifier)

    def sign(self, text: str) -> NoteSignature:
        """Type 0x01 signature over a note text."""
        if self.verifier.kind != NOTE_ED25519:
            raise ValueError(f"The key {self.name} cosigns checkpoints and does not sign notes.")
        return NoteSignature(self.name, self.verifier.key_id, self._key.sign(text.encode()))

    def cosign(self, text: str, time: int) -> NoteSignature:
        """Cosignature over a checkpoint text at `time` (POSIX seconds)."""
        if self.verifier.kind not in COSIGNATURE_TYPES:
            raise ValueError(f"The key {self.name} signs notes and does not cosign checkpoints.")
        if not 0 <= time <= MAX_COUNT:
            raise ValueError(f"{time} is not a time that a cosignature can carry.")
        signature = self._key.sign(_cosigned_message(self.verifier, text, time))
        return NoteSignature(self.name, self.verifier.key_id, format_timed(time, signature))


def check_key_name(name: str) -> None:
    """Malformed unless `name` may be a key name: not empty, no white space, control character or plus."""
    if not name or "+" in name or len(name.split()) != 1 or _UNFIT.search(name) or name != name.strip():
        raise Malformed(f"{name[:80]!r} cannot be the name of a key: no spaces, no plus sign, not empty.")


def parse_vkey(vkey: str) -> Verifier:
    """The verifier of a vkey; Malformed if its name, id, type or key is wrong or does not fit the others."""
    parts = vkey.split("+", 2)
    if len(parts) != 3:
        raise Malformed(f"{vkey[:80]!r} is not a verifier key of the form name+id+key.")
    name, key_id, encoded = parts
    data = parse_base64(encoded, f"key of {name}")
    if not data:
        raise Malformed(f"The verifier key of {name} is empty.")
    key = MlDsaPublicKey(data[1:]) if data[0] == COSIGNATURE_ML_DSA else PublicKey.parse(data[1:])
    verifier = Verifier(name, data[0], key)
    if parse_hex(key_id, f"key id of {name}", 4) != verifier.key_id:
        raise Malformed(f"The verifier key of {name} has a key id that does not fit its name and key.")
    return verifier


def format_vkey(verifier: Verifier) -> str:
    """Text form of a verifier."""
    key = format_base64(bytes([verifier.kind]) + verifier.key.raw)
    return f"{verifier.name}+{verifier.key_id.hex()}+{key}"


def parse_note(data: bytes) -> Note:
    """Split a note into text and signature lines; Malformed if it is not one, nothing else is checked."""
    return once("note", data, lambda: _parse_note(data))


def _parse_note(data: bytes) -> Note:
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The note is not UTF-8.") from None
    if _CONTROL.search(whole):
        raise Malformed("The note contains a control character.")
    text, separator, tail = whole.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise Malformed("The note has no signature lines after an empty line.")
    return Note(text + "\n", _parse_signatures(tail))


def parse_signature_lines(data: bytes) -> tuple[NoteSignature, ...]:
    """Signature lines that stand alone, as a witness sends them; Malformed if they are anything else."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The signature lines are not UTF-8.") from None
    if not text.endswith("\n") or _UNFIT.search(text.replace("\n", "")):
        raise Malformed("The signature lines do not end in a line feed, or contain a control character.")
    return _parse_signatures(text)


def format_note(note: Note) -> bytes:
    """Bytes of a note; the inverse of `parse_note`. ValueError if the text does not end in a line feed."""
    if not note.text.endswith("\n"):
        raise ValueError("The text of a note ends in a line feed.")
    return (note.text + "\n" + "".join(signature.line for signature in note.signatures)).encode()


def sign_note(text: str, signers: Iterable[NoteSigner]) -> bytes:
    """A note with a type 0x01 signature of each signer."""
    data = format_note(Note(text, tuple(signer.sign(text) for signer in signers)))
    parse_note(data)
    return data


def open_note(data: bytes, verifiers: Sequence[Verifier]) -> VerifiedNote:
    """Check a note against known keys.

    Malformed if it is not a note. Unverified if no line is by one of `verifiers`, or if a line that names one
    of them does not verify. A second good line of a key is dropped; lines of other keys come back as unknown.
    """
    note = parse_note(data)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    good: dict[Verifier, NoteSignature] = {}
    unknown = []
    for signature in note.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            unknown.append(signature)
            continue
        _verify_signature(verifier, note.text, signature)
        good.setdefault(verifier, signature)
    if not good:
        raise Unverified("The note carries no signature of a key that is trusted here.")
    return VerifiedNote(note.text, tuple(good), tuple(good.values()), tuple(unknown))


def _verify_signature(verifier: Verifier, text: str, signature: NoteSignature) -> None:
    try:
        if verifier.kind in COSIGNATURE_TYPES:
            time, data = parse_timed(signature.signature)
            message = _cosigned_message(verifier, text, time)
        else:
            message, data = text.encode(), signature.signature
        verifier.key.verify(message, data)
    except Unsupported:
        raise
    except (Malformed, Unverified):
        raise Unverified(f"The signature line of {verifier.name} does not verify.") from None


def _cosigned_message(verifier: Verifier, text: str, time: int) -> bytes:
    if verifier.kind == COSIGNATURE_ML_DSA:
        return ml_dsa_message(verifier.name, text, time)
    return ed25519_message(text, time)


def _parse_signatures(tail: str) -> tuple[NoteSignature, ...]:
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Malformed(f"There are {len(lines)} signature lines; at most {MAX_SIGNATURES} are read.")
    return tuple(_parse_signature(line) for line in lines)


def _parse_signature(line: str) -> NoteSignature:
    name, separator, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not separator:
        raise Malformed(f"The note has a line that is not a signature line: {line[:80]!r}.")
    check_key_name(name)
    data = parse_base64(encoded, f"signature of {name}")
    if len(data) < 5:
        raise Malformed(f"The signature of {name} is too short.")
    return NoteSignature(name, data[:4], data[4:])
