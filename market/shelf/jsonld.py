"""An asset as linked data: a schema.org Dataset in the shape of Croissant 1.1, with the digest of every file."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from market.catalog.schemas import AssetView, FileView, VersionDetail
from market.kit.i18n import Lang
from market.kit.texts import LocalText
from market.licensing.schemas import OfferKind, OfferView

JSONLD_TYPE = "application/ld+json"
# Readers of Croissant know these names; https://schema.org/ with its s, or they do not see a Dataset.
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_SPDX = "https://spdx.org/licenses/"


def dataset(
    asset: AssetView,
    version: VersionDetail,
    *,
    provider: LocalText,
    offers: list[OfferView],
    certificate: str | None,
    base_url: str,
    address: str,
    lang: Lang,
    most_files: int | None = None,
) -> dict[str, Any]:
    """address: of the asset's page without language. most_files: how many files to name at most."""
    metadata = asset.metadata
    page = f"{base_url}/{lang}/assets/{address}"
    other: Lang = "en" if lang == "zh" else "zh"
    licence = f"{page}/terms" if metadata.licence.startswith("LicenseRef-") else f"{_SPDX}{metadata.licence}"
    day = (version.registered_at or version.created_at).date().isoformat()
    described: dict[str, Any] = {
        "@context": CONTEXT | {"@language": "zh-CN" if lang == "zh" else "en"},
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "@id": page,
        "name": metadata.title.best(lang),
        "alternateName": metadata.title.best(other),
        "description": metadata.abstract.best(lang),
        "url": page,
        "license": licence,
        "creator": {
            "@type": "sc:Organization",
            "name": provider.best(lang),
            "url": f"{base_url}/{lang}/providers/{asset.org_id}",
        },
        "keywords": metadata.keywords,
        "inLanguage": metadata.languages,
        "version": version.version,
        "dateCreated": asset.created_at.date().isoformat(),
        "datePublished": day,
        "dateModified": day,
        "isAccessibleForFree": any(offer.kind is not OfferKind.PAID for offer in offers),
        "identifier": [
            f"urn:sha256:{version.manifest_digest}",
            *([f"{base_url}/c/{certificate}"] if certificate else []),
        ],
        "citeAs": f"{provider.best(lang)}: {metadata.title.best(lang)}, {version.version}. {page}",
        "distribution": [_file(version, file, base_url) for file in version.files[:most_files]],
    }
    return described


def _file(version: VersionDetail, file: FileView, base_url: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": f"{base_url}/api/v1/versions/{version.id}/files/{quote(file.path)}",
        "contentSize": f"{file.size} B",
        "encodingFormat": file.media_type,
        "sha256": file.sha256,
    }
