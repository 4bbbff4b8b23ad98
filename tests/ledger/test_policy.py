"""Trust files: every one reads back, a log in rotation has two keys, and witnesses may have keys of either kind."""

from __future__ import annotations

import random
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.check import check_bundle
from ledger.checkpoint import cosign_checkpoint, format_checkpoint, open_checkpoint
from ledger.errors import Malformed, Unverified
from ledger.keys import SigningKey
from ledger.mldsa import MlDsaPublicKey, MlDsaSigningKey
from ledger.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA,
    NOTE_ED25519,
    NoteSigner,
    Verifier,
    sign_note,
)
from ledger.policy import (
    Group,
    Policy,
    TrustedLog,
    Witness,
    fingerprint,
    format_policy,
    parse_policy,
    quorum_met,
)
from ledger.receipt import format_bundle
from ledger.report import Report
from tests.ledger import vectors
from tests.ledger.market_in_a_box import TIME, Market, key
from tests.ledger.witnesses import ListLog


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy of up to three keys of two logs, six witnesses of both kinds, and groups of groups."""
    urls = st.none() | st.sampled_from(["https://a.example/x", "http://[::1]:8011"])
    origins = draw(st.lists(st.sampled_from(["log.example/a", "log.example/b"]), min_size=1, max_size=3))
    logs = tuple(
        TrustedLog(Verifier(origin, NOTE_ED25519, key(100 + number).public), draw(urls))
        for number, origin in enumerate(origins)
    )
    kinds = draw(st.lists(st.booleans(), max_size=6))
    witnesses = tuple(
        Witness(f"w{number}", _witness_key(number, ml_dsa=kind), draw(urls))
        for number, kind in enumerate(kinds)
    )
    free = [witness.name for witness in witnesses]
    groups: list[Group] = []
    while free and draw(st.booleans()) and len(groups) < 4:
        members = draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
        groups.append(Group(f"g{len(groups)}", draw(st.integers(1, len(members))), tuple(members)))
        free = [name for name in free if name not in members] + [groups[-1].name]
    names = [witness.name for witness in witnesses] + [group.name for group in groups]
    return Policy(logs, witnesses, tuple(groups), draw(st.none() | st.sampled_from(names)) if names else None)


def _witness_key(number: int, *, ml_dsa: bool) -> Verifier:
    if ml_dsa:
        raw = random.Random(number).randbytes(1312)
        return Verifier(f"witness.example/{number}", COSIGNATURE_ML_DSA, MlDsaPublicKey(raw))
    return Verifier(f"witness.example/{number}", COSIGNATURE_ED25519, key(120 + number).public)


@given(policies())
def test_policies_read_back(policy: Policy) -> None:
    assert parse_policy(format_policy(policy)) == policy
    assert len(fingerprint(policy)) == 64


@given(policies(), st.data())
def test_the_quorum_is_what_the_words_of_the_specification_say(policy: Policy, data: st.DataObject) -> None:
    seen = {each.name for each in policy.witnesses if data.draw(st.booleans())}
    groups = {group.name: group for group in policy.groups}

    def met(name: str) -> bool:
        group = groups.get(name)
        return name in seen if group is None else sum(map(met, group.members)) >= group.threshold

    verifiers = [each.verifier for each in policy.witnesses if each.name in seen]
    assert quorum_met(policy, verifiers) is (policy.quorum is None or met(policy.quorum))


@given(st.binary(max_size=60) | policies().map(lambda policy: format_policy(policy)[:-1]))
def test_any_bytes_are_a_policy_or_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_policy(data)


LOG = ListLog()
OLD, NEW, NEXT = (NoteSigner(LOG.origin, SigningKey.from_seed(bytes([seed]) * 32)) for seed in (50, 51, 52))
TEXT = format_checkpoint(LOG.checkpoint(7))


def test_a_log_in_rotation_has_two_keys_and_either_will_do() -> None:
    trust = Policy((TrustedLog(OLD.verifier), TrustedLog(NEW.verifier)))
    assert parse_policy(format_policy(trust)) == trust
    keys = trust.log_keys(LOG.origin)
    assert keys == (OLD.verifier, NEW.verifier)
    assert trust.log_keys("log.example/other") == ()
    for signers in ([OLD], [NEW], [OLD, NEW], [NEXT, NEW]):
        assert open_checkpoint(sign_note(TEXT, signers), *keys) == LOG.checkpoint(7)
    with pytest.raises(Unverified):
        open_checkpoint(sign_note(TEXT, [NEXT]), *keys)


def test_both_lines_must_hold_where_both_keys_are_trusted() -> None:
    wrong = sign_note(format_checkpoint(LOG.checkpoint(8)), [NEW]).splitlines(keepends=True)[-1]
    note = sign_note(TEXT, [OLD]) + wrong
    with pytest.raises(Unverified):
        open_checkpoint(note, OLD.verifier, NEW.verifier)
    assert open_checkpoint(note, OLD.verifier) == LOG.checkpoint(7)


def test_a_key_of_another_log_speaks_for_no_checkpoint() -> None:
    other = NoteSigner("log.example/other", SigningKey.from_seed(bytes([53]) * 32))
    with pytest.raises(Unverified, match="its key is of"):
        open_checkpoint(sign_note(TEXT, [OLD, other]), OLD.verifier, other.verifier)


def test_no_key_may_stand_twice_in_whatever_role() -> None:
    with pytest.raises(Malformed, match="same key twice"):
        Policy((TrustedLog(OLD.verifier), TrustedLog(OLD.verifier)))
    renamed = Verifier("log.example/other", NOTE_ED25519, OLD.verifier.key)
    with pytest.raises(Malformed, match="same key twice"):
        Policy((TrustedLog(OLD.verifier), TrustedLog(renamed)))
    with pytest.raises(Malformed, match="signs checkpoints"):
        Policy((TrustedLog(_witness_key(1, ml_dsa=True)),))


MARKET = Market()
PROVIDER = key(20)
MARKET.add(MARKET.binding(PROVIDER, MARKET.org(1)))
MARKET.add(MARKET.registration(PROVIDER, MARKET.org(1)))
POST_QUANTUM = NoteSigner("witness.example/pq", MlDsaSigningKey.from_seed(vectors.SEED), COSIGNATURE_ML_DSA)


def check(note: bytes, trust: Policy) -> Report:
    return check_bundle(format_bundle(replace(MARKET.bundle(2), checkpoint=note)), trust)


def test_a_receipt_passes_under_either_key_of_the_log() -> None:
    new = NoteSigner(MARKET.origin, key(77))
    text = MARKET.checkpoint(cosigned=False).decode().partition("\n\n")[0] + "\n"
    both = Policy((TrustedLog(new.verifier), TrustedLog(MARKET.log_signer.verifier)))
    for signers in ([MARKET.log_signer], [new], [MARKET.log_signer, new]):
        report = check(cosign_checkpoint(sign_note(text, signers), MARKET.cosigner, TIME), both)
        assert report.ok, [step.sentence() for step in report.steps]
    report = check(sign_note(text, [new]), Policy((TrustedLog(MARKET.log_signer.verifier),)))
    assert report.step("log_signature").outcome == "failed"
    report = check(sign_note(text, [new]), Policy((TrustedLog(new.verifier),)))
    assert (report.step("log_policy").outcome, report.step("log_policy").cause) == ("failed", "other_log")


def trust_with(*witnesses: Witness) -> Policy:
    group = Group("all", len(witnesses), tuple(witness.name for witness in witnesses))
    return replace(MARKET.trust(), witnesses=witnesses, groups=(group,), quorum="all")


def test_an_ml_dsa_witness_counts_and_states_the_time() -> None:
    trust = trust_with(Witness("pq", POST_QUANTUM.verifier), Witness("w1", MARKET.witness.verifier))
    note = cosign_checkpoint(MARKET.checkpoint(witnessed=TIME + 9), POST_QUANTUM, TIME + 5)
    report = check(note, trust)
    assert report.step("witnesses").params["names"] == ["pq", "w1"]
    assert (report.step("time").params["by"], report.step("time").params["not_after_time"]) == (
        "pq",
        TIME + 5,
    )
    tampered = note.replace(b"\n3\n", b"\n4\n")
    assert check(tampered, trust).step("log_signature").outcome == "failed"


def test_a_cosignature_without_a_time_counts_but_dates_nothing() -> None:
    note = cosign_checkpoint(MARKET.checkpoint(), POST_QUANTUM, 0)
    report = check(note, trust_with(Witness("pq", POST_QUANTUM.verifier)))
    assert report.step("witnesses").outcome == "passed"
    assert report.step("time").params["by"] == MARKET.cosigner.name


def test_what_cannot_be_checked_here_never_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    note = cosign_checkpoint(MARKET.checkpoint(witnessed=TIME), POST_QUANTUM, TIME)
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    both = trust_with(Witness("pq", POST_QUANTUM.verifier), Witness("w1", MARKET.witness.verifier))
    step = check(note, both).step("witnesses")
    assert (step.outcome, step.cause, step.params["names"]) == ("failed", "unsupported", ["pq"])
    assert check(note, replace(both, quorum="w1")).step("witnesses").outcome == "passed"
    third = Witness("w3", _witness_key(3, ml_dsa=False))
    assert check(note, trust_with(*both.witnesses, third)).step("witnesses").cause == "too_few"
