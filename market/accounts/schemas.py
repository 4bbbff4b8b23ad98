"""Shapes of organisations, people and their credentials."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from stdnum.cn import uscc as uscc_number
from stdnum.exceptions import ValidationError as NumberError

from market.kit.auth import Role
from market.kit.i18n import N_, Lang
from market.kit.texts import LocalText, Name, plain_line


class OrgKind(StrEnum):
    MEMBER = "MEMBER"  # provides or buys
    ZONE = "ZONE"  # runs the data zone of a city, or the hub: the registrar
    PLATFORM = "PLATFORM"  # runs this marketplace


class LegalKind(StrEnum):
    GOV = "GOV"
    INSTITUTION = "INSTITUTION"
    ENTERPRISE = "ENTERPRISE"
    UTILITY = "UTILITY"
    SOCIAL = "SOCIAL"
    PERSON = "PERSON"
    FOREIGN = "FOREIGN"


class OrgState(StrEnum):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class Scope(StrEnum):
    """What an API key may be limited to. MANAGE comes only with a login by password and works for ten minutes."""

    CATALOG_READ = "catalog:read"
    ASSET_WRITE = "asset:write"
    ASSET_PUBLISH = "asset:publish"
    STATEMENT_SUBMIT = "statement:submit"
    UPLOAD_WRITE = "upload:write"
    DOWNLOAD_READ = "download:read"
    ORDER_CREATE = "order:create"
    INVOICE_READ = "invoice:read"
    USAGE_READ = "usage:read"
    WEBHOOK_MANAGE = "webhook:manage"
    ORG_READ = "org:read"
    AUDIT_READ = "audit:read"
    MANAGE = "account:manage"


_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)+")


def tidy_email(text: str) -> str:
    """The address in the form in which it is compared and stored."""
    tidy = unicodedata.normalize("NFC", text.strip()).casefold()
    if not _EMAIL.fullmatch(tidy):
        raise ValueError(N_("This is not an e-mail address."))
    return tidy


def _check_uscc(text: str) -> str:
    try:
        return str(uscc_number.validate(text))
    except NumberError:
        raise ValueError(
            N_("This is not a unified social credit code: 18 characters, of which the last is a check.")
        ) from None


def _check_length(password: str) -> str:
    if not 12 <= len(password.encode()) <= 128:
        raise ValueError(N_("A password has 12 to 128 bytes; a Chinese character counts as three."))
    return password


Email = Annotated[str, Field(max_length=254), AfterValidator(tidy_email)]
NewPassword = Annotated[str, AfterValidator(_check_length)]
# A password that is only compared may be anything that fits.
GivenPassword = Annotated[str, Field(max_length=1024)]
PersonName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(plain_line)
]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Uscc = Annotated[str, AfterValidator(_check_uscc)]
Adcode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
# Why a signing key ends; it becomes public with the withdrawal.
WithdrawalReason = Literal["rotated", "compromised", "unused"]
Industry = Annotated[str, Field(pattern=r"^[A-T]$")]


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewOrg(Input):
    """zone: adcode of the data zone that registers this organisation's assets."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": {"zh": "北部湾港数据有限公司", "en": "Beibu Gulf Port Data Ltd"},
                    "legal_kind": "ENTERPRISE",
                    "uscc": "91110000600037341L",
                    "industry": "G",
                    "zone": "450700",
                }
            ]
        },
    )

    name: Name
    legal_kind: LegalKind = LegalKind.ENTERPRISE
    uscc: Uscc | None = None
    adcode: Adcode | None = None
    industry: Industry | None = None
    zone: Adcode = "450000"


class EditedOrg(Input):
    """Only what is given changes."""

    name: Name | None = None
    legal_kind: LegalKind | None = None
    uscc: Uscc | None = None
    adcode: Adcode | None = None
    industry: Industry | None = None
    zone: Adcode | None = None

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"zone": "450100"}]})


class NewAccount(Input):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "email": "mei@example.com",
                    "password": "seven quiet harbours",
                    "name": "Mei",
                    "lang": "zh",
                    "organisation": {
                        "name": {"zh": "北部湾港数据有限公司", "en": "Beibu Gulf Port Data Ltd"}
                    },
                }
            ]
        },
    )

    email: Email
    password: NewPassword
    name: PersonName
    lang: Lang = "zh"
    organisation: NewOrg | None = None


class SignedUp(BaseModel):
    """The same whether the address was new or known: the account's owner finds out by signing in."""

    email: str
    name: str
    lang: Lang


class LoginRequest(Input):
    """organisation: for which of the account's organisations the key acts; by default the first one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "mei@example.com", "password": "seven quiet harbours", "label": "laptop"}]
        },
    )

    email: Email
    password: GivenPassword
    organisation: UUID | None = None
    label: Label = "command line"


class OrgView(BaseModel):
    id: UUID
    urn: str
    name: LocalText
    kind: OrgKind
    legal_kind: LegalKind
    uscc: str | None
    adcode: str | None
    industry: str | None
    zone: str
    state: OrgState
    revision: int
    created_at: datetime


class MembershipView(BaseModel):
    organisation: UUID
    name: LocalText
    kind: OrgKind
    state: OrgState
    roles: list[Role]


class AccountView(BaseModel):
    id: UUID
    email: str
    name: str
    lang: Lang


class Me(BaseModel):
    """Who acts and with what rights. scopes: null when not limited by a key. confirmed_at: last proof by password."""

    account: AccountView
    organisation: OrgView | None
    roles: list[Role]
    memberships: list[MembershipView]
    scopes: list[str] | None
    confirmed_at: datetime | None


class MemberView(BaseModel):
    account_id: UUID
    name: str
    email: str
    roles: list[Role]
    since: datetime


class ChangedRoles(Input):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"roles": ["publisher", "buyer"]}]}
    )

    roles: list[Role] = Field(min_length=1, max_length=6)


class NewInvite(Input):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"email": "li@example.com", "roles": ["publisher"]}]}
    )

    email: Email
    roles: list[Role] = Field(min_length=1, max_length=6)


class InviteView(BaseModel):
    """token: shown once, in the answer that made the invitation; null ever after."""

    id: UUID
    organisation: UUID
    organisation_name: LocalText
    email: str
    roles: list[Role]
    state: Literal["open", "accepted", "withdrawn", "expired"]
    expires_at: datetime
    token: str | None = None


class InviteToken(Input):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"token": "q2Hc7m0b9Vw3mT5yR8sK1nZ4xL6pD0fGjUeWaQiYoBk"}]},
    )

    token: str = Field(min_length=20, max_length=100)


class NewApiKey(Input):
    """days: until the key ends."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"label": "nightly job", "scopes": ["download:read"], "days": 90}]},
    )

    label: Label
    scopes: list[Scope] = Field(min_length=1)
    days: int = Field(default=90, ge=1, le=365)


class Rotation(Input):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"overlap_hours": 24}]})

    overlap_hours: int = Field(default=24, ge=0, le=168, description="How long the old key goes on working.")


class ApiKeyView(BaseModel):
    """key: shown once, in the answer that made it; null ever after, also when that request is repeated."""

    id: UUID
    public_id: str
    label: str
    organisation: UUID | None
    account_id: UUID
    scopes: list[str]
    state: Literal["live", "ended", "revoked"]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    key: str | None = None


class LoggedIn(BaseModel):
    """key: send it as `Authorization: Bearer …`. It is shown only here."""

    key: str
    key_id: UUID
    expires_at: datetime
    account: AccountView
    organisation: OrgView | None


class SessionView(BaseModel):
    id: UUID
    agent: str
    started_at: datetime
    seen_at: datetime
    current: bool


class NewSigningKey(Input):
    """key: Ed25519 public key. possession: signature by it over the key-possession text of this log. Both hex."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"key": "d7" * 32, "possession": "3f" * 64, "label": "office laptop"}]
        },
    )

    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    possession: str = Field(pattern=r"^[0-9a-f]{128}$")
    label: Label = "signing key"
