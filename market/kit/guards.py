"""Guards: each route names the verb it needs. API routes take only keys, page routes only cookies.

@router.post("/assets", dependencies=[...])
def create(actor: Annotated[Principal, Depends(api_guard(REGISTER_ASSET))], ...): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from sqlmodel import Session

from market.kit.auth import ANONYMOUS, Guard, Principal, Reach, Verb, Via, may_ever
from market.kit.csrf import session_cookie
from market.kit.db import Database
from market.kit.ports import ports_of

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def api_guard(verb: Verb) -> Guard:
    """Dependency: the principal of the bearer key, allowed to try `verb`. Cookies are not looked at."""

    async def guard(request: Request) -> Principal:
        actor = await _by_key(request)
        may_ever(actor, verb)
        request.state.actor = actor
        return actor

    guard.verb = verb  # type: ignore[attr-defined]
    return guard


def page_guard(verb: Verb) -> Guard:
    """Dependency: the principal of the session cookie, allowed to try `verb`. Keys are not looked at."""

    async def guard(request: Request) -> Principal:
        actor = await _by_cookie(request)
        request.state.actor = actor
        may_ever(actor, verb)
        return actor

    guard.verb = verb  # type: ignore[attr-defined]
    return guard


def open_guard(verb: Verb) -> Guard:
    """Dependency of routes that look at neither key nor cookie: for everybody, or for whoever proves himself by a
    signature or a ticket that the service checks."""

    async def guard() -> Principal:
        return ANONYMOUS

    guard.verb = verb  # type: ignore[attr-defined]
    return guard


async def _by_key(request: Request) -> Principal:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return ANONYMOUS
    ports = ports_of(request)
    return await _looked_up(ports.db, ports.authenticator.by_api_key, token.strip())


async def _by_cookie(request: Request) -> Principal:
    token = session_cookie(request)
    if not token:
        return ANONYMOUS
    ports = ports_of(request)
    return await _looked_up(ports.db, ports.authenticator.by_session, token)


async def _looked_up(db: Database, find: Callable[[Session, str], Principal], token: str) -> Principal:
    """Only who shows a token costs a thread: the framework would take one for every visitor."""

    def look_up() -> Principal:
        with db.reading() as session:
            return find(session, token)

    return await run_in_threadpool(look_up)


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    """Every route of the app as it is served, with those of the included routers, which `app.routes` only holds whole."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            yield route


def verb_of(route: RouteContext) -> Verb | None:
    """The verb that guards a route, or None."""
    for dependency in route.dependant.dependencies:
        verb = getattr(dependency.call, "verb", None)
        if isinstance(verb, Verb):
            return verb
    return None


def refuse_unguarded(app: FastAPI) -> None:
    """Raise at start-up if a route has no guard, or changes things behind a verb that promises not to."""
    for route in routes_of(app):
        verb, methods = verb_of(route), route.methods or set()
        if verb is None:
            raise RuntimeError(f"{sorted(methods)} {route.path} has no guard")
        if methods - SAFE_METHODS and not verb.writes:
            raise RuntimeError(
                f"{sorted(methods)} {route.path} changes things under the read verb {verb.name}"
            )


BROWSE = Verb("browse", Reach.ANYONE, writes=False)
"""Read what is public."""

__all__ = [
    "BROWSE",
    "Via",
    "api_guard",
    "open_guard",
    "page_guard",
    "refuse_unguarded",
    "routes_of",
    "verb_of",
]
