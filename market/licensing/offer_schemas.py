"""Shapes of offers: what a provider asks and allows."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from market.kit.i18n import N_
from market.kit.money import MAX_MINOR, Money
from market.kit.texts import LocalText
from market.licensing.words import action_words, licence_rules, purposes
from market.provenance.signing import SignedBody, ToSign

EXAMPLE_ID = "0192f0c1-2345-7abc-8def-0123456789ab"


class OfferKind(StrEnum):
    """OPEN: by click. REQUEST: after the provider's approval. PAID: against payment."""

    OPEN = "OPEN"
    REQUEST = "REQUEST"
    PAID = "PAID"


class OfferState(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


class Environment(StrEnum):
    DOWNLOAD = "download"
    API = "api"


class Revocation(StrEnum):
    """When the provider may end the licence before its term: after a breach of the terms, or never."""

    BREACH = "breach"
    NEVER = "never"


def _known_purpose(code: str) -> str:
    if code not in purposes():
        raise ValueError(N_("Choose one of the offered values."))
    return code


Purpose = Annotated[str, StringConstraints(max_length=40), AfterValidator(_known_purpose)]


class FromOutside(BaseModel):
    """Input: fields that are not known are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Price(FromOutside):
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


class TermRule(FromOutside):
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


class Terms(FromOutside):
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


class OfferTerms(FromOutside):
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
        json_schema_extra={"examples": [{"asset_id": EXAMPLE_ID, **EXAMPLE_TERMS}]},
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
        json_schema_extra={
            "examples": [{"draft_id": EXAMPLE_ID, "statement": "0oRYQ6MBJwN4HGFw", "openings": []}]
        },
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
