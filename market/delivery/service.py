"""Delivery in verbs. The verbs live in modules by subject; this is what doors and other slices use."""

from __future__ import annotations

from market.delivery.acknowledgements import acknowledge
from market.delivery.downloads import issue_ticket, open_file, use_ticket
from market.delivery.gate import still_stands
from market.delivery.library import Holding, Shelfmark, holdings, provided, shelfmark
from market.delivery.ports import streams_of, tables_of
from market.delivery.releases import deliveries, is_released, release
from market.delivery.row_reading import admit_rows, admit_table, table_view
from market.delivery.usage import USAGE_TOPIC, batches_of, count_rows, state_usage

__all__ = [
    "USAGE_TOPIC",
    "Holding",
    "Shelfmark",
    "acknowledge",
    "admit_rows",
    "admit_table",
    "batches_of",
    "count_rows",
    "deliveries",
    "holdings",
    "is_released",
    "issue_ticket",
    "open_file",
    "provided",
    "release",
    "shelfmark",
    "state_usage",
    "still_stands",
    "streams_of",
    "table_view",
    "tables_of",
    "use_ticket",
]
