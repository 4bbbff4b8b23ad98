"""The map function: what it gives for each kind of statement, and that it never fails."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.cose import Sign1, format_sign1
from ledger.index.keys import DEFINITION_DIGEST, UNREADABLE, key_hash, key_of_subject, keys_of
from ledger.names import urn
from ledger.statement import Claims, in_toto, parse_statement, statement_to_sign
from tests.ledger.index.worlds import statement
from tests.ledger.logs import ORIGIN
from tests.ledger.market_in_a_box import uuid

ORG, ASSET, OTHER = (urn(ORIGIN, kind, uuid(n)) for kind, n in (("org", 1), ("asset", 2), ("asset", 3)))
FOREIGN = urn("elsewhere.example/log", "asset", uuid(4))
HASH, KEY = "ab" * 32, "cd" * 32


def entry(kind: str, predicate: dict[str, object], sub: str = ASSET, iss: str = ORG) -> bytes:
    payload = in_toto(f"urn:datawharf:predicate/{kind}", "thing", {"sha256": "00" * 32}, predicate)
    parts = statement_to_sign(payload, Claims(iss, sub, ORIGIN, 7), bytes(32))
    return format_sign1(Sign1(parts.protected, {}, parts.payload, bytes(64)))


def own(kind: str) -> set[str]:
    """The keys that come from the claims alone."""
    return {
        f"kind:urn:datawharf:predicate/{kind}",
        f"signer:{bytes(32).hex()}",
        f"iss:{ORG}",
        f"sub:{ASSET}",
        f"org:{uuid(1)}",
        f"asset:{uuid(2)}",
    }


def test_the_definition_is_fixed_for_life() -> None:
    assert DEFINITION_DIGEST.hex() == "d14170c0c901fe8f8f54b8e3287ea72ea03d26569d8b7e53841aa78adf63d290"


def test_references_are_keys_at_any_depth() -> None:
    predicate = {"previous": HASH, "derivedFrom": [HASH, KEY], "inner": {"registration": KEY, "asset": OTHER}}
    found = {f"leaf:{HASH}", f"leaf:{KEY}", f"asset:{uuid(3)}"}
    assert set(keys_of(entry("registration/v1", predicate))) == own("registration/v1") | found


def test_a_binding_and_a_withdrawal_stand_under_the_key_that_they_are_about() -> None:
    for kind in ("key-binding/v1", "key-withdrawal/v1"):
        found = keys_of(entry(kind, {"org": ORG, "key": KEY, "binding": HASH}))
        assert set(found) == own(kind) | {f"key:{KEY}", f"leaf:{HASH}"}


def test_a_certificate_stands_under_its_number_and_nothing_else_does() -> None:
    certificate = entry("certificate/v2", {"number": "GX-2026-0001", "registration": HASH})
    assert "certificate:GX-2026-0001" in keys_of(certificate)
    assert set(keys_of(entry("order/v1", {"number": "GX-2026-0001"}))) == own("order/v1")
    assert set(keys_of(entry("certificate/v1", {"number": "no code"}))) == own("certificate/v1")


def test_names_of_another_log_and_values_of_other_shapes_are_no_keys() -> None:
    predicate = {
        "asset": FOREIGN,
        "text": "urn:datawharf:nonsense",
        "key": KEY.upper(),
        "previous": 7,
        "key2": KEY,
    }
    assert set(keys_of(entry("offer/v1", predicate))) == own("offer/v1")
    assert f"sub:{FOREIGN}" in keys_of(entry("offer/v1", {}, sub=FOREIGN))
    assert f"asset:{uuid(4)}" not in keys_of(entry("offer/v1", {}, sub=FOREIGN))


def test_keys_come_sorted_and_once() -> None:
    found = keys_of(entry("offer/v1", {"asset": ASSET, "again": ASSET}))
    assert list(found) == sorted(set(found))


@given(st.binary(max_size=200) | st.integers(0, 300).map(lambda at: statement(1)[:at]))
def test_what_is_no_statement_is_listed_as_unreadable(data: bytes) -> None:
    if data != statement(1):
        assert keys_of(data) == (UNREADABLE,)


@given(st.integers(0, 8 * len(statement(1)) - 1))
def test_any_bytes_have_a_key(place: int) -> None:
    damaged = bytearray(statement(1))
    damaged[place // 8] ^= 1 << place % 8
    found = keys_of(bytes(damaged))
    assert found
    for key in found:
        assert len(key_hash(key)) == 32


def test_what_a_statement_is_about_has_one_of_its_keys() -> None:
    for sub, key in (
        (ASSET, f"asset:{uuid(2)}"),
        (FOREIGN, f"sub:{FOREIGN}"),
        ("https://a.example/x", "sub:https://a.example/x"),
    ):
        one = entry("registration/v1", {}, sub)
        assert key_of_subject(parse_statement(one)) == key
        assert key in keys_of(one)
