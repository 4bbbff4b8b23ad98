"""The hosted pay page: what the customer sees, in Chinese and English, without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from market.kit.i18n import LANGS, N_, Lang, choose_language, format_when, translate
from market.stripe_simulator import checkout, payments
from market.stripe_simulator.amounts import show
from market.stripe_simulator.faults import StripeFault
from market.stripe_simulator.form import parse_form
from market.stripe_simulator.simulator import Simulator
from market.stripe_simulator.store import Json

_HERE = Path(__file__).parent
_PAGES = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined)
_TITLES = {
    "open": N_("Pay for your order"),
    "complete": N_("This order is paid"),
    "processing": N_("This payment is on its way"),
    "failed": N_("This payment did not arrive"),
    "expired": N_("This pay page has expired"),
    "unknown": N_("There is no such pay page"),
}
_DECLINED = N_("The card was declined. Nothing was charged; you can try again.")
_LOCALES: dict[Lang, str] = {"zh": "zh-CN", "en": "en"}


def _pay(simulator: Simulator, session: Json) -> str | None:
    payments.pay(simulator.store, session)
    return _after_success(session)


def _decline(simulator: Simulator, session: Json) -> str | None:
    payments.decline(simulator.store, session)
    return None


def _pay_later(simulator: Simulator, session: Json) -> str | None:
    payments.pay_asynchronously(simulator.store, session, succeeds=True, delay=simulator.knobs.async_delay)
    return _after_success(session)


def _fail_later(simulator: Simulator, session: Json) -> str | None:
    payments.pay_asynchronously(simulator.store, session, succeeds=False, delay=simulator.knobs.async_delay)
    return _after_success(session)


def _expire(simulator: Simulator, session: Json) -> str | None:
    checkout.expire_session(simulator.store, session)
    back: str | None = session["cancel_url"]
    return back


# What each button does; returns where the customer goes next. Raises StripeFault on a session that is closed.
ACTIONS: dict[str, Callable[[Simulator, Json], str | None]] = {
    "pay": _pay,
    "decline": _decline,
    "pay_later": _pay_later,
    "fail_later": _fail_later,
    "expire": _expire,
}


def pay_routes(simulator: Simulator) -> list[Route]:
    """GET and POST /pay/{session}, and the page's style sheet."""

    async def look(request: Request) -> Response:
        simulator.tick()
        return _page(simulator, request, simulator.store.sessions.get(request.path_params["session"]))

    async def act(request: Request) -> Response:
        simulator.tick()
        session = simulator.store.sessions.get(request.path_params["session"])
        if session is None:
            return _page(simulator, request, None)
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return Response("This form was sent by another site.", 403)
        return _press(simulator, request, session, await request.body())

    async def style(request: Request) -> Response:
        return Response((_HERE / "pay.css").read_bytes(), media_type="text/css")

    return [
        Route("/pay/style.css", style, methods=["GET"]),
        Route("/pay/{session}", look, methods=["GET"]),
        Route("/pay/{session}", act, methods=["POST"]),
    ]


def _press(simulator: Simulator, request: Request, session: Json, body: bytes) -> Response:
    own_page = f"/pay/{session['id']}?lang={_language(request, session)}"
    try:
        action = parse_form(body).get("action")
        run = ACTIONS[action] if isinstance(action, str) else None
    except (StripeFault, KeyError):
        run = None
    if run is None:
        return Response("There is no such button.", 400)
    try:
        address = run(simulator, session)
    except StripeFault:
        # Pressed twice, or too late: a paid order leads on as it did the first time, else the page explains.
        address = _after_success(session) if session["status"] == "complete" else own_page
    if run is _decline:
        address = f"{own_page}&notice=declined"
    return RedirectResponse(address or own_page, 303, headers=_security(session))


def _after_success(session: Json) -> str:
    address: str = session["success_url"]
    return address.replace("{CHECKOUT_SESSION_ID}", session["id"])


def _language(request: Request, session: Json | None) -> Lang:
    """The one asked for by link, else the session's, else the browser's."""
    asked = request.query_params.get("lang") or str((session or {}).get("locale") or "")[:2]
    for lang in LANGS:
        if asked == lang:
            return lang
    return choose_language(request.headers.get("accept-language", ""))


def _state(session: Json | None) -> str:
    """Key of _TITLES."""
    if session is None:
        return "unknown"
    if session["status"] != "complete":
        return str(session["status"])
    return "complete" if session["payment_status"] == "paid" else "processing"


def _page(simulator: Simulator, request: Request, session: Json | None) -> Response:
    lang, state = _language(request, session), _state(session)
    if state == "processing" and session and session["id"] not in simulator.store.settling:
        state = "failed"
    seen: dict[str, Any] = {
        "session": None,
        "items": [],
        "total": "",
        "reference": None,
        "expires": "",
        "back": None,
    }
    if session is not None:
        seen = _order(simulator, session, lang)
    declined = state == "open" and request.query_params.get("notice") == "declined"
    html = _PAGES.get_template("pay.html").render(
        seen,
        _=lambda msgid, **params: translate(lang, msgid, **params),
        lang=lang,
        locale=_LOCALES[lang],
        title=translate(lang, _TITLES[state]),
        notice=translate(lang, _DECLINED) if declined else "",
        payable=state == "open",
    )
    status = {"unknown": 404, "expired": 410}.get(state, 200)
    return Response(html, status, headers=_security(session), media_type="text/html")


def _order(simulator: Simulator, session: Json, lang: Lang) -> dict[str, Any]:
    currency = session["currency"]
    return {
        "session": session["id"],
        "items": [
            {**item, "amount": show(item["amount_total"], currency, lang)}
            for item in simulator.store.line_items[session["id"]]
        ],
        "total": show(session["amount_total"], currency, lang),
        "reference": session["client_reference_id"],
        "expires": format_when(datetime.fromtimestamp(session["expires_at"], UTC), lang),
        "back": _after_success(session) if session["status"] == "complete" else session["cancel_url"],
    }


def _security(session: Json | None) -> dict[str, str]:
    """Headers of the page. Browsers hold the redirect after the form to form-action too, so the shop is named."""
    shop = (
        {_origin(session[name]) for name in ("success_url", "cancel_url") if session[name]}
        if session
        else set()
    )
    policy = [
        "default-src 'none'",
        "style-src 'self'",
        f"form-action 'self' {' '.join(sorted(shop))}".rstrip(),
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def _origin(address: str) -> str:
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
