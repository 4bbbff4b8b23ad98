"""With the history of the signing key at hand, a receipt says whether the key was withdrawn before it signed."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.check import check_bundle
from ledger.errors import Malformed
from ledger.index.check import check_history
from ledger.index.withdrawal import KEY_WITHDRAWAL, key_of_history, key_of_signer
from ledger.policy import Policy, TrustedLog
from ledger.receipt import format_bundle
from ledger.report import Report, Step
from ledger.statement import Statement
from tests.ledger.index.worlds import TRUST, TRUST_LOG, Indexed, genesis, statement
from tests.ledger.logs import ORIGIN
from tests.ledger.market_in_a_box import Market, key

MARKET = Market(origin=ORIGIN)
SIGNER, ORG = key(30), MARKET.org(5)
BINDING = MARKET.binding(SIGNER, ORG)
FACT = MARKET.registration(SIGNER, ORG)
KEY = key_of_history(SIGNER.public)


def withdrawal(reason: str = "rotated", **changes: Any) -> Statement:
    predicate = {
        "org": ORG,
        "key": SIGNER.public.raw.hex(),
        "binding": BINDING.leaf_hash.hex(),
        "reason": reason,
    }
    signer, iss = changes.pop("signer", MARKET.platform), changes.pop("iss", MARKET.platform_org)
    return MARKET.statement(KEY_WITHDRAWAL, predicate | changes, signer, iss, name="key")


def world(*entries: Statement) -> Indexed:
    """Entry 2 binds the key; the entries follow from 3 on."""
    made = Indexed([*genesis(), BINDING.leaf_bytes])
    made.publish(*(entry.leaf_bytes for entry in entries))
    made.follow()
    return made


def check(made: Indexed, index: int, history: bytes | None = None, trust: Policy = TRUST) -> Report:
    receipt = made.reader().receipt(index, supporting=(2, 0))
    return check_bundle(receipt, trust, history=made.prove(KEY) if history is None else history)


def step(report: Report) -> Step:
    found = report.step("key_not_revoked")
    assert found.sentence("zh")
    return found


def test_a_key_that_nobody_withdrew_passes() -> None:
    report = check(world(FACT), 3)
    assert step(report).outcome == "passed"
    assert step(report).params == {"index": 3, "size": 4}
    assert {each.code for each in report.steps if each.outcome != "passed"} == {
        "fingerprint",
        "witnesses",
        "openings",
    }


def test_the_index_need_not_be_in_the_trust_file() -> None:
    assert step(check(world(FACT), 3, trust=TRUST_LOG)).outcome == "passed"


def test_a_statement_after_the_withdrawal_is_no_longer_valid() -> None:
    report = check(world(withdrawal(), FACT), 4)
    assert (step(report).outcome, step(report).params["entry"]) == ("failed", 3)
    assert (report.outcome, report.exit_code) == ("no_longer_valid", 3)


def test_what_was_signed_before_the_withdrawal_stays_valid() -> None:
    assert step(check(world(FACT, withdrawal()), 3)).outcome == "passed"
    late = step(check(world(FACT, withdrawal("compromised")), 3))
    assert (late.outcome, late.cause, late.params["entry"]) == ("warning", "compromised_later", 4)


@pytest.mark.parametrize(
    "other",
    [
        withdrawal(signer=SIGNER),
        withdrawal(iss=ORG),
        withdrawal(org=MARKET.org(6)),
        withdrawal(key=key(31).public.raw.hex()),
        MARKET.binding(SIGNER, MARKET.org(6)),
    ],
)
def test_what_is_no_withdrawal_of_this_key_by_the_platform_does_not_count(other: Statement) -> None:
    assert step(check(world(other, FACT), 4)).outcome == "passed"


def test_a_withdrawal_before_the_binding_does_not_count() -> None:
    made = Indexed([*genesis(), withdrawal().leaf_bytes, BINDING.leaf_bytes, FACT.leaf_bytes])
    made.follow()
    receipt = made.reader().receipt(4, supporting=(3, 0))
    assert step(check_bundle(receipt, TRUST, history=made.prove(KEY))).outcome == "passed"


def test_the_platforms_own_key_has_a_history_too() -> None:
    made = world(FACT)
    platform = key_of_history(MARKET.platform.public)
    receipt = made.reader().receipt(2, supporting=(0,))
    assert step(check_bundle(receipt, TRUST, history=made.prove(platform))).outcome == "passed"


def test_the_statement_that_withdraws_the_key_which_signs_it_is_its_last() -> None:
    own = {"org": MARKET.platform_org, "key": MARKET.platform.public.raw.hex()}
    made = world(withdrawal(**own), withdrawal("unused", **own))
    platform = made.prove(key_of_history(MARKET.platform.public))
    outcomes = [
        step(check_bundle(made.reader().receipt(index, supporting=(0,)), TRUST, history=platform)).outcome
        for index in (3, 4)
    ]
    assert outcomes == ["passed", "failed"]


def test_a_history_that_hides_the_withdrawal_is_not_accepted() -> None:
    made = world(withdrawal(), FACT)
    before = Indexed([*genesis(), BINDING.leaf_bytes])
    before.follow()
    for history, failed in (
        (before.prove(KEY), "recent"),
        (made.prove("org:other"), "asked"),
        (b"{}", "readable"),
    ):
        found = step(check(made, 4, history))
        assert (found.outcome, found.cause, found.params["step"]) == ("warning", "unproved", failed)


def test_what_was_wrong_with_a_history_is_said_in_words() -> None:
    made = world(FACT)
    found = step(check(made, 3, b"{}"))
    assert "the form of the history does not hold" in found.sentence("en")
    assert "历史记录格式不成立" in found.sentence("zh")
    assert "what was asked" in step(check(made, 3, made.prove("org:other"))).sentence("en")


def test_a_receipt_says_which_history_goes_with_it() -> None:
    made = world(FACT)
    assert key_of_signer(made.reader().receipt(3, supporting=(2, 0))) == KEY
    assert key_of_signer(made.reader().receipt(2, supporting=(0,))) == key_of_history(MARKET.platform.public)
    assert key_of_signer(made.reader().receipt(0)) == key_of_history(MARKET.platform.public)
    with pytest.raises(Malformed, match="which key"):
        key_of_signer(made.reader().receipt(3, supporting=(0,)))


def test_a_history_without_entries_says_nothing_of_withdrawals() -> None:
    made = world(FACT)
    found = step(check(made, 3, made.prove(KEY, with_entries=False)))
    assert (found.outcome, found.cause) == ("warning", "left_out")


def test_a_history_of_another_ledger_does_not_count() -> None:
    made = world(FACT)
    other = Market(origin="other.example/log")
    trust = Policy((*TRUST.logs, TrustedLog(other.log_signer.verifier)))
    other.add(other.binding(SIGNER, other.org(5)))
    other.add(other.registration(SIGNER, other.org(5)))
    receipt = format_bundle(other.bundle(2, supporting=(1, 0)))
    found = step(check_bundle(receipt, trust, history=made.prove(KEY)))
    assert (found.outcome, found.cause) == ("warning", "other_log")
    assert check_history(made.prove(KEY), trust).ok


def test_without_the_history_or_the_binding_nothing_is_said() -> None:
    made = world(FACT)
    receipt = made.reader().receipt(3, supporting=(2, 0))
    assert step(check_bundle(receipt, TRUST)).outcome == "not_run"
    unbound = made.reader().receipt(3, supporting=(0,))
    found = step(check_bundle(unbound, TRUST, history=made.prove(KEY)))
    assert (found.outcome, found.cause) == ("not_run", "depends")


def test_other_entries_of_the_key_are_no_matter() -> None:
    """A statement of any kind may name the key; it withdraws nothing."""
    made = Indexed([*genesis(), BINDING.leaf_bytes, FACT.leaf_bytes, statement(1)])
    named = MARKET.statement(
        "urn:datawharf:predicate/note/v1", {"key": SIGNER.public.raw.hex()}, key(31), ORG
    )
    made.publish(named.leaf_bytes)
    made.follow()
    history = check_history(made.prove(KEY), TRUST).history
    assert history is not None
    assert history.indices == (2, 5)
    assert step(check(made, 3)).outcome == "passed"
