"""Shapes of licensing."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from market.kit.i18n import N_
from market.kit.money import MAX_MINOR, Money
from market.kit.texts import LocalText
from market.licensing.words import action_words, licence_rules, purposes
from market.provenance.signing import OpeningBody, SignedBody, ToSign

_ID = "0192f0c1-2345-7abc-8def-0123456789ab"


class OfferKind(StrEnum):
    """OPEN: by click. REQUEST: after the provider's approval. PAID: against payment."""

    OPEN = "OPEN"
    REQUEST = "REQUEST"
    PAID = "PAID"


class OfferState(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


class RequestState(StrEnum):
    """USED: approved, and a licence came of it."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
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


class Environment(StrEnum):
    DOWNLOAD = "download"
    API = "api"


class Revocation(StrEnum):
    """When the provider may end the licence before its term: after a breach of the terms, or never."""

    BREACH = "breach"
    NEVER = "never"


Party = Literal["buyer", "provider"]


def _known_purpose(code: str) -> str:
    if code not in purposes():
        raise ValueError(N_("Choose one of the offered values."))
    return code


Purpose = Annotated[str, StringConstraints(max_length=40), AfterValidator(_known_purpose)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Price(_In):
    """minor: whole minor units, e.g. 1200000 for 12,000.00 CNY."""

    minor: Annotated[int, Field(strict=True, gt=0, le=MAX_MINOR)]
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]

    @model_validator(mode="after")
    def _known(self) -> Self:
        self.money  # noqa: B018  refuses a currency that is not traded here
        return self

    @property
    def money(self) -> Money:
        return Money(self.minor, self.currency)


class TermRule(_In):
    """One rule of the terms. text: left out, the usual words for the action stand."""

    action: Annotated[str, StringConstraints(pattern="^[a-z][a-z_]{1,39}$")]
    text: LocalText | None = None

    @model_validator(mode="after")
    def _worded(self) -> Self:
        if self.text is None:
            self.text = action_words(self.action)
        if self.text is None:
            raise ValueError(N_("An action that is not on the list needs words of its own."))
        return self

    @property
    def words(self) -> LocalText:
        return self.text or LocalText(en=self.action)


class Terms(_In):
    """What the buyer may, must not and must do."""

    may: Annotated[list[TermRule], Field(max_length=20)]
    must_not: Annotated[list[TermRule], Field(max_length=20)] = []
    must: Annotated[list[TermRule], Field(max_length=20)] = []


EXAMPLE_TERMS: dict[str, Any] = {
    "kind": "PAID",
    "price": {"minor": 1_200_000, "currency": "CNY"},
    "term_days": 365,
    "quota_rows": 1_000_000,
    "environment": ["download", "api"],
    "licence": "LicenseRef-Datawharf-Commercial-1.0",
    "terms": {
        "may": [{"action": "use"}, {"action": "train"}],
        "must_not": [{"action": "share"}],
        "must": [{"action": "delete_at_end"}],
    },
}


class OfferTerms(_In):
    """The conditions of an offer. quota_rows: rows over the API in all, null for no limit.

    terms: left out, those of the licence stand.
    """

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, json_schema_extra={"examples": [EXAMPLE_TERMS]}
    )

    kind: OfferKind
    price: Price | None = None
    term_days: Annotated[int, Field(ge=1, le=36_500)]
    quota_rows: Annotated[int, Field(ge=1, le=MAX_MINOR)] | None = None
    environment: Annotated[list[Environment], Field(min_length=1, max_length=2)]
    licence: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]{0,79}$")]
    terms: Terms = Field(default_factory=lambda: Terms(may=[]))
    purposes: Annotated[list[Purpose], Field(max_length=20)] = []
    questions: Annotated[list[LocalText], Field(max_length=10)] = []
    revocation: Revocation = Revocation.BREACH

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if (self.kind is OfferKind.PAID) != (self.price is not None):
            raise ValueError(N_("A paid offer has a price, and only a paid offer has one."))
        if self.questions and self.kind is not OfferKind.REQUEST:
            raise ValueError(N_("Only an offer on request asks questions."))
        if len(set(self.environment)) != len(self.environment):
            raise ValueError(N_("The same value stands here twice."))
        return self._with_words_of_the_licence()

    def _with_words_of_the_licence(self) -> Self:
        usual = licence_rules(self.licence)
        if not self.terms.may and usual is not None:
            rules = {name: [{"action": code} for code in codes] for name, codes in usual.items()}
            self.terms = Terms.model_validate(rules)
        if not self.terms.may:
            raise ValueError(N_("Say what the buyer may do; the licence named here has no words of its own."))
        return self


class NewOffer(OfferTerms):
    """An offer to be prepared for signing. offer_id: when it changes an offer that is published."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"asset_id": _ID, **EXAMPLE_TERMS}]},
    )

    asset_id: UUID
    offer_id: UUID | None = None

    @property
    def conditions(self) -> OfferTerms:
        return OfferTerms.model_validate(self.model_dump(exclude={"asset_id", "offer_id"}))


class SignedOffer(SignedBody):
    """The signed publication or change of an offer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"draft_id": _ID, "statement": "0oRYQ6MBJwN4HGFw", "openings": []}]},
    )

    draft_id: UUID


class OfferView(BaseModel):
    """An offer as it stands. leaf: of the statement that published or last changed it; contracts name it."""

    id: UUID
    asset_id: UUID
    provider_org: UUID
    state: OfferState
    revision: int
    leaf: str | None
    kind: OfferKind
    price: Money | None
    term_days: int
    quota_rows: int | None
    environment: list[Environment]
    licence: str
    terms: Terms
    purposes: list[str]
    questions: list[LocalText]
    revocation: Revocation
    policy: dict[str, Any]
    published_at: datetime | None


class OfferDraft(BaseModel):
    """A prepared offer and what the provider signs to publish it. draft_id goes back with the signature."""

    draft_id: UUID
    offer: OfferView
    to_sign: ToSign


class WithdrawalDraft(BaseModel):
    """What the provider signs to withdraw an offer."""

    offer_id: UUID
    to_sign: ToSign


class NewAccessRequest(_In):
    """What a buyer wants data for. answers: to the offer's questions, in their order."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [
                {
                    "offer_id": _ID,
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
    answers: Annotated[list[Annotated[str, Field(max_length=2000)]], Field(max_length=10)] = []


class RequestDecision(_In):
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


class NewContract(_In):
    """From an offer, or from an approved request. purpose, description: what the data are for, if there was no request."""

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, json_schema_extra={"examples": [{"offer_id": _ID}]}
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
    """A contract in a list. awaits: whose signature it waits for."""

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


class RevocationIn(_In):
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
