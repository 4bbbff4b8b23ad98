"""What every party can do: be somebody, read, and check."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self, cast
from uuid import UUID

import httpx

from ledger.bindings import prove_possession
from ledger.checkpoint import parse_checkpoint
from ledger.index.history import parse_history
from ledger.keys import SigningKey
from ledger.manifest import Manifest, parse_manifest
from ledger.note import parse_note
from ledger.receipt import parse_bundle
from market.client.errors import ClientError, Corrupt, Lang, Problem
from market.client.transport import Transport
from market.client.views import Asset, Head, Version

API = "/api/v1"
RECEIPT_WAIT_SECONDS = 120.0


class Party:
    """A connection to a marketplace, as one principal."""

    def __init__(
        self,
        server: str,
        api_key: str | None = None,
        *,
        signing_key: SigningKey | None = None,
        lang: Lang = "en",
        http: httpx.Client | None = None,
    ) -> None:
        self.api = Transport(server, api_key, lang=lang, http=http)
        self._key = signing_key
        self._me: dict[str, Any] | None = None
        self._origin = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.api.close()

    def sign_up(
        self, *, email: str, password: str, name: str, organisation: Mapping[str, Any] | None = None
    ) -> None:
        """Make an account and, if given, an organisation that it owns. Log in to go on."""
        body = {
            "email": email,
            "password": password,
            "name": name,
            "lang": self.api.lang,
            "organisation": organisation,
        }
        self.api.post(f"{API}/accounts", body)

    def log_in(self, email: str, password: str, *, label: str = "command line") -> dict[str, Any]:
        """An API key, and this client acting with it from now on."""
        body = {"email": email, "password": password, "label": label}
        found: dict[str, Any] = self.api.send("POST", f"{API}/logins", json=body).json()
        self.api.use_key(found["key"])
        self._me = None
        return found

    def me(self) -> dict[str, Any]:
        if self._me is None:
            self._me = self.api.get(f"{API}/me")
        return self._me

    @property
    def org_id(self) -> UUID:
        organisation = self.me()["organisation"]
        if organisation is None:
            raise ClientError("You act for no organisation yet. Make one, then log in again.")
        return UUID(organisation["id"])

    @property
    def origin(self) -> str:
        """The log's origin, as the marketplace says it; a check against a trust file does not rely on this."""
        if not self._origin:
            self._origin = self.head()["origin"]
        return self._origin

    @property
    def key(self) -> SigningKey:
        if self._key is None:
            raise ClientError(
                "This needs your organisation's signing key. Make one with: datawharf keys make"
            )
        return self._key

    def register_key(self, key: SigningKey, label: str = "signing key") -> dict[str, Any]:
        """Bind a key to one's organisation, with proof that one holds it."""
        org = self.me()["organisation"]
        body = {
            "key": key.public.raw.hex(),
            "possession": prove_possession(key, self.origin, org["urn"]).hex(),
            "label": label,
        }
        bound: dict[str, Any] = self.api.post(f"{API}/organisations/{org['id']}/signing-keys", body)
        self._key = key
        return bound

    def wait_for_key(self, kid: str, *, wait: float = RECEIPT_WAIT_SECONDS) -> dict[str, Any]:
        """A key of one's organisation, once its binding has a place in the ledger."""
        deadline = time.monotonic() + wait
        while True:
            keys = self.pages(f"{API}/organisations/{self.org_id}/signing-keys")
            found = next((key for key in keys if key["kid"] == kid), None)
            if found is not None and found["bound_index"] is not None:
                return found
            if time.monotonic() > deadline:
                raise ClientError(
                    "The key is accepted but its binding is not in the ledger yet. Ask again later."
                )
            time.sleep(0.1)

    def asset(self, asset_id: str) -> Asset:
        return cast("Asset", self.api.get(f"{API}/assets/{asset_id}"))

    def head(self) -> Head:
        return cast("Head", self.api.get(f"{API}/ledger/head"))

    def trust_file(self) -> bytes:
        """The trust file that the marketplace hands out: compare its fingerprint with one from elsewhere."""
        return self.api.get_bytes("/ledger/trust.policy")

    def version(self, version_id: str) -> Version:
        return cast("Version", self.api.get(f"{API}/versions/{version_id}"))

    def checked_manifest(self, version: Version) -> Manifest:
        """The manifest of a version, after checking that it is the one its registration names."""
        manifest = parse_manifest(self.api.get_bytes(f"{API}/versions/{version['id']}/manifest"))
        if manifest.digest.hex() != version["manifest_digest"]:
            raise Corrupt("The manifest is not the one that was registered. Nothing was downloaded.")
        return manifest

    def receipt(self, leaf: str, *, wait: float = RECEIPT_WAIT_SECONDS) -> bytes:
        """The receipt of a statement, waiting for the checkpoint that covers it."""
        deadline = time.monotonic() + wait
        while True:
            reply = self.api.send("GET", f"{API}/statements/{leaf}/receipt")
            if reply.status_code == 200:
                return reply.content
            if time.monotonic() > deadline:
                raise ClientError(
                    "The statement is accepted but not in a published checkpoint yet. Ask again later."
                )
            time.sleep(min(float(reply.headers.get("retry-after", "1")), 5.0) / 4)

    def timestamp(self, receipt: bytes) -> bytes | None:
        """The time-stamp token (RFC 3161) over a receipt's checkpoint; None where no authority has stamped it."""
        size = parse_checkpoint(parse_note(parse_bundle(receipt).checkpoint).text).size
        try:
            return self.api.get_bytes(f"/ledger/checkpoints/{size}.tsr")
        except Problem as problem:
            if problem.status == 404:
                return None
            raise

    def history(
        self,
        key: str,
        *,
        entries: bool = True,
        at_least: int | None = None,
        wait: float = RECEIPT_WAIT_SECONDS,
    ) -> bytes:
        """All entries that name a key such as `asset:<uuid>`, with the proof that none is left out.

        at_least: so many entries of the ledger it must cover, waiting for the index to follow; default: those that the
        marketplace has published now. Check it with `ledger.index.check.check_history`.
        """
        needed = self.head()["size"] if at_least is None else at_least
        deadline = time.monotonic() + wait
        while True:
            data = self.api.get_bytes(f"{API}/ledger/history", key=key, entries=None if entries else "false")
            covered = parse_checkpoint(parse_note(parse_history(data).checkpoint).text).size
            if covered >= needed:
                return data
            if time.monotonic() > deadline:
                raise ClientError(
                    "The index covers {covered} entries of the ledger, not {needed} yet. Ask again later.",
                    covered=covered,
                    needed=needed,
                )
            time.sleep(0.25)

    def pages(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """All items of a paged list."""
        cursor = None
        while True:
            page = self.api.get(path, cursor=cursor, **params)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return
