"""Licensing in verbs. The verbs live in modules by subject; this is what doors and other slices use."""

from __future__ import annotations

from market.licensing.changes import CHANGED_TOPIC
from market.licensing.contracts import (
    awaiting_my_signature,
    cancel_contract,
    contract,
    contracts_of,
    decline_contract,
    live_contract_for,
    payable_contract,
    prepare_contract,
)
from market.licensing.entitlements import (
    activate,
    entitlement,
    entitlement_for,
    entitlements_of,
    restore,
    spend_rows,
    standing,
    suspend,
)
from market.licensing.offers import (
    draft,
    draft_offer,
    draft_withdrawal,
    offer,
    offers_of,
    own_offers,
    publish_offer,
    published_offers,
    withdraw_offer,
)
from market.licensing.requests import (
    access_request,
    access_requests,
    decide_request,
    request_access,
    request_for,
    withdraw_request,
)
from market.licensing.revocations import prepare_revocation, revoke_entitlement
from market.licensing.showing import shown_contract
from market.licensing.signatures import sign_contract

__all__ = [
    "CHANGED_TOPIC",
    "access_request",
    "access_requests",
    "activate",
    "awaiting_my_signature",
    "cancel_contract",
    "contract",
    "contracts_of",
    "decide_request",
    "decline_contract",
    "draft",
    "draft_offer",
    "draft_withdrawal",
    "entitlement",
    "entitlement_for",
    "entitlements_of",
    "live_contract_for",
    "offer",
    "offers_of",
    "own_offers",
    "payable_contract",
    "prepare_contract",
    "prepare_revocation",
    "publish_offer",
    "published_offers",
    "request_access",
    "request_for",
    "restore",
    "revoke_entitlement",
    "shown_contract",
    "sign_contract",
    "spend_rows",
    "standing",
    "suspend",
    "withdraw_offer",
    "withdraw_request",
]
