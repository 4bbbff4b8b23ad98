"""A history that was tampered with fails at the step that names what was done."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.bindings import parse_log_policy
from ledger.checkpoint import cosign_checkpoint
from ledger.errors import Malformed, Unverified
from ledger.index.announcement import INDEX_MAP, Announcement, index_predicate, verify_announcement
from ledger.index.check import CODES, HistoryReport, check_history
from ledger.index.history import History, format_history, parse_history
from ledger.index.keys import key_hash
from ledger.index.state import IndexState, format_state
from ledger.index.trie import Leaf, commit_indices
from ledger.index.words import OUTCOMES
from ledger.indexer.entries import locate
from ledger.keys import SigningKey
from ledger.mldsa import MlDsaSigningKey
from ledger.note import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA, NoteSigner
from ledger.policy import Policy, TrustedLog, Witness, fingerprint
from ledger.report import Step
from ledger.statement import Statement
from tests.ledger.index.tampering import ABSENT, CHANGES, KEY, history, located, world
from tests.ledger.index.worlds import (
    INDEX_COSIGNER,
    INDEX_ORIGIN,
    INDEX_SIGNER,
    TRUST,
    TRUST_LOG,
    Indexed,
    asset,
    genesis,
    statement,
)
from tests.ledger.logs import COSIGNER, LOG_SIGNER, ORIGIN
from tests.ledger.market_in_a_box import Market

WITNESS = NoteSigner("witness.example/w1", SigningKey.from_seed(bytes([9]) * 32), COSIGNATURE_ED25519)
WITNESSED = Policy(TRUST.logs, (Witness("w1", WITNESS.verifier),), (), "w1")


def check(changed: History, trust: Policy = TRUST, **options: Any) -> HistoryReport:
    return check_history(format_history(changed), trust, **options)


def failed(report: HistoryReport) -> list[tuple[str, str]]:
    for step in report.steps:
        # Every sentence can be said, in both languages.
        assert step.sentence("zh")
        assert step.sentence("en")
    return [(step.code, step.cause) for step in report.steps if step.outcome == "failed"]


def test_a_good_history_passes_every_step_that_can_run() -> None:
    for trust, cause in ((TRUST, "trusted"), (TRUST_LOG, "announced")):
        report = check(history(KEY), trust, key=KEY, at_least=66, rebuilt=world().map.root)
        assert [step.code for step in report.steps] == list(CODES)
        assert report.step("index_key").cause == cause
        assert {step.code for step in report.steps if step.outcome != "passed"} == {"history_witnesses"}
        assert (report.outcome, report.exit_code) == ("passed", 0)
        assert report.history is not None
        assert report.history.indices == (2, 4, 65)


def test_it_says_what_it_does_not_show() -> None:
    report = check(history(KEY))
    assert report.outcome == "passed_with_gaps"
    assert report.step("rebuilt").outcome == "not_run"
    assert "all entries" in report.step("rebuilt").sentence()
    assert "Who signed them is not checked" in report.step("mapped").sentence()


def test_absence_is_proved() -> None:
    report = check(history(ABSENT), key=ABSENT)
    assert report.ok
    assert (report.step("map").outcome, report.step("map").cause) == ("passed", "absent")
    assert report.step("entries").outcome == "not_run"


def test_without_entries_the_list_is_proved_all_the_same() -> None:
    report = check_history(world().prove(KEY, with_entries=False), TRUST)
    assert report.ok
    assert report.step("map").cause == "present"
    assert report.step("entries").cause == report.step("mapped").cause == "left_out"


@pytest.mark.parametrize(("change", "step"), CHANGES.items())
def test_a_change_fails_the_step_that_names_it(
    change: Callable[[History], History], step: tuple[str, str]
) -> None:
    report = check(change(history(KEY)))
    assert failed(report)[0] == step
    assert report.outcome == "failed"


def test_presence_of_another_key_is_not_its_absence() -> None:
    """The leaf that looking up the absent key ends in is another's, and cannot be shown as its own."""
    good = history(ABSENT)
    assert good.other is not None
    shown = replace(good, indices=(2,), entries=(located(2),), other=None)
    assert failed(check(shown)) == [("map", "incomplete"), ("mapped", "")]


def test_a_list_with_an_entry_that_does_not_name_the_key_is_the_indexs_fault() -> None:
    """As an operator would have to do it: a map root over a wrong list, signed."""
    made = Indexed(genesis())
    made.publish(statement(1), statement(2))
    hashed = key_hash(KEY)
    state = IndexState(made.log.head, Leaf(hashed, commit_indices([2, 3])).hash)
    made.index_log.append([format_state(state)])
    published = made.index_log.publish(made.time)
    reader = made.reader()
    good = parse_history(_first_history(made))
    wrong = replace(
        good,
        checkpoint=reader.checkpoint_at(4).note,
        index_checkpoint=published.note,
        state=format_state(state),
        state_index=0,
        state_path=(),
        map_path=(),
        indices=(2, 3),
        entries=tuple(locate(reader, [2, 3], reader.checkpoint_at(4))),
        supporting=(),
    )
    report = check(wrong, key=KEY)
    assert failed(report) == [("mapped", "")]
    assert report.step("mapped").params["entry"] == 3
    assert failed(check(wrong, rebuilt=bytes(32))) == [("mapped", ""), ("rebuilt", "")]


def _first_history(made: Indexed) -> bytes:
    other = Indexed(genesis())
    other.publish(*made.entries[2:])
    other.follow()
    return other.prove(KEY)


def test_another_keys_history_is_not_what_was_asked_for() -> None:
    report = check(history(asset(2)), key=KEY)
    assert failed(report) == [("asked", "")]


def test_a_history_that_ends_before_what_one_knows_is_too_old() -> None:
    assert failed(check(history(KEY), at_least=67)) == [("recent", "")]


def test_another_rebuilt_root_is_the_operators_fault() -> None:
    assert failed(check(history(KEY), rebuilt=bytes(32))) == [("rebuilt", "")]


def test_keys_come_from_the_trust_file_or_the_ledger_alone() -> None:
    stranger = NoteSigner(INDEX_ORIGIN, SigningKey.from_seed(bytes([8]) * 32))
    contradicting = Policy((*TRUST_LOG.logs, TrustedLog(stranger.verifier)))
    assert failed(check(history(KEY), contradicting)) == [("index_key", "contradicts")]
    bare = replace(history(KEY), supporting=())
    assert failed(check(bare, TRUST_LOG)) == [("index_key", "unknown")]
    assert failed(check(bare, TRUST)) == []
    assert failed(check(bare, contradicting)) == [("index_log", "signature")]
    other_log = NoteSigner(ORIGIN, SigningKey.from_seed(bytes([8]) * 32))
    assert failed(check(history(KEY), Policy((TrustedLog(other_log.verifier),)))) == [
        ("history_log", "signature")
    ]
    elsewhere = Policy((TrustedLog(NoteSigner("elsewhere.example", LOG_SIGNER._key).verifier),))
    assert failed(check(history(KEY), elsewhere)) == [("history_log", "unknown_log")]


def test_witnesses_must_have_seen_both_log_and_index() -> None:
    good = history(KEY)
    both = replace(
        good,
        checkpoint=cosign_checkpoint(good.checkpoint, WITNESS, 1),
        index_checkpoint=cosign_checkpoint(good.index_checkpoint, WITNESS, 1),
    )
    assert check(both, WITNESSED).step("history_witnesses").outcome == "passed"
    for missing in (
        replace(both, checkpoint=good.checkpoint),
        replace(both, index_checkpoint=good.index_checkpoint),
    ):
        assert failed(check(missing, WITNESSED)) == [("history_witnesses", "too_few")]
    text, _, lines = both.index_checkpoint.rpartition(b"\n\n")
    other = cosign_checkpoint(good.checkpoint, WITNESS, 1).rpartition(b"\n")[0].rpartition(b"\n")[2]
    swapped = replace(both, index_checkpoint=good.index_checkpoint + other + b"\n")
    assert text
    assert lines
    assert failed(check(swapped, WITNESSED)) == [("history_witnesses", "signature")]


def test_a_witness_that_cannot_be_checked_here_does_not_hide_another(monkeypatch: pytest.MonkeyPatch) -> None:
    quantum = NoteSigner("witness.example/w2", MlDsaSigningKey.from_seed(bytes(32)), COSIGNATURE_ML_DSA)
    witnesses = (Witness("w2", quantum.verifier), Witness("w1", WITNESS.verifier))
    notes = [history(KEY).checkpoint, history(KEY).index_checkpoint]
    cosigned = [cosign_checkpoint(cosign_checkpoint(note, quantum, 1), WITNESS, 1) for note in notes]
    both = replace(history(KEY), checkpoint=cosigned[0], index_checkpoint=cosigned[1])
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    enough = check(both, Policy(TRUST.logs, witnesses, (), "w1")).step("history_witnesses")
    assert (enough.outcome, enough.params["names"]) == ("passed", ["w1"])
    missing = check(both, Policy(TRUST.logs, witnesses, (), "w2"))
    assert failed(missing) == [("history_witnesses", "unsupported")]
    assert missing.step("history_witnesses").params["names"] == ["w2"]


def test_the_outcome_is_said_in_both_languages() -> None:
    report = check(history(KEY))
    assert (report.sentence(), report.sentence("zh")) == OUTCOMES[report.outcome]
    assert report.sentence("en") == report.sentence()


def test_of_what_cannot_be_read_only_that_is_said() -> None:
    report = check_history(b"{}", TRUST)
    with pytest.raises(Malformed) as error:
        parse_history(b"{}")
    assert report.steps == (
        Step("readable", "failed", {"reason": str(error.value)}, "history"),
        *(Step(code, "not_run", {}, "depends") for code in CODES[1:]),
    )
    assert report.history is None
    assert check(history(KEY)).steps[0] == Step("readable", "passed", {}, "history")


def test_the_report_names_the_trust_file() -> None:
    assert check(history(KEY)).step("history_log").params["trust"] == fingerprint(TRUST)[:16]


def test_a_list_does_not_go_beyond_the_log() -> None:
    good, size = history(KEY), world().log.head.size
    assert good.entries is not None
    beyond = replace(good.entries[-1], index=size)
    longer = replace(good, indices=(*good.indices, size), entries=(*good.entries, beyond))
    assert failed(check(longer))[0] == ("map", "beyond")


def test_entry_0_names_the_very_key_that_is_trusted() -> None:
    market, other = Market(origin=ORIGIN), NoteSigner(ORIGIN, SigningKey.from_seed(bytes([8]) * 32))
    policy = market.log_policy(log=other.vkey, cosigner=COSIGNER.vkey)
    made = Indexed([policy.leaf_bytes, *genesis()[1:], statement(1)])
    made.follow()
    assert failed(check_history(made.prove(KEY), TRUST_LOG)) == [("index_key", "unusable")]


def test_the_index_is_named_by_the_platform_to_this_log() -> None:
    market = Market(origin=ORIGIN)
    policy, platform = parse_log_policy(market.log_policy()), market.platform_org
    keys = Announcement(INDEX_SIGNER.verifier, INDEX_COSIGNER.verifier)

    def named(iss: str, aud: str) -> Statement:
        predicate = index_predicate(keys.log, keys.cosigner)
        return market.statement(INDEX_MAP, predicate, market.platform, iss, aud=aud, name="index-map")

    assert verify_announcement(named(platform, ORIGIN), policy) == keys
    for iss, aud in ((market.org(1), ORIGIN), (platform, "elsewhere.example")):
        with pytest.raises(Unverified, match="not issued by the platform to this log"):
            verify_announcement(named(iss, aud), policy)


@given(st.integers(0, 10**9), st.integers(1, 255))
def test_no_byte_of_a_history_can_be_changed(place: int, by: int) -> None:
    for key in (KEY, ABSENT):
        data = bytearray(format_history(history(key)))
        data[place % len(data)] ^= by
        report = check_history(bytes(data), TRUST, key=key, rebuilt=world().map.root)
        assert not report.ok or _is_cosignature_only(bytes(data), key)


def _is_cosignature_only(data: bytes, key: str) -> bool:
    """Lines of keys that the trust file does not name may be anything: nobody relies on them."""
    good, found = history(key), parse_history(data)
    return _without_strangers(good) == _without_strangers(found)


def _without_strangers(found: History) -> History:
    def cut(note: bytes) -> bytes:
        return b"\n".join(note.split(b"\n")[:5])

    return replace(found, checkpoint=cut(found.checkpoint), index_checkpoint=cut(found.index_checkpoint))
