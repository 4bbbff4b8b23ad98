"""Twelve receipts in which one valid part of another receipt stands in the place of the right one.

Everything in them is genuine: nothing was altered, only put elsewhere. The table names the step that has to fail; the
library, the command line and the browser all judge the same twelve.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

from ledger.manifest import FileRow, Manifest
from ledger.note import Note, format_note, parse_note
from ledger.receipt import Bundle, Opening, format_bundle
from ledger.statement import commitment
from tests.ledger.market_in_a_box import Market, key

SALT, OTHER_SALT = bytes(range(32)), bytes(range(32, 64))
TERMS, OTHER_TERMS = b'{"price":"9.00"}', b'{"price":"1.00"}'
DATA, OTHER_DATA = b"port,tons\nQinzhou,1\n", b"port,tons\nQinzhou,2\n"
FILE = "ports.csv"


@dataclass(frozen=True)
class Transplant:
    """A receipt, the data shown beside it, and the code of the step that must fail."""

    bundle: Bundle
    step: str
    manifest: Manifest
    data: bytes = DATA

    @property
    def receipt(self) -> bytes:
        return format_bundle(self.bundle)


def manifest_of(data: bytes) -> Manifest:
    return Manifest([FileRow(FILE, len(data), sha256(data).digest(), "text/csv")])


def build_market(**options: object) -> Market:
    """0 rules, 1 binding, 2 the registration, 3 another of the same key, 4 another key's binding, 5 its registration."""
    market = Market(**options)  # type: ignore[arg-type]
    provider, other = key(20), key(21)
    market.add(market.binding(provider, market.org(1)))
    for data, salt, terms in ((DATA, SALT, TERMS), (OTHER_DATA, OTHER_SALT, OTHER_TERMS)):
        predicate = {"version": "1.0.0", "terms": commitment(salt, terms).hex()}
        digest = manifest_of(data).digest.hex()
        market.add(market.registration(provider, market.org(1), digest=digest, predicate=predicate))
    market.add(market.binding(other, market.org(2)))
    market.add(market.registration(other, market.org(2), digest=manifest_of(DATA).digest.hex()))
    return market


MARKET = build_market()
ELSEWHERE = build_market(origin="other.example/ledger", base=40)
GOOD = MARKET.bundle(2, openings=(Opening("terms", SALT, TERMS),))


def transplants() -> dict[str, Transplant]:
    """The twelve, by what was moved."""
    binding, rules = GOOD.supporting
    shorter = MARKET.checkpoint(5)
    registered = manifest_of(DATA)

    def moved(step: str, **parts: object) -> Transplant:
        return Transplant(replace(GOOD, **parts), step, registered)  # type: ignore[arg-type]

    return {
        "statement": moved("included", statement=MARKET.entries[3]),
        "index": moved("included", index=3),
        "proof": moved("included", path=MARKET.path(3)),
        "checkpoint": moved("included", checkpoint=shorter),
        "checkpoint of another log": moved("log_signature", checkpoint=ELSEWHERE.checkpoint()),
        "cosignature": moved("time", checkpoint=_with_lines_of(GOOD.checkpoint, shorter)),
        "COSE receipt": moved("cose_receipt", cose_receipt=MARKET.cose_receipt(3)),
        "key binding": moved("key_binding", supporting=(MARKET.bundle(2, (4,)).supporting[0], rules)),
        "rules of the log": moved("log_policy", supporting=(binding, ELSEWHERE.bundle(2).supporting[1])),
        "opening": moved("openings", openings=(Opening("terms", OTHER_SALT, OTHER_TERMS),)),
        "file": Transplant(GOOD, "fingerprint", registered, OTHER_DATA),
        "manifest": Transplant(GOOD, "fingerprint", manifest_of(OTHER_DATA), OTHER_DATA),
    }


def _with_lines_of(note: bytes, other: bytes) -> bytes:
    """The checkpoint `note` with the log's own signature, and the cosignatures that `other` got."""
    own, foreign = parse_note(note), parse_note(other)
    return format_note(Note(own.text, (own.signatures[0], *foreign.signatures[1:])))
