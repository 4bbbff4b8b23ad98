"""Shapes of the registry."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from market.kit.texts import LocalText
from market.provenance.signing import SignedBody, ToSign


class State(StrEnum):
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    FORMAL_REVIEW = "FORMAL_REVIEW"
    RETURNED = "RETURNED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    ISSUED = "ISSUED"


class Status(StrEnum):
    """What a certificate is worth today."""

    VALID = "VALID"
    EXPIRING = "EXPIRING"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    CANCELLED = "CANCELLED"


class Decision(StrEnum):
    """What a registrar can decide; the words that the signed statement uses."""

    ACCEPT = "accepted"
    REVIEW = "formal-review"
    RETURN = "returned"
    REFUSE = "refused"
    ISSUE = "issued"


class NewApplication(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"version_id": "0192f0c1-2345-7abc-8def-0123456789ab"}]},
    )

    version_id: UUID


class DecisionIn(BaseModel):
    """A decision to prepare. reasons: required when returning or refusing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "decision": "returned",
                    "reasons": {"zh": "缺少来源说明", "en": "The source is not described"},
                }
            ]
        },
    )

    decision: Decision
    reasons: LocalText | None = None


class DecisionForm(BaseModel):
    """The same, as the registrar's page sends it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    decision: Decision
    reasons_zh: Annotated[str, Field(max_length=4000)] = ""
    reasons_en: Annotated[str, Field(max_length=4000)] = ""


class SignedDecision(SignedBody):
    """A decision as the registrar signed it; for `issued` with the signed certificate."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "decision": "accepted",
                    "statement": "0oRYf6Q…",
                    "openings": [{"name": "application", "salt": "q83v…", "content": "eyJhcHBs…"}],
                }
            ]
        },
    )

    decision: Decision
    reasons: LocalText | None = None
    certificate: SignedBody | None = None


class CertificateDraft(BaseModel):
    """The certificate that issuing would give. code: its query code."""

    code: str
    to_sign: ToSign


class DecisionDraft(BaseModel):
    """What the registrar signs: the decision, and for `issued` the certificate too."""

    decision: Decision
    reasons: LocalText | None
    to_sign: ToSign
    certificate: CertificateDraft | None = None


class StepView(BaseModel):
    state: State
    at: datetime
    reasons: LocalText | None
    leaf: str | None


class ApplicationView(BaseModel):
    """An application. registration: leaf of the provider's statement that it is about."""

    id: UUID
    org_id: UUID
    asset_id: UUID
    version_id: UUID
    registration: str
    zone: str
    rule_pack: str
    state: State
    reasons: LocalText | None
    revision: int
    submitted_at: datetime
    changed_at: datetime
    steps: list[StepView]
    certificate_code: str | None = None


class CertificateView(BaseModel):
    """A certificate. status: today's, which a printed one cannot know. leaf: of its statement in the ledger."""

    code: str
    number: str
    application_id: UUID
    asset_id: UUID
    version_id: UUID
    org_id: UUID
    zone: str
    registration: str
    leaf: str | None
    status: Status
    valid_from: date
    valid_until: date
    issued_at: datetime
    document: dict[str, Any]

    @property
    def holds(self) -> bool:
        return self.status in (Status.VALID, Status.EXPIRING)


QueueState = Annotated[
    State | None, Field(description="Only applications in this state; all open ones if left out.")
]
