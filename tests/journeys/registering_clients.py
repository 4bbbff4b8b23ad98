"""Clients that register small assets as fast as they can and write down every answer that was a promise.

When the server is gone they wait and repeat the request with the same Idempotency-Key, as the SDK does. They only speak
plain HTTP, so that nothing is remembered for them.
"""

from __future__ import annotations

import base64
import random
import threading
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx

from ledger.hashing import leaf_hash
from ledger.keys import SigningKey
from ledger.manifest import FileDigest, FileRow, Manifest
from market.catalog.schemas import EXAMPLE_METADATA
from market.client.registering import sign_registration

CHUNK, CHUNKS = 48 * 1024, 3
PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Identity:
    """Who registers, and where."""

    address: str
    key: str
    org_id: UUID
    origin: str
    signing_key: SigningKey


@dataclass
class Promises:
    """What the server has acknowledged. broken: promises that it did not keep."""

    assets: dict[str, str] = field(default_factory=dict)  # id -> English title
    leaves: dict[str, str] = field(default_factory=dict)  # leaf -> version id
    contents: dict[str, str] = field(default_factory=dict)  # version id -> SHA-256 of its file
    broken: list[str] = field(default_factory=list)
    repeats: int = 0


class Registering(threading.Thread):
    """Registers `count` assets one after the other. `failure` is why it gave up, if it did."""

    def __init__(self, who: Identity, count: int, rng: random.Random, promises: Promises, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._who, self._count, self._rng, self._promises = who, count, rng, promises
        self._http = httpx.Client(
            base_url=who.address, timeout=30, headers={"Authorization": f"Bearer {who.key}"}
        )
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            for number in range(self._count):
                self._register(f"{self.name} {number}")
        except BaseException as error:
            self.failure = error
        finally:
            self._http.close()

    def _register(self, title: str) -> None:
        metadata = EXAMPLE_METADATA | {"title": {"zh": title, "en": title}}
        content = self._rng.randbytes(CHUNK * CHUNKS - self._rng.randrange(CHUNK))
        asset = self._post("/api/v1/assets", {"metadata": metadata})
        self._promises.assets[asset["id"]] = title
        manifest = _manifest(content)
        encoded = base64.b64encode(manifest.canonical).decode()
        version = self._post(
            f"/api/v1/assets/{asset['id']}/versions", {"version": "1.0.0", "manifest": encoded}
        )
        upload = self._post(f"/api/v1/versions/{version['id']}/uploads", {"path": "data.bin"})
        self._upload(upload["upload"], content)
        signed = sign_registration(
            self._who.signing_key,
            origin=self._who.origin,
            org_id=self._who.org_id,
            asset_id=UUID(asset["id"]),
            metadata=asset["metadata"],
            manifest=manifest,
            version=version,
        )
        leaf = leaf_hash(base64.b64decode(signed["statement"])).hex()
        registered = self._post(f"/api/v1/versions/{version['id']}/registration", signed)
        if registered["leaf"] != leaf:
            self._promises.broken.append(f"{title} was registered as {registered['leaf']}, not {leaf}")
        self._promises.leaves[leaf] = version["id"]
        self._promises.contents[version["id"]] = sha256(content).hexdigest()

    def _upload(self, upload: str, content: bytes) -> None:
        """Chunk by chunk; after a broken connection from where the server says it is."""
        acknowledged = 0
        while acknowledged < len(content):
            chunk = content[acknowledged : acknowledged + CHUNK]
            headers = {
                "Upload-Offset": str(acknowledged),
                "Upload-Checksum": f"sha256 {base64.b64encode(sha256(chunk).digest()).decode()}",
                "Content-Type": "application/offset+octet-stream",
            }
            try:
                answer = self._http.patch(f"/api/v1/uploads/{upload}", content=chunk, headers=headers)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                acknowledged = answer.json()["offset"]
                continue
            stands = self._again("GET", f"/api/v1/uploads/{upload}").json()["offset"]
            if not acknowledged <= stands <= acknowledged + len(chunk):
                self._promises.broken.append(
                    f"upload {upload}: {acknowledged} was acknowledged, {stands} is there"
                )
            acknowledged = stands
        self._settle(upload)

    def _settle(self, upload: str) -> None:
        """Until a server that died after the last byte has its successor put the file in its place."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._again("GET", f"/api/v1/uploads/{upload}").json()["state"] == "receiving":
            assert time.monotonic() < deadline, f"upload {upload} was never finished"
            time.sleep(0.2)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._again("POST", path, json=body, headers={"Idempotency-Key": str(uuid4())}).json()

    def _again(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The same request until it is answered."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self._http.request(method, path, **more)
                if answer.is_success:
                    return answer
                if answer.status_code < 500:
                    raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
                why = answer.text
            except httpx.TransportError as error:
                why = repr(error)
            if time.monotonic() > deadline:
                raise AssertionError(f"{method} {path} was never answered: {why}")
            self._promises.repeats += 1
            time.sleep(0.1)


def _manifest(content: bytes) -> Manifest:
    digest = FileDigest()
    digest.update(content)
    found = digest.finish()
    return Manifest([FileRow("data.bin", found.size, found.sha256, "application/octet-stream", found.chunks)])
