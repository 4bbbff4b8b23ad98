"""Logs: one line per event, of fields that are named here.

What people wrote and what opens something never enters: neither addresses (only the route), nor bodies, nor the message of
an exception, which can repeat both. A failure is told by its class and by the lines of code that it came through.
"""

from __future__ import annotations

import json
import logging
import re
import time
from datetime import UTC, datetime
from typing import Any, TextIO
from uuid import UUID

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from market.config import LogFormat

OURS = "datawharf"
# Ids, topics, digests and numbers; whatever else an event was told is left out.
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
_MOST_FRAMES = 12
access = logging.getLogger(f"{OURS}.requests")


def configure(stream: TextIO, wanted: LogFormat) -> None:
    """Send all logs of this process to `stream`. auto: text for people at a terminal, JSON lines for all else."""
    as_text = wanted == "text" or (wanted == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextLines() if as_text else JsonLines())
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(logging.INFO)


class JsonLines(logging.Formatter):
    """time, level, logger, event, and what the event brought along."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_fields(record), ensure_ascii=True)


class TextLines(logging.Formatter):
    """The same for people."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        head = " ".join(str(fields.pop(name)) for name in ("time", "level", "logger", "event"))
        return " ".join([head, *(f"{name}={json.dumps(value)}" for name, value in fields.items())])


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        # The sentence of the code as it stands there; what was put into it follows only where it is plain.
        "event": str(record.msg) if isinstance(record.msg, str) else type(record.msg).__name__,
    }
    given = record.args if isinstance(record.args, tuple) else ()
    if about := [value for value in map(_plain, given) if value is not None]:
        fields["about"] = about
    fields |= getattr(record, "fields", {})
    if record.exc_info and record.exc_info[1] is not None:
        fields |= _failure(record.exc_info[1])
    return fields


def _plain(value: object) -> str | int | float | None:
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, UUID):
        return str(value)
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else None


def _failure(error: BaseException) -> dict[str, Any]:
    """Classes of the failure and its causes, and where it came through, the innermost last."""
    classes: list[str] = []
    frames: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(classes) < _MOST_FRAMES:
        classes.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or cause.__context__
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        frames.append(f"{'/'.join(code.co_filename.split('/')[-3:])}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return {"failure": classes, "through": frames[-_MOST_FRAMES:]}


class RequestLog:
    """One line per request: its id, method, route, status, duration, and who asked, by ids."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, whole = time.monotonic(), 0, False

        async def noting(message: Message) -> None:
            nonlocal status, whole
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
            whole = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            await self.app(scope, receive, noting)
        finally:
            access.info("request", extra={"fields": _asked(scope, status, whole, time.monotonic() - began)})


def _asked(scope: Scope, status: int, whole: bool, seconds: float) -> dict[str, Any]:
    state, route = scope.get("state", {}), scope.get("route")
    actor = state.get("actor")
    fields = {
        "request_id": state.get("request_id", ""),
        "method": scope["method"] if scope["method"].isalpha() else "-",
        # As it is written in the code: an address can hold a ticket, a token or a search.
        "route": getattr(route, "path", "-"),
        "status": status,
        "ms": round(seconds * 1000, 1),
        "actor": getattr(actor, "account_id", None),
        "org": getattr(actor, "org_id", None),
        "key": getattr(actor, "key_id", None),
    }
    if not whole:
        fields["cut_off"] = True
    return {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in fields.items()
        if value is not None
    }
