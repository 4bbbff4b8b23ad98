"""What the pages' forms send: flat fields of text."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from market.accounts.schemas import (
    Adcode,
    EditedOrg,
    Email,
    GivenPassword,
    Industry,
    Input,
    Label,
    LegalKind,
    NewAccount,
    NewApiKey,
    NewInvite,
    NewOrg,
    NewPassword,
    PersonName,
    Scope,
    Uscc,
    WithdrawalReason,
)
from market.kit.auth import HUB, Role
from market.kit.i18n import Lang
from market.kit.texts import LocalText, plain_line


class OrganisationFields(Input):
    """The organisation part of a form. It stands for no organisation while both names are empty."""

    org_zh: Annotated[str, Field(max_length=200), AfterValidator(plain_line)] = ""
    org_en: Annotated[str, Field(max_length=200), AfterValidator(plain_line)] = ""
    legal_kind: LegalKind = LegalKind.ENTERPRISE
    uscc: Uscc | None = None
    industry: Industry | None = None
    zone: Adcode = HUB

    def organisation(self) -> NewOrg | None:
        if not self.org_zh.strip() and not self.org_en.strip():
            return None
        return NewOrg(
            name=LocalText(zh=self.org_zh, en=self.org_en),
            legal_kind=self.legal_kind,
            uscc=self.uscc,
            industry=self.industry,
            zone=self.zone,
        )


class SignUpForm(OrganisationFields):
    email: Email
    password: NewPassword
    name: PersonName

    def account(self, lang: Lang) -> NewAccount:
        return NewAccount(
            email=self.email,
            password=self.password,
            name=self.name,
            lang=lang,
            organisation=self.organisation(),
        )


class SignInForm(Input):
    email: Email
    password: GivenPassword
    next: str = Field(default="", max_length=2000)


class ConfirmForm(Input):
    password: GivenPassword
    next: str = Field(default="", max_length=2000)


class PasswordForm(Input):
    password: GivenPassword
    new_password: NewPassword


class ProfileForm(Input):
    name: PersonName
    lang: Lang


class SwitchForm(Input):
    organisation: UUID


class EditOrgForm(OrganisationFields):
    revision: int

    def changes(self) -> EditedOrg:
        new = self.organisation()
        return EditedOrg(
            name=new.name if new else None,
            legal_kind=self.legal_kind,
            uscc=self.uscc,
            industry=self.industry,
            zone=self.zone,
        )


class InviteForm(Input):
    email: Email
    roles: list[Role] = Field(min_length=1)

    def invite(self) -> NewInvite:
        return NewInvite(email=self.email, roles=self.roles)


class RolesForm(Input):
    roles: list[Role] = Field(min_length=1)


class ApiKeyForm(Input):
    label: Label
    scopes: list[Scope] = Field(min_length=1)
    days: int = Field(default=90, ge=1, le=365)

    def key(self) -> NewApiKey:
        return NewApiKey(label=self.label, scopes=self.scopes, days=self.days)


class WithdrawForm(Input):
    reason: WithdrawalReason
