"""Bodies in and out: nothing more than the description says, and no table anywhere in a signature (C04)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest
from sqlmodel import SQLModel

from tests.market.authorisation.approved import Verdict, approved, at_the_door
from tests.market.authorisation.calling import Caller, Route, routes
from tests.market.authorisation.world import Someone

pytestmark = [pytest.mark.xdist_group("authorisation"), pytest.mark.slow]


def test_a_field_that_is_not_known_is_refused_everywhere(caller: Caller) -> None:
    wrong, tried = [], 0
    for route in routes(caller.world):
        schema = caller.body_schema(route)
        if not route.by_key or schema is None:
            continue
        body = (caller.example(route, caller.world.own) or {}) | {"role": "owner"}
        answer = caller(_who_may(caller, route), route, caller.world.own, body=body)
        tried += 1
        named = [
            error
            for error in answer.json().get("errors", [])
            if (error["where"], error["type"]) == ("body/role", "extra_forbidden")
        ]
        if answer.status_code != 422 or not named or caller.changed():
            wrong.append(f"{route.name}: {answer.status_code} {answer.text[:200]}")
    assert tried > 25
    assert wrong == [], "\n".join(wrong)


def _who_may(caller: Caller, route: Route) -> Someone:
    """The first principal whom the door lets through; a body is looked at only then."""
    verb = approved()[route.name]
    people = [person for person in caller.world.people.values() if person.key is not None]
    return next(person for person in people if at_the_door(person, verb, page=False) is Verdict.PASS)


def test_objects_inside_a_body_are_closed_too(caller: Caller) -> None:
    schemas = caller.world.market.app.openapi()["components"]["schemas"]
    open_ones = set()
    for route in routes(caller.world):
        schema = caller.body_schema(route)
        if schema is not None and route.by_key:
            for name, inner in _reachable(schema, schemas, set()):
                if "properties" in inner and inner.get("additionalProperties") is not False:
                    open_ones.add(f"{route.name}: {name}")
    assert open_ones == set()


def _reachable(
    schema: Any, schemas: dict[str, Any], seen: set[str], name: str = "body"
) -> Iterator[tuple[str, Any]]:
    """A schema and all that it refers to."""
    if isinstance(schema, list):
        for item in schema:
            yield from _reachable(item, schemas, seen, name)
        return
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        target = schema["$ref"].rsplit("/", 1)[-1]
        if target not in seen:
            seen.add(target)
            yield from _reachable(schemas[target], schemas, seen, target)
        return
    if "properties" in schema:
        yield name, schema
    for key, value in schema.items():
        if key not in ("examples", "default"):
            yield from _reachable(value, schemas, seen, name)


def test_answers_hold_nothing_that_the_description_does_not_name(caller: Caller) -> None:
    spec = caller.world.market.app.openapi()
    wrong, seen = [], 0
    for route in routes(caller.world):
        operation = spec["paths"].get(route.path.replace(":path", ""), {}).get(route.method.lower())
        if operation is None:
            continue
        answer = caller(caller.world.people["owner"], route, caller.world.own)
        caller.restore()
        described = (
            operation["responses"].get(str(answer.status_code), {}).get("content", {}).get("application/json")
        )
        if not answer.is_success or answer.headers.get("content-type") != "application/json" or not described:
            continue
        seen += 1
        extra = sorted(set(_unnamed(answer.json(), described["schema"], spec["components"]["schemas"], "")))
        if extra:
            wrong.append(f"{route.name}: {extra}")
    assert seen > 30
    assert wrong == [], "\n".join(wrong)


def _unnamed(value: Any, schema: dict[str, Any], schemas: dict[str, Any], at: str) -> Iterator[str]:
    """Paths of members that the schema does not name."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    for variant in schema.get("anyOf", []) + schema.get("oneOf", []):
        if variant.get("type") != "null" and value is not None:
            yield from _unnamed(value, variant, schemas, at)
            return
    if isinstance(value, list) and "items" in schema:
        for item in value:
            yield from _unnamed(item, schema["items"], schemas, f"{at}[]")
    if isinstance(value, dict) and "properties" in schema:
        for name, inner in value.items():
            if name in schema["properties"]:
                yield from _unnamed(inner, schema["properties"][name], schemas, f"{at}/{name}")
            elif not schema.get("additionalProperties"):
                yield f"{at}/{name}"


def test_no_table_is_part_of_a_signature(caller: Caller) -> None:
    looked_at = 0
    for route in routes(caller.world):
        endpoint = route.context.endpoint
        assert endpoint is not None
        shapes = [getattr(route.context, "response_model", None), *get_type_hints(endpoint).values()]
        for shape in shapes:
            for part in (shape, *get_args(shape)):
                looked_at += 1
                table = isinstance(part, type) and issubclass(part, SQLModel) and hasattr(part, "__table__")
                assert not table, f"{route.name}: {part}"
    assert looked_at > 500
