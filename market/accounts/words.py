"""Codes of this slice in words, to be translated where they are shown."""

from __future__ import annotations

from market.accounts.schemas import LegalKind, OrgState, Scope
from market.kit.auth import Role
from market.kit.i18n import N_

ROLE_WORDS: dict[Role, str] = {
    Role.OWNER: N_("Owner"),
    Role.ADMIN: N_("Administrator"),
    Role.PUBLISHER: N_("Publisher"),
    Role.BUYER: N_("Buyer"),
    Role.BILLING: N_("Billing"),
    Role.MEMBER: N_("Member"),
    Role.REVIEWER: N_("Reviewer"),
    Role.OPERATOR: N_("Operator"),
    Role.AUDITOR: N_("Auditor"),
}
LEGAL_KIND_WORDS: dict[LegalKind, str] = {
    LegalKind.ENTERPRISE: N_("Enterprise"),
    LegalKind.INSTITUTION: N_("Public institution"),
    LegalKind.GOV: N_("Government body"),
    LegalKind.UTILITY: N_("Public utility"),
    LegalKind.SOCIAL: N_("Social organisation"),
    LegalKind.PERSON: N_("Natural person"),
    LegalKind.FOREIGN: N_("Organisation from abroad"),
}
STATE_WORDS: dict[OrgState, str] = {
    OrgState.ACTIVE: N_("Active"),
    OrgState.SUSPENDED: N_("Suspended"),
}
SCOPE_WORDS: dict[Scope, str] = {
    Scope.CATALOG_READ: N_("Read the catalogue and your own drafts"),
    Scope.ASSET_WRITE: N_("Make and edit assets"),
    Scope.ASSET_PUBLISH: N_("List and delist assets"),
    Scope.STATEMENT_SUBMIT: N_("Submit signed statements"),
    Scope.UPLOAD_WRITE: N_("Upload files"),
    Scope.DOWNLOAD_READ: N_("Download licensed data"),
    Scope.ORDER_CREATE: N_("Request access and order"),
    Scope.INVOICE_READ: N_("Read invoices"),
    Scope.USAGE_READ: N_("Read usage"),
    Scope.WEBHOOK_MANAGE: N_("Manage webhooks"),
    Scope.ORG_READ: N_("Read the organisation and its members"),
    Scope.AUDIT_READ: N_("Read the audit trail"),
}
WITHDRAWAL_WORDS: dict[str, str] = {
    "rotated": N_("Replaced by a newer key"),
    "compromised": N_("Somebody else may have it"),
    "unused": N_("No longer used"),
}
