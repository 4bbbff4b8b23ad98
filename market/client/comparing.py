"""What a marketplace shows today, held against what a receipt proves was signed: rewriting history shows here."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.check import check_bundle
from ledger.policy import Policy
from ledger.receipt import Bundle, parse_bundle
from ledger.statement import parse_canonical_json, parse_statement
from market.client.errors import ClientError, Problem
from market.client.party import API, Party
from market.statements import Fact, opens, read_fact

# What an offer's address calls what its signed document says.
_OFFER = {
    "kind": "kind",
    "term_days": "termDays",
    "quota_rows": "quotaRows",
    "licence": "licence",
    "environment": "environment",
    "terms": "terms",
    "purposes": "purposes",
    "questions": "questions",
    "revocation": "revocation",
}
_NOTHING = "–"


@dataclass(frozen=True)
class Difference:
    """A place in which the marketplace shows today something else than was sealed."""

    what: str
    sealed: str
    shown: str


@dataclass(frozen=True)
class Comparison:
    """kind: of the statement. index: its entry in the ledger. differences: none if what is shown is what was signed."""

    kind: str
    index: int
    differences: tuple[Difference, ...]


def compare(market: Party, receipt: bytes, trust: Policy) -> Comparison:
    """Compare what the marketplace shows today with a receipt of a registration, an offer or a contract.

    The receipt is checked first, without the marketplace; one that does not hold proves nothing. Raises ClientError.
    """
    if not check_bundle(receipt, trust).ok:
        raise ClientError("The receipt itself does not hold. Run datawharf verify, which says what is wrong.")
    bundle = parse_bundle(receipt)
    statement = parse_statement(bundle.statement)
    fact = read_fact(statement, statement.claims.aud)
    look = {"registration": _registration, "offer": _offer, "contract": _contract}.get(fact.kind.name)
    if look is None:
        raise ClientError(
            "This is the receipt of a {kind}. Registrations, offers and contracts can be compared.",
            kind=fact.kind.name,
        )
    try:
        found = tuple(look(market, bundle, fact))
    except Problem as problem:
        if problem.status != 404:
            raise
        found = (Difference(fact.kind.name, fact.statement.leaf_hash.hex()[:16], _NOTHING),)
    return Comparison(fact.kind.name, bundle.index, found)


def _registration(market: Party, bundle: Bundle, fact: Fact) -> Iterator[Difference]:
    leaf = fact.statement.leaf_hash.hex()
    asset = market.asset(str(fact.subject_id))
    versions = market.pages(f"{API}/assets/{fact.subject_id}/versions")
    version = next((one for one in versions if one["leaf"] == leaf), None)
    if version is None:
        yield Difference("registration", leaf[:16], _NOTHING)
        return
    said = fact.predicate
    for what, place in (
        ("version", "version"),
        ("manifest", "manifest_digest"),
        ("contentRoot", "content_root"),
    ):
        yield from _differing(what, said[what], version[place])
    sealed = _opened(bundle).get("metadata")
    opening = market.api.get(f"{API}/versions/{version['id']}/opening")
    content = base64.b64decode(opening["content"])
    if not opens(bytes.fromhex(said["metadata"]), base64.b64decode(opening["salt"]), content):
        given_out = parse_canonical_json(content)
        yield from (
            _differing("", sealed, given_out)
            if sealed
            else iter((Difference("metadata", said["metadata"][:16], _NOTHING),))
        )
    elif version["id"] == asset["current_version_id"]:
        yield from _differing("", parse_canonical_json(content), asset["metadata"])


def _offer(market: Party, bundle: Bundle, fact: Fact) -> Iterator[Difference]:
    sealed = _needed(bundle, "terms")
    shown = market.api.get(f"{API}/offers/{fact.subject_id}")
    if shown["leaf"] != fact.statement.leaf_hash.hex():
        raise ClientError("This offer was changed or withdrawn by its provider since: get the newer receipt.")
    for place, what in _OFFER.items():
        yield from _differing(what, sealed[what], shown[place])
    price = shown["price"]
    yield from _differing(
        "price",
        sealed["price"],
        {"minor": price["minor"], "currency": price["currency"]} if price else None,
    )


def _contract(market: Party, bundle: Bundle, fact: Fact) -> Iterator[Difference]:
    shown = market.api.get(f"{API}/contracts/{fact.subject_id}")
    yield from _differing("", _needed(bundle, "contract"), shown["document"])


def _opened(bundle: Bundle) -> dict[str, Any]:
    """Contents of the commitments that the receipt opens; `check_bundle` has seen that they are the sealed ones."""
    return {one.name: parse_canonical_json(one.content) for one in bundle.openings}


def _needed(bundle: Bundle, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] | None = _opened(bundle).get(name)
    if found is None:
        raise ClientError("This receipt discloses no content. Use the one that a party of the matter got.")
    return found


def _differing(what: str, sealed: Any, shown: Any) -> Iterator[Difference]:
    """The innermost places in which two JSON values differ."""
    if isinstance(sealed, Mapping) and isinstance(shown, Mapping):
        for name in [*sealed, *(name for name in shown if name not in sealed)]:
            yield from _differing(f"{what}/{name}" if what else name, sealed.get(name), shown.get(name))
    elif sealed != shown and sorted_texts(sealed) != sorted_texts(shown):
        yield Difference(what, _text(sealed), _text(shown))


def sorted_texts(value: Any) -> Any:
    """A list of texts in one order, since sets are shown in any; everything else as it is."""
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return sorted(value) if texts else value


def _text(value: Any) -> str:
    if value is None:
        return _NOTHING
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= 120 else text[:119] + "…"
