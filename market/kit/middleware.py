"""Pure ASGI middleware: one that wraps responses would halve the speed of downloads."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'{form_actions}; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types datawharf-worker"
)
MACHINE_POLICY = "default-src 'none'; frame-ancestors 'none'"
CONTENT_POLICY = "sandbox; default-src 'none'"
COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


class SecurityHeaders:
    """Sets the headers of security on every answer, errors included, and gives each request an id.

    form_actions: origins besides our own that a page's form may lead to (the payment page).
    """

    def __init__(self, app: ASGIApp, *, https: bool, form_actions: Iterable[str] = ()) -> None:
        self.app = app
        actions = "".join(f" {origin}" for origin in form_actions)
        self._page = PAGE_POLICY.format(form_actions=actions)
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["request_id"] = request_id = secrets.token_hex(8)
        path: str = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._for(path).items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = request_id
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _for(self, path: str) -> Mapping[str, str]:
        headers = dict(COMMON)
        if self._https:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if path.startswith(("/ledger/", "/entries", "/.well-known/")):
            return headers | {
                "Content-Security-Policy": MACHINE_POLICY,
                "Access-Control-Allow-Origin": "*",
                "Cross-Origin-Resource-Policy": "cross-origin",
            }
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if path.startswith("/d/"):
            return headers | {"Content-Security-Policy": CONTENT_POLICY}
        if path.startswith("/api/"):
            return headers | {"Content-Security-Policy": MACHINE_POLICY, "Cache-Control": "no-store"}
        return headers | {"Content-Security-Policy": self._page}


class HostGuard:
    """Exactly one Host header, of the allow-list; ports are ignored. "*" allows any."""

    def __init__(self, app: ASGIApp, *, allowed: Iterable[str]) -> None:
        self.app, self._allowed = app, frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = Headers(scope=scope).getlist("host")
            name = (
                hosts[0].rsplit(":", 1)[0]
                if len(hosts) == 1 and not hosts[0].endswith("]")
                else "".join(hosts)
            )
            if len(hosts) != 1 or ("*" not in self._allowed and name.lower() not in self._allowed):
                answer = PlainTextResponse(
                    "This server does not answer for that host name.\n", status_code=400
                )
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


class BodyLimit:
    """Refuses a body over `limit` bytes, or over the limit of the longest matching path prefix, with 413.

    refuse: makes the answer, from the scope and the limit.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit: int,
        refuse: Callable[[Scope, int], ASGIApp],
        by_prefix: Mapping[str, int] | None = None,
    ) -> None:
        self.app, self._limit, self._refuse = app, limit, refuse
        self._by_prefix = sorted((by_prefix or {}).items(), key=lambda item: -len(item[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        limit = next((size for prefix, size in self._by_prefix if path.startswith(prefix)), self._limit)
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > limit:
            await self._refuse(scope, limit)(scope, receive, send)
            return
        seen, refused = 0, False

        async def counted() -> Message:
            nonlocal seen, refused
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                refused = True
                raise _BodyTooLarge
            return message

        async def unless_refused(message: Message) -> None:
            # Whoever reads the body may take the failure for a malformed one, and say so.
            if not refused:
                await send(message)

        with suppress(_BodyTooLarge):
            await self.app(scope, counted, unless_refused)
        if refused:
            await self._refuse(scope, limit)(scope, receive, send)


class Unforeseen:
    """Answers for whatever escaped the handlers of errors, inside of the middleware that sets the headers of security.

    answer: makes the answer; the framework's own place for it is outside of all middleware.
    """

    def __init__(self, app: ASGIApp, *, answer: Callable[[Request, Exception], ASGIApp]) -> None:
        self.app, self._answer = app, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:
            if scope["type"] != "http" or started:
                raise
            await self._answer(Request(scope), error)(scope, receive, send)


class HeadAsGet:
    """Answers HEAD wherever GET is answered (RFC 9110 section 9.3.2): as the route itself does, else as GET does.

    metered: endings of paths where GET is counted against somebody's quota; HEAD is not offered there.
    """

    def __init__(self, app: ASGIApp, *, metered: tuple[str, ...] = ()) -> None:
        self.app, self._metered = app, metered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] != "HEAD"
            or scope["path"].endswith(self._metered or ("\0",))
        ):
            await self.app(scope, receive, send)
            return
        not_offered = False

        async def unless_not_offered(message: Message) -> None:
            nonlocal not_offered
            if message["type"] == "http.response.start":
                not_offered = message["status"] == 405
            if not not_offered:
                await send(message)

        # A copy: the router writes what it found into the scope.
        await self.app(dict(scope), receive, unless_not_offered)
        if not not_offered:
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET"}, receive, send_without_body)


class _BodyTooLarge(Exception):
    pass
