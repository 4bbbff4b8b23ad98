"""Documents: what lists and searches know of an asset, made from the slices below and kept in step with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from market.accounts import service as accounts
from market.catalog import service as catalog
from market.catalog.schemas import AssetMetadata, AssetView, VersionDetail
from market.kit.auth import system
from market.kit.jobs import enqueue
from market.kit.money import Money
from market.kit.texts import LocalText
from market.licensing import service as licensing
from market.licensing.schemas import OfferKind, OfferView
from market.registry import certificates
from market.registry.schemas import CertificateView
from market.shelf import repository, search_repository
from market.shelf.facets import value_words
from market.shelf.gates import gates
from market.shelf.models import Listing, ShelfDocument
from market.shelf.schemas import CatalogueItem, Gate, ListingState, Named, Place, slug_of
from market.zones import service as zones

INDEX_TOPIC, SAMPLE_TOPIC = catalog.CHANGED_TOPIC, "shelf.sample"
ALL = ("all", "all")
_SHELF = system("shelf")
_EXCERPT = 320


@dataclass(frozen=True)
class Facts:
    """What stands about an asset in the slices below. asset: as it was registered, if it was.

    edited: the description as its provider has it now, which counts at the gates and is shown to nobody.
    """

    asset: AssetView
    version: VersionDetail | None
    edited: AssetMetadata
    certificate: CertificateView | None
    offers: Sequence[OfferView]

    @property
    def gates(self) -> list[Gate]:
        described = [self.edited]
        if self.edited != self.asset.metadata:
            described.append(self.asset.metadata)
        return gates(described, self.certificate, self.offers)

    @property
    def pass_gates(self) -> bool:
        return self.version is not None and all(gate.passed for gate in self.gates)

    @property
    def open(self) -> bool:
        return any(offer.kind is OfferKind.OPEN for offer in self.offers)


def facts_of(session: Session, asset_id: UUID, now: datetime) -> Facts:
    """Raises NotFound for an unknown asset."""
    asset = catalog.asset(session, actor=_SHELF, asset_id=asset_id)
    current = asset.current_version_id
    return Facts(
        asset=asset,
        version=catalog.version(session, actor=_SHELF, version_id=current) if current else None,
        edited=catalog.as_edited(session, asset_id=asset_id),
        certificate=certificates.certificate_of(session, asset_id=asset_id, now=now),
        offers=licensing.published_offers(session, asset_ids=[asset_id]).get(asset_id, []),
    )


def reindex(session: Session, asset_id: UUID, now: datetime) -> bool:
    """Bring the asset's document in step with what stands; True if it is shown. Cheap, and safe to repeat."""
    repository.lock_index(session)
    listing = repository.listing(session, asset_id)
    known = repository.document_of(session, asset_id)
    facts = facts_of(session, asset_id, now) if listing is not None else None
    if listing is None or facts is None or listing.state != ListingState.LISTED or not facts.pass_gates:
        if known is not None:
            _remove(session, known)
        return False
    _write(session, known, listing, facts)
    version = facts.version
    if version is not None and (facts.open or listing.sample_allowed):
        enqueue(session, SAMPLE_TOPIC, {"version": str(version.id)}, now=now, key=str(version.id))
    return True


def _write(session: Session, known: ShelfDocument | None, listing: Listing, facts: Facts) -> None:
    card, tags = card_of(session, listing, facts), tags_of(facts)
    before = {(facet, value) for facet, value in known.tags} if known else set()
    document = known or ShelfDocument(
        asset_id=listing.asset_id, org_id=listing.org_id, title_zh="", title_en="", day=0, card={}, tags=[]
    )
    document.card = card.model_dump(mode="json")
    document.tags = [list(tag) for tag in sorted(tags)]
    document.title_zh, document.title_en = (title.casefold() for title in (card.title.zh, card.title.en))
    document.day = day_of(card.updated_at)
    session.add(document)
    session.flush()
    number = document.id
    assert number is not None
    changes = dict.fromkeys(before - tags, False) | dict.fromkeys((tags - before) | {ALL}, True)
    repository.change_bits(session, number, changes)
    search_repository.write(session, number, _texts(card, facts))


def _remove(session: Session, known: ShelfDocument) -> None:
    number = known.id
    assert number is not None
    tags = {(facet, value) for facet, value in known.tags} | {ALL}
    repository.change_bits(session, number, dict.fromkeys(tags, False))
    search_repository.remove(session, number)
    session.delete(known)
    session.flush()


def day_of(moment: datetime) -> int:
    return int(moment.timestamp()) // 86_400


def tags_of(facts: Facts) -> set[tuple[str, str]]:
    metadata = facts.asset.metadata
    single = {
        "class": metadata.dataset_class,
        "grade": metadata.grade,
        "industry": metadata.industry,
        "city": metadata.adcode,
        "modality": metadata.modality,
        "licence": metadata.licence,
        "update": metadata.update_freq,
    }
    return (
        set(single.items())
        | {("access", offer.kind.value) for offer in facts.offers}
        | {("language", tag.split("-")[0]) for tag in metadata.languages}
    )


def card_of(session: Session, listing: Listing, facts: Facts) -> CatalogueItem:
    asset, version, metadata = facts.asset, facts.version, facts.asset.metadata
    assert version is not None
    names = accounts.org_names(session, [asset.org_id])
    return CatalogueItem(
        id=asset.id,
        slug=slug_of(metadata.title.en),
        title=metadata.title,
        abstract=LocalText(zh=_excerpt(metadata.abstract.zh), en=_excerpt(metadata.abstract.en)),
        provider=Named(id=asset.org_id, name=names.get(asset.org_id) or LocalText(en="–")),
        access=[kind.value for kind in OfferKind if any(offer.kind is kind for offer in facts.offers)],
        price=_cheapest(facts.offers),
        city=Place(adcode=metadata.adcode, name=_words("places", metadata.adcode)),
        dataset_class=metadata.dataset_class,
        grade=metadata.grade,
        industry=metadata.industry,
        modality=metadata.modality,
        languages=metadata.languages,
        licence=metadata.licence,
        update_freq=metadata.update_freq,
        version=version.version,
        size_bytes=version.size_bytes,
        file_count=version.file_count,
        certificate=facts.certificate.code if facts.certificate else None,
        listed_at=listing.listed_at,
        updated_at=version.registered_at or version.created_at,
    )


def _cheapest(offers: Sequence[OfferView]) -> Money | None:
    """The lowest price; of several currencies the first offer's counts."""
    prices = [offer.price for offer in offers if offer.price is not None]
    same = [price for price in prices if price.currency == prices[0].currency]
    return min(same, key=lambda price: price.minor, default=None)


def _texts(card: CatalogueItem, facts: Facts) -> dict[str, list[str]]:
    metadata, version = facts.asset.metadata, facts.version
    files = [file.path for file in version.files] if version else []
    spoken = [
        card.city.name,
        _words("industry", metadata.industry),
        _words("modality", metadata.modality),
        _words("dataset_class", metadata.dataset_class),
        *(value_words("language", tag.split("-")[0]) for tag in metadata.languages),
        card.provider.name,
    ]
    return {
        "title": [metadata.title.zh, metadata.title.en],
        "keywords": list(metadata.keywords),
        "abstract": [metadata.abstract.zh, metadata.abstract.en],
        "words": [text for words in spoken for text in (words.zh, words.en)] + [metadata.licence, *files],
    }


def _words(codes: str, code: str) -> LocalText:
    return zones.code_list(codes).get(code) or LocalText(zh=code, en=code)


def _excerpt(text: str) -> str:
    if len(text) <= _EXCERPT:
        return text
    return text[:_EXCERPT].rsplit(" ", 1)[0].rstrip("，。,.;； ") + "…"
