"""Between the fields of the studio's forms and the shapes of the service."""

from __future__ import annotations

import re
from typing import Any

from market.catalog.schemas import AssetMetadata, AssetView, NewVersion
from market.kit.forms import Submitted
from market.kit.i18n import Lang
from market.zones import service as zones

_LISTS = ("kind", "dataset_class", "grade", "modality", "source_kind", "personal_info", "update_freq")
_PLAIN = (*_LISTS, "industry", "adcode", "licence")
_FIELDS = {"title": "title_zh", "abstract": "abstract_zh", "manifest": "files", "If-Match": "form"}


def read_metadata(form: Submitted, lang: Lang) -> tuple[AssetMetadata | None, dict[str, str]]:
    """The metadata that the form says, or what is wrong by form field."""
    given = form.values
    keywords = [word.strip() for word in re.split(r"[,，、;；\n]", _text(form, "keywords")) if word.strip()]
    document: dict[str, Any] = {
        "title": {"zh": _text(form, "title_zh"), "en": _text(form, "title_en")},
        "abstract": {"zh": _text(form, "abstract_zh"), "en": _text(form, "abstract_en")},
        "languages": _list(form, "languages"),
        "rights": [
            {"right": right, "origin": _text(form, "right_origin")} for right in _list(form, "rights")
        ],
        "keywords": keywords,
    } | {name: given[name] for name in _PLAIN if given.get(name)}
    metadata, errors = Submitted(document).read(AssetMetadata, lang)
    return metadata, {_at_fault(where, document): sentence for where, sentence in errors.items()}


def _at_fault(where: str, document: dict[str, Any]) -> str:
    """The form field of a place; where a text lacks one of its two languages, the field of that one."""
    text = document.get(where)
    lacks_english = isinstance(text, dict) and bool(text["zh"]) and not text["en"]
    return f"{where}_en" if lacks_english else form_field(where)


def form_field(where: str) -> str:
    """The form field of a place in the metadata, e.g. "rights.0.origin" or "rights/0/origin": right_origin."""
    parts = re.split(r"[./]", where)
    if parts[0] == "rights" and parts[-1] == "origin":
        return "right_origin"
    if parts[0] in ("title", "abstract") and parts[-1] == "en":
        return f"{parts[0]}_en"
    return _FIELDS.get(parts[0], parts[0])


def fields_of(asset: AssetView) -> dict[str, Any]:
    """An asset's metadata as form fields."""
    said = asset.metadata
    fields: dict[str, Any] = {name: getattr(said, name) for name in _PLAIN}
    return fields | {
        "title_zh": said.title.zh,
        "title_en": said.title.en,
        "abstract_zh": said.abstract.zh,
        "abstract_en": said.abstract.en,
        "languages": said.languages,
        "rights": [claim.right for claim in said.rights],
        "right_origin": said.rights[0].origin,
        "keywords": ", ".join(said.keywords),
    }


def offered(lang: Lang) -> dict[str, list[tuple[str, str]]]:
    """What each choice of the asset form offers: pairs of code and words."""
    choices = {
        name: [(code, words.best(lang)) for code, words in zones.code_list(list_name).items()]
        for name, list_name in {
            **{name: name for name in _LISTS},
            "languages": "language",
            "rights": "right",
            "right_origin": "right_origin",
        }.items()
    }
    choices["industry"] = [(code, f"{code} {words.best(lang)}") for code, words in zones.industries().items()]
    choices["adcode"] = [(city.adcode, city.name.best(lang)) for city in zones.cities()]
    choices["licence"] = [(code, zones.licence_name(code, lang)) for code in zones.licences()]
    return choices


def read_version(form: Submitted, lang: Lang) -> tuple[NewVersion | None, dict[str, str]]:
    """The version that the form says, or what is wrong by form field."""
    notes = {"zh": _text(form, "notes_zh"), "en": _text(form, "notes_en")}
    document: dict[str, Any] = {
        "version": _text(form, "version"),
        "manifest": _text(form, "manifest"),
        "derived_from": _text(form, "derived_from").lower().split(),
    }
    if any(notes.values()):
        document["notes"] = notes
    if address := _text(form, "reference_url"):
        document |= {"delivery": "reference", "reference_url": address}
    version, errors = Submitted(document).read(NewVersion, lang)
    return version, {_version_field(where): sentence for where, sentence in errors.items()}


def _version_field(where: str) -> str:
    first = where.partition(".")[0]
    # The schema's rule about delivery concerns the one field of the form that sets it.
    return {"form": "reference_url", "manifest": "files", "notes": "notes_zh"}.get(first, first)


def _text(form: Submitted, name: str) -> str:
    value = form.values.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _list(form: Submitted, name: str) -> list[str]:
    value = form.values.get(name, [])
    return value if isinstance(value, list) else [value]
