"""Tickets: an address that gives one file to one organisation for a few minutes.

    ticket   = base64url(body ‖ mac), unpadded
    body     = 0x02 ‖ expiry (8 bytes, seconds) ‖ organisation (16) ‖ account (16) ‖ API key (16, zero for a page)
               ‖ entitlement (16, zero for one's own) ‖ version (16) ‖ SHA-256 of the file (32) ‖ path (UTF-8)
    mac      = HMAC-SHA256 of body (32), under a key derived from the server's secret

A ticket is not a right by itself: whoever checks it looks up again at each use whether the one who took it still may,
and whether the entitlement still stands.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from market.delivery.errors import TicketExpired, TicketInvalid
from market.kit.i18n import N_

_HEAD = struct.Struct(">BQ16s16s16s16s16s32s")
_MAC = 32
_FORMAT = 2
_NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Ticket:
    """account_id, key_id: who took it, and with which API key, None on a page.

    entitlement_id: None where the organisation reads its own file. sha256: hex.
    """

    org_id: UUID
    account_id: UUID
    key_id: UUID | None
    entitlement_id: UUID | None
    version_id: UUID
    sha256: str
    path: str
    expires_at: datetime


def format_ticket(ticket: Ticket, secret: bytes) -> str:
    """The ticket as the last part of an address. expires_at counts in whole seconds."""
    body = (
        _HEAD.pack(
            _FORMAT,
            int(ticket.expires_at.timestamp()),
            ticket.org_id.bytes,
            ticket.account_id.bytes,
            (ticket.key_id or _NOBODY).bytes,
            (ticket.entitlement_id or _NOBODY).bytes,
            ticket.version_id.bytes,
            bytes.fromhex(ticket.sha256),
        )
        + ticket.path.encode()
    )
    return base64.urlsafe_b64encode(body + _mac(body, secret)).rstrip(b"=").decode()


def parse_ticket(text: str, secret: bytes, now: datetime) -> Ticket:
    """A genuine ticket that still lasts. Raises TicketInvalid, TicketExpired."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        data = b""
    body, mac = data[:-_MAC], data[-_MAC:]
    if (
        len(body) <= _HEAD.size
        or body[0] != _FORMAT
        or not hmac.compare_digest(mac, _mac(body, secret))
        or base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text
    ):
        raise TicketInvalid(
            N_("It was not made here, or was changed on its way."),
            hint=N_("Take a new one from your library, or by POST /api/v1/tickets."),
        )
    _, expiry, org, account, key, entitlement, version, digest = _HEAD.unpack_from(body)
    ticket = Ticket(
        org_id=UUID(bytes=org),
        account_id=UUID(bytes=account),
        key_id=UUID(bytes=key) if any(key) else None,
        entitlement_id=UUID(bytes=entitlement) if any(entitlement) else None,
        version_id=UUID(bytes=version),
        sha256=digest.hex(),
        path=body[_HEAD.size :].decode(),
        expires_at=datetime.fromtimestamp(expiry, UTC),
    )
    if now >= ticket.expires_at:
        raise TicketExpired(
            N_("It was good until %(until)s."),
            hint=N_("Take a new one from your library, or by POST /api/v1/tickets."),
            until=ticket.expires_at.isoformat(timespec="seconds"),
        )
    return ticket


def _mac(body: bytes, secret: bytes) -> bytes:
    key = hmac.digest(secret, b"datawharf/ticket/v1", hashlib.sha256)
    return hmac.digest(key, body, hashlib.sha256)
