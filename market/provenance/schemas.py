"""Shapes of provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

RECEIPT_TYPE = "application/vnd.datawharf.receipt+json"


@dataclass(frozen=True)
class About:
    """What a statement concerns. org_ids: the parties, who may see its openings. asset_id: in whose history it appears."""

    org_ids: Sequence[UUID] = ()
    asset_id: UUID | None = None


@dataclass(frozen=True)
class OpeningIn:
    """Opens the commitment in the predicate field `name`. salt: 32 bytes; content: canonical JSON."""

    name: str
    salt: bytes
    content: bytes


class StatementView(BaseModel):
    """A statement and where it stands. leaf: hex leaf hash. index: its place in the log, once it has one."""

    leaf: str
    kind: str
    org_id: UUID
    subject_id: UUID
    asset_id: UUID | None
    says: dict[str, str]
    state: str
    index: int | None
    created_at: datetime


class KeyView(BaseModel):
    """A signing key. kid: RFC 9679 thumbprint, key: the 32 public bytes, both hex. bound_index: once it is in the log.

    label: what its organisation calls it; empty for everybody else.
    """

    kid: str
    org_id: UUID
    key: str
    label: str
    state: str
    bound_index: int | None
    created_at: datetime


class HeadView(BaseModel):
    """The newest published checkpoint. root: base64 as in the note. time: of the operator's own cosignature."""

    origin: str
    size: int
    root: str
    time: datetime | None
    checkpoint: str
    fingerprint: str


class EntryView(BaseModel):
    """A log entry. says: one sentence in each language; None where the entry is of no kind we know.

    signed_at: as the signer states it; None where the log went over to another key, which is no statement with a time.
    """

    index: int
    leaf: str
    kind: str | None
    says: dict[str, str] | None
    issuer: str
    subject: str
    signed_at: datetime | None
    statement: str


class StateView(BaseModel):
    """A state of the log. root: hex. checkpoint: the signed note, where one was published at this size."""

    size: int
    root: str
    checkpoint: str | None


class NodeView(BaseModel):
    """A subtree over the entries from `begin` up to, not including, `end`. shared: both states are made from it.

    given: the proof states its hash; else it is the older tree itself.
    """

    begin: int
    end: int
    hash: str
    shared: bool
    given: bool


class ConsistencyView(BaseModel):
    """That the state `new` continues the state `old` (RFC 6962 section 2.1.2). path: hex hashes, in the proof's order.

    nodes: what the two trees are put together from, in the order of the entries.
    """

    origin: str
    old: StateView
    new: StateView
    path: list[str]
    nodes: list[NodeView]


@dataclass(frozen=True)
class WitnessView:
    """A cosigner of the log. size, at: what it last cosigned, and when by its own clock; None: nothing that was looked at.

    entries, lag: how far that is behind the newest checkpoint.
    """

    name: str
    vkey: str
    url: str | None
    same_operator: bool
    size: int | None
    at: datetime | None
    entries: int
    lag: timedelta | None


@dataclass(frozen=True)
class WitnessesView:
    """Who cosigned the newest checkpoint, of `size` entries. quorum: the name in the trust file, and how it is met.

    groups: name, threshold and members of each group. looked_at: how many checkpoints were looked through.
    """

    size: int
    published_at: datetime | None
    operator: WitnessView
    witnesses: Sequence[WitnessView]
    groups: Sequence[tuple[str, int, Sequence[str]]]
    quorum: str | None
    quorum_met: bool
    looked_at: int


@dataclass(frozen=True)
class HistoryView:
    """A page of the entries that name `key`, among the first `size` of the log's `newest` entries.

    first: the place of the first of `shown` in the whole list of `count`.
    """

    key: str
    size: int
    newest: int
    count: int
    first: int
    shown: Sequence[EntryView]


def receipt_headers(leaf: str) -> dict[str, str]:
    """A receipt is saved under the first digits of its statement's leaf hash."""
    return {"Content-Disposition": f'attachment; filename="{leaf[:16]}.receipt.json"'}
