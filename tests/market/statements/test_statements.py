"""Facts are written exactly, read back strictly, and say in both languages what they are."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from ledger.errors import Malformed, Unverified
from ledger.keys import SigningKey
from ledger.statement import Statement, parse_statement, sign_statement
from market.statements import KINDS, Fact, build, claims_for, commit, explain, opens, read_fact

ORIGIN = "datawharf.local/0badcafe"
ORG, THING = UUID(int=7 << 76 | 2 << 62), UUID(int=7 << 76 | 2 << 62 | 1)
KEY = SigningKey.from_seed(bytes(range(32)))
URN = "urn:datawharf:" + "a" * 16 + ":asset:" + str(THING)

VALUES = {
    "origin": ORIGIN, "log": "vkey", "cosigner": "vkey", "receiptKey": "1" * 64, "rules": ["a"],
    "platform": {"org": URN.replace("asset", "org"), "key": "2" * 64}, "name": "guangxi_default", "pack": "3" * 64,
    "org": URN.replace("asset", "org"), "key": "4" * 64, "possession": "5" * 128, "binding": "6" * 64,
    "reason": "rotated", "manifest": "7" * 64, "contentRoot": "8" * 64, "metadata": "9" * 64, "delivery": "hosted",
    "derivedFrom": ["a" * 64], "previous": "b" * 64, "registration": "c" * 64, "application": "d" * 64,
    "decision": "issued", "reasons": "e" * 64, "certificate": "f" * 64, "number": "GXDA-450000", "validFrom": "2026-11-24",
    "validUntil": "2029-11-24", "asset": URN, "terms": "0" * 64, "action": None, "offer": "1a" * 32, "contract": "1b" * 32,
    "party": "buyer", "payment": "1c" * 32, "release": "1d" * 32, "day": "2026-11-24", "received": "1e" * 32,
    "usage": "1f" * 32, "sequence": 3, "revocation": "2a" * 32,
    "map": "datawharf/index-map/v1", "definition": "2d" * 32, "artifact": "2b" * 32,
    "document": "2c" * 32, "mediaType": "application/spdx+json", "verifier": "2e" * 32,
}  # fmt: skip


def example(kind: str) -> dict[str, object]:
    fields = {name: VALUES[name] for name in KINDS[kind].required if name not in ("version", "action")}
    if "version" in KINDS[kind].required:
        fields["version"] = "1.0.0"
    if "action" in KINDS[kind].required:
        fields["action"] = {"offer": "published", "payment": "paid"}[kind]
    return fields


def signed(kind: str, origin: str = ORIGIN) -> Statement:
    claims = claims_for(kind, origin, org_id=ORG, subject_id=THING, now=datetime(2026, 11, 24, tzinfo=UTC))
    return sign_statement(build(kind, **example(kind)), claims, KEY)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_survives_the_round_trip(kind: str) -> None:
    statement = signed(kind)
    fact = read_fact(parse_statement(statement.leaf_bytes), ORIGIN)
    assert (fact.kind.name, fact.org_id, fact.subject_id) == (kind, ORG, THING)
    assert dict(fact.predicate) == example(kind)
    fact.statement.verify(KEY.public)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_explained_in_both_languages(kind: str) -> None:
    fact = read_fact(signed(kind), ORIGIN)
    zh, en = explain(fact, "zh"), explain(fact, "en")
    assert zh != en
    assert "{" not in zh + en
    assert any("\u4e00" <= character <= "\u9fff" for character in zh)


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_too_many_or_too_few_is_refused(kind: str) -> None:
    with pytest.raises(Malformed):
        build(kind, **example(kind), extra="1")
    for name in KINDS[kind].required:
        fields = example(kind)
        del fields[name]
        with pytest.raises((Malformed, KeyError)):
            build(kind, **fields)


def test_a_statement_for_another_log_is_refused() -> None:
    with pytest.raises(Unverified, match="meant for the log"):
        read_fact(signed("payment", "datawharf.local/00000000"), ORIGIN)


def test_a_subject_that_says_something_else_is_refused() -> None:
    payload = build("registration", **example("registration"))
    payload["subject"][0]["digest"]["sha256"] = "0" * 64
    claims = claims_for(
        "registration", ORIGIN, org_id=ORG, subject_id=THING, now=datetime(2026, 11, 24, tzinfo=UTC)
    )
    with pytest.raises(Malformed, match="subject"):
        read_fact(sign_statement(payload, claims, KEY), ORIGIN)


def test_a_subject_of_the_wrong_sort_is_refused() -> None:
    claims = claims_for("offer", ORIGIN, org_id=ORG, subject_id=THING, now=datetime(2026, 11, 24, tzinfo=UTC))
    with pytest.raises(Malformed, match="kind 'asset'"):
        read_fact(sign_statement(build("registration", **example("registration")), claims, KEY), ORIGIN)


def test_a_commitment_opens_only_with_its_own_salt_and_content() -> None:
    made = commit({"price": 12000})
    assert opens(made.digest, made.salt, made.content)
    assert not opens(made.digest, made.salt, made.content.replace(b"1", b"2"))
    assert not opens(made.digest, bytes(32), made.content)
    assert commit({"price": 12000}).digest != made.digest
    assert isinstance(read_fact(signed("usage"), ORIGIN), Fact)
