"""Tables of accounts, organisations and credentials. No secret is stored, only hashes of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from market.kit.db import UtcDateTime
from market.kit.ids import new_id


def _one_of(column: str, *values: str) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Account(SQLModel, table=True):
    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(_one_of("lang", "zh", "en"), name="lang"),
        CheckConstraint(_one_of("state", "ACTIVE", "CLOSED"), name="state"),
        CheckConstraint("email = lower(email) AND length(email) BETWEEN 5 AND 254", name="email"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(unique=True)
    name: str
    lang: str
    password_hash: str
    state: str = "ACTIVE"
    created_at: datetime = Field(sa_type=UtcDateTime)


class Organisation(SQLModel, table=True):
    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint(_one_of("kind", "MEMBER", "ZONE", "PLATFORM"), name="kind"),
        CheckConstraint(_one_of("state", "ACTIVE", "SUSPENDED"), name="state"),
        CheckConstraint("name_zh <> '' OR name_en <> ''", name="name"),
        CheckConstraint("kind <> 'ZONE' OR adcode IS NOT NULL", name="zone_has_adcode"),
        CheckConstraint("kind <> 'ZONE' OR zone = adcode", name="zone_registers_itself"),
        CheckConstraint("adcode IS NULL OR length(adcode) = 6", name="adcode"),
        CheckConstraint("length(zone) = 6", name="zone"),
        CheckConstraint("uscc IS NULL OR length(uscc) = 18", name="uscc"),
        Index(
            "uq_organisation_zone_adcode",
            "adcode",
            unique=True,
            sqlite_where=text("kind = 'ZONE'"),
            postgresql_where=text("kind = 'ZONE'"),
        ),
        Index(
            "uq_organisation_platform",
            "kind",
            unique=True,
            sqlite_where=text("kind = 'PLATFORM'"),
            postgresql_where=text("kind = 'PLATFORM'"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    urn: str = Field(unique=True)
    kind: str
    name_zh: str = ""
    name_en: str = ""
    legal_kind: str
    uscc: str | None = None
    adcode: str | None = None
    industry: str | None = None
    zone: str
    state: str = "ACTIVE"
    revision: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class Membership(SQLModel, table=True):
    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("account_id", "org_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID = Field(foreign_key="account.id")
    org_id: UUID = Field(foreign_key="organisation.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)


class MembershipRole(SQLModel, table=True):
    __tablename__ = "membership_role"
    __table_args__ = (
        CheckConstraint(
            _one_of(
                "role",
                "owner",
                "admin",
                "publisher",
                "buyer",
                "billing",
                "member",
                "reviewer",
                "operator",
                "auditor",
            ),
            name="role",
        ),
    )

    membership_id: UUID = Field(foreign_key="membership.id", primary_key=True, ondelete="CASCADE")
    role: str = Field(primary_key=True)


class Invite(SQLModel, table=True):
    __tablename__ = "invite"
    __table_args__ = (CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name="one_end"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    org_id: UUID = Field(foreign_key="organisation.id", index=True)
    email: str
    roles: list[str] = Field(sa_column=Column(JSON, nullable=False))
    token_hash: str = Field(unique=True)
    invited_by: UUID = Field(foreign_key="account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WebSession(SQLModel, table=True):
    """One browser that is signed in. A new token replaces the hash, so that the old cookie is dead at once."""

    __tablename__ = "web_session"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    token_hash: str = Field(unique=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    org_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    agent: str = ""
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiKey(SQLModel, table=True):
    __tablename__ = "api_key"
    __table_args__ = (CheckConstraint("expires_at > created_at", name="expiry"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    public_id: str = Field(unique=True)
    secret_hash: str
    account_id: UUID = Field(foreign_key="account.id", index=True)
    org_id: UUID | None = Field(default=None, foreign_key="organisation.id", index=True)
    label: str
    scopes: list[str] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignInLink(SQLModel, table=True):
    __tablename__ = "sign_in_link"

    token_hash: str = Field(primary_key=True)
    account_id: UUID = Field(foreign_key="account.id")
    reusable: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class KnownNetwork(SQLModel, table=True):
    """A network from which an account signed in: guessing from elsewhere cannot lock its owner out there."""

    __tablename__ = "known_network"

    account_id: UUID = Field(foreign_key="account.id", primary_key=True)
    network_hash: str = Field(primary_key=True)
    seen_at: datetime = Field(sa_type=UtcDateTime)
