"""Asking witnesses to cosign a checkpoint (C2SP tlog-witness, client side).

All witnesses are asked at once, each with a proof from the size that it names itself; every cosignature is verified
before it counts. A witness that fails for a while is asked again, a little later each time, until the time is over.
What they say against a checkpoint is kept in words: a witness that has seen a larger or another history than the log
shows is the one sign of a fork, or of a restored old copy, that comes from outside.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Literal

from ledger.checkpoint import Checkpoint, cosignatures
from ledger.errors import LedgerError, Malformed, StorageFailed, Unverified
from ledger.note import (
    Note,
    NoteSignature,
    Verifier,
    format_note,
    open_note,
    parse_note,
    parse_signature_lines,
)
from ledger.policy import Policy, Witness, quorum_met
from ledger.tiles import TileReader
from ledger.tree import consistency_path
from ledger.witness.looking_back import look_back
from ledger.witness.wire import (
    ADD_CHECKPOINT,
    AddCheckpoint,
    Answer,
    Transport,
    format_add_checkpoint,
    parse_conflict,
)

Verdict = Literal["cosigned", "ahead", "refused", "unreachable", "wrong"]

SECONDS = 10.0
_FIRST_PAUSE = 0.2
_PASSING = (408, 425, 429)
_REQUESTS_A_CALL = 4
"""A witness names its size once, or once more if the log grew under another publisher; never for ever."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How it went with one witness of the policy.

    cosigned      it cosigned, and the cosignature verifies
    ahead         it has cosigned a larger tree than this one: the log went back, or somebody else signs for it
    refused       it does not know the log or its key, or does not accept that this tree continues the last one
    unreachable   no answer, or one that says "later", until the time was over
    wrong         an answer against the protocol, or a cosignature that does not verify
    """

    name: str
    verdict: Verdict
    reason: str = ""
    time: int = 0

    def __str__(self) -> str:
        return f"{self.name}: {self.verdict}" + (f", {self.reason}" if self.reason else "")


class QuorumMissing(Unverified):
    """Too few witnesses cosigned for the policy; `asked` says how it went with each."""

    def __init__(self, checkpoint: Checkpoint, asked: Sequence[Asked]) -> None:
        reasons = "; ".join(map(str, asked)) or "the policy has no witness with an address"
        super().__init__(
            f"Too few witnesses cosigned the {checkpoint.size} entries of {checkpoint.origin}: {reasons}."
        )
        self.asked = tuple(asked)


class _Stopped(Exception):
    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(verdict, reason)
        self.verdict: Verdict = verdict
        self.reason = reason


class WitnessClient:
    """Collects cosignatures for the checkpoints of one log.

    policy: its witnesses with an address are asked, at most `seconds` long; its quorum is what must cosign.
    read: gives the log's tiles, for the proofs. required: whether `cosign` fails without the quorum.
    asked: how it went the last time, one for each witness.
    """

    def __init__(
        self,
        policy: Policy,
        read: Callable[[str], bytes | None],
        transport: Transport,
        *,
        required: bool = True,
        seconds: float = SECONDS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._policy = policy
        self._read = read
        self._transport = transport
        self._required = required
        self._seconds = seconds
        self._pause = pause
        self._sizes: dict[str, int] = {}
        self.asked: tuple[Asked, ...] = ()

    def cosign(self, note: bytes, checkpoint: Checkpoint) -> bytes:
        """The signed `note` of `checkpoint` with the witnesses' cosignatures behind its own lines.

        `QuorumMissing` if they are required and too few; without `required` the note comes back with what there is.
        The tiles of the tree must be readable. Cosignatures that the note has already count, and are not asked for.
        """
        opened = parse_note(note)
        have = self._good_lines(opened.text, opened.signatures)
        missing = [each for each in self._policy.witnesses if each.url and each.verifier not in have]
        self.asked = self._ask_all(missing, opened.text, note, checkpoint, have)
        added = [have[each.verifier] for each in missing if each.verifier in have]
        if self._required and not quorum_met(self._policy, have):
            raise QuorumMissing(checkpoint, self.asked)
        return format_note(Note(opened.text, (*opened.signatures, *added)))

    def look_back(self, note: bytes, checkpoint: Checkpoint, keys: Sequence[Verifier]) -> None:
        """`StorageFailed` if the log has signed more than `note`, or another tree of its size, as far as witnesses know.

        note: the newest that is known to be signed here, for `checkpoint`. keys: all of the log. What counts is told in
        `ledger.witness.looking_back`; witnesses are outvoted only where nothing is published without a quorum.
        """
        look_back(self._policy, self._transport, note, checkpoint, keys, quorum_counts=self._required)

    def _ask_all(
        self,
        witnesses: Sequence[Witness],
        text: str,
        note: bytes,
        checkpoint: Checkpoint,
        have: dict[Verifier, NoteSignature],
    ) -> tuple[Asked, ...]:
        """Ask each address once for all its witnesses (one per kind of key), and put what is good into `have`."""
        by_url: dict[str, list[Witness]] = {}
        for witness in witnesses:
            by_url.setdefault(str(witness.url), []).append(witness)
        if not by_url:
            return ()
        until = time.monotonic() + self._seconds
        pool = ThreadPoolExecutor(max_workers=len(by_url), thread_name_prefix="witness")
        calls = {url: pool.submit(self._ask, url, note, checkpoint, until) for url in by_url}
        wait(calls.values(), timeout=self._seconds)
        pool.shutdown(wait=False, cancel_futures=True)
        told = {
            each.name: self._judge(each, calls[url], text, have)
            for url, group in by_url.items()
            for each in group
        }
        return tuple(told[each.name] for each in witnesses)

    def _judge(
        self,
        witness: Witness,
        call: "Future[tuple[NoteSignature, ...]]",
        text: str,
        have: dict[Verifier, NoteSignature],
    ) -> Asked:
        if not call.done():
            return Asked(witness.name, "unreachable", f"no answer within {self._seconds:g} seconds")
        try:
            lines = call.result()
            time = _check_line(witness.verifier, text, lines, have)
        except _Stopped as stopped:
            return Asked(witness.name, stopped.verdict, stopped.reason)
        except StorageFailed:
            raise
        except LedgerError as error:
            return Asked(witness.name, "wrong", str(error))
        return Asked(witness.name, "cosigned", time=time)

    def _ask(self, url: str, note: bytes, checkpoint: Checkpoint, until: float) -> tuple[NoteSignature, ...]:
        address = url.rstrip("/") + ADD_CHECKPOINT
        old = min(self._sizes.get(url, 0), checkpoint.size)
        for _ in range(_REQUESTS_A_CALL):
            path = tuple(self._prove(old, checkpoint.size))
            answer = self._post(address, format_add_checkpoint(AddCheckpoint(old, path, note)), until)
            if answer.status == 200:
                self._sizes[url] = checkpoint.size
                return parse_signature_lines(answer.body)
            if answer.status != 409:
                raise _Stopped("refused", _refusal(answer))
            named = _named_size(answer)
            if named > checkpoint.size:
                raise _Stopped(
                    "ahead", f"it has cosigned {named} entries already, this log has {checkpoint.size}"
                )
            if named == old:
                raise _Stopped("wrong", f"it names the very size that it does not accept, {named}")
            self._sizes[url] = old = named
        raise _Stopped("wrong", "it names another size each time")

    def _prove(self, old: int, new: int) -> list[bytes]:
        return consistency_path(old, new, TileReader(self._read, new))

    def _post(self, address: str, body: bytes, until: float) -> Answer:
        """The first answer that is not "later"; pauses double."""
        pause, reason = _FIRST_PAUSE, "the time was over before it could be asked"
        while (left := until - time.monotonic()) > 0:
            try:
                answer = self._transport.post(address, body, left)
            except OSError as error:
                reason = str(error) or type(error).__name__
            else:
                if answer.status < 500 and answer.status not in _PASSING:
                    return answer
                reason = f"it answers {answer.status}"
            if pause >= until - time.monotonic():
                break
            self._pause(pause)
            pause *= 2
        raise _Stopped("unreachable", reason)

    def _good_lines(self, text: str, lines: Sequence[NoteSignature]) -> dict[Verifier, NoteSignature]:
        known = [witness.verifier for witness in self._policy.witnesses]
        ours = [line for line in lines if any((line.name, line.key_id) == (k.name, k.key_id) for k in known)]
        if not ours:
            return {}
        opened = open_note(format_note(Note(text, tuple(ours))), known)
        return dict(zip(opened.verified, opened.lines, strict=True))


def _check_line(
    verifier: Verifier,
    text: str,
    lines: Sequence[NoteSignature],
    have: dict[Verifier, NoteSignature],
) -> int:
    """Put the witness's good line into `have`; its time. Unverified if there is none that is good and timed."""
    ours = tuple(line for line in lines if (line.name, line.key_id) == (verifier.name, verifier.key_id))
    if not ours:
        raise Unverified("its answer has no line of the key in the policy")
    opened = open_note(format_note(Note(text, ours)), [verifier])
    seen = cosignatures(opened)[0].time
    if not seen:
        raise Unverified("its cosignature states no time")
    have[verifier] = opened.lines[0]
    return seen


def _named_size(answer: Answer) -> int:
    try:
        return parse_conflict(answer)
    except Malformed as error:
        raise _Stopped("wrong", str(error)) from None


def _refusal(answer: Answer) -> str:
    meanings = {
        403: "it does not accept the signature of the log",
        404: "it does not know the log",
        422: "it does not accept that this tree continues the one it has cosigned",
    }
    said = answer.body[:200].decode("utf-8", "replace").strip()
    shown = "".join(char if char.isprintable() else "\ufffd" for char in said)
    return meanings.get(answer.status, f"it answers {answer.status}") + (f" (“{shown}”)" if shown else "")
