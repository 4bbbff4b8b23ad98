"""Registering versions through HTTP, beside the same rows written by SQLModel without HTTP.

    python -m benchmarks.registration [--scale tiny|usual|full] [--json]

A registration is two requests to a real `datawharf serve`: the draft of a version with its manifest, and the
provider's signed statement. Each answers when its transaction is durable. The rows that they leave are read, and
written again through SQLModel, in as many transactions, into a copy of the database as it was before, on the same
engine and file system. Signing happens at the provider's and is not timed; the worker is off on both sides.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select, text
from sqlmodel import Session, SQLModel

from benchmarks.figures import Figure, Scale, command_line, stopwatch
from benchmarks.market import Provider, Served, provider, served_market
from ledger.manifest import FileRow, Manifest
from market import tables
from market.client import registering
from market.client.cli.provide import EXAMPLE
from market.kit.db import Database

# All drafts of a round exist at once, and an organisation may have a hundred.
REGISTRATIONS = {Scale.TINY: 3, Scale.USUAL: 60, Scale.FULL: 90}
ROUNDS = {Scale.TINY: 1, Scale.USUAL: 3, Scale.FULL: 15}
FILES = 3
# As many as there are cores that a client alone would leave idle.
CLIENTS = 2
AT_LEAST = 0.40

Rows = dict[type[SQLModel], list[dict[str, Any]]]


@dataclass(frozen=True)
class Post:
    """path: of the API. body: JSON."""

    path: str
    body: bytes


def run(scale: Scale) -> Iterator[Figure]:
    count = REGISTRATIONS[scale]
    ours: list[float] = []
    theirs: list[float] = []
    written = 0
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        folder = Path(scratch)
        with served_market(folder, worker=False) as market, provider(market) as client:
            for number in range(ROUNDS[scale]):
                assets = [client.create_asset(EXAMPLE) for _ in range(count)]
                with Beside(market, folder / f"peer{number}.sqlite3") as beside:
                    ours.append(register_all(market, client, assets, number, beside))
                    theirs.append(beside.write_again(count))
                    written = beside.rows // count
    yield Figure(
        f"registration of a version with {FILES} files through HTTP, {CLIENTS} clients",
        [seconds / count for seconds in ours],
        f"its {written} rows by SQLModel, in 2 transactions, without HTTP",
        [seconds / count for seconds in theirs],
        at_least=AT_LEAST,
        unit="registrations",
    )


def register_all(
    market: Served, client: Provider, assets: Sequence[Any], number: int, beside: Beside
) -> float:
    """Seconds for the requests alone."""
    manifests = [manifest_of(f"{number}.{at}") for at in range(len(assets))]
    with stopwatch() as drafting:
        drafts = send_all(market, client, [draft(*pair) for pair in zip(assets, manifests, strict=True)])
    beside.note_changes()
    statements = [statement(client, *each) for each in zip(assets, manifests, drafts, strict=True)]
    with stopwatch() as registering_:
        registered = send_all(market, client, statements)
    beside.note_changes()
    assert all(version["state"] == "registered" for version in registered)
    return drafting.seconds + registering_.seconds


def manifest_of(name: str) -> Manifest:
    return Manifest(
        FileRow(f"{name}.{at}.csv", 1000, sha256(f"{name}.{at}".encode()).digest(), "text/csv")
        for at in range(FILES)
    )


def draft(asset: Any, manifest: Manifest) -> Post:
    body = registering.new_version_body(
        manifest,
        version="1.0.0",
        previous=None,
        derived_from=(),
        notes=None,
        reference_url="https://data.example.org/",
    )
    return Post(f"/api/v1/assets/{asset['id']}/versions", json.dumps(body).encode())


def statement(client: Provider, asset: Any, manifest: Manifest, version: Any) -> Post:
    body = registering.sign_registration(
        client.key,
        origin=client.origin,
        org_id=client.org_id,
        asset_id=uuid.UUID(asset["id"]),
        metadata=asset["metadata"],
        manifest=manifest,
        version=version,
    )
    return Post(f"/api/v1/versions/{version['id']}/registration", json.dumps(body).encode())


def send_all(market: Served, client: Provider, posts: Sequence[Post]) -> list[Any]:
    """The replies, in order; every client keeps one connection."""
    headers = {"Authorization": f"Bearer {client.api_key}", "Content-Type": "application/json"}

    def send_some(some: Sequence[Post]) -> list[Any]:
        connection = HTTPConnection(market.address.removeprefix("http://"))
        replies = []
        for post in some:
            connection.request("POST", post.path, post.body, headers | {"Idempotency-Key": str(uuid.uuid4())})
            reply = connection.getresponse()
            body = reply.read()
            assert reply.status == 201, body
            replies.append(json.loads(body))
        connection.close()
        return replies

    share = -(-len(posts) // CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        shares = pool.map(send_some, [posts[at : at + share] for at in range(0, len(posts), share)])
        return [reply for replies in shares for reply in replies]


class Beside:
    """A copy of the market's database as it is now, and what the market writes into its own from now on."""

    def __init__(self, market: Served, path: Path) -> None:
        self._market = Database(f"sqlite:///{market.home / 'datawharf.sqlite3'}")
        # Not through SQLAlchemy, which would begin a transaction.
        connection = self._market.engine.raw_connection()
        connection.cursor().execute("VACUUM INTO ?", (str(path),))
        connection.close()
        self._copy = Database(f"sqlite:///{path}")
        self._seen = self._read()
        self._steps: list[tuple[Rows, Rows]] = []
        self.rows = 0

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *_: object) -> None:
        self._market.close()
        self._copy.close()

    def note_changes(self) -> None:
        """One step of all registrations is done: which rows are new, which changed."""
        now = self._read()
        new: Rows = {}
        changed: Rows = {}
        for model, rows in now.items():
            before = self._seen[model]
            new[model] = [row for key, row in rows.items() if key not in before]
            changed[model] = [row for key, row in rows.items() if key in before and before[key] != row]
        self._steps.append((new, changed))
        self._seen = now
        self.rows += sum(map(len, new.values()))

    def write_again(self, count: int) -> float:
        """Seconds for writing the steps of `count` registrations, a transaction each, into the copy."""
        with stopwatch() as watch:
            for new, changed in self._steps:
                for at in range(count):
                    with self._copy.writing() as session:
                        _write(session, _share(new, at, count), _share(changed, at, count))
        return watch.seconds

    def _read(self) -> dict[type[SQLModel], dict[Any, dict[str, Any]]]:
        found: dict[type[SQLModel], dict[Any, dict[str, Any]]] = {}
        with self._market.engine.connect() as connection:
            for model, table in MODELS:
                rows = connection.execute(select(table).order_by(text("rowid"))).mappings()
                found[model] = {_key(model, row): dict(row) for row in rows}
        return found


def _models() -> list[tuple[type[SQLModel], Table]]:
    known = {mapper.local_table.name: mapper.class_ for mapper in SQLModel._sa_registry.mappers}
    return [(known[table.name], table) for table in tables.metadata.sorted_tables if table.name in known]


MODELS = _models()
KEYS = {model: [column.name for column in table.primary_key] for model, table in MODELS}


def _key(model: type[SQLModel], row: Any) -> Any:
    return tuple(row[name] for name in KEYS[model])


def _share(rows: Rows, at: int, count: int) -> Rows:
    """The rows of one of `count` registrations: a writer at a time wrote them, so they lie in the order of commits."""
    return {
        model: some[len(some) * at // count : len(some) * (at + 1) // count]
        for model, some in rows.items()
        if some
    }


def _write(session: Session, new: Rows, changed: Rows) -> None:
    for model, rows in new.items():
        session.add_all([model(**row) for row in rows])
        # A table at a time, as foreign keys ask for.
        session.flush()
    for model, rows in changed.items():
        for row in rows:
            found = session.get_one(model, _key(model, row))
            for name, value in row.items():
                setattr(found, name, value)
            session.add(found)


if __name__ == "__main__":
    command_line("registration", run)
