"""The canonical texts that are committed to: an offer's terms, a contract, a revocation. Pure.

They hold whole numbers and texts only, so that both sides' machines write the same bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ledger.names import urn
from market.kit.texts import LocalText
from market.licensing.schemas import Environment, OfferTerms, TermRule
from market.licensing.words import odrl_action

OFFER_FIELD, CONTRACT_FIELD, REVOCATION_FIELD = "terms", "contract", "revocation"


def offer_document(
    origin: str, *, offer_id: UUID, asset_id: UUID, org_id: UUID, number: int, terms: OfferTerms
) -> dict[str, Any]:
    """What a provider offers, in full. number: 1 for the first publication."""
    return {
        "offer": urn(origin, "offer", offer_id),
        "asset": urn(origin, "asset", asset_id),
        "provider": urn(origin, "org", org_id),
        "revision": number,
        "kind": terms.kind.value,
        "price": terms.price.model_dump() if terms.price else None,
        "termDays": terms.term_days,
        "quotaRows": terms.quota_rows,
        "environment": sorted(terms.environment),
        "licence": terms.licence,
        "terms": terms.terms.model_dump(mode="json"),
        "policy": policy(terms),
        "purposes": sorted(terms.purposes),
        "questions": [question.model_dump() for question in terms.questions],
        "revocation": terms.revocation.value,
    }


def policy(terms: OfferTerms) -> dict[str, Any]:
    """The rules after the ODRL 2.2 information model: permission, prohibition, obligation."""
    constraints: list[dict[str, Any]] = [
        {"leftOperand": "elapsedTime", "operator": "lteq", "rightOperand": f"P{terms.term_days}D"}
    ]
    if terms.quota_rows is not None and Environment.API in terms.environment:
        constraints.append({"leftOperand": "count", "operator": "lteq", "rightOperand": terms.quota_rows})
    if terms.purposes:
        constraints.append(
            {"leftOperand": "purpose", "operator": "isAnyOf", "rightOperand": sorted(terms.purposes)}
        )
    return {
        "type": "Offer",
        "permission": [
            {"action": odrl_action(rule.action), "constraint": constraints} for rule in terms.terms.may
        ],
        "prohibition": _rules(terms.terms.must_not),
        "obligation": _rules(terms.terms.must),
    }


def contract_document(
    origin: str,
    *,
    contract_id: UUID,
    buyer: tuple[UUID, LocalText],
    provider: tuple[UUID, LocalText],
    asset: dict[str, Any],
    offer_leaf: str,
    offer: dict[str, Any],
    purpose: dict[str, Any] | None,
    made_at: datetime,
    sign_before: datetime,
) -> dict[str, Any]:
    """The contract. asset: {id, title, version, registration, contentRoot}; offer: the text behind offer_leaf, unchanged."""
    return {
        "contract": urn(origin, "contract", contract_id),
        "buyer": {"org": urn(origin, "org", buyer[0]), "name": buyer[1].model_dump()},
        "provider": {"org": urn(origin, "org", provider[0]), "name": provider[1].model_dump()},
        "asset": asset,
        "offerLeaf": offer_leaf,
        "offer": offer,
        "purpose": purpose,
        "madeAt": _stamp(made_at),
        "signBefore": _stamp(sign_before),
    }


def revocation_document(
    origin: str, *, entitlement_id: UUID, contract_id: UUID, reason: LocalText
) -> dict[str, Any]:
    return {
        "entitlement": urn(origin, "entitlement", entitlement_id),
        "contract": urn(origin, "contract", contract_id),
        "reason": reason.model_dump(),
    }


def _rules(rules: list[TermRule]) -> list[dict[str, str]]:
    return [{"action": odrl_action(rule.action)} for rule in rules]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
