"""A small marketplace up to the shelf: assets that are registered, certified, offered and listed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from ledger.names import urn
from market import tables
from market.accounts.models import Organisation
from market.kit.guards import refuse_unguarded
from market.kit.jobs import Worker
from market.licensing import routes as licensing_routes
from market.registry.certificates import new_code
from market.registry.models import Application, Certificate
from market.shelf import routes
from market.shelf.tasks import handlers
from tests.ledger.logs import ORIGIN
from tests.market.catalog.conftest import Org, Shop, build_shop
from tests.market.licensing.conftest import OPEN, PAID, REQUEST, publish

__all__ = ["OPEN", "PAID", "REQUEST", "Shelf"]
assert tables.metadata

FILES = {"rows.csv": b"port,teu\nQinzhou,5\nBeihai,7\n"}


class Shelf:
    """A shop with its shelf, and a provider who fills it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.shop: Shop = build_shop(url, folder)
        app = self.shop.web.app
        assert isinstance(app, FastAPI)
        app.include_router(licensing_routes.router)
        app.include_router(routes.router)
        refuse_unguarded(app)
        self.app, self.db, self.clock, self.web = app, self.shop.db, self.shop.clock, self.shop.web
        self.provider = self.org("provider", "北部湾数据", "Beibu Gulf Data")

    def org(self, name: str, zh: str, en: str) -> Org:
        org = self.shop.org(name)
        with self.db.writing() as session:
            session.add(
                Organisation(
                    id=org.id,
                    urn=urn(ORIGIN, "org", org.id),
                    kind="MEMBER",
                    name_zh=zh,
                    name_en=en,
                    legal_kind="ENTERPRISE",
                    zone="450700",
                    created_at=self.clock.now(),
                )
            )
        return org

    def registered(
        self, org: Org | None = None, files: dict[str, bytes] = FILES, **metadata: Any
    ) -> dict[str, Any]:
        org = org or self.provider
        asset = org.asset(**metadata)
        self.version(asset, org, files)
        return asset

    def version(
        self, asset: dict[str, Any], org: Org, files: dict[str, bytes], number: str = "1.0.0"
    ) -> None:
        version = org.version(asset["id"], files, number)
        for path, data in files.items():
            org.upload(version["id"], path, data)
        answer = org.register(asset, version)
        assert answer.status_code == 201, answer.text
        asset["version"] = answer.json()

    def certify(self, asset: dict[str, Any], *, days: int = 365, state: str = "VALID") -> str:
        """What the registrar's desk leaves behind when it issues."""
        now = self.clock.now()
        version = asset["version"]
        org_id = UUID(asset["org_id"])
        application = Application(
            org_id=org_id,
            asset_id=UUID(asset["id"]),
            version_id=UUID(version["id"]),
            registration=version["leaf"],
            zone="450700",
            rule_pack="guangxi_default",
            state="ISSUED",
            submitted_at=now,
            changed_at=now,
        )
        code = new_code()
        certificate = Certificate(
            code=code,
            number=f"GXDA-{code}",
            application_id=application.id,
            asset_id=UUID(asset["id"]),
            version_id=UUID(version["id"]),
            org_id=org_id,
            zone="450700",
            registration=version["leaf"],
            document={},
            salt=bytes(32),
            state=state,
            valid_from=date(2026, 6, 1),
            valid_until=now.date() + timedelta(days=days),
            issued_at=now,
        )
        with self.db.writing() as session:
            session.add(application)
            session.flush()
            session.add(certificate)
        return code

    def ready(self, *offers: dict[str, Any], org: Org | None = None, **metadata: Any) -> dict[str, Any]:
        """An asset that passes every gate."""
        asset = self.registered(org, **metadata)
        asset["certificate"] = self.certify(asset)
        for offer in offers or (OPEN,):
            publish(org or self.provider, asset["id"], offer)
        return asset

    def listed(self, *offers: dict[str, Any], org: Org | None = None, **metadata: Any) -> str:
        """The id of an asset on show."""
        asset = self.ready(*offers, org=org, **metadata)
        answer = (org or self.provider)("POST", f"/assets/{asset['id']}/listing", {})
        assert answer.status_code == 201, answer.text
        assert answer.json()["shown"]
        return str(asset["id"])

    def search(self, query: str = "", **params: Any) -> list[str]:
        """The ids found, in their order."""
        return [item["id"] for item in self.catalogue(query, **params)["items"]]

    def catalogue(self, query: str = "", **params: Any) -> dict[str, Any]:
        answer = self.web.get("/api/v1/catalogue", params={"q": query} | params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def facets(self, query: str = "", **params: Any) -> dict[str, dict[str, int]]:
        answer = self.web.get("/api/v1/catalogue/facets", params={"q": query} | params)
        assert answer.status_code == 200, answer.text
        return {
            facet["name"]: {value["value"]: value["count"] for value in facet["values"]}
            for facet in answer.json()["items"]
        }

    def drain(self) -> int:
        return Worker(self.db, handlers(self.shop.ports), self.clock).drain()


def titled(zh: str, en: str, **more: Any) -> dict[str, Any]:
    return {"title": {"zh": zh, "en": en}, "abstract": {"zh": zh, "en": en}, "keywords": []} | more


@pytest.fixture
def shelf(database_url: str, tmp_path: Path) -> Iterator[Shelf]:
    """On each engine."""
    built = Shelf(database_url, tmp_path)
    yield built
    built.db.close()


@pytest.fixture
def small_shelf(sqlite_url: str, tmp_path: Path) -> Iterator[Shelf]:
    """On SQLite only, where the engine makes no difference."""
    built = Shelf(sqlite_url, tmp_path)
    yield built
    built.db.close()
