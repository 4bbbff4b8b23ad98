"""The guard in front of the log's keys: it signs heads that only grow.

    state     datawharf/signer-epoch/v1 LF epoch LF || the head signed last, if any:
              datawharf/signer-state/v1 LF origin LF size LF base64 root LF time LF
              base64 note LF base64 COSE protected header LF base64 COSE signature LF

The largest head ever signed is durable before its signature leaves. A head is signed only with a proof that it
continues that one: not a smaller one, not another root at the same size, not another history. The same head gets the
same bytes again, so a publication can be finished after any crash. The state lives apart from the log's stores: when
those are restored from an old copy, it still knows.

The epoch counts the owners of the log. Who takes the log over claims the next one, and from then on an earlier owner
that wakes up late gets no signature any more. (A state without the line of the epoch is one of epoch 0.) Epochs can
not be used up: one claim goes `MAX_CLAIM` beyond the last at most.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ledger.checkpoint import Checkpoint, cosign_checkpoint, format_checkpoint
from ledger.cose_receipt import sign_root
from ledger.durable import PRIVATE, make_folder, read_if_there, swap_file
from ledger.encoding import format_base64, parse_base64, parse_decimal
from ledger.errors import Conflict, Malformed, StorageFailed, Unverified
from ledger.hashing import HASH_SIZE
from ledger.keys import SIGNATURE_SIZE, SigningKey
from ledger.note import NoteSigner, Verifier, sign_note
from ledger.proofs import verify_consistency
from ledger.records import format_record, parse_record

_EPOCH = "datawharf/signer-epoch/v1"
_STATE = "datawharf/signer-state/v1"

MAX_CLAIM = 1_000_000
"""Epochs that one claim may go ahead: more than the times a log is taken over between two copies of the signer's state,
and so few that nobody comes to the end of the 2^63 that there are."""


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

    @property
    def log_verifiers(self) -> tuple[Verifier, ...]:
        """Public halves of all keys that sign the log's checkpoints or have signed them, that of `log_verifier` first."""

    def last(self) -> SignedHead | None:
        """The largest head signed so far, or None."""

    def epoch(self) -> int:
        """The latest owner's epoch; 0 before the first."""

    def claim(self, epoch: int) -> None:
        """Sign for the owner of `epoch` or later from now on; `Conflict` if a later one has claimed already.

        `Conflict` too if `epoch` is more than `MAX_CLAIM` beyond the latest one.
        """

    def sign(self, checkpoint: Checkpoint, time: int, epoch: int, path: Sequence[bytes]) -> SignedHead:
        """Sign a head that continues the one signed last, as the RFC 6962 consistency `path` from there shows.

        `Conflict` for a head that would fork the log, and for an owner whose epoch is over.
        """


class SignerState(Protocol):
    """Durable memory of a signer: one small record, changed by compare-and-swap, since several may share it."""

    def read(self) -> bytes | None:
        """The record, or None before the first."""

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Durably replace `old` (None: no record) by `new`; `Conflict` if the record is not `old`."""


class FileSignerState:
    """A signer's state in one file, mode 0600, replaced atomically and synced."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes | None:
        try:
            return read_if_there(self._path)
        except OSError as error:
            raise StorageFailed(
                f"The signer's state {self._path} cannot be read: {error.strerror}."
            ) from error

    def swap(self, old: bytes | None, new: bytes) -> None:
        try:
            make_folder(self._path.parent)
            done = swap_file(self._path, old, new, mode=PRIVATE)
        except OSError as error:
            raise StorageFailed(
                f"The signer's state {self._path} cannot be written: {error.strerror}."
            ) from error
        if not done:
            raise Conflict(f"The signer's state {self._path} has been changed by another process.")


@dataclass(frozen=True, slots=True)
class _State:
    epoch: int = 0
    signed: SignedHead | None = None


class Signer:
    """Signs with keys in this process. `state` is a path, or any other `SignerState`.

    While the log goes over to another key, `also` are the further ones that sign each checkpoint; `retired` are
    those that no longer do.
    """

    def __init__(
        self,
        state: Path | SignerState,
        log_signer: NoteSigner,
        cosigner: NoteSigner,
        receipt_key: SigningKey,
        *,
        also: Sequence[NoteSigner] = (),
        retired: Sequence[Verifier] = (),
    ) -> None:
        others = {signer.name for signer in also} | {verifier.name for verifier in retired}
        if others - {log_signer.name}:
            raise Malformed(f"A key of another log cannot sign for {log_signer.name}.")
        self._state: SignerState = FileSignerState(state) if isinstance(state, Path) else state
        self._log_signer = log_signer
        self._log_signers = (log_signer, *also)
        self._retired = tuple(retired)
        self._cosigner = cosigner
        self._receipt_key = receipt_key

    @property
    def log_verifier(self) -> Verifier:
        """Public half of the key that signs checkpoints."""
        return self._log_signer.verifier

    @property
    def log_verifiers(self) -> tuple[Verifier, ...]:
        """Public halves of the keys that sign now, and of the retired ones."""
        return (*(signer.verifier for signer in self._log_signers), *self._retired)

    def last(self) -> SignedHead | None:
        """The largest head signed so far, as the durable state has it."""
        return self._read()[1].signed

    def epoch(self) -> int:
        """The latest owner's epoch, as the durable state has it."""
        return self._read()[1].epoch

    def claim(self, epoch: int) -> None:
        """Refuse every owner before that of `epoch` from now on; `Conflict` if that one is over itself, or far ahead."""
        self._change(lambda state: self._demand_current(state, epoch))

    def sign(self, checkpoint: Checkpoint, time: int, epoch: int, path: Sequence[bytes]) -> SignedHead:
        """Sign `checkpoint` at `time` (POSIX seconds); the same head again gives the same bytes, at any time.

        `path` is the RFC 6962 consistency path from the head signed last, empty if there is none. `Conflict` for
        another log's head, for one that does not continue what was signed (it would show two histories), and for
        an owner whose `epoch` is over or far ahead. `StorageFailed` if the state cannot be made durable; nothing is
        signed then.
        """
        if checkpoint.origin != self._log_signer.name:
            raise Conflict(f"The signer signs for {self._log_signer.name}, not for {checkpoint.origin}.")

        def add(state: _State) -> _State:
            claimed = self._demand_current(state, epoch)
            if state.signed is not None:
                if checkpoint == state.signed.checkpoint:
                    return claimed
                _refuse_fork(state.signed.checkpoint, checkpoint, path)
            return replace(claimed, signed=self._sign(checkpoint, time))

        # A crash after the change leaves a state that names a head nobody has seen signed: it is signed again, alike.
        signed = self._change(add).signed
        assert signed is not None
        return signed

    def _demand_current(self, state: _State, epoch: int) -> _State:
        if epoch < state.epoch:
            raise Conflict(
                f"The log {self._log_signer.name} has been taken over: its signer serves the owner of epoch "
                f"{state.epoch} and no longer that of epoch {epoch}."
            )
        if epoch > state.epoch + MAX_CLAIM:
            raise Conflict(
                f"The owner of epoch {epoch} is too far ahead of epoch {state.epoch}, the latest that the signer of "
                f"{self._log_signer.name} knows: restore the newest copy of the signer's state."
            )
        return replace(state, epoch=epoch)

    def _change(self, change: Callable[[_State], _State]) -> _State:
        """Change the durable state; decided again if another process changed it in between."""
        while True:
            data, state = self._read()
            new = change(state)
            # Also what stands there already: whoever wrote it may have failed, or ended, before it was durable.
            try:
                self._state.swap(data, _format_state(new))
            except Conflict:
                continue
            return new

    def _read(self) -> tuple[bytes | None, _State]:
        data = self._state.read()
        return data, _State() if data is None else _parse_state(data)

    def _sign(self, checkpoint: Checkpoint, time: int) -> SignedHead:
        note = sign_note(format_checkpoint(checkpoint), self._log_signers)
        protected, signature = sign_root(checkpoint.root, self._receipt_key, checkpoint.origin)
        return SignedHead(
            checkpoint, time, cosign_checkpoint(note, self._cosigner, time), protected, signature
        )


def _refuse_fork(last: Checkpoint, asked: Checkpoint, path: Sequence[bytes]) -> None:
    if asked.size < last.size:
        raise Conflict(
            f"The signer has signed {last.size} entries of {last.origin} and will not sign a log of {asked.size}."
        )
    if asked.size == last.size:
        raise Conflict(
            f"The signer has signed another root for the same {last.size} entries of {last.origin}."
        )
    try:
        verify_consistency(last.size, last.root, asked.size, asked.root, path)
    except (Malformed, Unverified) as error:
        raise Conflict(
            f"The signer has signed {last.size} entries of {last.origin}, and nothing shows that the log of "
            f"{asked.size} continues them: {error}"
        ) from error


def format_signed_head(signed: SignedHead) -> bytes:
    """Bytes of a signed head, in the signer's state and on the way from a signer in another process."""
    checkpoint = signed.checkpoint
    binary = (signed.note, signed.cose_protected, signed.cose_signature)
    fields = [checkpoint.origin, str(checkpoint.size), format_base64(checkpoint.root), str(signed.time)]
    return format_record(_STATE, fields + [format_base64(part) for part in binary])


def parse_signed_head(data: bytes) -> SignedHead:
    """The signed head in its bytes; Malformed if they are anything else. No signature is checked."""
    origin, size, root, time, note, protected, signature = parse_record(data, _STATE, 7)
    return SignedHead(
        Checkpoint(
            origin,
            parse_decimal(size, "size in the signed head"),
            parse_base64(root, "root in the signed head", HASH_SIZE),
        ),
        parse_decimal(time, "time in the signed head"),
        parse_base64(note, "note in the signed head"),
        parse_base64(protected, "protected header in the signed head"),
        parse_base64(signature, "COSE signature in the signed head", SIGNATURE_SIZE),
    )


def _format_state(state: _State) -> bytes:
    signed = b"" if state.signed is None else format_signed_head(state.signed)
    return format_record(_EPOCH, [str(state.epoch)]) + signed


def _parse_state(data: bytes) -> _State:
    epoch = 0
    if data.startswith(_EPOCH.encode()):
        end = data.find(b"\n", len(_EPOCH) + 1) + 1
        epoch = parse_decimal(parse_record(data[:end], _EPOCH, 1)[0], "epoch in the signer's state")
        data = data[end:]
    return _State(epoch, parse_signed_head(data) if data else None)
