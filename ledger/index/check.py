"""Checking a history against a trust file, step by step, without a network.

    trust file  ->  log key  ->  checkpoint (size, root)  ->  entry 0 and the statement that names the index
                ->  index key  ->  index checkpoint  ->  newest state (map root)  ->  the key's list, complete
                ->  each entry of it

What no history can show stands in the report as not run: that the map was made rightly out of the ledger. Whoever has
made it again (`python -m ledger index rebuild`) gives the root to `check_history`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ledger.bindings import verify_log_policy
from ledger.check_words import Language
from ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from ledger.errors import LedgerError, Malformed, Unsupported, Unverified
from ledger.finding import Finding, depends, run_step
from ledger.hashing import leaf_hash
from ledger.index.announcement import Announcement, verify_announcement
from ledger.index.history import History, parse_history
from ledger.index.keys import key_hash, keys_of
from ledger.index.state import IndexState, index_origin, parse_state
from ledger.index.trie import Leaf, commit_indices, root_of_path
from ledger.index.words import OUTCOMES
from ledger.note import Verifier, open_note, parse_note
from ledger.policy import Policy, fingerprint, quorum_met
from ledger.proofs import Located, verify_inclusion
from ledger.report import Report, Step
from ledger.statement import parse_statement

CODES = (
    "readable",
    "asked",
    "history_log",
    "index_key",
    "index_log",
    "index_state",
    "recent",
    "map",
    "entries",
    "mapped",
    "history_witnesses",
    "rebuilt",
)
"""The steps, in the order in which a report shows them."""


@dataclass(frozen=True, slots=True)
class HistoryReport(Report):
    """The steps, and the history that they speak of (None if it could not be read)."""

    history: History | None = None

    def sentence(self, lang: Language = "en") -> str:
        """The outcome in words."""
        return OUTCOMES[self.outcome][0 if lang == "en" else 1]


@dataclass
class _Case:
    """A history that could be read, and what has been established about it so far."""

    history: History
    trust: Policy
    key: str | None
    at_least: int | None
    rebuilt: bytes | None
    claimed: Checkpoint
    state: IndexState
    checkpoint: Checkpoint | None = None
    index_keys: tuple[Verifier, ...] = ()
    index_checkpoint: Checkpoint | None = None
    state_holds: bool = False

    @property
    def index(self) -> str:
        return index_origin(self.claimed.origin)

    def established_checkpoint(self) -> Checkpoint:
        """The log's checkpoint, once its signature held."""
        if self.checkpoint is None:
            raise depends()
        return self.checkpoint

    def established_state(self) -> IndexState:
        """The index's state, once it is proved to be the newest and of the checkpoint."""
        if not self.state_holds:
            raise depends()
        return self.state


def check_history(
    data: bytes,
    trust: Policy,
    *,
    key: str | None = None,
    at_least: int | None = None,
    rebuilt: bytes | None = None,
) -> HistoryReport:
    """Check the history `data` against `trust`. Never raises for anything in it: the report says what is wrong.

    `key` is what was asked for; `at_least` a number of entries that the log is known to have had when it was asked;
    `rebuilt` the map's root at the history's size, by somebody who made it again from the log.
    """
    try:
        case = _read(data, trust, key, at_least, rebuilt)
    except Malformed as error:
        unread = [Step(code, "not_run", {}, "depends") for code in CODES[1:]]
        return HistoryReport((Step("readable", "failed", {"reason": str(error)}, "history"), *unread))
    steps: tuple[tuple[str, Callable[[_Case], dict[str, Any]]], ...] = (
        ("asked", _check_asked),
        ("history_log", _check_log),
        ("index_key", _check_index_key),
        ("index_log", _check_index_log),
        ("index_state", _check_state),
        ("recent", _check_recent),
        ("map", _check_map),
        ("entries", _check_entries),
        ("mapped", _check_mapped),
        ("history_witnesses", _check_witnesses),
        ("rebuilt", _check_rebuilt),
    )
    readable = Step("readable", "passed", {}, "history")
    return HistoryReport((readable, *(run_step(code, step, case) for code, step in steps)), case.history)


def _read(data: bytes, trust: Policy, key: str | None, at_least: int | None, rebuilt: bytes | None) -> _Case:
    history = parse_history(data)
    key_hash(history.key)
    parse_note(history.index_checkpoint)
    claimed = parse_checkpoint(parse_note(history.checkpoint).text)
    return _Case(history, trust, key, at_least, rebuilt, claimed, parse_state(history.state))


def _check_asked(case: _Case) -> dict[str, Any]:
    key = case.history.key
    if case.key is None:
        raise Finding("not_run", "none_required", key=key)
    if case.key != key:
        raise Finding("failed", "", key=key, asked=case.key)
    return {"key": key}


def _check_log(case: _Case) -> dict[str, Any]:
    origin = case.claimed.origin
    keys = case.trust.log_keys(origin)
    if not keys:
        raise Finding("failed", "unknown_log", origin=origin)
    try:
        case.checkpoint = open_checkpoint(case.history.checkpoint, *keys)
    except LedgerError:
        raise Finding("failed", "signature", origin=origin) from None
    return {"origin": origin, "size": case.checkpoint.size, "trust": fingerprint(case.trust)[:16]}


def _check_index_key(case: _Case) -> dict[str, Any]:
    case.established_checkpoint()
    trusted = case.trust.log_keys(case.index)
    announced, entry = _announced(case) if case.history.supporting else (None, None)
    if announced is None and not trusted:
        raise Finding("failed", "unknown", index=case.index)
    if announced is not None and trusted and announced.log not in trusted:
        raise Finding("failed", "contradicts", index=case.index)
    if trusted:
        case.index_keys = trusted
        return {"cause": "trusted", "index": case.index}
    assert announced is not None
    case.index_keys = (announced.log,)
    return {"cause": "announced", "index": case.index, "entry": entry}


def _announced(case: _Case) -> tuple[Announcement, int]:
    """What the platform says of the index, and in which entry, by way of entry 0."""
    checkpoint = case.established_checkpoint()
    try:
        match case.history.supporting:
            case [first, named] if first.index == 0:
                _verify_located(first, checkpoint)
                _verify_located(named, checkpoint)
            case _:
                raise Malformed("It is not entry 0 and one more.")
        policy = verify_log_policy(parse_statement(first.entry))
        if policy.origin != checkpoint.origin or policy.log not in case.trust.log_keys(checkpoint.origin):
            raise Unverified("Entry 0 names another ledger, or another key of it.")
        return verify_announcement(parse_statement(named.entry), policy), named.index
    except LedgerError as error:
        raise Finding("failed", "unusable", reason=str(error)) from None


def _check_index_log(case: _Case) -> dict[str, Any]:
    if not case.index_keys:
        raise depends()
    try:
        case.index_checkpoint = open_checkpoint(case.history.index_checkpoint, *case.index_keys)
    except LedgerError:
        raise Finding("failed", "signature", index=case.index) from None
    return {"index": case.index, "size": case.index_checkpoint.size}


def _check_state(case: _Case) -> dict[str, Any]:
    history, under, checkpoint = case.history, case.index_checkpoint, case.established_checkpoint()
    if under is None:
        raise depends()
    if history.state_index != under.size - 1:
        raise Finding("failed", "not_newest", found=history.state_index, size=under.size)
    located = Located(history.state, history.state_index, history.state_path)
    if not _is_located(located, under):
        raise Finding("failed", "proof")
    log = case.state.log
    if log != checkpoint:
        raise Finding(
            "failed",
            "other_log",
            found=log.origin,
            found_size=log.size,
            origin=checkpoint.origin,
            size=checkpoint.size,
        )
    case.state_holds = True
    return {"size": log.size}


def _check_recent(case: _Case) -> dict[str, Any]:
    size = case.established_state().log.size
    if case.at_least is None:
        raise Finding("not_run", "none_required", size=size)
    if size < case.at_least:
        raise Finding("failed", "", size=size, needed=case.at_least)
    return {"size": size, "needed": case.at_least}


def _check_map(case: _Case) -> dict[str, Any]:
    state, history = case.established_state(), case.history
    hashed, size = key_hash(history.key), state.log.size
    if history.indices and history.indices[-1] >= size:
        raise Finding("failed", "beyond", found=history.indices[-1], size=size)
    leaf = history.other or Leaf(hashed, commit_indices(history.indices))
    try:
        holds = root_of_path(hashed, leaf, history.map_path) == state.map_root
    except Unverified:
        holds = False
    if history.other is not None:
        if not holds or leaf.key == hashed:
            raise Finding("failed", "denied", key=history.key)
        return {"cause": "absent", "key": history.key, "size": size}
    if not holds:
        raise Finding("failed", "incomplete", key=history.key, count=len(history.indices))
    return {"cause": "present", "key": history.key, "count": len(history.indices)}


def _check_entries(case: _Case) -> dict[str, Any]:
    checkpoint, entries = case.established_checkpoint(), _shown(case)
    for located in entries:
        if not _is_located(located, checkpoint):
            raise Finding("failed", "proof", entry=located.index)
    return {"count": len(entries)}


def _check_mapped(case: _Case) -> dict[str, Any]:
    key = case.history.key
    for located in _shown(case):
        if key not in keys_of(located.entry):
            raise Finding("failed", "", entry=located.index, key=key)
    return {"key": key}


def _check_witnesses(case: _Case) -> dict[str, Any]:
    checkpoint, trust = case.established_checkpoint(), case.trust
    if case.index_checkpoint is None:
        raise depends()
    names: set[str] = set()
    for origin, note in (
        (checkpoint.origin, case.history.checkpoint),
        (case.index, case.history.index_checkpoint),
    ):
        seen, unchecked = _cosigners(note, trust)
        if trust.quorum is not None and not quorum_met(trust, seen.values()):
            if quorum_met(trust, (seen | unchecked).values()):
                raise Finding("failed", "unsupported", origin=origin, names=sorted(unchecked))
            raise Finding("failed", "too_few", origin=origin, quorum=trust.quorum, names=sorted(seen))
        names.update(seen)
    if trust.quorum is None:
        raise Finding("not_run", "none_required")
    return {"names": sorted(names)}


def _check_rebuilt(case: _Case) -> dict[str, Any]:
    state = case.established_state()
    if case.rebuilt is None:
        raise Finding("not_run", "")
    if case.rebuilt != state.map_root:
        raise Finding("failed", "")
    return {}


def _shown(case: _Case) -> tuple[Located, ...]:
    if not case.history.indices:
        raise Finding("not_run", "none")
    if case.history.entries is None:
        raise Finding("not_run", "left_out")
    return case.history.entries


def _cosigners(note: bytes, trust: Policy) -> tuple[dict[str, Verifier], dict[str, Verifier]]:
    """The witnesses of the trust file whose lines are on the note, by name: those that hold, and those of a kind that
    cannot be checked here. A bad line is a finding."""
    lines = {(line.name, line.key_id) for line in parse_note(note).signatures}
    found: dict[str, Verifier] = {}
    unchecked: dict[str, Verifier] = {}
    for witness in trust.witnesses:
        if (witness.verifier.name, witness.verifier.key_id) in lines:
            try:
                open_note(note, [witness.verifier])
            except Unsupported:
                unchecked[witness.name] = witness.verifier
                continue
            except LedgerError:
                raise Finding("failed", "signature", name=witness.name) from None
            found[witness.name] = witness.verifier
    return found, unchecked


def _is_located(located: Located, checkpoint: Checkpoint) -> bool:
    try:
        _verify_located(located, checkpoint)
    except Unverified:
        return False
    return True


def _verify_located(located: Located, checkpoint: Checkpoint) -> None:
    verify_inclusion(leaf_hash(located.entry), located.index, checkpoint.size, located.path, checkpoint.root)
