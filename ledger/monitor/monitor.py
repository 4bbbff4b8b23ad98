"""Following a log from outside, as somebody who trusts nothing but its public key.

Each look at the log (`Monitor.step`) does, in this order:

    1 signature     the served head is signed by the log's key, and by the quorum of the trust file if it has one
    2 continuity    it continues the head that is remembered; two heads that do not are kept as evidence
    3 entries       every new entry, hashed up to the signed root, obeys `ledger.entry_rules`; watched names are told
    4 age           the operator's or a witness's cosignature is not older than the limit

Events are reported before the state that has seen them is made durable, so a crash repeats one rather than losing it.
A chunk of entries is believed once a consistency path ties it to the signed head: the work and memory that a hostile
log can cause are those of a chunk.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from ledger.check_words import Language
from ledger.checkpoint import checkpoint_of, cosignatures
from ledger.continuity import Forked, Mismatched, RolledBack, check_continuation, check_tiles_lead_to
from ledger.entry_rules import EntryRules, names_in
from ledger.errors import LedgerError, Malformed, StorageFailed, Unverified
from ledger.hashing import CompactRange, leaf_hash
from ledger.kept import NEWEST, SignedCheckpoint
from ledger.monitor.state import MonitorState, StateFailed, StateFile
from ledger.monitor.words import event_words
from ledger.note import Verifier, open_note, parse_note
from ledger.policy import Policy, TrustedLog, quorum_met
from ledger.proofs import verify_consistency
from ledger.report import render_value
from ledger.statement import Statement, parse_statement
from ledger.storage import ObjectReader
from ledger.tiles import ENTRIES as BUNDLES
from ledger.tiles import TILE_WIDTH, TileReader, decode_bundle, read_tile, tile_at
from ledger.tree import consistency_path

EXIT_CODES = {
    "started": 0,
    "grown": 0,
    "seen": 3,
    "unreadable": 5,
    "stale": 6,
    "entry": 7,
    "unsigned": 8,
    "mismatch": 9,
    "rollback": 10,
    "fork": 11,
}
"""Exit status of a command by kind of event, the gravest the greatest; 1, 2 and 4 mean what they mean elsewhere."""

MAX_AGE = 7 * 24 * 3600
CHUNK = 64 * TILE_WIDTH
MAX_EVENTS = 1000
"""At most so many events are told of one chunk of entries; a log of nothing but bad entries says so often enough."""


@dataclass(frozen=True)
class Event:
    """One thing that was seen: its kind (see EXIT_CODES), details for the sentence, and the cause if there are several."""

    kind: str
    params: dict[str, Any] = field(default_factory=dict)
    cause: str = ""

    @property
    def exit_code(self) -> int:
        """Exit status of a command that saw nothing graver."""
        return EXIT_CODES[self.kind]

    def sentence(self, language: Language = "en") -> str:
        """What was seen and what to do about it."""
        words = event_words(self.kind, self.cause, language)
        return words.format_map({name: render_value(name, value) for name, value in self.params.items()})

    @property
    def document(self) -> dict[str, Any]:
        """The event as JSON: {"kind", "cause", "exitCode", "params", "sentence": {"en", "zh"}}."""
        return {
            "kind": self.kind,
            "cause": self.cause,
            "exitCode": self.exit_code,
            "params": self.params,
            "sentence": {"en": self.sentence("en"), "zh": self.sentence("zh")},
        }


Report = Callable[[Event], None]


class _Stop(Exception):
    """Ends a step: nothing further can be said now."""

    def __init__(self, event: Event) -> None:
        super().__init__(event.kind)
        self.event = event


class Monitor:
    """Follows the log of `trusted` in `files`. `watch`: names of which every mention is to be told."""

    def __init__(
        self,
        files: ObjectReader,
        trust: Policy,
        trusted: TrustedLog,
        state: StateFile,
        *,
        watch: Iterable[str] = (),
        max_age: int = MAX_AGE,
    ) -> None:
        self._files, self._trust = files, trust
        self._origin = trusted.verifier.name
        self._keys = trust.log_keys(self._origin)
        self._file, self._watch, self._max_age = state, frozenset(watch), max_age

    def step(self, now: int, report: Report) -> int:
        """Look once, at `now` (POSIX seconds); return the exit code of the gravest event reported.

        `Malformed`, `Unverified` or `StorageFailed` only for the monitor's own file: what the log does is an event.
        """
        worst = 0

        def tell(event: Event) -> None:
            nonlocal worst
            worst = max(worst, event.exit_code)
            report(event)

        state = self._file.read(*self._keys)
        try:
            state = self._follow(state, tell)
            self._read_entries(state, tell)
            self._check_age(now, tell)
        except _Stop as stopped:
            tell(stopped.event)
        except StateFailed:
            raise
        except (StorageFailed, Malformed) as error:
            tell(Event("unreadable", {"reason": str(error)}))
        return worst

    def _follow(self, state: MonitorState | None, tell: Report) -> MonitorState:
        """Take the served head over if it continues the remembered one."""
        served, too_few = self._read_head(state)
        head = served.checkpoint
        if too_few is not None:
            self._accuse(state, served)
            raise _Stop(too_few)
        if state is not None and head == state.head:
            return state
        try:
            if state is None:
                check_tiles_lead_to(head, self._files.read)
            else:
                check_continuation(state.head, head, self._files.read)
        except (Forked, RolledBack, Mismatched) as error:
            kind = {Forked: "fork", RolledBack: "rollback", Mismatched: "mismatch"}[type(error)]
            raise _Stop(self._against(kind, state, served, error)) from error
        if state is None:
            tell(Event("started", {"origin": head.origin, "size": head.size}))
            state = MonitorState(head, served.note)
        else:
            tell(Event("grown", {"origin": head.origin, "held": state.head.size, "size": head.size}))
            state = replace(state, head=head, note=served.note)
        self._file.write(state)
        return state

    def _accuse(self, state: MonitorState | None, served: SignedCheckpoint) -> None:
        """Stop if the log signed two histories: that shows without any witness, whom a second one seldom has."""
        try:
            if state is not None:
                check_continuation(state.head, served.checkpoint, self._files.read)
        except Forked as error:
            raise _Stop(self._against("fork", state, served, error)) from error
        except LedgerError:
            return

    def _against(
        self, kind: str, state: MonitorState | None, served: SignedCheckpoint, error: LedgerError
    ) -> Event:
        """Keep the remembered and the served head, and say what is wrong with them."""
        head, held = served.checkpoint, 0 if state is None else state.head.size
        evidence = self._keep(kind, state, served.note, head.size)
        found = {"origin": head.origin, "held": held, "size": head.size, "evidence": evidence}
        return Event(kind, found | {"reason": str(error)})

    def _read_head(self, state: MonitorState | None) -> tuple[SignedCheckpoint, Event | None]:
        """The served head, and what to say of it if too few witnesses cosigned it."""
        data = self._files.read(NEWEST)
        origin = self._origin
        if data is None:
            if state is None:
                raise StorageFailed(f"{origin} has not published a checkpoint here.")
            raise _Stop(Event("unreadable", {"origin": origin, "held": state.head.size}, "gone"))
        witnesses = [witness.verifier for witness in self._trust.witnesses]
        try:
            note = open_note(data, [*self._keys, *witnesses])
            head = checkpoint_of(note, *self._keys)
        except LedgerError as error:
            raise _Stop(Event("unsigned", {"origin": origin, "reason": str(error)})) from error
        if not quorum_met(self._trust, [each for each in note.verified if each not in self._keys]):
            found = {"origin": origin, "size": head.size, "quorum": self._trust.quorum}
            return SignedCheckpoint(head, data), Event("unsigned", found, "too_few")
        return SignedCheckpoint(head, data), None

    def _read_entries(self, state: MonitorState, tell: Report) -> None:
        rules = EntryRules(self._keys, state.rules, list(state.bindings))
        range_ = CompactRange(state.checked, state.range)
        while range_.size < state.head.size:
            start = range_.size
            stop = min(start - start % TILE_WIDTH + CHUNK, state.head.size)
            events = self._read_chunk(start, stop, state, rules, range_)
            for event in events:
                tell(event)
            state = replace(
                state,
                checked=stop,
                range=range_.hashes(),
                rules=rules.rules,
                bindings=tuple(rules.bindings),
            )
            self._file.write(state)

    def _read_chunk(
        self, start: int, stop: int, state: MonitorState, rules: EntryRules, range_: CompactRange
    ) -> list[Event]:
        """What there is to tell of the entries `start` to `stop` - 1; they are in the signed tree, or this raises."""
        head, events, leaves = state.head, list[Event](), list[bytes]()
        for index, entry in zip(range(start, stop), self._entries(start, stop, head.size), strict=True):
            leaves.append(leaf_hash(entry))
            events += self._judge(index, entry, rules)[: MAX_EVENTS - len(events)]
        range_.extend(leaves)
        path = consistency_path(stop, head.size, TileReader(self._files.read, head.size))
        try:
            verify_consistency(stop, range_.root(), head.size, head.root, path)
        except Unverified as error:
            reason = self._name_wrong(start, leaves, head.size)
            raise _Stop(Event("mismatch", {"origin": head.origin, "reason": reason})) from error
        return events

    def _name_wrong(self, start: int, leaves: list[bytes], size: int) -> str:
        """Which of the leaf hashes from `start` on is not the one in the tiles, as a sentence."""
        signed = TileReader(self._files.read, size)
        for index, leaf in enumerate(leaves, start):
            if signed.read_hashes([(0, index)]) != [leaf]:
                return f"Entry {index} is not the one whose hash is in the tree of {size} entries."
        stop = start + len(leaves)
        return f"The entries {start} to {stop - 1} do not lead to the signed root of {size} entries."

    def _entries(self, start: int, stop: int, size: int) -> Iterable[bytes]:
        for number in range(start // TILE_WIDTH, -(-stop // TILE_WIDTH)):
            tile = tile_at(BUNDLES, number, size)
            bundle = decode_bundle(read_tile(self._files.read, tile))
            if len(bundle) < tile.width:
                raise StorageFailed(f"The entry bundle {number} has only {len(bundle)} entries.")
            first = number * TILE_WIDTH
            yield from bundle[max(start - first, 0) : min(stop - first, tile.width)]

    def _judge(self, index: int, entry: bytes, rules: EntryRules) -> list[Event]:
        events: list[Event] = []
        try:
            if index == 0 or rules.policy is not None:
                statement: Statement | None = rules.admit(index, entry)
            else:
                # Without rules in entry 0 no signature can be judged, which was told; names can still be watched.
                statement = parse_statement(entry)
        except LedgerError as error:
            if index == 0 or rules.policy is not None:
                events.append(Event("entry", {"index": index, "reason": str(error)}))
            return events
        named = sorted(self._watch & names_in(statement)) if self._watch and statement is not None else []
        if statement is not None and named:
            what = {"type": statement.predicate_type, "issuer": statement.claims.iss}
            events.append(Event("seen", {"index": index, "names": named, **what}))
        return events

    def _check_age(self, now: int, tell: Report) -> None:
        state = self._file.read(*self._keys)
        if not self._max_age or state is None:
            return
        time = self._stated_time(state)
        if time is None:
            tell(Event("stale", {"origin": state.head.origin}, "no_time"))
        elif now - time > self._max_age:
            tell(Event("stale", {"origin": state.head.origin, "seen_time": time, "limit": self._max_age}))

    def _stated_time(self, state: MonitorState) -> int | None:
        """The latest time that the operator's cosigner or a known witness states for the head."""
        rules = EntryRules(self._keys, state.rules)
        known: list[Verifier] = [witness.verifier for witness in self._trust.witnesses]
        if rules.policy is not None:
            known.append(rules.policy.cosigner)
        lines = {(line.name, line.key_id) for line in parse_note(state.note).signatures}
        known = [verifier for verifier in known if (verifier.name, verifier.key_id) in lines]
        times = []
        for verifier in known:
            try:
                times += [each.time for each in cosignatures(open_note(state.note, [verifier]))]
            except Unverified:
                continue
        return max(times, default=None)

    def _keep(self, kind: str, state: MonitorState | None, served: bytes, size: int) -> str:
        """Keep both signed heads, once for each pair."""
        held = 0 if state is None else state.head.size
        notes = {"served.note": served} | ({} if state is None else {"held.note": state.note})
        name = f"{kind}-{held}-{size}-{sha256(served).hexdigest()[:12]}"
        return str(self._file.keep_evidence(name, notes))
