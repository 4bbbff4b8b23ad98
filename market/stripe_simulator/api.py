"""The simulated API under /v1: authentication, strict parameters, idempotency, then the operation."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from market.stripe_simulator import checkout, refunds
from market.stripe_simulator import params as shapes
from market.stripe_simulator.faults import StripeFault
from market.stripe_simulator.form import Tree, parse_form
from market.stripe_simulator.idempotency import Answer
from market.stripe_simulator.listing import expanded, page
from market.stripe_simulator.simulator import Simulator
from market.stripe_simulator.store import Cause, Json, new_id

MAX_BODY = 1 << 20


@dataclass(frozen=True, slots=True)
class Call:
    """One checked request. object_id: the id in the path, "" if there is none."""

    simulator: Simulator
    params: Json
    object_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    shape: Any
    run: Callable[[Call], Json]


def _open_session(call: Call) -> Json:
    return checkout.create_session(call.simulator.store, call.params, call.origin)


def _list_sessions(call: Call) -> Json:
    wanted = {
        name: call.params[name] for name in ("payment_intent", "status", "customer") if name in call.params
    }
    sessions = call.simulator.store.sessions.values()
    matching = [s for s in sessions if all(s[name] == value for name, value in wanted.items())]
    return page(matching, call.params, "/v1/checkout/sessions")


def _expire_session(call: Call) -> Json:
    store = call.simulator.store
    return checkout.expire_session(store, store.get("sessions", call.object_id))


def _list_line_items(call: Call) -> Json:
    store = call.simulator.store
    session = store.get("sessions", call.object_id)
    # Line items keep the order they were given in, where other lists run newest first.
    items = store.line_items[session["id"]][::-1]
    return page(items, call.params, f"/v1/checkout/sessions/{session['id']}/line_items")


def _create_refund(call: Call) -> Json:
    return refunds.create_refund(call.simulator.store, call.params)


def _list_refunds(call: Call) -> Json:
    wanted = {name: call.params[name] for name in ("charge", "payment_intent") if name in call.params}
    kept = call.simulator.store.refunds.values()
    matching = [r for r in kept if all(r[name] == value for name, value in wanted.items())]
    return page(matching, call.params, "/v1/refunds")


def _list_events(call: Call) -> Json:
    events = list(call.simulator.store.events.values())
    if "type" in call.params and "types" in call.params:
        raise StripeFault("You may pass either type or types, but not both.", param="types")
    if "type" in call.params:
        wanted: str = call.params["type"]
        group = wanted.removesuffix("*") if wanted.endswith("*") else None
        events = [
            e for e in events if (e["type"].startswith(group) if group is not None else e["type"] == wanted)
        ]
    if "types" in call.params:
        events = [e for e in events if e["type"] in call.params["types"]]
    if "delivery_success" in call.params:
        events = [e for e in events if (e["pending_webhooks"] == 0) == call.params["delivery_success"]]
    return page(events, call.params, "/v1/events")


def _create_endpoint(call: Call) -> Json:
    for name in call.params:
        if name not in ("url", "enabled_events", "expand", "description", "metadata"):
            raise StripeFault(
                f"The simulator does not play {name}.", code="simulator_unsupported", param=name
            )
    endpoint = call.simulator.add_endpoint(call.params["url"], enabled_events=call.params["enabled_events"])
    endpoint["description"] = call.params.get("description")
    endpoint["metadata"] = checkout.check_metadata(call.params.get("metadata"), "metadata")
    return endpoint


def _retrieve(kind: str) -> Callable[[Call], Json]:
    return lambda call: call.simulator.store.get(kind, call.object_id)


OPERATIONS = [
    Operation("POST", "/v1/checkout/sessions", shapes.SessionCreateParams, _open_session),
    Operation("GET", "/v1/checkout/sessions", shapes.SessionListParams, _list_sessions),
    Operation("GET", "/v1/checkout/sessions/{id}", shapes.SessionRetrieveParams, _retrieve("sessions")),
    Operation("POST", "/v1/checkout/sessions/{id}/expire", shapes.SessionExpireParams, _expire_session),
    Operation(
        "GET", "/v1/checkout/sessions/{id}/line_items", shapes.SessionListLineItemsParams, _list_line_items
    ),
    Operation("GET", "/v1/payment_intents/{id}", shapes.PaymentIntentRetrieveParams, _retrieve("intents")),
    Operation("GET", "/v1/charges/{id}", shapes.ChargeRetrieveParams, _retrieve("charges")),
    Operation("POST", "/v1/refunds", shapes.RefundCreateParams, _create_refund),
    Operation("GET", "/v1/refunds", shapes.RefundListParams, _list_refunds),
    Operation("GET", "/v1/refunds/{id}", shapes.RefundRetrieveParams, _retrieve("refunds")),
    Operation("GET", "/v1/events", shapes.EventListParams, _list_events),
    Operation("GET", "/v1/events/{id}", shapes.EventRetrieveParams, _retrieve("events")),
    Operation("POST", "/v1/webhook_endpoints", shapes.WebhookEndpointCreateParams, _create_endpoint),
]


def api_routes(simulator: Simulator) -> list[Route]:
    """The routes of /v1, with Stripe's own answer for every other address."""
    routes = [Route(op.path, _endpoint(simulator, op), methods=[op.method]) for op in OPERATIONS]
    every_method = ["GET", "POST", "DELETE", "PUT", "PATCH"]
    return [*routes, Route("/v1/{path:path}", _unknown_address, methods=every_method)]


async def _unknown_address(request: Request) -> Response:
    fault = StripeFault(
        f"Unrecognized request URL ({request.method}: {request.url.path}), or one that is not played.",
        status=404,
    )
    return _reply(Answer(fault.status, _encode(fault.body()), new_id("req_")))


def _endpoint(simulator: Simulator, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        request_id = new_id("req_")
        try:
            _authenticate(request, simulator.secret_key)
            if request.method == "POST":
                return await _post(simulator, operation, request, request_id)
            tree = parse_form(request.url.query.encode())
            params = shapes.check_params(tree, operation.shape)
            await _misfortune(simulator)
            return _reply(_run(simulator, operation, request, params, Cause(request_id)))
        except StripeFault as fault:
            return _reply(Answer(fault.status, _encode(fault.body()), request_id))

    return answer


async def _post(simulator: Simulator, operation: Operation, request: Request, request_id: str) -> Response:
    body = await _body(request)
    key = request.headers.get("idempotency-key")
    if key is None:
        answer = await _execute(simulator, operation, request, parse_form(body), Cause(request_id))
    else:
        keys = simulator.keys
        if (earlier := keys.begin(key, request.url.path, body)) is not None:
            return _reply(earlier, {"Idempotent-Replayed": "true", "Original-Request": earlier.request_id})
        try:
            answer = await _execute(simulator, operation, request, parse_form(body), Cause(request_id, key))
            keys.finish(key, answer)
        finally:
            keys.abandon(key)
    if simulator.knobs.lose_replies:
        simulator.knobs = simulator.knobs.model_copy(
            update={"lose_replies": simulator.knobs.lose_replies - 1}
        )
        return Response("The reply was lost on its way.", 502)
    return _reply(answer)


async def _execute(
    simulator: Simulator, operation: Operation, request: Request, tree: Tree, cause: Cause
) -> Answer:
    params = shapes.check_params(tree, operation.shape)
    await _misfortune(simulator)
    return _run(simulator, operation, request, params, cause)


def _run(simulator: Simulator, operation: Operation, request: Request, params: Json, cause: Cause) -> Answer:
    """Carry the operation out; from here on a refusal is an answer like any other."""
    simulator.tick()
    origin = f"{request.url.scheme}://{request.url.netloc}"
    simulator.store.cause = cause
    try:
        result = operation.run(Call(simulator, params, request.path_params.get("id", ""), origin))
        result = expanded(simulator.store, result, params.get("expand", []))
        return Answer(200, _encode(result), cause.request_id or "")
    except StripeFault as fault:
        return Answer(fault.status, _encode(fault.body()), cause.request_id or "")
    finally:
        simulator.store.cause = Cause()


async def _misfortune(simulator: Simulator) -> None:
    knobs = simulator.knobs
    if knobs.api_latency:
        await asyncio.sleep(knobs.api_latency)
    if simulator.knobs.api_errors:
        simulator.knobs = simulator.knobs.model_copy(update={"api_errors": simulator.knobs.api_errors - 1})
        raise StripeFault("An unknown error occurred.", status=500, kind="api_error")


def _authenticate(request: Request, secret_key: str) -> None:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            credential = base64.b64decode(credential, validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            credential = ""
    elif scheme.lower() != "bearer":
        credential = ""
    if not credential:
        raise StripeFault(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if not hmac.compare_digest(credential.encode(), secret_key.encode()):
        shown = f"{credential[:8]}{'*' * 8}{credential[-4:]}" if len(credential) > 16 else "*" * 8
        raise StripeFault(f"Invalid API Key provided: {shown}", status=401)
    if account := request.headers.get("stripe-account"):
        raise StripeFault(
            f"The provided key does not have access to account '{account}' (or that account does not exist).",
            status=403,
            code="account_invalid",
        )


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise StripeFault("The request is too large.", status=413)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/x-www-form-urlencoded":
        raise StripeFault(f"Invalid content type: {kind or 'none'}. Use application/x-www-form-urlencoded.")
    return body


def _encode(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, indent=2).encode()


def _reply(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    own = {"Request-Id": answer.request_id, "Stripe-Version": shapes.API_VERSION, "Cache-Control": "no-store"}
    return Response(answer.body, answer.status, own | (headers or {}), media_type="application/json")
