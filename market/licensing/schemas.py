"""Shapes of requests, contracts and entitlements; and, from their own module, those of offers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from market.kit.i18n import N_
from market.kit.money import Money
from market.kit.texts import LocalText
from market.licensing.offer_schemas import (
    EXAMPLE_ID,
    EXAMPLE_TERMS,
    Environment,
    FromOutside,
    NewOffer,
    OfferDraft,
    OfferKind,
    OfferState,
    OfferTerms,
    OfferView,
    Price,
    Purpose,
    Revocation,
    SignedOffer,
    TermRule,
    Terms,
    WithdrawalDraft,
)
from market.provenance.signing import OpeningBody, ToSign

__all__ = [
    "EXAMPLE_TERMS",
    "AccessRequestView",
    "ContractState",
    "ContractSummary",
    "ContractView",
    "DeclineIn",
    "EntitlementState",
    "EntitlementView",
    "Environment",
    "NewAccessRequest",
    "NewContract",
    "NewOffer",
    "OfferDraft",
    "OfferKind",
    "OfferState",
    "OfferTerms",
    "OfferView",
    "Party",
    "Price",
    "Purpose",
    "RequestDecision",
    "RequestState",
    "Revocation",
    "RevocationDraft",
    "RevocationIn",
    "SignatureView",
    "SignedOffer",
    "TermRule",
    "Terms",
    "WithdrawalDraft",
]


class RequestState(StrEnum):
    """WITHDRAWN: by the buyer, before an answer came. USED: approved, and a licence came of it."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    USED = "USED"


class ContractState(StrEnum):
    """SIGNED: by both, payment outstanding. IN_FORCE: there is an entitlement. ENDED: it is over."""

    AWAITING_BUYER = "AWAITING_BUYER"
    AWAITING_PROVIDER = "AWAITING_PROVIDER"
    SIGNED = "SIGNED"
    IN_FORCE = "IN_FORCE"
    ENDED = "ENDED"
    CANCELLED = "CANCELLED"


class EntitlementState(StrEnum):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


Party = Literal["buyer", "provider"]


class NewAccessRequest(FromOutside):
    """What a buyer wants data for. answers: to the offer's questions, in their order."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [
                {
                    "offer_id": EXAMPLE_ID,
                    "purpose": "RESEARCH",
                    "description": "Tidal models for the Beibu Gulf",
                    "answers": ["Three people at our institute"],
                }
            ]
        },
    )

    offer_id: UUID
    purpose: Purpose
    description: Annotated[str, Field(min_length=1, max_length=2000)]
    answers: list[Annotated[str, Field(max_length=2000)]] = Field(default_factory=list, max_length=10)


class RequestDecision(FromOutside):
    """Approve or refuse. reason: required when refusing."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"decision": "APPROVED"}]},
    )

    decision: Literal["APPROVED", "REFUSED"]
    reason: LocalText | None = None


class AccessRequestView(BaseModel):
    id: UUID
    offer_id: UUID
    asset_id: UUID
    buyer_org: UUID
    provider_org: UUID
    purpose: str
    description: str
    answers: list[str]
    state: RequestState
    reason: LocalText | None
    created_at: datetime
    decided_at: datetime | None


class NewContract(FromOutside):
    """From an offer, or from an approved request. purpose, description: what the data are for, if there was no request."""

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, json_schema_extra={"examples": [{"offer_id": EXAMPLE_ID}]}
    )

    offer_id: UUID | None = None
    request_id: UUID | None = None
    purpose: Purpose | None = None
    description: Annotated[str, Field(max_length=2000)] = ""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.offer_id is None) == (self.request_id is None):
            raise ValueError(N_("Name either the offer or the approved request."))
        return self


class SignatureView(BaseModel):
    """One party's signature. leaf: of its statement in the ledger."""

    party: Party
    org_id: UUID
    leaf: str
    signed_at: datetime


class ContractSummary(BaseModel):
    """A contract in a list. awaits: whose signature it waits for. declined_at, reason: of a provider who did not sign."""

    id: UUID
    state: ContractState
    kind: OfferKind
    asset_id: UUID
    offer_id: UUID
    offer_leaf: str
    request_id: UUID | None
    buyer_org: UUID
    provider_org: UUID
    price: Money | None
    term_days: int
    commitment: str
    registration: str
    awaits: Party | None
    signatures: list[SignatureView]
    entitlement_id: UUID | None
    created_at: datetime
    sign_before: datetime
    declined_at: datetime | None
    reason: LocalText | None


class ContractView(ContractSummary):
    """A contract. document: its text; text: salt and exact bytes, which open the commitment that both sides sign.

    offer_terms: what opens the offer's own statement, so that the provider can check that the contract is its offer.
    to_sign: what the reader's side signs next; null when it is not its turn, or while it has no signing key.
    """

    document: dict[str, Any]
    text: OpeningBody
    offer_terms: OpeningBody
    to_sign: ToSign | None
    key_missing: bool


class EntitlementView(BaseModel):
    """A licence in force or over. contract: the commitment that both sides signed. rows_left: null for no limit."""

    id: UUID
    contract_id: UUID
    contract: str
    offer_id: UUID
    asset_id: UUID
    buyer_org: UUID
    provider_org: UUID
    kind: OfferKind
    state: EntitlementState
    environment: list[Environment]
    starts_at: datetime
    ends_at: datetime
    quota_rows: int | None
    rows_used: int
    rows_left: int | None
    ended_at: datetime | None
    reason: LocalText | None
    revocation_leaf: str | None

    @property
    def is_active(self) -> bool:
        return self.state is EntitlementState.ACTIVE


class DeclineIn(FromOutside):
    """Why a contract is not signed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"reason": {"zh": "数据正在更正", "en": "The data are being corrected"}}]
        },
    )

    reason: LocalText


class RevocationIn(FromOutside):
    """Why a licence shall end before its term."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": {"zh": "转售数据", "en": "The data were resold"}}]},
    )

    reason: LocalText


class RevocationDraft(BaseModel):
    """What the provider signs to end a licence."""

    entitlement_id: UUID
    to_sign: ToSign
