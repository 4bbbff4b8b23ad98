"""The control address /_sim: knobs, clock, deliveries, and the customer's buttons for tests without a browser.

JSON in and out. Requests with a body must say application/json, which no form of another site can.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from market.stripe_simulator import payments
from market.stripe_simulator.faults import StripeFault, missing_object
from market.stripe_simulator.knobs import Knobs
from market.stripe_simulator.pay_page import ACTIONS
from market.stripe_simulator.simulator import Simulator
from market.stripe_simulator.store import Json

Handler = Callable[[Simulator, Request, Json], Awaitable[Json]]


class Advance(BaseModel):
    model_config = ConfigDict(extra="forbid")
    seconds: int = Field(ge=0, le=10**9)


class Within(BaseModel):
    model_config = ConfigDict(extra="forbid")
    within: float = Field(default=10, ge=0, le=120)


async def _overview(simulator: Simulator, request: Request, body: Json) -> Json:
    store = simulator.store
    counts = {
        kind: len(getattr(store, kind)) for kind in ("sessions", "intents", "charges", "refunds", "events")
    }
    endpoints = [{"id": e["id"], "url": e["url"]} for e in store.endpoints.values()]
    return {
        "now": simulator.now(),
        "knobs": simulator.knobs.model_dump(),
        "counts": counts,
        "endpoints": endpoints,
    }


async def _set_knobs(simulator: Simulator, request: Request, body: Json) -> Json:
    """Turn the named knobs; the others stay. Begins the sequence of misfortunes anew."""
    simulator.knobs = Knobs.model_validate(simulator.knobs.model_dump() | body)
    simulator.sender.reseed()
    return simulator.knobs.model_dump()


async def _advance(simulator: Simulator, request: Request, body: Json) -> Json:
    simulator.advance(Advance.model_validate(body).seconds)
    return {"now": simulator.now()}


async def _deliveries(simulator: Simulator, request: Request, body: Json) -> Json:
    return {"attempts": [attempt.as_json() for attempt in simulator.sender.attempts]}


async def _settled(simulator: Simulator, request: Request, body: Json) -> Json:
    return {"settled": await simulator.sender.settled(Within.model_validate(body).within)}


async def _press(simulator: Simulator, request: Request, body: Json) -> Json:
    """Press a button of the pay page, or end a payment under way (settle, bounce)."""
    session = simulator.store.get("sessions", request.path_params["session"])
    action = request.path_params["action"]
    if action in ("settle", "bounce"):
        payments.settle(simulator.store, session, succeeds=action == "settle")
    elif action in ACTIONS:
        ACTIONS[action](simulator, session)
    else:
        raise missing_object("action", action)
    return session


async def _resend(simulator: Simulator, request: Request, body: Json) -> Json:
    event = simulator.store.get("events", request.path_params["event"])
    simulator.resend(event)
    return event


async def _reset(simulator: Simulator, request: Request, body: Json) -> Json:
    simulator.reset()
    return {}


def control_routes(simulator: Simulator) -> list[Route]:
    """The routes under /_sim."""

    def route(method: str, path: str, handler: Handler) -> Route:
        return Route(path, _endpoint(simulator, handler), methods=[method])

    return [
        route("GET", "/_sim", _overview),
        route("POST", "/_sim/knobs", _set_knobs),
        route("POST", "/_sim/clock", _advance),
        route("GET", "/_sim/deliveries", _deliveries),
        route("POST", "/_sim/settled", _settled),
        route("POST", "/_sim/sessions/{session}/{action}", _press),
        route("POST", "/_sim/events/{event}/resend", _resend),
        route("POST", "/_sim/reset", _reset),
    ]


def _endpoint(simulator: Simulator, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        body: Any = {}
        if request.method == "POST":
            if request.headers.get("content-type", "").partition(";")[0] != "application/json":
                return JSONResponse({"error": "Send application/json."}, 415)
            try:
                body = await request.json()
            except ValueError:
                body = None
            if not isinstance(body, dict):
                return JSONResponse({"error": "Send a JSON object, {} if there is nothing to say."}, 400)
        simulator.tick()
        try:
            return JSONResponse(await handler(simulator, request, body))
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False, include_input=False)
            return JSONResponse({"error": problems}, 400)
        except StripeFault as fault:
            return JSONResponse({"error": fault.message}, fault.status)

    return answer
