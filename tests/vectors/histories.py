"""Histories of keys with the trust file that they are to be judged by, and what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ledger.checkpoint import cosign_checkpoint
from ledger.index.check import HistoryReport, check_history
from ledger.index.history import History, format_history, parse_history
from ledger.keys import SigningKey
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.policy import Policy, TrustedLog, Witness, format_policy
from tests.ledger.index.tampering import ABSENT, CHANGES, KEY, history, located, world
from tests.ledger.index.worlds import INDEX_ORIGIN, TRUST, TRUST_LOG, asset
from tests.ledger.logs import ORIGIN

REGISTRATIONS = "kind:urn:datawharf:predicate/registration/v1"
STRANGER = SigningKey.from_seed(bytes([8]) * 32)
WITNESS = NoteSigner("witness.example/w1", SigningKey.from_seed(bytes([9]) * 32), COSIGNATURE_ED25519)
WITNESSED = Policy(TRUST.logs, (Witness("w1", WITNESS.verifier),), (), "w1")
LEFT_OUT = "byte "


@dataclass(frozen=True)
class HistoryCase:
    """A history, good or not, and what its reader knows; see `ledger.index.check.check_history`."""

    name: str
    data: bytes
    trust: Policy = TRUST_LOG
    key: str | None = None
    at_least: int | None = None
    rebuilt: bytes | None = None

    def judged(self) -> HistoryReport:
        return check_history(
            self.data, self.trust, key=self.key, at_least=self.at_least, rebuilt=self.rebuilt
        )


def cases() -> list[HistoryCase]:
    return [*_good(), *_tampered(), *_asked_otherwise(), *_trusted_otherwise(), *_witnessed(), *_bytes()]


def histories() -> list[dict[str, Any]]:
    """[{name, history, trust, key, atLeast, rebuilt, verdict, failing}]; single bytes are left to each reader's tests."""
    return [_row(case) for case in cases() if not case.name.startswith(LEFT_OUT)]


def _row(case: HistoryCase) -> dict[str, Any]:
    report = case.judged()
    return {
        "name": case.name,
        "history": case.data.decode(),
        "trust": format_policy(case.trust).decode(),
        "key": case.key,
        "atLeast": case.at_least,
        "rebuilt": case.rebuilt.hex() if case.rebuilt else None,
        "verdict": "accept" if report.ok else "refuse",
        "failing": [step.code for step in report.steps if step.outcome == "failed"],
    }


def _good() -> Iterator[HistoryCase]:
    made = world()
    present, absent = made.prove(KEY), made.prove(ABSENT)
    bare = format_history(replace(history(KEY), supporting=()))
    yield HistoryCase("present", present)
    yield HistoryCase("present, all known", present, TRUST, KEY, 66, made.map.root)
    yield HistoryCase("absent", absent, key=ABSENT)
    yield HistoryCase("without its entries", made.prove(KEY, with_entries=False))
    yield HistoryCase("sixty-four entries", made.prove(REGISTRATIONS), key=REGISTRATIONS)
    yield HistoryCase("the index named by the trust file alone", bare, TRUST)


def _tampered() -> Iterator[HistoryCase]:
    for change in CHANGES:
        name = change.__name__.replace("_", " ")
        yield HistoryCase(f"tampered: {name}", format_history(change(history(KEY))))
    good = history(ABSENT)
    shown = replace(good, indices=(2,), entries=(located(2),), other=None)
    yield HistoryCase("tampered: another key's leaf as one's own", format_history(shown))
    data = world().prove(KEY)
    for name, old, new in (
        ("another version", b'"version":1', b'"version":2'),
        ("spaced", b'"version":1', b'"version": 1'),
        ("an unknown member", b'"version":1', b'"version":1,"x":1'),
        ("a truncated list of indices", b"[2,4,65]", b"[2,4]"),
        ("descending indices", b"[2,4,65]", b"[4,2,65]"),
        ("an index as text", b"[2,4,65]", b'[2,4,"65"]'),
        ("another map function", b'"state":"', b'"state":"AA'),
        ("no key", b'"key":"asset', b'"kex":"asset'),
    ):
        assert old in data, name
        yield HistoryCase(f"unreadable: {name}", data.replace(old, new, 1))
    yield HistoryCase("unreadable: cut", data[:-100])
    yield HistoryCase("unreadable: no history", b"no history")


def _asked_otherwise() -> Iterator[HistoryCase]:
    yield HistoryCase("another key than asked for", world().prove(asset(2)), key=KEY)
    yield HistoryCase("older than known", world().prove(KEY), at_least=67)
    yield HistoryCase("made again with another root", world().prove(KEY), rebuilt=bytes(32))


def _trusted_otherwise() -> Iterator[HistoryCase]:
    data = world().prove(KEY)
    bare = format_history(replace(history(KEY), supporting=()))
    index, log = (TrustedLog(NoteSigner(name, STRANGER).verifier) for name in (INDEX_ORIGIN, ORIGIN))
    elsewhere = TrustedLog(NoteSigner("elsewhere.example", STRANGER).verifier)
    yield HistoryCase("another key of the index trusted", data, Policy((*TRUST_LOG.logs, index)))
    yield HistoryCase("nobody names the index", bare)
    yield HistoryCase("the index signed by another key", bare, Policy((*TRUST_LOG.logs, index)))
    yield HistoryCase("another key of the log trusted", data, Policy((log,)))
    yield HistoryCase("a log that goes over to another key", data, Policy((log, *TRUST_LOG.logs)))
    yield HistoryCase("another log trusted", data, Policy((elsewhere,)))


def _witnessed() -> Iterator[HistoryCase]:
    good = history(KEY)
    both = replace(
        good,
        checkpoint=cosign_checkpoint(good.checkpoint, WITNESS, 1),
        index_checkpoint=cosign_checkpoint(good.index_checkpoint, WITNESS, 1),
    )
    foreign = cosign_checkpoint(good.checkpoint, WITNESS, 1).splitlines(keepends=True)[-1]
    changes: dict[str, History] = {
        "witnessed": both,
        "witnessed: the log's state not": replace(both, checkpoint=good.checkpoint),
        "witnessed: the index's state not": replace(both, index_checkpoint=good.index_checkpoint),
        "witnessed: a line of another note": replace(both, index_checkpoint=good.index_checkpoint + foreign),
    }
    for name, changed in changes.items():
        yield HistoryCase(name, format_history(changed), WITNESSED)


def _bytes() -> Iterator[HistoryCase]:
    """One byte changed in each of many places: for whoever compares whole reports."""
    data = world().prove(KEY)
    assert parse_history(data).indices
    for place in range(0, len(data), 97):
        changed = bytes((data[place] ^ 1,))
        yield HistoryCase(f"byte {place}", data[:place] + changed + data[place + 1 :])
