"""What a buyer's library and a provider's list of deliveries show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from market.accounts import service as accounts
from market.catalog import service as catalog
from market.catalog.schemas import AssetSummary, FileView, VersionDetail, VersionView
from market.delivery import releases, repository, usage
from market.delivery.reader.reading import can_read
from market.delivery.schemas import DeliveryView, UsageBatchView
from market.delivery.verbs import READ_DELIVERIES
from market.kit.auth import Principal, Resource, decide, nothing_there
from market.kit.paging import Page
from market.kit.texts import LocalText
from market.licensing import service as licensing
from market.licensing.schemas import ContractView, EntitlementView, Environment
from market.provenance import service as provenance
from market.provenance.gateway import Ledger
from market.provenance.schemas import StatementView


@dataclass(frozen=True)
class Holding:
    """A licence and what came of it. other: the name of the other party."""

    entitlement: EntitlementView
    asset: AssetSummary
    other: LocalText
    deliveries: list[DeliveryView]

    @property
    def delivery_state(self) -> str:
        """none, released, or received once every version that was released is."""
        states = {str(one.state) for one in self.deliveries}
        return "none" if not states else "released" if "released" in states else "received"


@dataclass(frozen=True)
class Shelfmark:
    """One licence in full: versions, the files of one of them, the contract, and every statement about it.

    kept_at: where the provider keeps that version's files itself; empty too while the licence does not let one have them.
    """

    holding: Holding
    versions: list[VersionView]
    version: VersionDetail | None
    kept_at: str
    contract: ContractView
    usage: list[UsageBatchView]
    statements: list[StatementView]

    @property
    def first_table(self) -> FileView | None:
        """A file that the licence lets one read by row, if there is any."""
        if self.version is None or Environment.API not in self.holding.entitlement.environment:
            return None
        return next((file for file in self.version.files if can_read(file.media_type)), None)


def holdings(session: Session, *, actor: Principal, now: datetime, cursor: str | None) -> Page[Holding]:
    """The licences of one's organisation, newest first."""
    decide(actor, READ_DELIVERIES, Resource(org_id=actor.acting_org))
    page = licensing.entitlements_of(session, actor=actor, now=now, cursor=cursor, limit=20)
    return Page.model_construct(items=_holdings(session, actor, page.items), next=page.next)


def shelfmark(
    session: Session,
    *,
    actor: Principal,
    ledger: Ledger,
    entitlement_id: UUID,
    version_id: UUID | None,
    now: datetime,
) -> Shelfmark:
    """A licence that one's organisation holds. version_id: whose files to show; the newest if None."""
    decide(actor, READ_DELIVERIES, Resource(org_id=actor.acting_org))
    entitlement = licensing.entitlement(session, actor=actor, entitlement_id=entitlement_id, now=now)
    if entitlement.buyer_org != actor.acting_org:
        raise nothing_there()
    (holding,) = _holdings(session, actor, [entitlement])
    versions = [
        one
        for one in catalog.versions_of(session, actor=actor, asset_id=entitlement.asset_id).items
        if one.state == "registered"
    ]
    shown = next((one for one in versions if version_id in (None, one.id)), None)
    may_have = entitlement.is_active and Environment.DOWNLOAD in entitlement.environment
    contract = licensing.contract(
        session, actor=actor, ledger=ledger, contract_id=entitlement.contract_id, now=now
    )
    batches = usage.batches_of(session, actor=actor, entitlement_id=entitlement.id, now=now).items
    leaves = [
        *(one.leaf for one in versions),
        *(one.leaf for one in contract.signatures),
        *(each.leaf for one in holding.deliveries for each in one.releases),
        *(one.leaf for one in holding.deliveries),
        *(one.leaf for one in batches),
        entitlement.revocation_leaf,
    ]
    known = provenance.statements(session, ledger, [leaf for leaf in leaves if leaf is not None])
    return Shelfmark(
        holding=holding,
        versions=versions,
        version=catalog.version(session, actor=actor, version_id=shown.id) if shown else None,
        kept_at=catalog.kept_at(session, version_id=shown.id) if shown and may_have else "",
        contract=contract,
        usage=batches,
        statements=sorted(known.values(), key=lambda one: one.created_at),
    )


def provided(
    session: Session, *, actor: Principal, cursor: str | None
) -> tuple[Page[DeliveryView], dict[UUID, AssetSummary], dict[UUID, LocalText]]:
    """What others got of one's assets, newest first; with the assets and the buyers' names."""
    page = releases.deliveries(session, actor=actor, provided=True, cursor=cursor, limit=20)
    assets = catalog.summaries(session, {one.asset_id for one in page.items})
    return page, assets, accounts.org_names(session, {one.buyer_org for one in page.items})


def _holdings(session: Session, actor: Principal, entitlements: Sequence[EntitlementView]) -> list[Holding]:
    assets = catalog.summaries(session, {one.asset_id for one in entitlements})
    names = accounts.org_names(session, {one.provider_org for one in entitlements})
    rows = repository.deliveries_under(session, actor.acting_org, [one.id for one in entitlements])
    found = releases.views_of(session, rows)
    return [
        Holding(
            entitlement=one,
            asset=assets[one.asset_id],
            other=names.get(one.provider_org, LocalText(zh="–", en="–")),
            deliveries=[delivery for delivery in found if delivery.entitlement_id == one.id],
        )
        for one in entitlements
    ]
