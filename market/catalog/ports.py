"""What the catalogue takes from create_app: the blob store, and the limits of uploads."""

from __future__ import annotations

import threading

from market.catalog.blob_store import BlobStore
from market.catalog.intake import Intake
from market.catalog.limits import limits_of
from market.kit.ports import Ports

_making = threading.Lock()


def intake_of(ports: Ports) -> Intake:
    """This process's intake; made at first use."""
    with _making:
        found = ports.extras.get(Intake)
        if not isinstance(found, Intake):
            store: BlobStore = ports.get(BlobStore)  # type: ignore[type-abstract]
            found = Intake(ports.db, store, limits_of(ports))
            ports.add(Intake, found)
    return found
