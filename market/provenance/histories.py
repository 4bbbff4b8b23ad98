"""Histories of keys for people: what somebody asks for becomes a key, and the entries that name it are put in words."""

from __future__ import annotations

import re

from ledger.checkpoint import parse_checkpoint
from ledger.index.history import parse_history
from ledger.index.keys import UNREADABLE, keys_of
from ledger.note import parse_note
from market.kit.errors import InvalidInput, NotFound
from market.kit.i18n import N_
from market.provenance import entries
from market.provenance.gateway import Ledger
from market.provenance.schemas import HistoryView

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HASH = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{3,39}")
# Names of issuer and subject as they stand; the keys of what they name are there besides.
_REPEATED = ("iss:", "sub:")


def key_for(about: str, name: str) -> str:
    """The key of what somebody names: an identifier or an address that holds it, a certificate's number, a digest."""
    text = name.strip()
    if about in ("asset", "org"):
        if found := _UUID.search(text.lower()):
            return f"{about}:{found[0]}"
        raise _refused(N_("There is no identifier in it."), N_("Paste the address of its page."))
    if about == "certificate":
        if _NUMBER.fullmatch(text.upper()):
            return f"certificate:{text.upper()}"
        raise _refused(
            N_("This is no certificate number."), N_("It is made of capital letters, digits and hyphens.")
        )
    if about in ("key", "leaf"):
        if _HASH.fullmatch(text.lower()):
            return f"{about}:{text.lower()}"
        raise _refused(N_("This is no fingerprint."), N_("It has 64 characters from 0–9 and a–f."))
    raise _refused(N_("Choose what the history is about."), "")


def _refused(detail: str, hint: str) -> InvalidInput:
    return InvalidInput(detail, hint=hint, where="name")


def keys_in(entry: bytes) -> list[str]:
    """The keys under which the index lists an entry, without those that say the same as another."""
    return [key for key in keys_of(entry) if key != UNREADABLE and not key.startswith(_REPEATED)]


def history(ledger: Ledger, key: str, first: int, limit: int) -> HistoryView:
    """Up to `limit` entries that name `key`, oldest first, from place `first` of the list on."""
    if ledger.index is None:
        raise NotFound(N_("This log has no index."))
    reader = ledger.refreshed()
    found = parse_history(ledger.index.history(key, reader, with_entries=False))
    first = min(first, max(len(found.indices) - 1, 0))
    return HistoryView(
        key=key,
        size=parse_checkpoint(parse_note(found.checkpoint).text).size,
        newest=reader.size,
        count=len(found.indices),
        first=first,
        shown=entries.these(ledger, found.indices[first : first + limit]),
    )
