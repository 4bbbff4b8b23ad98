"""What providers and registrars do. Both sign here, with a key that never leaves this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from ledger.manifest import Manifest
from ledger.names import urn
from market.client import offering, registering, sending
from market.client.errors import ClientError
from market.client.party import API, Party
from market.client.progress import Progress
from market.client.signing import look_at, sign_shown
from market.client.views import Application, Asset, Contract, Offer, Version


class Contracting(Party):
    """Looking at a contract and signing it: providers and buyers alike."""

    def contract(self, contract_id: str) -> Contract:
        return cast("Contract", self.api.get(f"{API}/contracts/{contract_id}"))

    def sign_contract(self, contract: Contract) -> Contract:
        """Sign the contract that is shown, if what would be signed is exactly its document."""
        to_sign = contract["to_sign"]
        if to_sign is None:
            raise ClientError("Contract {id} does not wait for your signature.", id=contract["id"])
        fact, contents = look_at(to_sign, origin=self.origin, org_id=self.org_id, kind="contract")
        document = contract["document"]
        if (
            contents.get("contract") != document
            or fact.subject_id != UUID(contract["id"])
            or document["contract"] != urn(self.origin, "contract", UUID(contract["id"]))
            or fact.predicate["offer"] != document["offerLeaf"]
            or document[fact.predicate["party"]]["org"] != urn(self.origin, "org", self.org_id)
        ):
            raise ClientError("The text shown is not the text that would be signed. Nothing was signed.")
        body = sign_shown(self.key, to_sign)
        return cast("Contract", self.api.post(f"{API}/contracts/{contract['id']}/signatures", body))


class Providing(Contracting):
    """Register data, offer them, countersign contracts; and, for a registrar, decide."""

    def create_asset(self, metadata: Mapping[str, Any]) -> Asset:
        return cast("Asset", self.api.post(f"{API}/assets", {"metadata": dict(metadata)}))

    def edit_asset(self, asset: Asset, metadata: Mapping[str, Any]) -> Asset:
        """Describe an asset anew; what was registered stays as it is. Refused if somebody edited it meanwhile."""
        reply = self.api.send(
            "PATCH",
            f"{API}/assets/{asset['id']}",
            json={"metadata": dict(metadata)},
            headers={"If-Match": f'"{asset["revision"]}"'},
        )
        return cast("Asset", reply.json())

    def register(
        self,
        paths: Sequence[Path],
        *,
        version: str = "1.0.0",
        metadata: Mapping[str, Any] | None = None,
        asset_id: str | None = None,
        derived_from: Sequence[str] = (),
        notes: Mapping[str, str] | None = None,
        reference_url: str = "",
        progress: Progress | None = None,
    ) -> Version:
        """Hash, describe, sign and send files as a version of an asset: a new one (metadata) or one's own (asset_id).

        With reference_url the bytes stay with the provider. Run again after an interruption, it goes on where it was.
        """
        files = registering.hash_files(registering.find_files(paths), progress)
        manifest = registering.manifest_of(files)
        asset = self.asset(asset_id) if asset_id else self._drafted(metadata)
        draft = self._draft_version(asset, manifest, version, derived_from, notes, reference_url)
        if not reference_url:
            for file in registering.missing_files(draft, files):
                sending.upload_file(self.api, draft["id"], file, progress)
        if draft["leaf"] is not None:
            return draft
        signed = registering.sign_registration(
            self.key,
            origin=self.origin,
            org_id=self.org_id,
            asset_id=UUID(asset["id"]),
            metadata=asset["metadata"],
            manifest=manifest,
            version=draft,
        )
        return cast("Version", self.api.post(f"{API}/versions/{draft['id']}/registration", signed))

    def apply(self, version_id: str) -> Application:
        """Hand a registered version in for the registrar's formal review."""
        return cast("Application", self.api.post(f"{API}/applications", {"version_id": version_id}))

    def publish_offer(self, asset_id: str, terms: Mapping[str, Any]) -> Offer:
        """Sign and publish an offer, if what would be signed are the terms given."""
        draft = self.api.post(f"{API}/offers/drafts", {"asset_id": asset_id, **terms})
        fact, contents = look_at(draft["to_sign"], origin=self.origin, org_id=self.org_id, kind="offer")
        document = contents.get("terms", {})
        differing = offering.differences(terms, document)
        if fact.predicate["asset"] != urn(self.origin, "asset", UUID(asset_id)):
            differing.append("asset")
        if differing:
            raise ClientError(
                "The offer that would be signed differs in: {fields}. Nothing was signed.",
                fields=", ".join(differing),
            )
        body = {"draft_id": draft["draft_id"], **sign_shown(self.key, draft["to_sign"])}
        return cast("Offer", self.api.post(f"{API}/offers", body))

    def list_asset(self, asset_id: str) -> dict[str, Any]:
        """Put an asset on show."""
        listed: dict[str, Any] = self.api.post(f"{API}/assets/{asset_id}/listing", {})
        return listed

    def countersign_waiting(self) -> list[Contract]:
        """Sign, as provider, every contract that a buyer has signed and that says what one's own offer says.

        What one's own offer says is read out of the statement that one's own key signed, not out of the server's word.
        """
        signed, odd = [], []
        for waiting in self.pages(f"{API}/contracts", awaiting="me"):
            contract = self.contract(waiting["id"])
            if contract["provider_org"] != str(self.org_id):
                continue  # waits for us as buyer: that is for a person to decide
            if offering.is_own_offer(self.key, self.api, contract, self.offer_behind(contract)):
                signed.append(self.sign_contract(contract))
            else:
                odd.append(contract["id"])
        if odd:
            raise ClientError(
                "These contracts do not say what your offer says, and were not signed: {contracts}.",
                contracts=", ".join(odd),
            )
        return signed

    def offer_behind(self, contract: Contract) -> Offer:
        """The offer as it stands, that a contract was drawn up from."""
        return cast("Offer", self.api.get(f"{API}/offers/{contract['offer_id']}"))

    def requests(self, state: str = "PENDING") -> Iterator[dict[str, Any]]:
        """Requests for access to one's own data."""
        return self.pages(f"{API}/access-requests", role="provider", state=state)

    def decide_request(
        self, request_id: str, *, approve: bool, reason: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Approve or refuse a request for access to one's own data."""
        body = {"decision": "APPROVED" if approve else "REFUSED", "reason": dict(reason) if reason else None}
        decided: dict[str, Any] = self.api.post(f"{API}/access-requests/{request_id}/decision", body)
        return decided

    def queue(self) -> Iterator[Application]:
        return cast("Iterator[Application]", self.pages(f"{API}/registry/queue"))

    def decide(
        self, application_id: str, decision: str, reasons: Mapping[str, str] | None = None
    ) -> Application:
        """Sign and record a decision: accepted, formal-review, returned, refused or issued."""
        asked = {"decision": decision, "reasons": dict(reasons) if reasons else None}
        draft = self.api.post(f"{API}/applications/{application_id}/decision-drafts", asked)
        fact, contents = look_at(draft["to_sign"], origin=self.origin, org_id=self.org_id, kind="decision")
        if (
            fact.predicate["decision"] != decision
            or fact.subject_id != UUID(application_id)
            or contents.get("reasons") != _whole(reasons)
        ):
            raise ClientError("The server asks for a signature under another decision. Nothing was signed.")
        body = asked | sign_shown(self.key, draft["to_sign"])
        if draft["certificate"] is not None:
            to_sign = draft["certificate"]["to_sign"]
            look_at(to_sign, origin=self.origin, org_id=self.org_id, kind="certificate")
            body["certificate"] = sign_shown(self.key, to_sign)
        return cast("Application", self.api.post(f"{API}/applications/{application_id}/decisions", body))

    def _drafted(self, metadata: Mapping[str, Any] | None) -> Asset:
        """A new draft; or the one that an interrupted attempt with the same description left."""
        if metadata is None:
            raise ClientError(
                "Describe the asset with --metadata FILE (datawharf example prints one to start from), "
                "or name the asset of yours that this is a version of with --asset ID."
            )
        for listed in self.pages(f"{API}/assets"):
            if listed["state"] != "draft" or listed["title"] != metadata.get("title"):
                continue
            known = self.asset(listed["id"])
            if known["metadata"] == {"keywords": [], **metadata}:
                return known
        return self.create_asset(metadata)

    def _draft_version(
        self,
        asset: Asset,
        manifest: Manifest,
        number: str,
        derived_from: Sequence[str],
        notes: Mapping[str, str] | None,
        reference_url: str,
    ) -> Version:
        """The draft of this number, from an interrupted attempt or new."""
        known = list(cast("Iterator[Version]", self.pages(f"{API}/assets/{asset['id']}/versions")))
        for version in known:
            if version["version"] == number and version["manifest_digest"] == manifest.digest.hex():
                return self.version(version["id"])
        body = registering.new_version_body(
            manifest,
            version=number,
            previous=next((version["leaf"] for version in known if version["leaf"]), None),
            derived_from=derived_from,
            notes=notes,
            reference_url=reference_url,
        )
        return cast("Version", self.api.post(f"{API}/assets/{asset['id']}/versions", body))


def _whole(text: Mapping[str, str] | None) -> dict[str, str] | None:
    """A text as the marketplace keeps it: both languages, one of them perhaps empty."""
    return {"zh": text.get("zh", "").strip(), "en": text.get("en", "").strip()} if text else None
