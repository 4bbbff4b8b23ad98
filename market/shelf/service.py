"""The shelf in verbs. The verbs live in modules by subject; this is what doors use."""

from __future__ import annotations

from market.shelf.indexing import INDEX_TOPIC, SAMPLE_TOPIC, facts_of, reindex
from market.shelf.listings import delist_asset, list_asset, listing, sample_allowed, state_of
from market.shelf.samples import first_table, make_sample, sample_of
from market.shelf.searching import browse, counts, facets, of_provider, search

__all__ = [
    "INDEX_TOPIC",
    "SAMPLE_TOPIC",
    "browse",
    "counts",
    "delist_asset",
    "facets",
    "facts_of",
    "first_table",
    "list_asset",
    "listing",
    "make_sample",
    "of_provider",
    "reindex",
    "sample_allowed",
    "sample_of",
    "search",
    "state_of",
]
