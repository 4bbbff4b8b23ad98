"""Rule packs, the negative list, and grading. Each document has a version and a digest, which statements can name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from ledger.statement import canonical_json
from market.kit.errors import NotFound
from market.kit.i18n import N_
from market.zones.code_lists import DATA
from market.zones.errors import GradeTooLow, OnNegativeList
from market.zones.schemas import Effect, Harm, NegativeList, NegativeRule, RulePack

DEFAULT_PACK = "guangxi_default"
GRADES = ("G1", "G2", "G3", "G4", "IMPORTANT", "CORE")
# GB/T 43697-2024, table of grades: by who is harmed, then by severity.
_STATE = {"EXTREME": "CORE", "SERIOUS": "CORE", "GENERAL": "IMPORTANT"}
_PUBLIC = {"EXTREME": "CORE", "SERIOUS": "IMPORTANT", "GENERAL": "G4"}
_PRIVATE = {"EXTREME": "G4", "SERIOUS": "G3", "GENERAL": "G2"}
_MATRIX: dict[str, dict[str, str]] = {
    "NATIONAL_SECURITY": _STATE,
    "ECONOMY": _PUBLIC,
    "SOCIAL_ORDER": _PUBLIC,
    "PUBLIC_INTEREST": _PUBLIC,
    "ORGANISATION": _PRIVATE,
    "PERSON": _PRIVATE,
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


def rules_that_apply(facts: Mapping[str, str]) -> list[NegativeRule]:
    """Rules of the negative list for an asset or an offer, strictest first.

    facts: grade, personal_info, source_kind, kind, adcode; and where known access (OPEN or REQUEST), purpose. A rule
    about a fact that is not given does not apply.
    """
    weight = list(Effect)
    hits = [
        rule
        for rule in negative_list().rules
        if all(facts.get(field) in values for field, values in rule.match.items())
    ]
    return sorted(hits, key=lambda rule: weight.index(rule.effect))


def refuse_if_listed(facts: Mapping[str, str]) -> None:
    """Raise OnNegativeList if a rule refuses this, or asks for access by request while `access` is OPEN."""
    for rule in rules_that_apply(facts):
        if rule.effect is Effect.REFUSE or (
            rule.effect is Effect.ON_REQUEST and facts.get("access") == "OPEN"
        ):
            # The reason's English text is the msgid of its translation, as with every sentence we show.
            raise OnNegativeList(
                rule.reason.en.replace("%", "%%"),
                hint=N_("This is rule %(rule)s of the negative list, version %(version)s (%(basis)s)."),
                where="grade",
                rule=rule.id,
                version=negative_list().version,
                basis=rule.basis,
            )


def least_grade(harms: Iterable[Harm]) -> str:
    """The lowest grade that these harms allow: the highest over all who are harmed (就高从严)."""
    called_for = [_MATRIX[harm.harmed].get(harm.severity, "G1") for harm in harms]
    return max(called_for, key=GRADES.index, default="G1")


def check_grade(claimed: str, harms: Iterable[Harm]) -> str:
    """The claimed grade, if the harms allow it. Raises GradeTooLow that names the grade they call for."""
    needed = least_grade(harms)
    if GRADES.index(claimed) < GRADES.index(needed):
        raise GradeTooLow(
            N_("The stated harm calls for grade %(needed)s; %(claimed)s was claimed."),
            hint=N_("Raise the grade, or state why the harm is smaller."),
            where="grade",
            needed=needed,
            claimed=claimed,
        )
    return claimed


def highest_grade(grades: Iterable[str]) -> str:
    """The grade of data derived from data of these grades, before any recorded step that lowers it."""
    return max(grades, key=GRADES.index, default="G1")
