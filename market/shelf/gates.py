"""The gates before the shelf: each is a condition with what was found and, if it is not met, what to do."""

from __future__ import annotations

from collections.abc import Sequence

from market.catalog.schemas import AssetMetadata
from market.kit.i18n import N_, Lang, translate
from market.kit.texts import LocalText
from market.licensing.schemas import OfferView
from market.registry.schemas import CertificateView
from market.shelf.schemas import Gate
from market.zones import service as zones


def both(sentence: str, **fields: object) -> LocalText:
    """A sentence of ours in both languages; fields that are bilingual go into each in its own."""

    def within(lang: Lang) -> dict[str, object]:
        return {
            name: value.best(lang) if isinstance(value, LocalText) else value
            for name, value in fields.items()
        }

    return LocalText(
        zh=translate("zh", sentence, **within("zh")), en=translate("en", sentence, **within("en"))
    )


def gates(
    described: Sequence[AssetMetadata], certificate: CertificateView | None, offers: Sequence[OfferView]
) -> list[Gate]:
    """All conditions of being on show, in the order in which a provider meets them.

    described: as it was signed and, where it was edited since, as it is said to be now. Each has to meet them.
    """
    return [
        _certificate(certificate),
        _offer(offers),
        _grade(described),
        _negative_list(described, offers),
    ]


def _certificate(found: CertificateView | None) -> Gate:
    title = both(N_("A valid registration certificate"))
    if found is not None and found.holds:
        return Gate(
            name="certificate",
            passed=True,
            title=title,
            detail=both(
                N_("Certificate %(code)s is valid until %(day)s."), code=found.code, day=found.valid_until
            ),
        )
    if found is None:
        detail = both(N_("The asset has no certificate yet."))
        hint = both(N_("Register a version and apply to the registrar of its zone; the certificate follows."))
    else:
        detail = both(N_("Certificate %(code)s is no longer valid."), code=found.code)
        hint = both(N_("Apply again for the current version, or ask the registrar why."))
    return Gate(name="certificate", passed=False, title=title, detail=detail, hint=hint)


def _offer(offers: Sequence[OfferView]) -> Gate:
    title = both(N_("At least one published offer"))
    if offers:
        detail = both(N_("Published offers: %(count)s."), count=len(offers))
        return Gate(name="offer", passed=True, title=title, detail=detail)
    return Gate(
        name="offer",
        passed=False,
        title=title,
        detail=both(N_("Nobody could take the asset: it has no published offer.")),
        hint=both(N_("Make an offer under Provide data and sign it, or use: datawharf offer.")),
    )


def _grade(described: Sequence[AssetMetadata]) -> Gate:
    title = both(N_("A grade that may be traded"))
    grade = described[0].grade
    words = zones.code_list("grade").get(grade) or LocalText(en=grade)
    if all(metadata.grade != "CORE" for metadata in described):
        return Gate(name="grade", passed=True, title=title, detail=both(N_("It is %(grade)s."), grade=words))
    return Gate(
        name="grade",
        passed=False,
        title=title,
        detail=both(N_("Core data may not be traded.")),
        hint=both(N_("If the grade is wrong, correct it in the metadata and register a new version.")),
    )


def _negative_list(described: Sequence[AssetMetadata], offers: Sequence[OfferView]) -> Gate:
    title = both(N_("Nothing on the negative list"))
    version = zones.negative_list().version
    if offers:
        hits = (
            zones.rule_against(one.model_dump(), offer.kind.value, offer.purposes)
            for one in described
            for offer in offers
        )
    else:
        hits = (zones.rule_against(one.model_dump()) for one in described)
    hit = next(filter(None, hits), None)
    if hit is None:
        detail = both(N_("No rule of the negative list, version %(version)s, applies."), version=version)
        return Gate(name="negative_list", passed=True, title=title, detail=detail)
    hint = N_("This is rule %(rule)s of the negative list, version %(version)s (%(basis)s).")
    return Gate(
        name="negative_list",
        passed=False,
        title=title,
        detail=hit.reason,
        hint=both(hint, rule=hit.id, version=version, basis=hit.basis),
    )
