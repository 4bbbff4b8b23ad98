"""Time-stamp tokens of a local authority: what they prove offline, and every way in which they must not."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from rfc3161_client import decode_timestamp_response
from rfc3161_client._rust import parse_timestamp_request

from ledger.check import check_bundle
from ledger.errors import Malformed, Unsupported, Unverified
from ledger.policy import Policy
from ledger.receipt import format_bundle
from ledger.report import Step
from ledger.timestamp import (
    MAX_TOKEN,
    Timestamp,
    Token,
    format_timestamp_request,
    verify_timestamp,
)
from tests.ledger.authority import START, Authority, der, integer, sequence
from tests.ledger.market_in_a_box import TIME, Market, key

AUTHORITY = Authority()
DATA = b"log.example\n7\n..."
WHEN = START + timedelta(days=30)
TOKEN = AUTHORITY.token(DATA, WHEN)
ROOTS = [AUTHORITY.pem]
GOOD = Timestamp(int(WHEN.timestamp()), "CN=Test Time Authority")


def test_a_token_proves_when_the_data_existed_and_according_to_whom() -> None:
    assert verify_timestamp(TOKEN, DATA, ROOTS) == GOOD
    others = [Authority("Another").pem, AUTHORITY.pem + Authority("A third").pem]
    assert verify_timestamp(TOKEN, DATA, others) == GOOD


def test_a_request_names_the_digest_and_wants_the_certificates() -> None:
    request = parse_timestamp_request(format_timestamp_request(DATA))
    assert request.cert_req
    answer = decode_timestamp_response(TOKEN)
    assert request.message_imprint.message == answer.tst_info.message_imprint.message


@pytest.mark.parametrize(
    ("accuracy", "later"),
    [
        (sequence(integer(1)), 1),
        (sequence(integer(59), der(0x80, b"\x01")), 60),
        (sequence(der(0x80, b"\x01\xf4"), der(0x81, b"\x01")), 1),
    ],
)
def test_the_time_is_the_latest_that_the_authority_allows(accuracy: bytes, later: int) -> None:
    token = AUTHORITY.token(DATA, WHEN, accuracy=accuracy)
    assert verify_timestamp(token, DATA, ROOTS).time == GOOD.time + later


SAME_NAME = Authority()
SELF_MADE = Authority()
SELF_MADE.embedded = [SELF_MADE.root]
BESIDE_THE_REAL = Authority()
BESIDE_THE_REAL.embedded = [AUTHORITY.certificate, AUTHORITY.root]
WRONG_PURPOSE = Authority(purpose=ExtendedKeyUsageOID.CODE_SIGNING)


@pytest.mark.parametrize(
    ("token", "roots"),
    [
        (AUTHORITY.token(b"other", WHEN), ROOTS),
        (SAME_NAME.token(DATA, WHEN), ROOTS),
        (SELF_MADE.token(DATA, WHEN), ROOTS),
        (BESIDE_THE_REAL.token(DATA, WHEN), ROOTS),
        (WRONG_PURPOSE.token(DATA, WHEN), [WRONG_PURPOSE.pem]),
        (AUTHORITY.token(DATA, START - timedelta(days=1)), ROOTS),
        (AUTHORITY.token(DATA, START + timedelta(days=366)), ROOTS),
        (AUTHORITY.token(DATA, WHEN, status=1), ROOTS),
        (AUTHORITY.token(DATA, WHEN, status=2), ROOTS),
        (TOKEN, []),
        (TOKEN, [Authority("Another").pem]),
    ],
    ids=[
        "other data",
        "another authority of the same name",
        "brings its own root",
        "brings the real certificates",
        "key for another purpose",
        "before the certificate",
        "after the certificate",
        "granted with changes",
        "rejected",
        "no root",
        "another root",
    ],
)
def test_what_proves_nothing_is_refused(token: bytes, roots: list[bytes]) -> None:
    with pytest.raises(Unverified):
        verify_timestamp(token, DATA, roots)


def test_no_changed_bit_of_a_token_changes_what_it_says() -> None:
    """Some bits of a CMS are not signed (versions, names of algorithms); they must not matter either."""
    for position in range(len(TOKEN)):
        for bit in (0, 7):
            changed = bytearray(TOKEN)
            changed[position] ^= 1 << bit
            try:
                found = verify_timestamp(bytes(changed), DATA, ROOTS)
            except (Malformed, Unverified):
                continue
            assert found == GOOD


@pytest.mark.parametrize("token", [b"", b"0\x00", TOKEN[:-1], TOKEN + b"\0", b"x" * (MAX_TOKEN + 1)])
def test_what_is_no_answer_is_malformed(token: bytes) -> None:
    with pytest.raises(Malformed):
        verify_timestamp(token, DATA, ROOTS)


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_in_words(token: bytes) -> None:
    with pytest.raises((Malformed, Unverified)):
        verify_timestamp(token, DATA, ROOTS)


def test_a_root_must_be_pem() -> None:
    for root in (b"", b"x", AUTHORITY.pem[:200]):
        with pytest.raises(Malformed, match="PEM"):
            verify_timestamp(TOKEN, DATA, [root])


def test_without_the_package_the_error_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(Unsupported, match="rfc3161-client"):
        verify_timestamp(TOKEN, DATA, ROOTS)
    with pytest.raises(Unsupported):
        format_timestamp_request(DATA)


def test_a_package_that_believes_the_token_s_own_root_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for found in ("1.0.8", "0.9"):
        monkeypatch.setattr("ledger.timestamp.version", lambda name, found=found: found)
        with pytest.raises(Unsupported, match="or newer"):
            verify_timestamp(TOKEN, DATA, ROOTS)
    monkeypatch.setattr("ledger.timestamp.version", lambda name: "1.10.0rc1")
    assert verify_timestamp(TOKEN, DATA, ROOTS) == GOOD


MARKET = Market()
PROVIDER = key(20)
MARKET.add(MARKET.binding(PROVIDER, MARKET.org(1)))
MARKET.add(MARKET.registration(PROVIDER, MARKET.org(1)))
BUNDLE = MARKET.bundle(2)
SEEN = datetime.fromtimestamp(TIME + 7, UTC)


def time_step(token: bytes, *, trust: Policy | None = None, witnessed: int | None = None) -> Step:
    bundle = MARKET.bundle(2, witnessed=witnessed)
    report = check_bundle(
        format_bundle(bundle), trust or MARKET.trust(), timestamp=Token(token, tuple(ROOTS)), now=TIME + 100
    )
    return report.step("time")


def test_a_report_says_not_before_not_after_and_according_to_whom() -> None:
    step = time_step(AUTHORITY.token(BUNDLE.checkpoint, SEEN))
    assert (step.outcome, step.cause) == ("passed", "authority")
    assert (step.params["by"], step.params["not_after_time"]) == ("CN=Test Time Authority", TIME + 7)
    assert "not after 2025-12-29 09:20:07 UTC by the time-stamping authority" in step.sentence()
    assert "时间戳机构 CN=Test Time Authority" in step.sentence("zh")


def test_the_earliest_independent_party_is_named() -> None:
    trust = MARKET.trust(witnessed=True)
    for witnessed, cause in ((TIME + 5, "witness"), (TIME + 9, "authority")):
        note = MARKET.bundle(2, witnessed=witnessed).checkpoint
        assert time_step(AUTHORITY.token(note, SEEN), trust=trust, witnessed=witnessed).cause == cause


def test_a_token_of_another_checkpoint_or_authority_fails_the_step() -> None:
    other = MARKET.checkpoint(2)
    for token in (AUTHORITY.token(other, SEEN), SELF_MADE.token(BUNDLE.checkpoint, SEEN), b"x"):
        step = time_step(token)
        assert (step.outcome, step.cause) == ("failed", "timestamp")
        assert "Do not rely on its time" in step.sentence()


def test_a_token_that_cannot_be_checked_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    token = AUTHORITY.token(BUNDLE.checkpoint, SEEN)
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    step = time_step(token)
    assert (step.outcome, step.cause) == ("warning", "unsupported")


def test_times_that_do_not_fit_are_told() -> None:
    late = datetime.fromtimestamp(TIME + 100_000, UTC)
    assert time_step(AUTHORITY.token(BUNDLE.checkpoint, late)).cause == "future"
    early = START + timedelta(seconds=1)
    made = Market()
    made.add(made.binding(PROVIDER, made.org(1)))
    made.add(made.registration(PROVIDER, made.org(1), iat=int(early.timestamp()) + 400))
    bundle = made.bundle(2)
    report = check_bundle(
        format_bundle(bundle),
        made.trust(),
        timestamp=Token(AUTHORITY.token(bundle.checkpoint, early), tuple(ROOTS)),
    )
    assert report.step("time").cause == "claimed_later"
