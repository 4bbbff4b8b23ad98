"""Answers that hold a secret: shown the first time, never stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastapi import Response
from pydantic import BaseModel

from market.kit.auth import Principal
from market.kit.idempotency import Once

if TYPE_CHECKING:
    from sqlmodel import Session


def shown_once(once: Once, actor: Principal, work: Callable[[Session], BaseModel], *, field: str) -> Response:
    """`once`, but the reply that is kept for a repeated request has no value in `field`."""
    made: list[BaseModel] = []

    def keep(session: Session) -> BaseModel:
        view = work(session)
        made.append(view)
        return view.model_copy(update={field: None})

    reply = once(actor, keep)
    if not made:
        return reply
    return Response(made[0].model_dump_json(), status_code=reply.status_code, media_type="application/json")
