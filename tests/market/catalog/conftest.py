"""A small marketplace of this slice: its routes and pages on a real database, real files, and a clock that tests set."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlmodel import Session, SQLModel
from starlette.testclient import TestClient

from ledger.bindings import prove_possession
from ledger.keys import SigningKey
from ledger.manifest import FileDigest, FileRow, Manifest
from ledger.names import urn
from ledger.policy import Policy, TrustedLog
from ledger.statement import sign_statement
from ledger.stores.memory import MemoryObjects
from market.catalog import pages, routes, upload_pages
from market.catalog.blobs import BlobStore, FileBlobs
from market.catalog.limits import UploadLimits
from market.catalog.ports import intake_of
from market.catalog.schemas import EXAMPLE_METADATA
from market.catalog.tasks import handlers
from market.kit import idempotency, middleware, problems
from market.kit.auth import ANONYMOUS, Principal, Role, Via
from market.kit.db import Database
from market.kit.errors import SignInRequired
from market.kit.guards import refuse_unguarded
from market.kit.jobs import Worker
from market.kit.ports import Ports
from market.kit.ratelimit import RateLimits
from market.kit.texts import LocalText
from market.provenance import keys
from market.provenance.gateway import Ledger, PlatformKey
from market.statements import build, claims_for, commit
from tests.ledger.logs import LOG_SIGNER, ORIGIN

CHUNK = 64 * 1024
LIMITS = UploadLimits(quota_bytes=200_000_000, in_flight=100, chunk_bytes=CHUNK)
assert idempotency.StoredReply


class SetClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 7, 1, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Members:
    """Stands in for accounts: each key or cookie is somebody."""

    def __init__(self) -> None:
        self.known: dict[str, Principal] = {}

    def by_api_key(self, session: Session, token: str) -> Principal:
        if token not in self.known:
            raise SignInRequired("unknown key")
        return self.known[token]

    def by_session(self, session: Session, token: str) -> Principal:
        return self.known.get(token, ANONYMOUS)

    def standing(self, session: Session, *, account_id: UUID, org_id: UUID, key_id: UUID | None) -> Principal:
        asked = (account_id, org_id, key_id)
        return next(
            (
                actor
                for actor in self.known.values()
                if (actor.account_id, actor.org_id, actor.key_id) == asked
            ),
            ANONYMOUS,
        )


def member(org_id: UUID, *roles: Role, via: Via = Via.API_KEY) -> Principal:
    return Principal(
        via=via,
        account_id=uuid4(),
        org_id=org_id,
        roles=frozenset(roles or {Role.OWNER}),
        key_id=uuid4() if via is Via.API_KEY else None,
        label="Test",
        org_name=LocalText(en="Harbour Data"),
    )


@dataclass
class Org:
    """An organisation with a signing key and somebody who acts for it."""

    shop: Shop
    name: str
    id: UUID = field(default_factory=uuid4)
    key: SigningKey = field(default_factory=SigningKey.generate)

    def __post_init__(self) -> None:
        self.actor = member(self.id, Role.OWNER, Role.PUBLISHER)
        self.shop.members.known[self.name] = self.actor
        org = urn(ORIGIN, "org", self.id)
        with self.shop.db.writing() as session:
            keys.bind_key(
                session,
                actor=self.actor,
                ledger=self.shop.ledger,
                org_id=self.id,
                key=self.key.public.raw,
                possession=prove_possession(self.key, ORIGIN, org),
                label="test",
                now=self.shop.clock.now(),
            )

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.name}", "Idempotency-Key": str(uuid4())}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.shop.web.request(method, f"/api/v1{path}", json=body, headers=sent)

    def asset(self, **changes: Any) -> dict[str, Any]:
        answer = self("POST", "/assets", {"metadata": EXAMPLE_METADATA | changes})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def version(
        self, asset_id: str, files: dict[str, bytes], number: str = "1.0.0", **more: Any
    ) -> dict[str, Any]:
        body = {"version": number, "manifest": b64(manifest_of(files).canonical), **more}
        answer = self("POST", f"/assets/{asset_id}/versions", body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def open(self, version_id: str, path: str) -> dict[str, Any]:
        answer = self("POST", f"/versions/{version_id}/uploads", {"path": path})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def patch(self, upload: str, start: int, chunk: bytes, checksum: str | None = None, **more: Any) -> Any:
        headers = {
            "Authorization": f"Bearer {self.name}",
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(start),
            "Upload-Checksum": checksum if checksum is not None else checksum_of(chunk),
        }
        return self.shop.web.patch(f"/api/v1/uploads/{upload}", content=chunk, headers=headers, **more)

    def upload(self, version_id: str, path: str, data: bytes) -> dict[str, Any]:
        view = self.open(version_id, path)
        offset = view["offset"]
        while offset < len(data):
            answer = self.patch(view["upload"], offset, data[offset : offset + view["chunk_size"]])
            assert answer.status_code == 200, answer.text
            view, offset = dict(answer.json()), answer.json()["offset"]
        return view

    def registration(
        self, asset: dict[str, Any], version: dict[str, Any], /, **changes: Any
    ) -> dict[str, Any]:
        """The signed statement about a version, with `changes` made to what it says before it is signed."""
        key = changes.pop("key", self.key)
        opened = commit(changes.pop("metadata", asset["metadata"]))
        ids = {"org_id": self.id, "subject_id": UUID(asset["id"])} | changes.pop("claims", {})
        said = {
            "version": version["version"],
            "manifest": version["manifest_digest"],
            "contentRoot": version["content_root"],
            "metadata": opened.hex,
            "delivery": version["delivery"],
            "derivedFrom": version["derived_from"],
            "previous": version["previous"],
        } | changes
        claims = claims_for("registration", ORIGIN, now=self.shop.clock.now(), **ids)
        statement = sign_statement(build("registration", **said), claims, key)
        opening = {"name": "metadata", "salt": b64(opened.salt), "content": b64(opened.content)}
        return {"statement": b64(statement.leaf_bytes), "openings": [opening]}

    def register(self, asset: dict[str, Any], version: dict[str, Any], /, **changes: Any) -> Any:
        body = self.registration(asset, version, **changes)
        return self("POST", f"/versions/{version['id']}/registration", body)

    def registered(self, files: dict[str, bytes], **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """A fresh asset and its registered first version."""
        asset = self.asset()
        version = self.version(asset["id"], files, **more)
        for path, data in files.items():
            self.upload(version["id"], path, data)
        answer = self.register(asset, version)
        assert answer.status_code == 201, answer.text
        return asset, dict(answer.json())


@dataclass
class Shop:
    db: Database
    ports: Ports
    clock: SetClock
    members: Members
    ledger: Ledger
    blobs: Path
    web: TestClient

    def org(self, name: str) -> Org:
        return Org(self, name)

    def drain(self, **later: float) -> int:
        """Run the jobs that are due, after some time has gone by."""
        self.clock.time += timedelta(**later)
        return Worker(self.db, handlers(self.ports), self.clock).drain()

    def restart(self) -> None:
        """What a process keeps in memory is gone."""
        self.ports.extras.pop(type(intake_of(self.ports)))

    def incoming(self) -> list[Path]:
        return sorted((self.blobs / "incoming").iterdir())

    def kept(self) -> list[str]:
        return sorted(path.name for path in (self.blobs / "sha256").glob("*/*"))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def checksum_of(chunk: bytes) -> str:
    return f"sha256 {b64(sha256(chunk).digest())}"


def manifest_of(files: dict[str, bytes], media_type: str = "text/csv") -> Manifest:
    rows = []
    for path, data in files.items():
        digest = FileDigest()
        digest.update(data)
        found = digest.finish()
        rows.append(FileRow(path, found.size, found.sha256, media_type, found.chunks))
    return Manifest(rows)


def build_shop(url: str, folder: Path, store: BlobStore | None = None) -> Shop:
    db, clock, members = Database(url), SetClock(), Members()
    SQLModel.metadata.create_all(db.engine)
    policy = Policy((TrustedLog(LOG_SIGNER.verifier),))
    platform = PlatformKey(uuid4(), SigningKey.from_seed(bytes([9]) * 32))
    ledger = Ledger(ORIGIN, MemoryObjects(), policy, platform)
    ports = Ports(db, clock, members, b"0" * 32, "http://testserver", secure_cookies=False)
    ports.add(Ledger, ledger)
    ports.add(BlobStore, store or FileBlobs(folder / "blobs"))
    ports.add(UploadLimits, LIMITS)
    app = FastAPI()
    app.state.ports, app.state.page_context = ports, []
    app.state.rate_limits = RateLimits(enabled=False)
    problems.install(app)
    app.include_router(routes.router)
    app.include_router(pages.router)
    app.include_router(upload_pages.router)
    refuse_unguarded(app)
    app.add_middleware(middleware.SecurityHeaders, https=False)
    web = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
    return Shop(db, ports, clock, members, ledger, folder / "blobs", web)


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    """On each engine."""
    built = build_shop(database_url, tmp_path)
    yield built
    built.db.close()


@pytest.fixture
def small_shop(sqlite_url: str, tmp_path: Path) -> Iterator[Shop]:
    """On SQLite only, where the engine makes no difference."""
    built = build_shop(sqlite_url, tmp_path)
    yield built
    built.db.close()
