"""Write the next migration: python -m market.migrations "what changes"."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from market.kit.db import Database
from market.migrations import configuration, migrate


def main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'newest.sqlite3'}"
        migrate(url)
        db = Database(url)
        with db.engine.connect() as connection:
            config = configuration(connection)
            number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
        db.close()


if __name__ == "__main__":
    main(sys.argv[1])
