"""Calls a route as somebody, on one object or another, and sees whether the call left a trace in the database."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pysqlite3.dbapi2 as sqlite3
from fastapi.routing import RouteContext
from httpx import Response
from starlette.testclient import TestClient

from market.kit.csrf import cookie_name
from market.kit.guards import routes_of
from tests.market.authorisation.approved import Verdict
from tests.market.authorisation.requests import BODIES, BOUGHT, LISTED, PLAIN, SIDES, SOLD, UNKNOWN, Ids
from tests.market.authorisation.world import Someone, World

_NAMES = re.compile(r"{(\w+)(?::path)?}")
_KIDS = "00" * 32
CHECKSUM = f"sha256 {base64.b64encode(hashlib.sha256(b'x').digest()).decode()}"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Route:
    """One method of one address."""

    method: str
    context: RouteContext

    @property
    def path(self) -> str:
        return self.context.path or ""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def page(self) -> bool:
        return self.path.startswith("/{lang}")

    @property
    def by_key(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def names(self) -> list[str]:
        return _NAMES.findall(self.path)

    @property
    def object_names(self) -> list[str]:
        """Names in the address that stand for objects of somebody."""
        return [name for name in self.names if name not in PLAIN]

    @property
    def unsafe(self) -> bool:
        return self.method not in ("GET", "HEAD")

    @staticmethod
    def _object(name: str, side: str, ids: Ids) -> str:
        if side == LISTED or name not in ids:
            return ids.get(side + name) or PLAIN.get(name, "")
        return ids[name]

    def address(self, ids: Ids) -> str:
        side = SIDES.get(self.name) or (SOLD if "/studio/" in self.path else BOUGHT)
        found = {name: self._object(name, side, ids) for name in self.names}
        if not all(found.values()):
            raise LookupError(f"{self.name}: the world has no object for {found}")
        return _NAMES.sub(lambda match: found[match[1]], self.path)


def routes(world: World) -> list[Route]:
    """All of them, those that destroy last."""
    order = {"GET": 0, "HEAD": 0, "PATCH": 1, "POST": 1, "PUT": 1, "DELETE": 2}
    found = [
        Route(method, context) for context in routes_of(world.market.app) for method in context.methods or ()
    ]
    return sorted(found, key=lambda route: order[route.method])


def unknown_ids(world: World) -> Ids:
    """For every name of an object one that nobody has."""
    others = {"kid": _KIDS, "code": "AAAA-AAAA-AAAA", "token": "q2Hc7m0b9Vw3mT5yR8sK1nZ4xL6pD0fGjUeWaQiYoBk"}
    return {name: others.get(name.split(".")[-1], UNKNOWN) for name in world.foreign}


class Caller:
    """Sends requests in the names of the principals, with one connection of the database to look at what changed."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.web = TestClient(
            world.market.app,
            base_url="http://127.0.0.1",
            raise_server_exceptions=False,
            follow_redirects=False,
        ).__enter__()  # one event loop for all the calls
        self._spec = world.market.app.openapi()
        self._tokens: dict[str, str] = {}
        self._pre = ""
        self._note_last_uses()
        path = world.market.ports.db.engine.url.database
        assert path is not None
        self._db = sqlite3.connect(path)
        self._kept = sqlite3.connect(folder / "kept.db")
        self._db.backup(self._kept)
        self._version = -1
        self.changed()

    def close(self) -> None:
        self.web.__exit__(None, None, None)
        self._db.close()
        self._kept.close()

    def _note_last_uses(self) -> None:
        """The first use of a key or session is written down; no later one is, as the clock stands still."""
        for person in self.world.people.values():
            if person.key is not None:
                self.web.get("/api/v1/ledger/head", headers={"Authorization": f"Bearer {person.key}"})
            self.wear(person)
            self.web.get("/en/ledger")

    def changed(self) -> bool:
        """Whether anything was committed since the last time one asked."""
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, version
        return before != version

    def row_hashes(self) -> dict[str, str]:
        """A hash over all rows, by table."""
        tables = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: hashlib.sha256(
                "\n".join(sorted(map(repr, self._db.execute(f'SELECT * FROM "{name}"')))).encode()
            ).hexdigest()
            for (name,) in tables
        }

    def restore(self) -> None:
        """The database as it was when the world was built."""
        self._kept.backup(self._db)
        self.changed()

    def example(self, route: Route, ids: Ids) -> Any:
        """A body that is well formed, or None where the route takes none."""
        if route.name in BODIES:
            return BODIES[route.name](ids)
        schema = self.body_schema(route)
        return schema["examples"][0] if schema and schema.get("examples") else None

    def body_schema(self, route: Route) -> dict[str, Any] | None:
        operation = self._spec["paths"].get(route.path.replace(":path", ""), {}).get(route.method.lower(), {})
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return None
        name = content["schema"].get("$ref", "").rsplit("/", 1)[-1]
        schema: dict[str, Any] = self._spec["components"]["schemas"].get(name, content["schema"])
        return schema

    def __call__(self, person: Someone, route: Route, ids: Ids, *, body: Any = None) -> Response:
        address = route.address(ids)
        if route.by_key:
            return self._by_key(
                person, route, address, body if body is not None else self.example(route, ids)
            )
        return self._by_cookie(person, route, address, self.example(route, ids))

    def _by_key(self, person: Someone, route: Route, address: str, body: Any) -> Response:
        headers = {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
        if person.key is not None:
            headers["Authorization"] = f"Bearer {person.key}"
        if "/uploads/" in address and route.method == "PATCH":
            headers |= {
                "Upload-Offset": "0",
                "Upload-Checksum": CHECKSUM,
                "Content-Type": "application/offset+octet-stream",
            }
            return self.web.request(route.method, address, content=b"x", headers=headers)
        self.web.cookies.clear()
        return self.web.request(route.method, address, json=body, headers=headers)

    def _by_cookie(self, person: Someone, route: Route, address: str, body: Any) -> Response:
        headers: dict[str, str] = {}
        if route.page and route.unsafe:
            headers = SAME_ORIGIN | {"X-CSRF-Token": self.token(person)}
        self.wear(person)
        if route.page and "uploads" in route.path:
            headers |= {"Upload-Offset": "0", "Upload-Checksum": CHECKSUM}
        return self.web.request(route.method, address, headers=headers, json=body)

    def wear(self, person: Someone) -> None:
        """Have this person's cookies and no others."""
        self.web.cookies.clear()
        name = cookie_name(self.world.market.ports.secure_cookies)
        if person.cookie is not None:
            self.web.cookies.set(name, person.cookie)
        elif self._pre:
            self.web.cookies.set("dw_pre", self._pre)

    def token(self, person: Someone) -> str:
        """The token that this person's pages carry."""
        if person.name not in self._tokens:
            self.wear(person)
            page = self.web.get("/en/ledger")
            found = re.search(r'name="csrf" content="([0-9a-f]{64})"', page.text)
            assert found is not None, page.text
            self._tokens[person.name] = found[1]
            if person.cookie is None:
                self._pre = self.web.cookies["dw_pre"]
        return self._tokens[person.name]


def verdict_of(route: Route, answer: Response) -> Verdict:
    """What an answer says about rights; a refusal for any other reason means that the rights were there."""
    if route.path.startswith("/d/") and answer.status_code == 403:
        return Verdict.PASS  # the ticket is wrong, which has nothing to do with who brings it
    by_status = {401: Verdict.SIGN_IN, 403: Verdict.FORBIDDEN, 404: Verdict.NOTHING}
    if answer.headers.get("content-type") == "application/problem+json" and answer.content:
        by_slug = {
            "sign-in-required": Verdict.SIGN_IN,
            "forbidden": Verdict.FORBIDDEN,
            "not-found": Verdict.NOTHING,
        }
        return by_slug.get(answer.json()["slug"], Verdict.PASS)
    if answer.status_code == 303 and "/signin?" in answer.headers["location"]:
        return Verdict.SIGN_IN
    return by_status.get(answer.status_code, Verdict.PASS)
