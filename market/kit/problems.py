"""How a fault reaches the caller: RFC 9457 for programs, a page for people."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Scope

from market.kit.concise import concise_problem, speaks_concisely
from market.kit.errors import Fault, InvalidInput, Kind, MalformedRequest, NotFound, SignInRequired
from market.kit.forms import sentence_for
from market.kit.i18n import LANGS, N_, NN_, Lang, choose_language, local_text, translate
from market.kit.templating import render

log = logging.getLogger("datawharf.web")
MACHINE_PREFIXES = ("/api/", "/ledger/", "/d/", "/.well-known/", "/webhooks/")


class Unexpected(Fault):
    kind, slug = Kind.UNAVAILABLE, "unexpected"
    title = N_("Something went wrong on our side")


class BodyTooLarge(Fault):
    kind, slug = Kind.TOO_LARGE, "body-too-large"
    title = N_("The request is too large")


class MethodNotAllowed(Fault):
    kind, slug = Kind.NOT_FOUND, "method-not-allowed"
    title = N_("This address does not answer to that method")


def language_of(request: Request) -> Lang:
    """The first path segment if it is a language, else Accept-Language."""
    first = request.scope["path"].split("/")[1:2]
    for lang in LANGS:
        if first == [lang]:
            return lang
    chosen = request.cookies.get("lang", "")
    accept = request.headers.get("accept-language", "")
    return next((lang for lang in LANGS if lang == chosen), None) or choose_language(accept)


def problem_body(fault: Fault, lang: Lang, request_id: str, status: int | None = None) -> dict[str, Any]:
    """The members of RFC 9457, and ours: slug, hint, where, errors, request_id. status: where it is not the kind's."""
    body: dict[str, Any] = {
        "type": f"urn:datawharf:problem:{fault.slug}",
        "title": translate(lang, fault.title),
        "status": status or int(fault.kind),
        "detail": translate(lang, fault.detail, **fault.params),
        "slug": fault.slug,
        "request_id": request_id,
    }
    if fault.hint:
        body["hint"] = translate(lang, fault.hint, **fault.params)
    if fault.where:
        body["where"] = fault.where
    if "errors" in fault.params:
        body["errors"] = [_in_language(item, lang) for item in fault.params["errors"]]  # type: ignore[attr-defined]
    return body


def _in_language(error: dict[str, Any], lang: Lang) -> dict[str, Any]:
    """One of several errors; a text in both languages becomes the one that is read."""
    return {
        name: local_text(value, lang) if isinstance(value, dict) else value for name, value in error.items()
    }


def answer_fault(request: Request, fault: Fault, status: int | None = None) -> Response:
    """The refusal as a problem or as a page. status: where it is not the one of the fault's kind."""
    lang, status = language_of(request), status or int(fault.kind)
    headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}
    path: str = request.scope["path"]
    if speaks_concisely(path):
        response = concise_problem(fault, lang, status)
        response.headers.update(headers)
        return response
    if path.startswith(MACHINE_PREFIXES) or "application/json" in request.headers.get("accept", ""):
        body = problem_body(fault, lang, request.state.request_id, status)
        if isinstance(fault, SignInRequired):
            headers["WWW-Authenticate"] = 'Bearer realm="datawharf"'
        headers["Content-Language"] = lang
        return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")
    if isinstance(fault, SignInRequired) and request.method == "GET":
        query = request.url.query
        back = quote(path + (f"?{query}" if query else ""), safe="")
        return RedirectResponse(f"/{lang}/signin?next={back}", status_code=303)
    response = render(
        request,
        "errors/problem.html",
        status=status,
        lang=lang,
        problem=problem_body(fault, lang, request.state.request_id, status),
    )
    response.headers.update(headers)
    return response


def answer_unexpected(request: Request, error: Exception) -> Response:
    """The answer to a failure that nobody foresaw: it tells the request's id, and the log tells the rest."""
    log.error("unexpected failure, request %s", request.state.request_id, exc_info=error)
    fault = Unexpected(
        N_("The request failed for a reason we did not foresee. Nothing was charged."),
        hint=N_("Try again; if it stays, tell us the request id %(request_id)s."),
        request_id=request.state.request_id,
    )
    return answer_fault(request, fault, 500)


def too_large(scope: Scope, limit: int) -> Response:
    """The answer to a body over the limit, which no route ever saw."""
    fault = BodyTooLarge(
        N_("The body of the request is over the %(limit)s bytes that are taken here."),
        hint=N_("Send less at a time; files go up in chunks, by the upload routes."),
        limit=limit,
    )
    return answer_fault(Request(scope), fault)


def install(app: FastAPI) -> None:
    """Register the handlers: our faults, invalid input, unknown addresses, and the unforeseen."""

    @app.exception_handler(Fault)
    def on_fault(request: Request, fault: Fault) -> Response:
        return answer_fault(request, fault)

    @app.exception_handler(RequestValidationError)
    def on_invalid(request: Request, error: RequestValidationError) -> Response:
        return answer_fault(request, _invalid(error, language_of(request)))

    @app.exception_handler(HTTPException)
    def on_http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return answer_fault(request, NotFound(N_("There is no page or object at this address.")))
        if error.status_code == 405:
            response = answer_fault(
                request, MethodNotAllowed(N_("Look at the API page for what this address takes.")), 405
            )
            response.headers.update(error.headers or {})
            return response
        return answer_fault(request, MalformedRequest(str(error.detail)), error.status_code)

    @app.exception_handler(Exception)
    def on_unexpected(request: Request, error: Exception) -> Response:
        return answer_unexpected(request, error)


def _invalid(error: RequestValidationError, lang: Lang) -> Fault:
    errors = [
        {
            "where": "/".join(str(part) for part in item["loc"]),
            "detail": sentence_for(item, lang),
            "type": item["type"],
        }
        for item in error.errors()
    ]
    if any(item["type"] == "json_invalid" for item in errors):
        return MalformedRequest(
            N_("The body is not valid JSON."), hint=N_("Send application/json."), where="body"
        )
    return InvalidInput(
        NN_(
            "One value cannot be used; it is named below.",
            "%(count)s values cannot be used; each is named below.",
        ),
        hint=N_("Mend them and send the request again. Nothing was changed."),
        where=errors[0]["where"] if errors else "",
        count=len(errors),
        errors=errors,
    )
