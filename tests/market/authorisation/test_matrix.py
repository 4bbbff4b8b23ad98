"""Every route with every kind of principal, on objects of his own, of others and of nobody (C01, C02, C04, C29)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from httpx import Response

from tests.market.authorisation.approved import ApprovedVerb, Verdict, approved, at_the_door, with_object
from tests.market.authorisation.calling import SAME_ORIGIN, Caller, Route, routes, unknown_ids, verdict_of
from tests.market.authorisation.requests import BODIES, PERSONAL, PUBLIC
from tests.market.authorisation.world import Someone

# One worker builds the world for all of them, where xdist can group (3.8 with pytest 9.2 cannot: each builds its own).
pytestmark = [pytest.mark.xdist_group("authorisation"), pytest.mark.slow]


def _people(caller: Caller, route: Route) -> Iterator[Someone]:
    for person in caller.world.people.values():
        if person.name == "anonymous" or (person.cookie if route.page else person.key) is not None:
            yield person


def test_every_route_is_approved_and_every_approved_route_is_there(caller: Caller) -> None:
    table = approved()
    served = {route.name for route in routes(caller.world)}
    assert served - table.keys() == set(), "not approved"
    assert table.keys() - served == set(), "approved but gone"


def test_everybody_gets_through_where_the_table_says_and_nowhere_else(caller: Caller) -> None:
    """A denied call leaves every row of every table as it was."""
    table, wrong, calls = approved(), [], 0
    before = caller.row_hashes()
    for route in routes(caller.world):
        for person in _people(caller, route) if route.name in table else ():
            try:
                wrong += _try(caller, route, person, table[route.name])
            except LookupError as error:
                wrong.append(str(error))
                break
            calls += 1
    assert calls > 2000
    assert wrong == [], "\n".join(wrong)
    assert caller.row_hashes() == before


def _try(caller: Caller, route: Route, person: Someone, verb: ApprovedVerb) -> Iterator[str]:
    """What is wrong with the answer to one call, if anything."""
    rule = with_object if route.object_names else at_the_door
    expected = rule(person, verb, page=not route.by_key)
    answer = caller(person, route, caller.world.own)
    found = verdict_of(route, answer)
    if expected is Verdict.PASS and found is Verdict.NOTHING and verb.reach in ("anyone", "self"):
        found = Verdict.PASS  # an open door, with something behind it that is not: the next test's question
    if route.name in PERSONAL and at_the_door(person, verb, page=not route.by_key) is Verdict.PASS:
        found = expected
    if found is not expected or answer.status_code >= 500:
        yield (
            f"{route.name} as {person.name}: {found}, not {expected} ({answer.status_code} {answer.text[:150]})"
        )
    if caller.changed():
        if expected is not Verdict.PASS:
            yield f"{route.name} as {person.name} was denied, yet changed something"
        caller.restore()


def test_what_is_foreign_looks_like_what_is_not_there(caller: Caller) -> None:
    """To an owner, with a key and with a session: same status, same body, and nothing changes."""
    owner, unknown, table = caller.world.people["owner"], unknown_ids(caller.world), approved()
    wrong, compared = [], 0
    for route in routes(caller.world):
        verb = table.get(route.name)
        if (
            verb is None
            or verb.reach in ("platform", "zone")
            or not (route.object_names or route.name in BODIES)
        ):
            continue
        answers = [caller(owner, route, ids) for ids in (caller.world.foreign, unknown)]
        foreign, nobodys = answers
        if route.name in PUBLIC:
            assert foreign.status_code in (200, 201, 303, 307, 409, 422), f"{route.name}: {foreign.text}"
            caller.restore()
            continue
        compared += 1
        same = _without_ids(foreign, caller.world.foreign) == _without_ids(nobodys, unknown)
        status = (foreign.status_code, nobodys.status_code)
        # A page may turn an empty form away before it looks for what the form is about.
        refusals = {404, 410} | ({303, 415, 422} if route.page else set())
        if not same or status[0] != status[1] or (status[0] not in refusals and route.name not in PERSONAL):
            wrong.append(
                f"{route.name}: foreign {foreign.status_code} {foreign.text[:160]!r}, unknown {nobodys.text[:160]!r}"
            )
        if caller.changed():
            wrong.append(f"{route.name} changed something of somebody else's")
            caller.restore()
    assert compared > 60
    assert wrong == [], "\n".join(wrong)


def _without_ids(answer: Response, ids: dict[str, str]) -> str:
    """The body without what belongs to the request itself."""
    text = re.sub(r"\b[0-9a-f]{16}\b", "", answer.text)  # ids of requests
    for value in sorted({value for value in ids.values() if len(value) > 12}, key=len, reverse=True):
        text = text.replace(value, "ID")
    return text


def test_no_page_takes_a_form_that_was_not_sent_from_it(caller: Caller) -> None:
    """Forged variants of every unsafe page route, in the browser of an owner (C29)."""
    owner, buyer = caller.world.people["owner"], caller.world.people["buyer"]
    token, others = caller.token(owner), caller.token(buyer)
    forged: dict[str, dict[str, str]] = {
        "no token": SAME_ORIGIN,
        "a wrong token": SAME_ORIGIN | {"X-CSRF-Token": "0" * 64},
        "another person's token": SAME_ORIGIN | {"X-CSRF-Token": others},
        "from another site": {"Sec-Fetch-Site": "cross-site", "X-CSRF-Token": token},
        "from a sister site": {"Sec-Fetch-Site": "same-site", "X-CSRF-Token": token},
        "with a foreign origin": {"Origin": "https://evil.example", "X-CSRF-Token": token},
        "with the origin null": {"Origin": "null", "X-CSRF-Token": token},
        "without a word of where from": {"X-CSRF-Token": token},
        "as text": SAME_ORIGIN | {"Content-Type": "text/plain"},
    }
    wrong, calls = [], 0
    for route in routes(caller.world):
        if not (route.page and route.unsafe):
            continue
        for name, headers in forged.items():
            caller.wear(owner)
            address = route.address(caller.world.own)
            answer = caller.web.request(route.method, address, headers=headers, content=b'{"csrf": ""}')
            calls += 1
            if answer.status_code != 403 or caller.changed():
                wrong.append(f"{route.name} {name}: {answer.status_code}")
    assert calls > 200
    assert wrong == [], "\n".join(wrong)
