"""An app with a hole in its guards does not start, also when the route came with an included router."""

from __future__ import annotations

import re

import pytest
from fastapi import APIRouter, Depends, FastAPI

from market.kit.auth import Reach, Role, Verb
from market.kit.guards import (
    BROWSE,
    api_guard,
    open_guard,
    page_guard,
    refuse_unguarded,
    routes_of,
    verb_of,
)
from market.kit.pages import page_router
from tests.builders.marketplace import Marketplace

EDIT = Verb("thing:edit", Reach.OWN, frozenset({Role.OWNER}))


def _app(router: APIRouter) -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    return app


@pytest.mark.parametrize("make_router", [APIRouter, lambda: page_router("things")])
def test_a_route_without_a_guard_is_found_inside_an_included_router(make_router: type[APIRouter]) -> None:
    router = make_router()

    @router.get("/things")
    def things(lang: str = "en") -> None: ...

    with pytest.raises(RuntimeError, match=r"things has no guard"):
        refuse_unguarded(_app(router))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("guard", [api_guard, page_guard, open_guard])
def test_an_unsafe_method_may_not_stand_behind_a_read_verb(method: str, guard: type) -> None:
    router = APIRouter()

    @router.api_route("/things", methods=[method], dependencies=[Depends(guard(BROWSE))])
    def change() -> None: ...

    with pytest.raises(RuntimeError, match="read verb browse"):
        refuse_unguarded(_app(router))


def test_a_guarded_app_starts_and_its_routes_are_all_seen() -> None:
    inner, outer = APIRouter(prefix="/inner"), APIRouter(prefix="/outer")

    @inner.get("/things", dependencies=[Depends(api_guard(BROWSE))])
    def read() -> None: ...

    @inner.post("/things", dependencies=[Depends(api_guard(EDIT))])
    def edit() -> None: ...

    outer.include_router(inner)
    app = _app(outer)
    refuse_unguarded(app)
    verbs = {(route.path, *(route.methods or ())): verb_of(route) for route in routes_of(app)}
    assert verbs == {("/outer/inner/things", "GET"): BROWSE, ("/outer/inner/things", "POST"): EDIT}


def test_the_description_says_of_every_operation_who_may_call_it(small_market: Marketplace) -> None:
    described = small_market.app.openapi()
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    assert len(operations) > 50
    for operation in operations:
        verb = operation["x-verb"]
        assert re.fullmatch("[a-z]+(_[a-z]+)*", verb["name"]), verb["name"]
        assert ("security" in operation) == (verb["reach"] != "anyone"), operation["operationId"]
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}


def test_every_list_is_a_page(small_market: Marketplace) -> None:
    """So that each can grow beyond one answer without its clients breaking."""
    bare, pages = [], 0
    for path, operations in small_market.app.openapi()["paths"].items():
        for method, operation in operations.items():
            answers = [answer.get("content", {}) for answer in operation["responses"].values()]
            schemas = [content.get("application/json", {}).get("schema", {}) for content in answers]
            pages += any(
                schema.get("$ref", "").startswith("#/components/schemas/Page_") for schema in schemas
            )
            bare += [f"{method} {path}" for schema in schemas if schema.get("type") == "array"]
    assert (bare, pages > 15) == ([], True)
