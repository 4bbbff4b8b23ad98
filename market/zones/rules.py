"""Rule packs and the negative list. Each document has a version and a digest, which statements can name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Literal

from ledger.statement import canonical_json
from market.kit.errors import NotFound
from market.kit.i18n import N_
from market.zones.code_lists import DATA
from market.zones.errors import OnNegativeList
from market.zones.schemas import Effect, NegativeList, NegativeRule, RulePack

DEFAULT_PACK = "guangxi_default"
Access = Literal["OPEN", "REQUEST", "PAID"]
# What a rule has to say to stand in an offer's way, by how the offer gives the data.
_FORBIDDING: Mapping[Access | None, frozenset[Effect]] = {
    None: frozenset({Effect.REFUSE}),
    "REQUEST": frozenset({Effect.REFUSE}),
    "OPEN": frozenset({Effect.REFUSE, Effect.ON_REQUEST}),
    "PAID": frozenset({Effect.REFUSE, Effect.ON_REQUEST, Effect.FREE}),
}


def _document(name: str) -> tuple[dict[str, Any], str]:
    """A JSON document of the package, and the hex SHA-256 of its canonical form (RFC 8785)."""
    document = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return document, hashlib.sha256(canonical_json(document)).hexdigest()


@cache
def _pack(pack_id: str) -> RulePack:
    document, digest = _document(pack_id)
    return RulePack(**document, digest=digest)


def rule_pack(pack_id: str) -> RulePack:
    """Raises NotFound for an id that is not shipped."""
    if pack_id != DEFAULT_PACK:
        raise NotFound(N_("There is no rule pack with this name."))
    return _pack(pack_id)


def default_rule_pack() -> RulePack:
    return _pack(DEFAULT_PACK)


@cache
def negative_list() -> NegativeList:
    document, digest = _document("negative_list")
    return NegativeList(**document, digest=digest)


def rule_against(
    metadata: Mapping[str, object], access: Access | None = None, purposes: Collection[str] = ()
) -> NegativeRule | None:
    """The strictest rule of the negative list that forbids giving these data away like this.

    metadata: by field name, as the catalogue keeps it. access: how an offer gives them; None asks whether any may.
    purposes: those that the offer is for; empty for any. A rule about a purpose stands in the way of an offer for it.
    """
    # Whoever pays gets a paid offer, so to the list it is as open as one by click.
    known = {**metadata, "access": "REQUEST" if access == "REQUEST" else "OPEN"} if access else dict(metadata)
    rules = negative_list().rules
    hits = [
        rule
        for purpose in purposes or [""]
        for rule in rules
        if rule.effect in _FORBIDDING[access] and _applies(rule, {**known, "purpose": purpose})
    ]
    weight = list(Effect)
    return min(hits, key=lambda rule: weight.index(rule.effect), default=None)


def refuse_if_listed(metadata: Mapping[str, object], access: Access, purposes: Collection[str] = ()) -> None:
    """Raise OnNegativeList if a rule forbids such an offer."""
    rule = rule_against(metadata, access, purposes)
    if rule is not None:
        # The reason's English text is the msgid of its translation, as with every sentence we show.
        raise OnNegativeList(
            rule.reason.en.replace("%", "%%"),
            hint=N_("This is rule %(rule)s of the negative list, version %(version)s (%(basis)s)."),
            where="grade",
            rule=rule.id,
            version=negative_list().version,
            basis=rule.basis,
        )


def _applies(rule: NegativeRule, facts: Mapping[str, object]) -> bool:
    """A rule about a fact that is not given does not apply."""
    return all(facts.get(field) in values for field, values in rule.match.items())
