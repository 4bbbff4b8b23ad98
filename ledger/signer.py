"""The guard in front of the log's keys: it signs heads that only grow.

    state     datawharf/signer-state/v1 LF origin LF size LF base64 root LF time LF
              base64 note LF base64 COSE protected header LF base64 COSE signature LF

The largest head ever signed is durable before its signature leaves. A smaller head, or another root at the same
size, is refused; the same head gets the same bytes again, so a publication can be finished after any crash.
The state lives apart from the log's stores: when those are restored from an old copy, it still knows.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ledger.checkpoint import Checkpoint, cosign_checkpoint, format_checkpoint
from ledger.cose_receipt import sign_root
from ledger.encoding import format_base64, parse_base64, parse_decimal
from ledger.errors import Conflict, StorageFailed
from ledger.hashing import HASH_SIZE
from ledger.keys import SIGNATURE_SIZE, SigningKey
from ledger.note import NoteSigner, Verifier, sign_note
from ledger.records import format_record, parse_record
from ledger.stores.durable import PRIVATE, ProcessLock, replace_durably

_STATE = "datawharf/signer-state/v1"


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A signed checkpoint: the note with the operator's cosignature, and the COSE signature over its root.

    `time` is that of the cosignature, in POSIX seconds.
    """

    checkpoint: Checkpoint
    time: int
    note: bytes
    cose_protected: bytes
    cose_signature: bytes


class HeadSigner(Protocol):
    """What a log asks of its signer, in this process or in another."""

    @property
    def log_verifier(self) -> Verifier:
        """Public half of the key that signs checkpoints; its name is the origin."""

    def last(self) -> SignedHead | None:
        """The largest head signed so far, or None."""

    def sign(self, checkpoint: Checkpoint, time: int) -> SignedHead:
        """Sign a head that is not smaller than any before; `Conflict` for a head that would fork the log."""


class SignerState(Protocol):
    """Durable memory of a signer: one small record."""

    def read(self) -> bytes | None:
        """The record, or None before the first."""

    def write(self, data: bytes) -> None:
        """Replace the record; durable when this returns."""

    def held(self) -> AbstractContextManager[None]:
        """Keep other signers out from reading to writing."""


class FileSignerState:
    """A signer's state in one file, mode 0600, replaced atomically and synced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()

    def read(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailed(
                f"The signer's state {self._path} cannot be read: {error.strerror}."
            ) from error

    def write(self, data: bytes) -> None:
        try:
            replace_durably(self._path, data, mode=PRIVATE)
        except OSError as error:
            raise StorageFailed(
                f"The signer's state {self._path} cannot be written: {error.strerror}."
            ) from error

    @contextmanager
    def held(self) -> Iterator[None]:
        lock = ProcessLock(self._path.with_name(self._path.name + ".lock"))
        with self._guard:
            lock.acquire(wait=True)
            try:
                yield
            finally:
                lock.release()


class Signer:
    """Signs with keys in this process. `state` is a path, or any other `SignerState`."""

    def __init__(
        self, state: Path | SignerState, log_signer: NoteSigner, cosigner: NoteSigner, receipt_key: SigningKey
    ) -> None:
        self._state: SignerState = FileSignerState(state) if isinstance(state, Path) else state
        self._log_signer = log_signer
        self._cosigner = cosigner
        self._receipt_key = receipt_key

    @property
    def log_verifier(self) -> Verifier:
        """Public half of the key that signs checkpoints."""
        return self._log_signer.verifier

    def last(self) -> SignedHead | None:
        """The largest head signed so far, as the durable state has it."""
        data = self._state.read()
        return None if data is None else _parse_state(data)

    def sign(self, checkpoint: Checkpoint, time: int) -> SignedHead:
        """Sign `checkpoint` at `time` (POSIX seconds); the same head again gives the same bytes.

        `Conflict` for another log's head, a smaller one, or another root at the same size: signing it would
        show two histories. `StorageFailed` if the state cannot be made durable; nothing is signed then.
        """
        if checkpoint.origin != self._log_signer.name:
            raise Conflict(f"The signer signs for {self._log_signer.name}, not for {checkpoint.origin}.")
        with self._state.held():
            last = self.last()
            if last is not None:
                if checkpoint == last.checkpoint:
                    return last
                _refuse_fork(last.checkpoint, checkpoint)
            signed = self._sign(checkpoint, time)
            # A crash here leaves a state that names a head nobody has seen signed: it is signed again, alike.
            self._state.write(_format_state(signed))
            return signed

    def _sign(self, checkpoint: Checkpoint, time: int) -> SignedHead:
        note = sign_note(format_checkpoint(checkpoint), [self._log_signer])
        protected, signature = sign_root(checkpoint.root, self._receipt_key, checkpoint.origin)
        return SignedHead(
            checkpoint, time, cosign_checkpoint(note, self._cosigner, time), protected, signature
        )


def _refuse_fork(last: Checkpoint, asked: Checkpoint) -> None:
    if asked.size < last.size:
        raise Conflict(
            f"The signer has signed {last.size} entries of {last.origin} and will not sign a log of {asked.size}."
        )
    if asked.size == last.size:
        raise Conflict(
            f"The signer has signed another root for the same {last.size} entries of {last.origin}."
        )


def _format_state(signed: SignedHead) -> bytes:
    checkpoint = signed.checkpoint
    binary = (signed.note, signed.cose_protected, signed.cose_signature)
    fields = [checkpoint.origin, str(checkpoint.size), format_base64(checkpoint.root), str(signed.time)]
    return format_record(_STATE, fields + [format_base64(part) for part in binary])


def _parse_state(data: bytes) -> SignedHead:
    origin, size, root, time, note, protected, signature = parse_record(data, _STATE, 7)
    return SignedHead(
        Checkpoint(
            origin,
            parse_decimal(size, "size in the signer's state"),
            parse_base64(root, "root in the signer's state", HASH_SIZE),
        ),
        parse_decimal(time, "time in the signer's state"),
        parse_base64(note, "note in the signer's state"),
        parse_base64(protected, "protected header in the signer's state"),
        parse_base64(signature, "COSE signature in the signer's state", SIGNATURE_SIZE),
    )
