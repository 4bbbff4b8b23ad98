"""Whether an offer, or a contract drawn up from one, says what its provider meant and signed."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ledger.errors import LedgerError
from ledger.keys import SigningKey
from ledger.statement import Statement, parse_canonical_json, parse_statement
from market.client.transport import Transport
from market.client.views import Contract, Offer
from market.statements import opens

# What one asks for -> where the signed document says it.
_FIELDS = {
    "kind": "kind",
    "price": "price",
    "term_days": "termDays",
    "quota_rows": "quotaRows",
    "licence": "licence",
    "environment": "environment",
    "purposes": "purposes",
    "questions": "questions",
    "revocation": "revocation",
}


def differences(asked: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """Names of the conditions in which the document of an offer is not what was asked for."""
    found = [
        name
        for name, place in _FIELDS.items()
        if name in asked and _ordered(asked[name]) != _ordered(document.get(place))
    ]
    shown = document.get("terms", {})
    for part, rules in asked.get("terms", {}).items():
        if [rule["action"] for rule in rules] != [rule["action"] for rule in shown.get(part, [])]:
            found.append(f"terms/{part}")
    return found


def is_own_offer(key: SigningKey, api: Transport, contract: Contract, offer: Offer) -> bool:
    """Whether a contract repeats, word for word, the offer that `key` signed and that stands now.

    The offer's statement is fetched and verified here; the server's word that it is ours is not taken.
    """
    statement = statement_behind(api, contract)
    if statement is None:
        return False
    try:
        statement.verify(key.public)
    except LedgerError:
        return False
    return (offer["state"], offer["leaf"]) == ("PUBLISHED", contract["document"]["offerLeaf"])


def statement_behind(api: Transport, contract: Contract) -> Statement | None:
    """The statement of the offer that a contract names, if the contract repeats exactly what that statement sealed.

    None means that the terms were changed after the provider signed them, or that there never was such an offer.
    """
    document, opening = contract["document"], contract["offer_terms"]
    try:
        statement = parse_statement(api.get_bytes(f"/api/v1/statements/{document['offerLeaf']}/cose"))
        content = base64.b64decode(opening["content"], validate=True)
        salt = base64.b64decode(opening["salt"], validate=True)
        sealed = bytes.fromhex(statement.predicate["terms"])
        said = parse_canonical_json(content)
    except (LedgerError, ValueError, KeyError):
        return None
    named = statement.leaf_hash.hex() == document["offerLeaf"]
    return statement if named and opens(sealed, salt, content) and said == document["offer"] else None


def _ordered(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else value
