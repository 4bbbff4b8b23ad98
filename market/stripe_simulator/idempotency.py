"""Idempotency keys (docs.stripe.com/api/idempotent_requests).

A finished request is answered again with the first answer, errors included. A request that failed validation
never began, so its key stays free. Keys are forgotten after 24 hours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from market.stripe_simulator.faults import StripeFault

LIFETIME = 24 * 60 * 60
MAX_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply: HTTP status, JSON body and the id of the request that it was made for."""

    status: int
    body: bytes
    request_id: str


@dataclass(slots=True)
class _Use:
    fingerprint: str
    began: int
    answer: Answer | None = None


@dataclass(slots=True)
class IdempotencyKeys:
    now: Callable[[], int]
    _uses: dict[str, _Use] = field(default_factory=dict)

    def begin(self, key: str, path: str, body: bytes) -> Answer | None:
        """The stored answer, or None: then finish() or abandon() must follow.

        Raises StripeFault: 400 idempotency_error for other parameters, 409 while the first is still running.
        """
        if not 1 <= len(key) <= MAX_LENGTH:
            raise StripeFault(
                f"Idempotency keys have 1 to {MAX_LENGTH} characters.", kind="idempotency_error"
            )
        self._uses = {k: use for k, use in self._uses.items() if use.began > self.now() - LIFETIME}
        fingerprint = hashlib.sha256(path.encode() + b"\0" + body).hexdigest()
        use = self._uses.get(key)
        if use is None:
            self._uses[key] = _Use(fingerprint, self.now())
            return None
        if use.fingerprint != fingerprint:
            raise StripeFault(
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        if use.answer is None:
            raise StripeFault(
                f"There is currently another in-progress request using this idempotency key '{key}'.",
                status=409,
                kind="idempotency_error",
                code="idempotency_key_in_use",
            )
        return use.answer

    def finish(self, key: str, answer: Answer) -> None:
        self._uses[key].answer = answer

    def abandon(self, key: str) -> None:
        """Forget a request that did not run to an answer; one that did stays."""
        if (use := self._uses.get(key)) and use.answer is None:
            del self._uses[key]
