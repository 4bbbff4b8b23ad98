"""Asking witnesses, when a log starts, whether it has signed more than its own copies know.

A witness that has cosigned a larger tree, or another one of the same size, says so and is asked for that checkpoint
(C2SP tlog-witness, the monitoring address below the same prefix). Signed by a key of the log it is a proof, whoever
shows it: nothing is signed any more.

Without such a proof it is one witness's word. It holds, since a copy that went back is likelier than a witness that
lies, unless those that have cosigned nothing newer make a quorum by themselves: whatever was published had a quorum
too, and one of them would be in both. So a single witness that lies, or lost its note, keeps no log from starting.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import LedgerError, Malformed, StorageFailed
from ledger.note import Verifier, open_note
from ledger.policy import Policy, quorum_met
from ledger.witness.wire import (
    ADD_CHECKPOINT,
    AddCheckpoint,
    Answer,
    Transport,
    format_add_checkpoint,
    origin_hash,
    parse_conflict,
)

LOOK = 2.0
"""Seconds that a witness has for each of its two answers."""


@dataclass(frozen=True, slots=True)
class _Word:
    """What one address says: that it has cosigned nothing newer ("") or what else, and whether it shows the proof."""

    against: str = ""
    proved: bool = False


def look_back(
    policy: Policy,
    transport: Transport,
    note: bytes,
    checkpoint: Checkpoint,
    keys: Sequence[Verifier],
    *,
    quorum_counts: bool,
) -> None:
    """`StorageFailed` if more than `note`, the newest known signature for `checkpoint`, was signed; see above.

    Each witness with an address is asked once; one that does not answer or does not know the log says nothing.
    keys: all that sign for the log or have signed; a trust file seldom names those of an index. quorum_counts: whether
    the log publishes only with the policy's quorum, so that a quorum can outvote others.
    """
    urls = sorted({witness.url for witness in policy.witnesses if witness.url})
    if not urls or not checkpoint.size:
        return
    pool = ThreadPoolExecutor(max_workers=len(urls), thread_name_prefix="witness")
    calls = {url: pool.submit(_ask, transport, url, note, checkpoint, keys) for url in urls}
    done, _ = wait(calls.values(), timeout=2 * LOOK)
    pool.shutdown(wait=False, cancel_futures=True)
    words = {url: word for url, call in calls.items() if call in done and (word := call.result())}
    behind = [each.verifier for each in policy.witnesses if each.url in words and not words[each.url].against]
    outvoted = quorum_counts and policy.quorum is not None and quorum_met(policy, behind)
    for url, word in sorted(words.items(), key=lambda item: not item[1].proved):
        if word.proved or (word.against and not outvoted):
            raise StorageFailed(_sentence(url, word, checkpoint))


def _ask(
    transport: Transport, url: str, note: bytes, checkpoint: Checkpoint, keys: Sequence[Verifier]
) -> _Word | None:
    prefix = url.rstrip("/")
    body = format_add_checkpoint(AddCheckpoint(checkpoint.size, (), note))
    try:
        against = _against(transport.post(prefix + ADD_CHECKPOINT, body, LOOK), checkpoint)
    except (OSError, LedgerError):
        return None
    if not against:
        return None if against is None else _Word()
    try:
        shown = transport.get(f"{prefix}/{origin_hash(checkpoint.origin)}/checkpoint", LOOK)
        newer = _is_newer(shown, checkpoint, keys)
    except (OSError, LedgerError):
        newer = False
    return _Word(against, newer)


def _against(answer: Answer, checkpoint: Checkpoint) -> str | None:
    """What an answer says against the newest signed head, as part of a sentence; "" nothing, None no statement."""
    if answer.status == 422:
        return f"has cosigned another tree of {checkpoint.size} entries of"
    if answer.status == 409:
        named = parse_conflict(answer)
        return f"has cosigned {named} entries of" if named > checkpoint.size else ""
    return "" if answer.status == 200 else None


def _is_newer(answer: Answer, checkpoint: Checkpoint, keys: Sequence[Verifier]) -> bool:
    """Whether an answer holds a note that the log has signed, and that contradicts `checkpoint`."""
    if answer.status != 200:
        return False
    shown = parse_checkpoint(open_note(answer.body, keys).text)
    if shown.origin != checkpoint.origin:
        raise Malformed("The checkpoint that a witness shows is of another log.")
    return shown.size > checkpoint.size or (shown.size == checkpoint.size and shown.root != checkpoint.root)


def _sentence(url: str, word: _Word, checkpoint: Checkpoint) -> str:
    start = (
        f"The witness at {url} {word.against} {checkpoint.origin}, the newest that was signed here has "
        f"{checkpoint.size}"
    )
    if word.proved:
        return (
            f"{start}, and it shows the log's own signature: every copy on this side is old, or somebody else signs with "
            "this key. Nothing was signed. Restore the log, its lock store and the signer's state from the newest copy; "
            "if there is none, this origin must not be signed for any more."
        )
    return (
        f"{start}; it shows no proof, and too few other witnesses answer that they have cosigned nothing newer. Nothing "
        "was signed. Compare with monitors and mirrors: if anybody has more, every copy on this side is old; restore the "
        "newest. Only if it is certain that the witness errs, take its address out of the trust file."
    )
