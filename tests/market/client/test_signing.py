"""Nothing is signed that was not looked at: whatever differs between what is shown and what is signed is refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from ledger.errors import LedgerError
from ledger.keys import SigningKey
from ledger.statement import parse_statement, statement_to_sign
from market.client.errors import ClientError
from market.client.signing import look_at, opening_body, sign_fact, sign_shown
from market.statements import build, claims_for, commit, read_fact

ORIGIN = "datawharf.example/log"
ORG, OTHER, SUBJECT = (UUID(f"0192f0c1-2345-7abc-8def-00000000000{number}") for number in (1, 2, 3))
KEY = SigningKey.from_seed(bytes(range(32)))
TERMS = {"kind": "OPEN", "termDays": 30}


def offered(
    *, kind: str = "offer", org: UUID = ORG, origin: str = ORIGIN, key: SigningKey = KEY, terms: Any = None
) -> dict[str, Any]:
    """What a server would send to be signed."""
    sealed = commit(terms or TERMS)
    asset = f"urn:datawharf:{'0' * 16}:asset:{SUBJECT}"
    predicates: dict[str, dict[str, Any]] = {
        "offer": {"asset": asset, "terms": sealed.hex, "action": "published"},
        "contract": {"asset": asset, "offer": "0" * 64, "contract": sealed.hex, "party": "buyer"},
    }
    claims = claims_for(kind, origin, org_id=org, subject_id=SUBJECT, now=datetime(2026, 11, 24, tzinfo=UTC))
    parts = statement_to_sign(build(kind, **predicates[kind]), claims, key.public.thumbprint)
    return {
        "protected": base64.b64encode(parts.protected).decode(),
        "payload": base64.b64encode(parts.payload).decode(),
        "openings": [opening_body("terms" if kind == "offer" else "contract", sealed)],
    }


def look(to_sign: dict[str, Any]) -> Any:
    return look_at(to_sign, origin=ORIGIN, org_id=ORG, kind="offer")


def test_what_is_shown_is_what_is_signed() -> None:
    to_sign = offered()
    fact, contents = look(to_sign)
    assert contents == {"terms": TERMS}
    assert (fact.kind.name, fact.org_id, fact.subject_id) == ("offer", ORG, SUBJECT)
    signed = sign_shown(KEY, to_sign)
    statement = parse_statement(base64.b64decode(signed["statement"]))
    statement.verify(KEY.public)
    assert statement.payload == base64.b64decode(to_sign["payload"])
    assert signed["openings"] == to_sign["openings"]


def test_another_kind_is_refused() -> None:
    with pytest.raises(ClientError, match="under a contract, where a offer was expected"):
        look(offered(kind="contract"))


def test_another_organisation_is_refused() -> None:
    with pytest.raises(ClientError, match="Nothing was signed"):
        look(offered(org=OTHER))


def test_another_log_is_refused() -> None:
    with pytest.raises(LedgerError):
        look(offered(origin="datawharf.example/other"))


def test_another_document_than_the_sealed_one_is_refused() -> None:
    to_sign = offered()
    to_sign["openings"] = offered(terms={"kind": "OPEN", "termDays": 1})["openings"]
    with pytest.raises(ClientError, match="shows as terms is not what would be signed"):
        look(to_sign)


def test_an_opening_of_a_field_that_the_statement_has_not_is_refused() -> None:
    to_sign = offered()
    to_sign["openings"][0]["name"] = "contract"
    with pytest.raises(ClientError, match="shows as contract"):
        look(to_sign)


@pytest.mark.parametrize("part", ["protected", "payload"])
def test_a_flipped_bit_is_refused_or_changes_what_is_shown(part: str) -> None:
    """Every single bit: either the bytes are no statement of ours, or the fact that is shown is the one signed."""
    honest = offered()
    data = base64.b64decode(honest[part])
    for at in range(0, len(data), 3):
        changed = bytearray(data)
        changed[at] ^= 1
        to_sign = honest | {part: base64.b64encode(changed).decode()}
        try:
            fact, _ = look(to_sign)
            signed = sign_shown(KEY, to_sign)
        except (ClientError, LedgerError):
            continue
        again = read_fact(parse_statement(base64.b64decode(signed["statement"])), ORIGIN)
        assert (again.kind, again.subject_id, again.predicate) == (fact.kind, fact.subject_id, fact.predicate)


def test_a_key_that_is_not_ours_is_named_and_nothing_signed() -> None:
    with pytest.raises(ClientError, match="asks for the key"):
        sign_shown(SigningKey.from_seed(bytes(32)), offered())


def test_a_fact_of_ones_own_is_read_back_as_it_was_meant() -> None:
    sealed = commit({"files": 1})
    signed = sign_fact(
        KEY,
        origin=ORIGIN,
        org_id=ORG,
        kind="received",
        subject_id=SUBJECT,
        predicate={"registration": "1" * 64, "contract": "2" * 64},
        commitments={"received": sealed},
    )
    fact = read_fact(parse_statement(base64.b64decode(signed["statement"])), ORIGIN)
    assert fact.predicate == {"registration": "1" * 64, "contract": "2" * 64, "received": sealed.hex}
    assert signed["openings"] == [opening_body("received", sealed)]
