"""The metadata of an asset, as its registration commits to it.

Both sides write it from here: the provider's client before it signs, the marketplace when it checks the opening.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REQUIRED = (
    "title",  # {zh, en}
    "abstract",  # {zh, en}
    "kind",  # RESOURCE, PRODUCT, SERVICE, TOOL
    "dataset_class",  # GENERAL, INDUSTRY_GENERAL, INDUSTRY_EXPERT, NOT_AI
    "grade",  # CORE, IMPORTANT, G1..G4
    "industry",  # GB/T 4754 section letter
    "adcode",  # GB/T 2260: 450000 or one of its 14 cities
    "modality",  # TEXT, IMAGE, AUDIO, VIDEO, TABULAR, TIME_SERIES, GEO, GRAPH, MULTIMODAL
    "languages",  # list of BCP 47 tags, may be empty
    "licence",  # SPDX id or LicenseRef-…
    "source_kind",  # ORIGINAL, COLLECTED, TRADED, AUTHORISED_PUBLIC, DERIVED, SYNTHETIC, OTHER
    "rights",  # list of {right: HOLD|USE|OPERATE, origin: SELF_PRODUCED|…}
    "personal_info",  # NONE, DEIDENTIFIED, PERSONAL, SENSITIVE
    "update_freq",  # REALTIME, DAILY, …, ONCE
    "keywords",  # list of texts, may be empty
)


def snapshot(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The document that a registration commits to: exactly the required fields. Raises KeyError if one is missing."""
    return {name: fields[name] for name in REQUIRED}
