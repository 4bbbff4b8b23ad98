"""What delivery keeps per process: running streams, and tables that are read."""

from __future__ import annotations

import threading

from market.catalog.blob_store import BlobStore
from market.delivery.limits import limits_of
from market.delivery.spool import Tables
from market.delivery.streams import Streams
from market.kit.ports import Ports

_making = threading.Lock()


def streams_of(ports: Ports) -> Streams:
    """This process's running streams; made at first use."""
    with _making:
        found = ports.extras.get(Streams)
        if not isinstance(found, Streams):
            found = Streams()
            ports.add(Streams, found)
    return found


def tables_of(ports: Ports) -> Tables:
    """This process's readers of tables; made at first use."""
    with _making:
        found = ports.extras.get(Tables)
        if not isinstance(found, Tables):
            store: BlobStore = ports.get(BlobStore)  # type: ignore[type-abstract]
            found = Tables(store, limits_of(ports).readers)
            ports.add(Tables, found)
    return found
