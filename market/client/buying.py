"""What buyers do: find, take, pay, receive, and acknowledge what they could check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, cast
from urllib.parse import quote
from uuid import UUID

from ledger.manifest import Manifest
from ledger.names import urn
from market.client import downloading, offering
from market.client.errors import ClientError
from market.client.party import API
from market.client.progress import Progress
from market.client.providing import Contracting
from market.client.signing import sign_fact
from market.client.views import Contract, Entitlement, Offer, Order, Received, Version
from market.statements import commit


class Buying(Contracting):
    """Search, license, pay, download and read."""

    def search(self, query: str = "", **filters: Any) -> list[dict[str, Any]]:
        """What is on show: a page of hits."""
        found: list[dict[str, Any]] = self.api.get(f"{API}/catalogue", q=query or None, **filters)["items"]
        return found

    def offers(self, asset_id: str) -> list[Offer]:
        return list(cast("Iterator[Offer]", self.pages(f"{API}/assets/{asset_id}/offers")))

    def request_access(
        self, offer_id: str, *, purpose: str, description: str, answers: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Ask for restricted data. answers: to the offer's questions, in their order."""
        body = {
            "offer_id": offer_id,
            "purpose": purpose,
            "description": description,
            "answers": list(answers),
        }
        made: dict[str, Any] = self.api.post(f"{API}/access-requests", body)
        return made

    def accept_offer(self, offer_id: str, *, request_id: str | None = None) -> Contract:
        """Take an offer: look at the contract, and sign it. The provider countersigns."""
        body = {"request_id": request_id} if request_id else {"offer_id": offer_id}
        drawn_up = cast("Contract", self.api.post(f"{API}/contracts", body))
        if drawn_up["document"]["asset"]["id"] != urn(self.origin, "asset", UUID(drawn_up["asset_id"])):
            raise ClientError("The contract is about another asset than the offer. Nothing was signed.")
        if offering.statement_behind(self.api, drawn_up) is None:
            raise ClientError(
                "The terms in this contract are not those that the provider signed in its offer: they were "
                "changed afterwards. Nothing was signed."
            )
        return self.sign_contract(drawn_up)

    def order(self, contract_id: str, gateway: str = "stripe") -> Order:
        """Order a priced contract, and learn how to pay: a pay page's address, or an invoice."""
        body = {"contract_id": contract_id, "gateway": gateway}
        placed = cast("Order", self.api.post(f"{API}/orders", body))
        if placed["state"] == "AWAITING_PAYMENT":
            placed = cast("Order", self.api.post(f"{API}/orders/{placed['id']}/payment", {}))
        return placed

    def order_now(self, order_id: str) -> Order:
        """How an order stands."""
        return cast("Order", self.api.get(f"{API}/orders/{order_id}"))

    def entitlements(self, asset_id: str | None = None) -> list[Entitlement]:
        """The licences that one's organisation holds, or those for one asset."""
        held = cast("Iterator[Entitlement]", self.pages(f"{API}/entitlements"))
        return [one for one in held if asset_id in (None, one["asset_id"])]

    def download(
        self, asset_id: str, folder: Path, *, version_id: str | None = None, progress: Progress | None = None
    ) -> Received:
        """Bring a licensed version, check every byte against its registration, and acknowledge it by signature.

        Without a signing key the data come all the same, and the marketplace goes on saying "released".
        """
        version = self.version(version_id or self._current(asset_id))
        manifest = self.checked_manifest(version)
        if version["delivery"] == "reference":
            self._ask_where(version["id"], manifest)
        count = downloading.download_files(self.api, version["id"], manifest, folder, progress)
        state, leaf = "released", None
        if self._key is not None and version["org_id"] != str(self.org_id):
            leaf = self._acknowledge(version, manifest, count)["leaf"]
            state = "received"
        return Received(
            folder=str(folder),
            files=len(manifest.rows),
            bytes=count,
            content_root=manifest.content_root.hex(),
            state=state,
            leaf=leaf,
        )

    def rows(self, asset_id: str, path: str, **query: Any) -> dict[str, Any]:
        """Rows of a licensed table: columns, where, cursor, limit. Metered against the licence."""
        found: dict[str, Any] = self.api.get(f"{API}/assets/{asset_id}/rows", path=path, **query)
        return found

    def ticket(self, version_id: str, path: str) -> dict[str, Any]:
        """An address that gives one licensed file for a few minutes, without a key: {url, expires_at}."""
        made: dict[str, Any] = self.api.post(f"{API}/tickets", {"version_id": version_id, "path": path})
        return made

    def _current(self, asset_id: str) -> str:
        current = self.asset(asset_id)["current_version_id"]
        if current is None:
            raise ClientError("This asset has no registered version yet.")
        return current

    def _ask_where(self, version_id: str, manifest: Manifest) -> NoReturn:
        """Files that the provider keeps: the refusal says where, and comes only to who holds a licence."""
        self.api.get(f"{API}/versions/{version_id}/files/{quote(manifest.rows[0].path)}")
        raise ClientError("The provider keeps these files. The marketplace does not say where.")

    def _acknowledge(self, version: Version, manifest: Manifest, count: int) -> dict[str, Any]:
        active = [one for one in self.entitlements(version["asset_id"]) if one["state"] == "ACTIVE"]
        if not active or version["leaf"] is None:
            raise ClientError(
                "There is no running licence to acknowledge under. The files were checked and are yours."
            )
        # The one that the marketplace delivers under, where there are several: it runs longest.
        entitlement = max(
            active, key=lambda one: ("download" in one["environment"], one["ends_at"], one["id"])
        )
        document = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "bytes": count,
            "contentRoot": manifest.content_root.hex(),
            "contract": entitlement["contract"],
            "entitlement": entitlement["id"],
            "files": len(manifest.rows),
        }
        signed = sign_fact(
            self.key,
            origin=self.origin,
            org_id=self.org_id,
            kind="received",
            subject_id=UUID(entitlement["id"]),
            predicate={"registration": version["leaf"], "contract": entitlement["contract"]},
            commitments={"received": commit(document)},
        )
        path = f"{API}/entitlements/{entitlement['id']}/acknowledgements"
        done: dict[str, Any] = self.api.post(path, {"version_id": version["id"], **signed})
        return done
