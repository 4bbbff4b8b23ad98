"""Having a time-stamping authority stamp published checkpoints (RFC 3161 over HTTP), and keeping the tokens.

    checkpoints/<size>.tsr      the authority's answer as it came, beside the checkpoint that it stamps

A token is kept only if it verifies. One is enough for a checkpoint: the first authority that gives a good one is the last
that is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.errors import LedgerError, Unavailable
from ledger.kept import KEPT, KeptCheckpoints, SignedCheckpoint
from ledger.storage import ObjectStore
from ledger.timestamp import QUERY_TYPE, Timestamp, format_timestamp_request, verify_timestamp
from ledger.witness.wire import Answer

SECONDS = 20.0
LONGEST_BACKLOG = 64


class Transport(Protocol):
    """The way to an authority."""

    def post(self, url: str, body: bytes, timeout: float, content_type: str) -> Answer:
        """What the server answers to a POST within about `timeout` seconds; OSError if it does not."""


@dataclass(frozen=True, slots=True)
class TimeAuthority:
    """Where it answers, and the root certificates (PEM) that its tokens must lead to."""

    url: str
    roots: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Stamped:
    """The checkpoint of `size` entries existed at `timestamp.time`."""

    size: int
    timestamp: Timestamp


def token_path(size: int) -> str:
    """Where the token over the checkpoint of `size` entries is kept."""
    return f"{KEPT}{size}.tsr"


def stamp_checkpoint(
    objects: ObjectStore, published: SignedCheckpoint, authority: TimeAuthority, transport: Transport
) -> Stamped:
    """Ask `authority` for a token over a published checkpoint, check it and keep it.

    `Unavailable` if it does not answer, `Unverified` or `Malformed` for an answer that proves nothing, `Conflict` if
    there is another token already, `Unsupported` without the package.
    """
    request = format_timestamp_request(published.note)
    try:
        answer = transport.post(authority.url, request, SECONDS, QUERY_TYPE)
    except OSError as error:
        raise Unavailable(f"The authority {authority.url} did not answer: {error}.") from error
    if answer.status != 200:
        raise Unavailable(f"The authority {authority.url} answered {answer.status}.")
    stamped = verify_timestamp(answer.body, published.note, authority.roots)
    objects.create({token_path(published.size): answer.body})
    return Stamped(published.size, stamped)


class Stamper:
    """Stamps what the log `origin` publishes: all of it, or no more than one checkpoint in `every` seconds."""

    def __init__(
        self,
        origin: str,
        objects: ObjectStore,
        authorities: Sequence[TimeAuthority],
        transport: Transport,
        *,
        every: float = 0,
    ) -> None:
        self._objects = objects
        self._kept = KeptCheckpoints(origin, objects)
        self._authorities = tuple(authorities)
        self._transport = transport
        self._every = every
        self._stamped_at: float | None = None

    def waiting(self) -> list[int]:
        """The sizes of published checkpoints to stamp, oldest first, back to the last that has a token.

        No more than the newest 64; the newest alone where not every checkpoint is to be stamped.
        """
        newest = self._kept.newest()
        size = None if newest is None else newest.size
        found: list[int] = []
        limit = 1 if self._every else LONGEST_BACKLOG
        while size is not None and len(found) < limit and self._objects.read(token_path(size)) is None:
            found.append(size)
            size = self._kept.previous(size)
        return found[::-1]

    def step(self, now: float) -> list[Stamped]:
        """Stamp what waits, if it is time at `now` (seconds of any clock that only goes on).

        If no authority gives a token, the error of the one that was asked last; what was stamped before it stays.
        """
        if self._stamped_at is not None and now - self._stamped_at < self._every:
            return []
        done = [self._stamp(size) for size in self.waiting()]
        if done:
            self._stamped_at = now
        return done

    def _stamp(self, size: int) -> Stamped:
        published = self._kept.at(size)
        error: LedgerError = Unavailable("No authority is named.")
        for authority in self._authorities:
            try:
                return stamp_checkpoint(self._objects, published, authority, self._transport)
            except LedgerError as refused:
                error = refused
        raise error
