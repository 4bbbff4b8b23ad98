"""What holds for every address: refusals in one shape and two languages, headers of security, limits, HEAD, one host."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from starlette.testclient import TestClient

from market.app import MAX_BODY
from market.client import Datawharf
from market.kit import middleware
from market.kit.guards import routes_of
from tests.builders.marketplace import Marketplace, marketplace

METADATA: dict[str, Any] = {}


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marketplace]:
    folder = tmp_path_factory.mktemp("web")
    shutil.copyfile(sqlite_template, folder / "market.db")
    with marketplace(folder / "home", f"sqlite:///{folder / 'market.db'}") as made:
        made.keep_app()
        made.owner = made.party("harbour")  # type: ignore[attr-defined]
        yield made


@pytest.fixture
def web(site: Marketplace) -> TestClient:
    return site.browser()


def key(site: Marketplace) -> dict[str, str]:
    owner: Datawharf = site.owner  # type: ignore[attr-defined]
    return {"Authorization": owner.api._http.headers["authorization"], "Idempotency-Key": str(uuid4())}


def refusal(answer: Response, status: int, slug: str) -> dict[str, Any]:
    """The problem in an answer, after a look at its shape (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["slug"] == slug
    assert problem["type"] == f"urn:datawharf:problem:{slug}"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    assert not re.search(r"Traceback|File \"|SELECT |sqlite|/market/|site-packages", answer.text)
    return problem


def test_a_body_that_is_no_json_is_refused(site: Marketplace, web: TestClient) -> None:
    headers = key(site) | {"Content-Type": "application/json"}
    for body in (b"{", b"", b"\xff\xfe", b'{"metadata": }', b"[" * 2000):
        answer = web.post("/api/v1/assets", content=body, headers=headers)
        assert answer.status_code in (400, 422), (body[:10], answer.text)
        assert answer.json()["detail"]
    broken = web.post("/api/v1/assets", content=b"{", headers=headers)
    assert refusal(broken, 400, "malformed-request")["where"] == "body"


def test_a_number_that_is_none_is_refused(site: Marketplace, web: TestClient) -> None:
    headers = key(site) | {"Content-Type": "application/json"}
    for word in (b"NaN", b"Infinity", b"1e999"):
        body = b'{"label": "x", "scopes": ["org:read"], "days": ' + word + b"}"
        org = site.owner.org_id  # type: ignore[attr-defined]
        answer = web.post(f"/api/v1/organisations/{org}/api-keys", content=body, headers=headers)
        assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "text/html", ""])
def test_json_is_taken_only_as_json(site: Marketplace, web: TestClient, content_type: str) -> None:
    body = b'{"email": "a@example.com", "password": "seven quiet harbours", "name": "A"}'
    headers = key(site) | ({"Content-Type": content_type} if content_type else {})
    answer = web.post("/api/v1/accounts", content=body, headers=headers)
    assert answer.status_code in (415, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("lang", "accept"),
    [("zh", "zh-CN,zh;q=0.9,en;q=0.5"), ("en", "en"), ("en", "fr"), ("zh", "de, zh; q=0.4")],
)
def test_refusals_speak_the_callers_language(web: TestClient, lang: str, accept: str) -> None:
    answer = web.get("/api/v1/me", headers={"Accept-Language": accept})
    problem = refusal(answer, 401, "sign-in-required")
    assert answer.headers["content-language"] == lang
    assert answer.headers["www-authenticate"].startswith("Bearer")
    chinese = bool(re.search("[\u4e00-\u9fff]", problem["detail"] + problem["title"] + problem["hint"]))
    assert chinese == (lang == "zh")


def test_every_wrong_field_is_named(site: Marketplace, web: TestClient) -> None:
    body = {"email": "no address", "password": "hunter2", "name": "", "role": "owner"}
    answer = web.post("/api/v1/accounts", json=body, headers=key(site))
    problem = refusal(answer, 422, "invalid-input")
    assert {error["where"] for error in problem["errors"]} == {
        "body/email", "body/password", "body/name", "body/role"
    }  # fmt: skip
    assert all(error["detail"] for error in problem["errors"])
    assert body["password"] not in answer.text, "a password is never sent back"


def test_addresses_and_methods_that_are_not_there(web: TestClient) -> None:
    refusal(web.get("/api/v1/nothing"), 404, "not-found")
    wrong = web.put("/api/v1/me")
    refusal(wrong, 405, "method-not-allowed")
    assert "GET" in wrong.headers["allow"]
    page = web.get("/en/nothing-of-this-name")
    assert page.status_code == 404
    assert "<h1" in page.text
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/api/v1/assets", "/en/verify"])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_refused(
    site: Marketplace, web: TestClient, path: str, *, announced: bool
) -> None:
    """Also one that does not say its size before, in whatever way the route reads it."""
    body = b'{"a": "' + b"x" * MAX_BODY + b'"}'
    content = body if announced else iter([body[:1000], body[1000:]])
    shown = re.search(r'name="csrf" content="([0-9a-f]{64})"', web.get("/en/verify").text)
    assert shown is not None
    headers = key(site) | {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
    if path.startswith("/en"):
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRF-Token": shown[1]}
    answer = web.post(path, content=content, headers=headers)
    assert answer.status_code == 413, answer.text
    assert str(MAX_BODY) in answer.text
    if path.startswith("/api"):
        assert refusal(answer, 413, "body-too-large")["hint"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "", "[::1", "127.0.0.1:80:80"]
)
def test_only_our_own_host_names_are_answered(web: TestClient, host: str) -> None:
    for path in ("/en/ledger", "/api/v1/ledger/head", "/nothing"):
        answer = web.get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert "host" in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:1"])
def test_our_own_host_names_with_any_port(web: TestClient, host: str) -> None:
    assert web.get("/api/v1/ledger/head", headers={"Host": host}).status_code == 200


def test_a_foreign_host_never_gets_into_an_answer(web: TestClient) -> None:
    answer = web.get(
        "/en/account", headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    )
    assert "evil.example" not in answer.text + str(answer.headers)


def answers_of_every_kind(site: Marketplace, web: TestClient) -> Iterator[tuple[str, Response]]:
    """Pages, JSON, files, redirects and every kind of refusal."""
    for path in (
        "/", "/en/ledger", "/zh/ledger/entries/0", "/en/signin", "/en/account", "/en/nothing", "/healthz", "/robots.txt",
        "/api/v1/ledger/head", "/api/v1/me", "/api/v1/nothing", "/api/v1/openapi.json", "/ledger/checkpoint",
        "/ledger/tile/0/000", "/ledger/tile/0/000.p/2", "/.well-known/security.txt", "/d/none", "/c/none",
    ):  # fmt: skip
        yield path, web.get(path)
        yield f"HEAD {path}", web.head(path)
    yield "400", web.get("/en/ledger", headers={"Host": "evil.example"})
    yield "405", web.put("/en/ledger")
    yield "403", web.post("/en/signin")
    yield "413", web.post("/api/v1/assets", content=b"x" * (MAX_BODY + 1))
    yield "422", web.post("/api/v1/accounts", json={}, headers=key(site))
    yield "webhook", web.post("/webhooks/stripe", content=b"{}")


def test_headers_of_security_are_on_every_answer(site: Marketplace, web: TestClient) -> None:
    seen = set()
    for name, answer in answers_of_every_kind(site, web):
        headers, seen = answer.headers, seen | {answer.status_code}
        for header, value in middleware.COMMON.items():
            assert headers[header] == value, (name, header)
        assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"]), name
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, name
        assert "unsafe-inline" not in policy, name
        assert "unsafe-eval" not in policy, name
        assert "frame-ancestors 'none'" in policy or policy.startswith("sandbox"), name
        assert "server" not in headers, name
        assert "x-powered-by" not in headers, name
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert policy == middleware.PAGE_POLICY.format(form_actions=""), name
    assert {200, 303, 307, 400, 401, 403, 404, 405, 413, 422} <= seen


def test_an_unforeseen_failure_tells_nothing_and_keeps_its_headers(small_market: Marketplace) -> None:
    def boom() -> None:
        raise RuntimeError("secret-of-the-house SELECT 1")

    class Broken:
        @property
        def origin(self) -> str:
            raise RuntimeError("secret-of-the-house")

        refreshed = policy = property(lambda self: boom())

    from market.provenance.gateway import Ledger

    small_market.ports.extras[Ledger], kept = Broken(), small_market.ports.extras[Ledger]
    try:
        web = small_market.browser()
        answer, page = web.get("/api/v1/ledger/head"), web.get("/en/ledger")
    finally:
        small_market.ports.extras[Ledger] = kept
    problem = refusal(answer, 500, "unexpected")
    assert problem["request_id"] in problem["hint"]
    assert page.status_code == 500
    for each in (answer, page):
        assert "secret-of-the-house" not in each.text
        assert each.headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" in each.headers


def test_head_is_answered_wherever_get_is(site: Marketplace, web: TestClient) -> None:
    """Same status and headers, no body; except where reading is counted."""
    tried = 0
    for route in routes_of(site.app):
        path = route.path or ""
        if "GET" not in (route.methods or ()) or "{" in path.replace("{lang}", "") or path.endswith("/rows"):
            continue
        address = path.replace("{lang}", "en")
        got, head = web.get(address), web.head(address)
        assert head.status_code == got.status_code, address
        assert head.content == b"", address
        assert head.headers.get("content-type") == got.headers.get("content-type"), address
        tried += 1
    assert tried > 25
    assert web.head(f"/api/v1/assets/{uuid4()}/rows").status_code == 405


def test_no_cursor_is_trusted(site: Marketplace, web: TestClient) -> None:
    """Whatever stands in a cursor: a page of the list, or a refusal that names the cursor; never a failure."""
    from market.kit.paging import write_cursor

    cursors = ["", "x", "%", "e30", write_cursor("x"), write_cursor(2**80), write_cursor(-1), write_cursor("x", "y"),
               write_cursor("x", 1), write_cursor(1, "x"), write_cursor("\0"), write_cursor("x" * 5000), "é"]  # fmt: skip
    tried = 0
    spec = site.app.openapi()
    for path, operations in spec["paths"].items():
        parameters = operations.get("get", {}).get("parameters", [])
        if "{" in path or not any(parameter["name"] == "cursor" for parameter in parameters):
            continue
        for cursor in cursors:
            answer = web.get(path, params={"cursor": cursor}, headers=key(site))
            assert answer.status_code in (200, 403, 422), (path, cursor, answer.text[:300])
            tried += 1
    assert tried > 50


def test_text_that_no_database_keeps_is_refused_or_kept_but_never_breaks(market: Marketplace) -> None:
    web = market.browser()
    for name in ("a\0b", "\ud800", "a" * 100_000, "\u202eabc", "e\u0301"):
        body = {"email": "nul@example.com", "password": "seven quiet harbours", "name": name}
        import json

        answer = web.post(
            "/api/v1/accounts",
            content=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid4())},
        )
        assert answer.status_code in (201, 409, 422), answer.text
    found = web.get("/api/v1/catalogue", params={"q": "a\0b"})
    assert found.status_code in (200, 422)
