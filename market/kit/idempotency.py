"""`Idempotency-Key`: a creating POST that is sent twice happens once and answers the same.

The stored reply is written in the transaction of the effect, so there is no moment at which one exists without the other.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlmodel import Field, Session, SQLModel

from market.kit.auth import Principal
from market.kit.db import Database, UtcDateTime
from market.kit.errors import Fault, Kind, MalformedRequest
from market.kit.i18n import N_
from market.kit.ports import ports_of


class KeyReused(Fault):
    kind, slug = Kind.CONFLICT, "idempotency-key-reused"
    title = N_("This Idempotency-Key was used for a different request")


class StoredReply(SQLModel, table=True):
    __tablename__ = "stored_reply"

    # SHA-256 over who, where and the key: the same key of two callers never meets.
    id: str = Field(primary_key=True)
    request_digest: str
    status: int
    location: str = ""
    body: str
    created_at: datetime = Field(sa_type=UtcDateTime)


@dataclass(frozen=True)
class Once:
    """Runs a creating request's work at most once."""

    db: Database
    key: str
    path: str
    digest: str
    now: datetime

    def __call__(
        self,
        actor: Principal,
        work: Callable[[Session], BaseModel],
        *,
        status: int = 201,
        location: Callable[[BaseModel], str] | None = None,
    ) -> Response:
        """Do `work` in a writing transaction, or give back the reply of the first time."""
        who = actor.key_id or actor.account_id or "anyone"
        slot = hashlib.sha256(f"{who}\n{actor.org_id}\n{self.path}\n{self.key}".encode()).hexdigest()
        with self.db.writing() as session:
            self._one_at_a_time(session, slot)
            known = session.get(StoredReply, slot)
            if known is not None:
                if known.request_digest != self.digest:
                    raise KeyReused(
                        N_("The first request with this Idempotency-Key had another body."),
                        hint=N_("Use a new key for a new request."),
                        where="Idempotency-Key",
                    )
                return _reply(known, replayed=True)
            result = work(session)
            stored = StoredReply(
                id=slot,
                request_digest=self.digest,
                status=status,
                location=location(result) if location else "",
                body=result.model_dump_json(),
                created_at=self.now,
            )
            session.add(stored)
        return _reply(stored, replayed=False)

    def _one_at_a_time(self, session: Session, slot: str) -> None:
        """On SQLite writers follow one another anyway; on PostgreSQL two of the same key would both find no reply."""
        if not self.db.is_sqlite:
            number = int.from_bytes(bytes.fromhex(slot[:16]), "big", signed=True)
            session.connection().execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def _reply(stored: StoredReply, *, replayed: bool) -> Response:
    headers = {"Location": stored.location} if stored.location else {}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(stored.body, status_code=stored.status, media_type="application/json", headers=headers)


async def once(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=200, description="A fresh value per intended effect, for example a UUID."),
    ] = None,
) -> Once:
    """Dependency of every creating POST."""
    if not idempotency_key:
        raise MalformedRequest(
            N_("This request needs an Idempotency-Key header."),
            hint=N_("Send a fresh UUID, and the same one when you repeat the request."),
            where="Idempotency-Key",
        )
    body = await request.body()
    ports = ports_of(request)
    path = request.scope["path"]
    # Keyed, since a body may hold a password, which a plain hash would let a thief of the database guess at.
    digest = hmac.new(ports.secret, f"{request.method} {path}\n".encode() + body, hashlib.sha256).hexdigest()
    return Once(ports.db, idempotency_key, path, digest, ports.clock.now())


OnceDep = Annotated[Once, Depends(once)]
