"""All tables of all slices, so that the metadata is complete for migrations and for tests."""

from __future__ import annotations

from sqlmodel import SQLModel

from market.accounts import models as accounts
from market.catalog import models as catalog
from market.delivery import models as delivery
from market.kit import idempotency, jobs
from market.licensing import models as licensing
from market.orders import models as orders
from market.payments import models as payments
from market.provenance import models as provenance
from market.registry import models as registry
from market.shelf import models as shelf
from market.zones import models as zones

metadata = SQLModel.metadata

# Named here so that no tool takes the imports for idle: importing a module of tables is what registers them.
TABLE_MODULES = (
    accounts,
    catalog,
    delivery,
    licensing,
    orders,
    payments,
    provenance,
    registry,
    shelf,
    zones,
    idempotency,
    jobs,
)
