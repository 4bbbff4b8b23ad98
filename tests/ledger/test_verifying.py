"""A verifying session: the same verdicts as one by one, what is shared verified once, and no failure ever remembered."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger import keys
from ledger.check import check_bundle, check_many
from ledger.encoding import canonical_json
from ledger.errors import Malformed, Unverified
from ledger.keys import PublicKey, SigningKey
from ledger.receipt import format_bundle, parse_bundle
from ledger.verifying import MAX_REMEMBERED, once, verifying_session
from tests.ledger.market_in_a_box import Market, key

KEY = SigningKey.from_seed(bytes(range(32)))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The messages whose signatures were really computed."""
    seen: list[bytes] = []
    real = keys.crypto_sign_open

    def counting(signed: bytes, raw: bytes) -> bytes:
        seen.append(signed)
        return real(signed, raw)

    monkeypatch.setattr(keys, "crypto_sign_open", counting)
    return seen


def receipts(count: int) -> tuple[Market, list[bytes]]:
    market, provider = Market(), key(20)
    market.add(market.binding(provider, market.org(1)))
    indices = [
        market.add(market.registration(provider, market.org(1), digest=f"{number:064x}"))
        for number in range(count)
    ]
    return market, [format_bundle(market.bundle(index)) for index in indices]


def test_what_receipts_share_is_verified_once(opened: list[bytes]) -> None:
    market, made = receipts(10)
    opened.clear()
    reports = check_many(made, market.trust())
    assert all(report.ok for report in reports)
    # One for each statement; once the checkpoint, its cosignature, the root, entry 0, the binding and its possession.
    assert len(opened) == 10 + 6
    assert len(set(opened)) == len(opened)
    opened.clear()
    assert [check_bundle(data, market.trust()) for data in made] == reports
    assert len(opened) == 10 * 7


def test_a_forged_receipt_among_good_ones_is_found_wherever_it_stands() -> None:
    market, made = receipts(6)
    for place in range(6):
        for old, new in ((b'"index":2', b'"index":3'), (b"\\n8\\n", b"\\n7\\n")):
            mixed = list(made)
            bundle = market.bundle(2)
            forged = format_bundle(bundle).replace(old, new, 1)
            mixed[place] = forged
            reports = check_many(mixed, market.trust())
            assert [report.ok for report in reports] == [number != place for number in range(6)]
            assert reports[place] == check_bundle(forged, market.trust())


def test_another_trust_file_in_the_same_session_is_another_question() -> None:
    market, made = receipts(2)
    other = Market(base=100)
    with verifying_session():
        assert check_bundle(made[0], market.trust()).ok
        assert not check_bundle(made[0], other.trust()).ok
        assert check_bundle(made[1], market.trust()).ok


def test_a_failure_is_computed_again_and_a_session_ends(opened: list[bytes]) -> None:
    signature = KEY.sign(b"message")
    with verifying_session():
        for _ in range(3):
            KEY.public.verify(b"message", signature)
            with pytest.raises(Unverified):
                KEY.public.verify(b"another", signature)
        with verifying_session():
            KEY.public.verify(b"message", signature)
        assert len(opened) == 1 + 3
        with pytest.raises(Malformed):
            PublicKey(b"\x01" + bytes(31))
    opened.clear()
    KEY.public.verify(b"message", signature)
    KEY.public.verify(b"message", signature)
    assert len(opened) == 2


def test_a_session_remembers_a_bounded_number_of_facts() -> None:
    computed = []
    with verifying_session():
        for number in range(MAX_REMEMBERED + 1):
            once("fact", number, lambda number=number: computed.append(number))
        once("fact", MAX_REMEMBERED, lambda: computed.append(-1))
        once("fact", 0, lambda: computed.append(-2))
        once("other", 0, lambda: computed.append(-3))
    assert computed[-3:] == [MAX_REMEMBERED, -2, -3]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_the_quick_writer_of_json_writes_what_rfc_8785_says(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except ValueError:
        with pytest.raises(Malformed):
            canonical_json(value)
        return
    assert canonical_json(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"\ue000": 1, "\U00010000": 2, "z": 3},
        {"é": 1, "z": 2},
        {"b": 1.0, "a": [1e21, -0.0, 5e-324]},
        {"quote": '"\\/\b\f\n\r\t\x00\x1f\x7f\u2028\u2029€\U0001f600'},
        [[], {}, [{}], ""],
        [True, 1, False, 0],
    ],
)
def test_where_the_two_writers_could_differ_they_do_not(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {"\udfff": 1}, {1: 2}, b"x"]
)
def test_values_without_a_canonical_form_are_refused(value: Any) -> None:
    with pytest.raises(Malformed):
        canonical_json(value)
    with pytest.raises(Malformed):
        canonical_json([{"a": value}])


def test_a_receipt_has_one_spelling() -> None:
    _, (data,) = receipts(1)
    document = json.loads(data)
    for other in (
        json.dumps(document).encode(),
        canonical_json(document | {"openings": []}),
        data + b"\n",
        data.replace(b'"version":1', b'"version":1.0'),
        data.replace(b'"version":1', b'"version":true'),
    ):
        with pytest.raises(Malformed):
            parse_bundle(other)
    assert format_bundle(parse_bundle(data)) == data
