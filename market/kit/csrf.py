"""Cookies and forged requests. An unsafe page call must come from our own pages and carry a token of its session."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import Response

from market.kit.errors import Forbidden
from market.kit.i18n import N_
from market.kit.ports import Ports, ports_of

# A visitor without a session gets a random value of this name, so that sign-in and sign-up forms are bound too.
PRE_SESSION = "dw_pre"
FIELD, HEADER = "csrf", "X-CSRF-Token"


def cookie_name(secure: bool) -> str:
    """`__Host-` cookies exist only on https; plain http is for loopback and has its own name."""
    return "__Host-dw" if secure else "dw_session"


def session_cookie(request: Request) -> str:
    return request.cookies.get(cookie_name(ports_of(request).secure_cookies), "")


def set_session_cookie(response: Response, ports: Ports, token: str) -> None:
    response.set_cookie(
        cookie_name(ports.secure_cookies),
        token,
        path="/",
        secure=ports.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, ports: Ports) -> None:
    response.delete_cookie(
        cookie_name(ports.secure_cookies),
        path="/",
        secure=ports.secure_cookies,
        httponly=True,
        samesite="lax",
    )
    # Not "storage": the browser keeps the person's signing key there.
    response.headers["Clear-Site-Data"] = '"cache"'


def csrf_token(request: Request) -> str:
    """The token that this browser's forms carry; makes the pre-session value if there is none yet."""
    anchor = (
        session_cookie(request)
        or request.cookies.get(PRE_SESSION)
        or getattr(request.state, "pre_session", "")
    )
    if not anchor:
        anchor = request.state.pre_session = secrets.token_urlsafe(32)
    return _token(ports_of(request).secret, anchor)


def keep_pre_session(request: Request, response: Response) -> None:
    """Give the browser the value that csrf_token made."""
    made = getattr(request.state, "pre_session", "")
    if made:
        secure = ports_of(request).secure_cookies
        response.set_cookie(PRE_SESSION, made, path="/", secure=secure, httponly=True, samesite="lax")


async def refuse_forged(request: Request) -> None:
    """Dependency of every page router."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    ports = ports_of(request)
    if not _same_site(request, ports.base_url):
        raise Forbidden(
            N_("This form was not sent from our own pages."),
            hint=N_("Open the page again and send it from there."),
        )
    sent = request.headers.get(HEADER, "")
    if not sent:
        form = await request.form()
        field = form.get(FIELD, "")
        sent = field if isinstance(field, str) else ""
    anchor = session_cookie(request) or request.cookies.get(PRE_SESSION, "")
    if not anchor or not hmac.compare_digest(sent.encode(), _token(ports.secret, anchor).encode()):
        raise Forbidden(
            N_("This form is too old, or cookies are off."),
            hint=N_("Open the page again and send it from there."),
        )


def _same_site(request: Request, base_url: str) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return False
    ours = urlsplit(base_url)
    return (
        origin == f"{ours.scheme}://{ours.netloc}"
        or origin == f"{request.url.scheme}://{request.headers['host']}"
    )


def _token(secret: bytes, anchor: str) -> str:
    return hmac.new(secret, b"csrf\n" + anchor.encode(), hashlib.sha256).hexdigest()
