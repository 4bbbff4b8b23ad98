"""What the pages of an asset show, gathered from the slices below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from market.accounts import service as accounts
from market.catalog import service as catalog
from market.catalog.schemas import AssetView, LineageView, VersionDetail, VersionView
from market.kit.auth import ANONYMOUS, Principal
from market.kit.errors import NotFound
from market.kit.i18n import N_, Lang, translate
from market.kit.texts import LocalText
from market.licensing import service as licensing
from market.licensing.schemas import OfferKind, OfferView
from market.registry import certificates
from market.registry.schemas import CertificateView
from market.shelf import listings, samples
from market.shelf.drawing import MOST_NODES, Node, draw_lineage
from market.shelf.jsonld import dataset
from market.shelf.schemas import ListingState, SampleView, slug_of

_ORDER = (OfferKind.OPEN, OfferKind.PAID, OfferKind.REQUEST)
# A page of the history compares so many versions, and names so many files of each kind of change.
VERSIONS_COMPARED, PATHS_SHOWN = 10, 12


@dataclass(frozen=True)
class AssetPage:
    """What all tabs of an asset share. state: of its listing; None if it was never on show.

    edited: the reader's organisation has changed the description since; the page shows the registered one all the same.
    """

    asset: AssetView
    edited: bool
    version: VersionDetail
    provider: LocalText
    offers: list[OfferView]
    certificate: CertificateView | None
    state: ListingState | None
    delisted_at: datetime | None
    sample_allowed: bool

    @property
    def address(self) -> str:
        return f"{slug_of(self.asset.metadata.title.en)}-{self.asset.id}"

    @property
    def on_show(self) -> bool:
        return self.state is ListingState.LISTED and bool(self.offers)

    @property
    def open(self) -> bool:
        return any(offer.kind is OfferKind.OPEN for offer in self.offers)

    def jsonld(self, base_url: str, lang: Lang, most_files: int | None = None) -> dict[str, Any]:
        return dataset(
            self.asset,
            self.version,
            provider=self.provider,
            offers=self.offers,
            certificate=self.certificate.code if self.certificate else None,
            base_url=base_url,
            address=self.address,
            lang=lang,
            most_files=most_files,
        )


def asset_page(
    session: Session, *, actor: Principal, asset_id: UUID, now: datetime, most_files: int | None
) -> AssetPage:
    """most_files: how many of the version's files the page needs, None for all. Raises NotFound for what is not
    registered."""
    asset = catalog.asset(session, actor=actor, asset_id=asset_id)
    current = asset.current_version_id
    if current is None:
        raise NotFound(
            N_("This asset is a draft; it has a page once a version is registered."),
            hint=N_("Its provider finds it under Provide data."),
        )
    edited = asset.metadata_state == "draft"
    if edited:
        asset = catalog.asset(session, actor=ANONYMOUS, asset_id=asset_id)
    state, delisted_at = listings.state_of(session, asset_id)
    names = accounts.org_names(session, [asset.org_id])
    offered = (
        {} if state is ListingState.DELISTED else licensing.published_offers(session, asset_ids=[asset_id])
    )
    return AssetPage(
        asset=asset,
        edited=edited,
        version=catalog.version(session, actor=actor, version_id=current, most_files=most_files),
        provider=names.get(asset.org_id) or LocalText(en="–"),
        offers=sorted(
            offered.get(asset_id, []),
            key=lambda offer: (_ORDER.index(offer.kind), offer.price.minor if offer.price else 0),
        ),
        certificate=certificates.certificate_of(session, asset_id=asset_id, now=now),
        state=state,
        delisted_at=delisted_at,
        sample_allowed=listings.sample_allowed(session, asset_id),
    )


@dataclass(frozen=True)
class SampleShown:
    """The first rows, or why there are none to see: not_allowed, remote, no_table, not_yet, unreadable."""

    sample: SampleView | None
    why_not: str


def sample_shown(session: Session, page: AssetPage) -> SampleShown:
    if not (page.open or page.sample_allowed):
        return SampleShown(None, "not_allowed")
    if page.version.delivery == "reference":
        return SampleShown(None, "remote")
    found = samples.sample_of(session, page.version.id)
    if found is None:
        table = samples.first_table(session, page.version.id)
        return SampleShown(None, "no_table" if table is None else "not_yet")
    return SampleShown(found, "unreadable" if found.problem else "")


@dataclass(frozen=True)
class VersionChange:
    """A version with what differs from the one before it; files is None for the first."""

    version: VersionView
    files: catalog.FileChanges | None


@dataclass(frozen=True)
class History:
    """older: where the list goes on, as the cursor of the next page."""

    changes: list[VersionChange]
    older: str | None


def history(session: Session, *, actor: Principal, asset_id: UUID, cursor: str | None) -> History:
    """Registered versions, newest first, each compared with the one before."""
    # A draft of one's own has no place here; everybody sees the same history.
    page = catalog.versions_of(
        session, actor=ANONYMOUS, asset_id=asset_id, cursor=cursor, limit=VERSIONS_COMPARED
    )
    following = page.items[1:]
    if page.next:
        rest = catalog.versions_of(session, actor=ANONYMOUS, asset_id=asset_id, cursor=page.next, limit=1)
        following += rest.items
    changes = [
        VersionChange(
            newer,
            catalog.file_changes(
                session, actor=actor, newer_id=newer.id, older_id=older.id, most=PATHS_SHOWN
            ),
        )
        for newer, older in zip(page.items, following, strict=False)
    ]
    if page.items and not page.next:
        changes.append(VersionChange(page.items[-1], None))
    return History(changes, page.next)


@dataclass(frozen=True)
class Lineage:
    """drawing: SVG, empty where there is nothing to draw or too much. rows: the same as a table."""

    drawing: str
    rows: list[tuple[Node, Node]]


def lineage(session: Session, *, actor: Principal, asset_id: UUID, lang: Lang) -> Lineage:
    """What the asset was made from and what was made from it, drawn and as pairs (source, made)."""
    found = catalog.lineage(session, actor=actor, asset_id=asset_id)
    ends = _ends(found)
    titles = catalog.summaries(session, {asset for asset, _, _ in ends.values()})
    nodes = {
        key: Node(
            key=key,
            title=titles[asset].title.best(lang) if asset in titles else "–",
            subtitle=f"v{version}",
            address=f"/{lang}/assets/{asset}/provenance",
            proved=bool(leaf),
            own=asset == asset_id,
        )
        for key, (asset, version, leaf) in ends.items()
    }
    edges = [(str(edge.source_version_id), str(edge.version_id)) for edge in (*found.up, *found.down)]
    rows = [(nodes[source], nodes[made]) for source, made in edges]
    if not rows or len(nodes) > MOST_NODES:
        return Lineage("", rows)
    says = translate(lang, N_("What this asset was made from, and what was made from it"))
    return Lineage(draw_lineage(list(nodes.values()), edges, says), rows)


def _ends(found: LineageView) -> dict[str, tuple[UUID, str, str]]:
    ends: dict[str, tuple[UUID, str, str]] = {}
    for edge in (*found.up, *found.down):
        ends[str(edge.source_version_id)] = (edge.source_asset_id, edge.source_version, edge.source_leaf)
        ends[str(edge.version_id)] = (edge.asset_id, edge.version, edge.leaf)
    return ends
