"""Attestations: an organisation stands by a document about an artifact, registered by the standard way in (SCRAPI)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from ledger.hashing import leaf_hash
from ledger.manifest import FileRow
from ledger.statement import sign_statement
from market.client.errors import ClientError
from market.client.party import Party
from market.statements import build, claims_for

COSE = "application/cose"


class Attesting(Party):
    """What is registered without any business of the marketplace behind it."""

    def attest(
        self, document: FileRow, artifact: bytes, subject_id: UUID, *, previous: str | None = None
    ) -> str:
        """State that one's organisation stands by `document` about the artifact with the SHA-256 `artifact`.

        subject_id: names the artifact; the same for all documents about it. previous: leaf hash (hex) of the
        attestation that this one takes the place of. Returns the leaf hash, in hex, which names the new one.
        """
        payload = build(
            "attestation",
            artifact=artifact,
            document=document.sha256,
            mediaType=document.media_type,
            previous=previous,
        )
        now = datetime.now(UTC)
        claims = claims_for("attestation", self.origin, org_id=self.org_id, subject_id=subject_id, now=now)
        return self.submit(sign_statement(payload, claims, self.key).leaf_bytes)

    def submit(self, statement: bytes) -> str:
        """Register a signed statement at `/entries`. Returns its leaf hash in hex; it is durable then, not yet public."""
        reply = self.api.send("POST", "/entries", content=statement, headers={"Content-Type": COSE})
        leaf, address = leaf_hash(statement).hex(), reply.headers.get("location", "")
        if not address.endswith(f"/entries/{leaf}"):
            raise ClientError(
                "The marketplace registered another statement ({address}) than the one that was sent.",
                address=address,
            )
        return leaf
