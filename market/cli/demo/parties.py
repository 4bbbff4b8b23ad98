"""The parties of a play: each with a profile folder, an API key and a signing key of its own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.keyfile import write_key_file
from ledger.keys import SigningKey
from ledger.receipt import parse_bundle
from market.client import Datawharf
from market.client.profile import Profile
from market.kit.i18n import Lang


@dataclass
class Party:
    """One organisation's person at one machine. market: its own connection, as the profile's files would make it."""

    role: str
    name: dict[str, str]
    profile: Profile
    market: Datawharf

    @property
    def folder(self) -> Path:
        return self.profile.folder

    @property
    def email(self) -> str:
        return self.profile.email

    def keep_receipt(self, leaf: str) -> tuple[Path, int]:
        """Fetch the receipt of a statement and keep it in this party's folder. Returns its place and ledger index."""
        bundle = self.market.receipt(leaf)
        self.profile.receipts.mkdir(parents=True, exist_ok=True)
        path = self.profile.receipts / f"{leaf[:16]}.receipt.json"
        path.write_bytes(bundle)
        return path, parse_bundle(bundle).index


def new_password() -> str:
    return secrets.token_urlsafe(18)


def sign_up(
    server: str,
    folder: Path,
    role: str,
    organisation: Mapping[str, Any],
    person: str,
    *,
    trust: bytes,
    lang: Lang,
) -> Party:
    """Sign up an organisation and log in, as `datawharf signup` and `datawharf login` do."""
    email, password = f"{role}@example.com", new_password()
    with Datawharf(server, lang=lang) as visitor:
        visitor.sign_up(email=email, password=password, name=person, organisation=organisation)
    return log_in(server, folder, role, email, password, trust=trust, lang=lang)


def log_in(
    server: str, folder: Path, role: str, email: str, password: str, *, trust: bytes, lang: Lang
) -> Party:
    """Log in to an account that is there. trust: the trust file, which came by another way than from this server."""
    market = Datawharf(server, lang=lang)
    found = market.log_in(email, password)
    org = found["organisation"]
    profile = Profile(
        folder,
        server=server,
        api_key=found["key"],
        origin=market.origin,
        org=org["id"],
        org_urn=org["urn"],
        email=email,
    )
    profile.save()
    profile.trust_file.write_bytes(trust)
    return Party(role, org["name"], profile, market)


def make_key(party: Party) -> str:
    """Make a signing key on the party's own machine and register it. Returns its key id in hex."""
    key = SigningKey.generate()
    write_key_file(party.profile.signing_key, key, label=party.profile.org_urn)
    bound: dict[str, Any] = party.market.register_key(key)
    return str(bound["kid"])
