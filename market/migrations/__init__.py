"""The database's history: one line of migrations, applied by `datawharf init` and at each start."""

from __future__ import annotations

from market.kit.db import Database


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest form."""
    from market.tables import metadata

    db = Database(url)
    try:
        metadata.create_all(db.engine)
    finally:
        db.close()
