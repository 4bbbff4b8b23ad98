"""the first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from market.kit.db import UtcDateTime
from market.shelf.search_index import create_search_index, drop_search_index

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("lang IN ('zh', 'en')", name=op.f("ck_account_lang")),
        sa.CheckConstraint("state IN ('ACTIVE', 'CLOSED')", name=op.f("ck_account_state")),
        sa.CheckConstraint(
            "email = lower(email) AND length(email) BETWEEN 5 AND 254", name=op.f("ck_account_email")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    op.create_table(
        "asset",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("zone", sa.String(length=6), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("current_version_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("edited_at", UtcDateTime(), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(registered_at IS NULL) = (current_version_id IS NULL)", name=op.f("ck_asset_registered")
        ),
        sa.CheckConstraint("length(zone) = 6", name=op.f("ck_asset_zone")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_asset_revision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
    )
    op.create_index("ix_asset_own", "asset", ["org_id", "id"], unique=False)
    op.create_index(op.f("ix_asset_zone"), "asset", ["zone"], unique=False)
    op.create_table(
        "blob",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sidecar", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("size >= 0", name=op.f("ck_blob_size")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blob")),
    )
    op.create_table(
        "checkout",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("success_url", sa.String(), nullable=False),
        sa.Column("cancel_url", sa.String(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("gateway_id", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state = 'PREPARED' OR gateway_id IS NOT NULL OR state = 'EXPIRED'",
            name=op.f("ck_checkout_opened"),
        ),
        sa.CheckConstraint(
            "state IN ('PREPARED', 'OPEN', 'PAID', 'EXPIRED')", name=op.f("ck_checkout_state")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_checkout_amount")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_checkout_currency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout")),
        sa.UniqueConstraint("gateway_id", name=op.f("uq_checkout_gateway_id")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_checkout_idempotency_key")),
    )
    op.create_index("ix_checkout_order", "checkout", ["order_id", "attempt"], unique=False)
    op.create_table(
        "facet_bits",
        sa.Column("facet", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("facet", "value", name=op.f("pk_facet_bits")),
    )
    op.create_table(
        "gateway_event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("account", sa.String(), nullable=True),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("standing IN ('accepted', 'ignored')", name=op.f("ck_gateway_event_standing")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_event")),
    )
    op.create_table(
        "invoice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("account", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("paid_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'PAID') = (paid_at IS NOT NULL)", name=op.f("ck_invoice_paid")),
        sa.CheckConstraint(
            "state IN ('UNPAID', 'PART_PAID', 'PAID', 'CANCELLED')", name=op.f("ck_invoice_state")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_invoice_amount")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_invoice_currency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("number", name=op.f("uq_invoice_number")),
        sa.UniqueConstraint("order_id", name=op.f("uq_invoice_order_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_invoice_reference")),
    )
    op.create_index("ix_invoice_buyer", "invoice", ["org_id", "id"], unique=False)
    op.create_index("ix_invoice_state", "invoice", ["state", "id"], unique=False)
    op.create_table(
        "invoice_counter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_invoice_counter_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_counter")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("run_at", UtcDateTime(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_job_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("key", name=op.f("uq_job_key")),
    )
    op.create_index("ix_job_due", "job", ["state", "run_at"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("urn", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("legal_kind", sa.String(), nullable=False),
        sa.Column("uscc", sa.String(), nullable=True),
        sa.Column("adcode", sa.String(), nullable=True),
        sa.Column("industry", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'ZONE' OR adcode IS NOT NULL", name=op.f("ck_organisation_zone_has_adcode")
        ),
        sa.CheckConstraint(
            "kind <> 'ZONE' OR zone = adcode", name=op.f("ck_organisation_zone_registers_itself")
        ),
        sa.CheckConstraint("kind IN ('MEMBER', 'ZONE', 'PLATFORM')", name=op.f("ck_organisation_kind")),
        sa.CheckConstraint("name_zh <> '' OR name_en <> ''", name=op.f("ck_organisation_name")),
        sa.CheckConstraint("state IN ('ACTIVE', 'SUSPENDED')", name=op.f("ck_organisation_state")),
        sa.CheckConstraint("adcode IS NULL OR length(adcode) = 6", name=op.f("ck_organisation_adcode")),
        sa.CheckConstraint("length(zone) = 6", name=op.f("ck_organisation_zone")),
        sa.CheckConstraint("uscc IS NULL OR length(uscc) = 18", name=op.f("ck_organisation_uscc")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("urn", name=op.f("uq_organisation_urn")),
    )
    op.create_index(
        "uq_organisation_platform",
        "organisation",
        ["kind"],
        unique=True,
        sqlite_where=sa.text("kind = 'PLATFORM'"),
        postgresql_where=sa.text("kind = 'PLATFORM'"),
    )
    op.create_index(
        "uq_organisation_zone_adcode",
        "organisation",
        ["adcode"],
        unique=True,
        sqlite_where=sa.text("kind = 'ZONE'"),
        postgresql_where=sa.text("kind = 'ZONE'"),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=True),
        sa.Column("paid_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("gateway IN ('stripe', 'bank_transfer')", name=op.f("ck_payment_gateway")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_amount")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_payment_currency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("order_id", name=op.f("uq_payment_order_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_reference")),
    )
    op.create_table(
        "registration_serial",
        sa.Column("adcode", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.CheckConstraint("last BETWEEN 1 AND 999999", name=op.f("ck_registration_serial_last")),
        sa.PrimaryKeyConstraint("adcode", "kind", "month", name=op.f("pk_registration_serial")),
    )
    op.create_table(
        "statement",
        sa.Column("leaf", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'recorded') = (log_index IS NOT NULL)", name=op.f("ck_statement_index")),
        sa.CheckConstraint("state IN ('pending', 'recorded')", name=op.f("ck_statement_state")),
        sa.PrimaryKeyConstraint("leaf", name=op.f("pk_statement")),
        sa.UniqueConstraint("id", name=op.f("uq_statement_id")),
        sa.UniqueConstraint("log_index", name=op.f("uq_statement_log_index")),
    )
    op.create_index("ix_statement_asset", "statement", ["asset_id", "id"], unique=False)
    op.create_index("ix_statement_pending", "statement", ["state", "id"], unique=False)
    op.create_index(op.f("ix_statement_subject_id"), "statement", ["subject_id"], unique=False)
    op.create_table(
        "storage_use",
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_storage_use_bytes")),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_storage_use")),
    )
    op.create_table(
        "stored_reply",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("request_digest", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_reply")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_api_key_expiry")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_api_key_account_id_account")),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_api_key_org_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_api_key_public_id")),
    )
    op.create_index(op.f("ix_api_key_account_id"), "api_key", ["account_id"], unique=False)
    op.create_index(op.f("ix_api_key_org_id"), "api_key", ["org_id"], unique=False)
    op.create_table(
        "asset_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("reference_url", sa.String(), nullable=False),
        sa.Column("notes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("manifest_digest", sa.String(length=64), nullable=False),
        sa.Column("content_root", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_count", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("derived_from", sa.JSON(), nullable=False),
        sa.Column("leaf", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(delivery = 'reference') = (reference_url <> '')", name=op.f("ck_asset_version_reference")
        ),
        sa.CheckConstraint("(state = 'registered') = (leaf IS NOT NULL)", name=op.f("ck_asset_version_leaf")),
        sa.CheckConstraint(
            "(state = 'registered') = (registered_at IS NOT NULL)", name=op.f("ck_asset_version_registered")
        ),
        sa.CheckConstraint("delivery IN ('hosted', 'reference')", name=op.f("ck_asset_version_delivery")),
        sa.CheckConstraint("state IN ('draft', 'registered')", name=op.f("ck_asset_version_state")),
        sa.CheckConstraint("size_bytes >= 0 AND file_count >= 1", name=op.f("ck_asset_version_size")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_asset_version_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["asset_version.id"], name=op.f("fk_asset_version_previous_id_asset_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_version")),
        sa.UniqueConstraint("asset_id", "version", name=op.f("uq_asset_version_asset_id_version")),
        sa.UniqueConstraint("leaf", name=op.f("uq_asset_version_leaf")),
    )
    op.create_index(op.f("ix_asset_version_asset_id"), "asset_version", ["asset_id"], unique=False)
    op.create_index(
        op.f("ix_asset_version_manifest_digest"), "asset_version", ["manifest_digest"], unique=False
    )
    op.create_table(
        "bank_transfer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("bank_line", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'ENTERED') = (confirmed_by IS NULL)", name=op.f("ck_bank_transfer_confirmed")
        ),
        sa.CheckConstraint(
            "state IN ('ENTERED', 'CONFIRMED', 'REJECTED')", name=op.f("ck_bank_transfer_state")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_bank_transfer_amount")),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> entered_by", name=op.f("ck_bank_transfer_two_persons")
        ),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_bank_transfer_currency")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_bank_transfer_invoice_id_invoice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_transfer")),
        sa.UniqueConstraint("bank_line", name=op.f("uq_bank_transfer_bank_line")),
    )
    op.create_index(op.f("ix_bank_transfer_invoice_id"), "bank_transfer", ["invoice_id"], unique=False)
    op.create_index("ix_bank_transfer_state", "bank_transfer", ["state", "id"], unique=False)
    op.create_table(
        "invite",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_invite_one_end")),
        sa.ForeignKeyConstraint(["invited_by"], ["account.id"], name=op.f("fk_invite_invited_by_account")),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name=op.f("fk_invite_org_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invite")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invite_token_hash")),
    )
    op.create_index(op.f("ix_invite_org_id"), "invite", ["org_id"], unique=False)
    op.create_table(
        "known_network",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("network_hash", sa.String(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_known_network_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "network_hash", name=op.f("pk_known_network")),
    )
    op.create_table(
        "listing",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sample_allowed", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("listed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("delisted_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'DELISTED') = (delisted_at IS NOT NULL)", name=op.f("ck_listing_delisted")
        ),
        sa.CheckConstraint("state IN ('LISTED', 'PAUSED', 'DELISTED')", name=op.f("ck_listing_state")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_listing_revision")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_listing_asset_id_asset")),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_listing")),
    )
    op.create_index("ix_listing_own", "listing", ["org_id", "asset_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_membership_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_membership_org_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("account_id", "org_id", name=op.f("uq_membership_account_id_org_id")),
    )
    op.create_index(op.f("ix_membership_org_id"), "membership", ["org_id"], unique=False)
    op.create_table(
        "offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=True),
        sa.Column("leaf", sa.String(length=64), nullable=True),
        sa.Column("withdrawal", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'DRAFT') = (leaf IS NULL)", name=op.f("ck_offer_leaf")),
        sa.CheckConstraint("kind IN ('OPEN', 'REQUEST', 'PAID')", name=op.f("ck_offer_kind")),
        sa.CheckConstraint("state IN ('DRAFT', 'PUBLISHED', 'WITHDRAWN')", name=op.f("ck_offer_state")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_offer_asset_id_asset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
    )
    op.create_index("ix_offer_asset", "offer", ["asset_id", "state", "id"], unique=False)
    op.create_index("ix_offer_own", "offer", ["org_id", "id"], unique=False)
    op.create_table(
        "opening",
        sa.Column("leaf", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["leaf"], ["statement.leaf"], name=op.f("fk_opening_leaf_statement")),
        sa.PrimaryKeyConstraint("leaf", "name", name=op.f("pk_opening")),
    )
    op.create_table(
        "sign_in_link",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("reusable", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_sign_in_link_account_id_account")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_link")),
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("binding", sa.String(), nullable=False),
        sa.Column("withdrawal", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('bound', 'withdrawn')", name=op.f("ck_signing_key_state")),
        sa.ForeignKeyConstraint(
            ["binding"], ["statement.leaf"], name=op.f("fk_signing_key_binding_statement")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawal"], ["statement.leaf"], name=op.f("fk_signing_key_withdrawal_statement")
        ),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("id", name=op.f("uq_signing_key_id")),
    )
    op.create_index(op.f("ix_signing_key_org_id"), "signing_key", ["org_id"], unique=False)
    op.create_table(
        "statement_party",
        sa.Column("leaf", sa.String(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["leaf"], ["statement.leaf"], name=op.f("fk_statement_party_leaf_statement")),
        sa.PrimaryKeyConstraint("leaf", "org_id", name=op.f("pk_statement_party")),
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=True),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_web_session_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_web_session_org_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_session_token_hash")),
    )
    op.create_index(op.f("ix_web_session_account_id"), "web_session", ["account_id"], unique=False)
    op.create_table(
        "access_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("provider_org_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'PENDING') = (decided_at IS NULL)", name=op.f("ck_access_request_decided")
        ),
        sa.CheckConstraint(
            "state IN ('PENDING', 'APPROVED', 'REFUSED', 'WITHDRAWN', 'USED')",
            name=op.f("ck_access_request_state"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_access_request_asset_id_asset")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_access_request_offer_id_offer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
    )
    op.create_index("ix_access_request_buyer", "access_request", ["org_id", "id"], unique=False)
    op.create_index(
        "ix_access_request_provider", "access_request", ["provider_org_id", "state", "id"], unique=False
    )
    op.create_index(
        "uq_access_request_live",
        "access_request",
        ["org_id", "offer_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('PENDING', 'APPROVED')"),
        postgresql_where=sa.text("state IN ('PENDING', 'APPROVED')"),
    )
    op.create_table(
        "application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("registration", sa.String(length=64), nullable=False),
        sa.Column("zone", sa.String(length=6), nullable=False),
        sa.Column("rule_pack", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('SUBMITTED', 'ACCEPTED', 'FORMAL_REVIEW', 'RETURNED', 'REFUSED', 'WITHDRAWN', 'ISSUED')",
            name=op.f("ck_application_state"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_application_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_application_org_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["asset_version.id"], name=op.f("fk_application_version_id_asset_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("version_id", name=op.f("uq_application_version_id")),
    )
    op.create_index(op.f("ix_application_asset_id"), "application", ["asset_id"], unique=False)
    op.create_index(op.f("ix_application_org_id"), "application", ["org_id"], unique=False)
    op.create_index("ix_application_queue", "application", ["zone", "state", "id"], unique=False)
    op.create_table(
        "asset_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=600), nullable=False),
        sa.Column("chunks", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'available', 'remote')", name=op.f("ck_asset_file_state")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_asset_file_size")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["asset_version.id"], name=op.f("fk_asset_file_version_id_asset_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_file")),
        sa.UniqueConstraint("version_id", "path", name=op.f("uq_asset_file_version_id_path")),
    )
    op.create_index(op.f("ix_asset_file_sha256"), "asset_file", ["sha256"], unique=False)
    op.create_index(op.f("ix_asset_file_version_id"), "asset_file", ["version_id"], unique=False)
    op.create_table(
        "lineage_edge",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("version_id <> source_id", name=op.f("ck_lineage_edge_self")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["asset_version.id"], name=op.f("fk_lineage_edge_source_id_asset_version")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["asset_version.id"], name=op.f("fk_lineage_edge_version_id_asset_version")
        ),
        sa.PrimaryKeyConstraint("version_id", "source_id", name=op.f("pk_lineage_edge")),
    )
    op.create_index(op.f("ix_lineage_edge_source_id"), "lineage_edge", ["source_id"], unique=False)
    op.create_table(
        "membership_role",
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.CheckConstraint(
            "role IN ('owner', 'admin', 'publisher', 'buyer', 'billing', 'member', 'reviewer', 'operator', 'auditor')",
            name=op.f("ck_membership_role_role"),
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["membership.id"],
            name=op.f("fk_membership_role_membership_id_membership"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("membership_id", "role", name=op.f("pk_membership_role")),
    )
    op.create_table(
        "offer_revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("quota_rows", sa.BigInteger(), nullable=True),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(price_minor IS NULL) = (currency IS NULL)", name=op.f("ck_offer_revision_price")
        ),
        sa.CheckConstraint(
            "currency IS NULL OR length(currency) = 3", name=op.f("ck_offer_revision_currency")
        ),
        sa.CheckConstraint(
            "price_minor IS NULL OR price_minor > 0", name=op.f("ck_offer_revision_price_above_zero")
        ),
        sa.CheckConstraint("quota_rows IS NULL OR quota_rows >= 1", name=op.f("ck_offer_revision_quota")),
        sa.CheckConstraint("term_days >= 1", name=op.f("ck_offer_revision_term")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offer_revision_offer_id_offer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_revision")),
        sa.UniqueConstraint("leaf", name=op.f("uq_offer_revision_leaf")),
    )
    op.create_index(op.f("ix_offer_revision_offer_id"), "offer_revision", ["offer_id"], unique=False)
    op.create_table(
        "shelf_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("title_zh", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["listing.asset_id"], name=op.f("fk_shelf_document_asset_id_listing")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf_document")),
        sa.UniqueConstraint("asset_id", name=op.f("uq_shelf_document_asset_id")),
    )
    op.create_index("ix_shelf_document_org", "shelf_document", ["org_id", "id"], unique=False)
    op.create_index("ix_shelf_document_title_en", "shelf_document", ["title_en", "id"], unique=False)
    op.create_index("ix_shelf_document_title_zh", "shelf_document", ["title_zh", "id"], unique=False)
    op.create_table(
        "shelf_sample",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("summary", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(summary IS NULL) = (problem <> '')", name=op.f("ck_shelf_sample_either")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["asset_version.id"], name=op.f("fk_shelf_sample_version_id_asset_version")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_shelf_sample")),
    )
    op.create_table(
        "version_record",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("metadata_snapshot", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"], ["asset_version.id"], name=op.f("fk_version_record_version_id_asset_version")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_version_record")),
    )
    op.create_table(
        "application_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("leaf", sa.String(length=64), nullable=True),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_application_step_application_id_application"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_step")),
    )
    op.create_index(
        op.f("ix_application_step_application_id"), "application_step", ["application_id"], unique=False
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=14), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("zone", sa.String(length=6), nullable=False),
        sa.Column("registration", sa.String(length=64), nullable=False),
        sa.Column("leaf", sa.String(length=64), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'VALID', 'SUPERSEDED', 'SUSPENDED', 'REVOKED', 'CANCELLED')",
            name=op.f("ck_certificate_state"),
        ),
        sa.CheckConstraint("valid_from < valid_until", name=op.f("ck_certificate_validity")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_certificate_application_id_application")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_certificate_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["org_id"], ["organisation.id"], name=op.f("fk_certificate_org_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["asset_version.id"], name=op.f("fk_certificate_version_id_asset_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("application_id", name=op.f("uq_certificate_application_id")),
        sa.UniqueConstraint("code", name=op.f("uq_certificate_code")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_number")),
    )
    op.create_index(op.f("ix_certificate_asset_id"), "certificate", ["asset_id"], unique=False)
    op.create_index(op.f("ix_certificate_org_id"), "certificate", ["org_id"], unique=False)
    op.create_table(
        "contract",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("offer_leaf", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("registration", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("provider_org_id", sa.Uuid(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("buyer_leaf", sa.String(length=64), nullable=True),
        sa.Column("buyer_signed_at", UtcDateTime(), nullable=True),
        sa.Column("provider_leaf", sa.String(length=64), nullable=True),
        sa.Column("provider_signed_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sign_before", UtcDateTime(), nullable=False),
        sa.Column("declined_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("(declined_at IS NULL) = (reason IS NULL)", name=op.f("ck_contract_reason")),
        sa.CheckConstraint("declined_at IS NULL OR state = 'CANCELLED'", name=op.f("ck_contract_declined")),
        sa.CheckConstraint("(kind = 'PAID') = (price_minor IS NOT NULL)", name=op.f("ck_contract_paid")),
        sa.CheckConstraint(
            "state IN ('AWAITING_BUYER', 'AWAITING_PROVIDER', 'SIGNED', 'IN_FORCE', 'ENDED', 'CANCELLED')",
            name=op.f("ck_contract_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('SIGNED', 'IN_FORCE') OR provider_leaf IS NOT NULL",
            name=op.f("ck_contract_signed_by_both"),
        ),
        sa.CheckConstraint(
            "(buyer_leaf IS NULL) = (buyer_signed_at IS NULL)", name=op.f("ck_contract_buyer_signature")
        ),
        sa.CheckConstraint("(price_minor IS NULL) = (currency IS NULL)", name=op.f("ck_contract_price")),
        sa.CheckConstraint(
            "(provider_leaf IS NULL) = (provider_signed_at IS NULL)",
            name=op.f("ck_contract_provider_signature"),
        ),
        sa.CheckConstraint("org_id <> provider_org_id", name=op.f("ck_contract_two_parties")),
        sa.CheckConstraint(
            "provider_leaf IS NULL OR buyer_leaf IS NOT NULL", name=op.f("ck_contract_buyer_first")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_contract_asset_id_asset")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_contract_offer_id_offer")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["access_request.id"], name=op.f("fk_contract_request_id_access_request")
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["offer_revision.id"], name=op.f("fk_contract_revision_id_offer_revision")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
    )
    op.create_index(op.f("ix_contract_asset_id"), "contract", ["asset_id"], unique=False)
    op.create_index("ix_contract_buyer", "contract", ["org_id", "id"], unique=False)
    op.create_index("ix_contract_provider", "contract", ["provider_org_id", "state", "id"], unique=False)
    op.create_index(
        "uq_contract_live",
        "contract",
        ["org_id", "offer_id"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('ENDED', 'CANCELLED')"),
        postgresql_where=sa.text("state NOT IN ('ENDED', 'CANCELLED')"),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("charged", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('receiving', 'complete', 'refused', 'expired')", name=op.f("ck_upload_state")
        ),
        sa.CheckConstraint("charged >= 0", name=op.f("ck_upload_charged")),
        sa.CheckConstraint("received >= 0 AND received <= size", name=op.f("ck_upload_received")),
        sa.ForeignKeyConstraint(["file_id"], ["asset_file.id"], name=op.f("fk_upload_file_id_asset_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("token", name=op.f("uq_upload_token")),
    )
    op.create_index(op.f("ix_upload_file_id"), "upload", ["file_id"], unique=False)
    op.create_index("ix_upload_org_state", "upload", ["org_id", "state"], unique=False)
    op.create_index("ix_upload_state_expires", "upload", ["state", "expires_at"], unique=False)
    op.create_index(
        "uq_upload_open",
        "upload",
        ["file_id"],
        unique=True,
        sqlite_where=sa.text("state = 'receiving'"),
        postgresql_where=sa.text("state = 'receiving'"),
    )
    op.create_table(
        "contract_text",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_contract_text_contract_id_contract")
        ),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_contract_text")),
    )
    op.create_table(
        "entitlement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("provider_org_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("environment", sa.JSON(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("quota_rows", sa.BigInteger(), nullable=True),
        sa.Column("rows_used", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("revocation_leaf", sa.String(length=64), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'REVOKED') = (revocation_leaf IS NOT NULL)",
            name=op.f("ck_entitlement_revoked_by_statement"),
        ),
        sa.CheckConstraint(
            "state IN ('ACTIVE', 'SUSPENDED', 'REVOKED', 'EXPIRED')", name=op.f("ck_entitlement_state")
        ),
        sa.CheckConstraint(
            "rows_used >= 0 AND (quota_rows IS NULL OR rows_used <= quota_rows)",
            name=op.f("ck_entitlement_rows_within_quota"),
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_entitlement_term")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_entitlement_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_entitlement_contract_id_contract")
        ),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_entitlement_offer_id_offer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement")),
        sa.UniqueConstraint("contract_id", name=op.f("uq_entitlement_contract_id")),
    )
    op.create_index("ix_entitlement_buyer", "entitlement", ["org_id", "id"], unique=False)
    op.create_index("ix_entitlement_provider", "entitlement", ["provider_org_id", "id"], unique=False)
    op.create_index("ix_entitlement_use", "entitlement", ["asset_id", "org_id", "state"], unique=False)
    op.create_table(
        "upload_part",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.CheckConstraint("start >= 0 AND size > 0", name=op.f("ck_upload_part_span")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_upload_part_upload_id_upload")),
        sa.PrimaryKeyConstraint("upload_id", "start", name=op.f("pk_upload_part")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("provider_org_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=True),
        sa.Column("received_leaf", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(state = 'received') = (received_at IS NOT NULL)", name=op.f("ck_delivery_received")
        ),
        sa.CheckConstraint(
            "(state = 'received') = (received_leaf IS NOT NULL)", name=op.f("ck_delivery_leaf")
        ),
        sa.CheckConstraint("state IN ('released', 'received')", name=op.f("ck_delivery_state")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_delivery_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_delivery_entitlement_id_entitlement")
        ),
        sa.ForeignKeyConstraint(
            ["received_leaf"], ["statement.leaf"], name=op.f("fk_delivery_received_leaf_statement")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["asset_version.id"], name=op.f("fk_delivery_version_id_asset_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "entitlement_id", "version_id", name=op.f("uq_delivery_entitlement_id_version_id")
        ),
        sa.UniqueConstraint("received_leaf", name=op.f("uq_delivery_received_leaf")),
    )
    op.create_index("ix_delivery_buyer", "delivery", ["org_id", "id"], unique=False)
    op.create_index("ix_delivery_provider", "delivery", ["provider_org_id", "id"], unique=False)
    op.create_table(
        "purchase_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("org_id", sa.Uuid(), nullable=False),
        sa.Column("provider_org_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("entitlement_id", sa.Uuid(), nullable=True),
        sa.Column("payment_leaf", sa.String(length=64), nullable=True),
        sa.Column("refund_due", sa.Boolean(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("paid_at", UtcDateTime(), nullable=True),
        sa.Column("fulfilled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("gateway IN ('stripe', 'bank_transfer')", name=op.f("ck_purchase_order_gateway")),
        sa.CheckConstraint(
            "state <> 'FULFILLED' OR entitlement_id IS NOT NULL", name=op.f("ck_purchase_order_fulfilled")
        ),
        sa.CheckConstraint(
            "state IN ('AWAITING_SIGNATURES', 'AWAITING_PAYMENT', 'FULFILLED', 'CANCELLED', 'EXPIRED')",
            name=op.f("ck_purchase_order_state"),
        ),
        sa.CheckConstraint(
            "state <> 'FULFILLED' OR paid_at IS NOT NULL", name=op.f("ck_purchase_order_paid")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_purchase_order_amount")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_purchase_order_currency")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_purchase_order_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_purchase_order_contract_id_contract")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_purchase_order_entitlement_id_entitlement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_order")),
        sa.UniqueConstraint("entitlement_id", name=op.f("uq_purchase_order_entitlement_id")),
    )
    op.create_index("ix_purchase_order_buyer", "purchase_order", ["org_id", "id"], unique=False)
    op.create_index(
        "uq_purchase_order_live",
        "purchase_order",
        ["contract_id"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('CANCELLED', 'EXPIRED')"),
        postgresql_where=sa.text("state NOT IN ('CANCELLED', 'EXPIRED')"),
    )
    op.create_table(
        "usage_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("leaf", sa.String(length=64), nullable=False),
        sa.CheckConstraint("first_at <= last_at", name=op.f("ck_usage_batch_order")),
        sa.CheckConstraint("row_count > 0", name=op.f("ck_usage_batch_rows")),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_usage_batch_sequence")),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_usage_batch_entitlement_id_entitlement")
        ),
        sa.ForeignKeyConstraint(["leaf"], ["statement.leaf"], name=op.f("fk_usage_batch_leaf_statement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_batch")),
        sa.UniqueConstraint(
            "entitlement_id", "sequence", name=op.f("uq_usage_batch_entitlement_id_sequence")
        ),
        sa.UniqueConstraint("leaf", name=op.f("uq_usage_batch_leaf")),
    )
    op.create_table(
        "delivery_release",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("leaf", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_release_delivery_id_delivery")
        ),
        sa.ForeignKeyConstraint(
            ["leaf"], ["statement.leaf"], name=op.f("fk_delivery_release_leaf_statement")
        ),
        sa.PrimaryKeyConstraint("delivery_id", "day", name=op.f("pk_delivery_release")),
        sa.UniqueConstraint("leaf", name=op.f("uq_delivery_release_leaf")),
    )
    op.create_table(
        "usage_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("row_count > 0", name=op.f("ck_usage_event_rows")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["usage_batch.id"], name=op.f("fk_usage_event_batch_id_usage_batch")
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["entitlement.id"], name=op.f("fk_usage_event_entitlement_id_entitlement")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["asset_version.id"], name=op.f("fk_usage_event_version_id_asset_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_event")),
    )
    op.create_index("ix_usage_event_open", "usage_event", ["entitlement_id", "batch_id", "at"], unique=False)
    op.create_table(
        "ledger_heads",
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("origin"),
    )
    create_search_index(op.get_bind())


def downgrade() -> None:
    drop_search_index(op.get_bind())
    op.drop_table("ledger_heads")
    op.drop_index("ix_usage_event_open", table_name="usage_event")
    op.drop_table("usage_event")
    op.drop_table("delivery_release")
    op.drop_table("usage_batch")
    op.drop_index(
        "uq_purchase_order_live",
        table_name="purchase_order",
        sqlite_where=sa.text("state NOT IN ('CANCELLED', 'EXPIRED')"),
        postgresql_where=sa.text("state NOT IN ('CANCELLED', 'EXPIRED')"),
    )
    op.drop_index("ix_purchase_order_buyer", table_name="purchase_order")
    op.drop_table("purchase_order")
    op.drop_index("ix_delivery_provider", table_name="delivery")
    op.drop_index("ix_delivery_buyer", table_name="delivery")
    op.drop_table("delivery")
    op.drop_table("upload_part")
    op.drop_index("ix_entitlement_use", table_name="entitlement")
    op.drop_index("ix_entitlement_provider", table_name="entitlement")
    op.drop_index("ix_entitlement_buyer", table_name="entitlement")
    op.drop_table("entitlement")
    op.drop_table("contract_text")
    op.drop_index(
        "uq_upload_open",
        table_name="upload",
        sqlite_where=sa.text("state = 'receiving'"),
        postgresql_where=sa.text("state = 'receiving'"),
    )
    op.drop_index("ix_upload_state_expires", table_name="upload")
    op.drop_index("ix_upload_org_state", table_name="upload")
    op.drop_index(op.f("ix_upload_file_id"), table_name="upload")
    op.drop_table("upload")
    op.drop_index(
        "uq_contract_live",
        table_name="contract",
        sqlite_where=sa.text("state NOT IN ('ENDED', 'CANCELLED')"),
        postgresql_where=sa.text("state NOT IN ('ENDED', 'CANCELLED')"),
    )
    op.drop_index("ix_contract_provider", table_name="contract")
    op.drop_index("ix_contract_buyer", table_name="contract")
    op.drop_index(op.f("ix_contract_asset_id"), table_name="contract")
    op.drop_table("contract")
    op.drop_index(op.f("ix_certificate_org_id"), table_name="certificate")
    op.drop_index(op.f("ix_certificate_asset_id"), table_name="certificate")
    op.drop_table("certificate")
    op.drop_index(op.f("ix_application_step_application_id"), table_name="application_step")
    op.drop_table("application_step")
    op.drop_table("version_record")
    op.drop_table("shelf_sample")
    op.drop_index("ix_shelf_document_title_zh", table_name="shelf_document")
    op.drop_index("ix_shelf_document_title_en", table_name="shelf_document")
    op.drop_index("ix_shelf_document_org", table_name="shelf_document")
    op.drop_table("shelf_document")
    op.drop_index(op.f("ix_offer_revision_offer_id"), table_name="offer_revision")
    op.drop_table("offer_revision")
    op.drop_table("membership_role")
    op.drop_index(op.f("ix_lineage_edge_source_id"), table_name="lineage_edge")
    op.drop_table("lineage_edge")
    op.drop_index(op.f("ix_asset_file_version_id"), table_name="asset_file")
    op.drop_index(op.f("ix_asset_file_sha256"), table_name="asset_file")
    op.drop_table("asset_file")
    op.drop_index("ix_application_queue", table_name="application")
    op.drop_index(op.f("ix_application_org_id"), table_name="application")
    op.drop_index(op.f("ix_application_asset_id"), table_name="application")
    op.drop_table("application")
    op.drop_index(
        "uq_access_request_live",
        table_name="access_request",
        sqlite_where=sa.text("state IN ('PENDING', 'APPROVED')"),
        postgresql_where=sa.text("state IN ('PENDING', 'APPROVED')"),
    )
    op.drop_index("ix_access_request_provider", table_name="access_request")
    op.drop_index("ix_access_request_buyer", table_name="access_request")
    op.drop_table("access_request")
    op.drop_index(op.f("ix_web_session_account_id"), table_name="web_session")
    op.drop_table("web_session")
    op.drop_table("statement_party")
    op.drop_index(op.f("ix_signing_key_org_id"), table_name="signing_key")
    op.drop_table("signing_key")
    op.drop_table("sign_in_link")
    op.drop_table("opening")
    op.drop_index("ix_offer_own", table_name="offer")
    op.drop_index("ix_offer_asset", table_name="offer")
    op.drop_table("offer")
    op.drop_index(op.f("ix_membership_org_id"), table_name="membership")
    op.drop_table("membership")
    op.drop_index("ix_listing_own", table_name="listing")
    op.drop_table("listing")
    op.drop_table("known_network")
    op.drop_index(op.f("ix_invite_org_id"), table_name="invite")
    op.drop_table("invite")
    op.drop_index("ix_bank_transfer_state", table_name="bank_transfer")
    op.drop_index(op.f("ix_bank_transfer_invoice_id"), table_name="bank_transfer")
    op.drop_table("bank_transfer")
    op.drop_index(op.f("ix_asset_version_manifest_digest"), table_name="asset_version")
    op.drop_index(op.f("ix_asset_version_asset_id"), table_name="asset_version")
    op.drop_table("asset_version")
    op.drop_index(op.f("ix_api_key_org_id"), table_name="api_key")
    op.drop_index(op.f("ix_api_key_account_id"), table_name="api_key")
    op.drop_table("api_key")
    op.drop_table("stored_reply")
    op.drop_table("storage_use")
    op.drop_index(op.f("ix_statement_subject_id"), table_name="statement")
    op.drop_index("ix_statement_pending", table_name="statement")
    op.drop_index("ix_statement_asset", table_name="statement")
    op.drop_table("statement")
    op.drop_table("registration_serial")
    op.drop_table("payment")
    op.drop_index(
        "uq_organisation_zone_adcode",
        table_name="organisation",
        sqlite_where=sa.text("kind = 'ZONE'"),
        postgresql_where=sa.text("kind = 'ZONE'"),
    )
    op.drop_index(
        "uq_organisation_platform",
        table_name="organisation",
        sqlite_where=sa.text("kind = 'PLATFORM'"),
        postgresql_where=sa.text("kind = 'PLATFORM'"),
    )
    op.drop_table("organisation")
    op.drop_index("ix_job_due", table_name="job")
    op.drop_table("job")
    op.drop_table("invoice_counter")
    op.drop_index("ix_invoice_state", table_name="invoice")
    op.drop_index("ix_invoice_buyer", table_name="invoice")
    op.drop_table("invoice")
    op.drop_table("gateway_event")
    op.drop_table("facet_bits")
    op.drop_index("ix_checkout_order", table_name="checkout")
    op.drop_table("checkout")
    op.drop_table("blob")
    op.drop_index(op.f("ix_asset_zone"), table_name="asset")
    op.drop_index("ix_asset_own", table_name="asset")
    op.drop_table("asset")
    op.drop_table("account")
