"""A log of a dozen entries made with fixed keys and without storage, and receipts out of it, good and forged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.bindings import possession_message
from ledger.checkpoint import Checkpoint, cosign_checkpoint, format_checkpoint
from ledger.hashing import leaf_hash, root_of
from ledger.keys import SigningKey
from ledger.note import COSIGNATURE_ED25519, NoteSigner, sign_note
from ledger.policy import Policy, TrustedLog, Witness
from ledger.proofs import Located
from ledger.receipt import Bundle, Opening, format_cose_receipt, sign_root
from ledger.statement import Claims, Statement, in_toto, sign_statement, urn

NOW = 1767000000
PREFIX = "urn:datawharf:predicate/"


def key(name: str) -> SigningKey:
    return SigningKey.from_seed(name.encode().ljust(32, b"."))


def uuid(number: int) -> str:
    return f"0192f0c1-2d3e-7a4b-8c5d-{number:012x}"


def path_of(index: int, hashes: Sequence[bytes]) -> tuple[bytes, ...]:
    """Inclusion path by the recursive definition of RFC 6962."""
    if len(hashes) == 1:
        return ()
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if index < k:
        return (*path_of(index, hashes[:k]), root_of(hashes[k:]))
    return (*path_of(index - k, hashes[k:]), root_of(hashes[:k]))


@dataclass
class SmallLog:
    """Entries of the log `origin`; each forgery is a log or a receipt made with one thing different."""

    origin: str = "data.example/ledger"
    entries: list[bytes] = field(default_factory=list)
    log_key: str = "log"
    platform_key: str = "platform"
    time_key: str = "time"

    @property
    def log_signer(self) -> NoteSigner:
        return NoteSigner(self.origin, key(self.log_key))

    @property
    def cosigner(self) -> NoteSigner:
        return NoteSigner(f"{self.origin}/time", key(self.time_key), COSIGNATURE_ED25519)

    def org(self, number: int) -> str:
        return urn(self.origin, "org", uuid(number))

    def trust(self, witnesses: Sequence[str] = (), quorum: str | None = None) -> Policy:
        known = [
            Witness(name, NoteSigner(f"{name}.example", key(name), COSIGNATURE_ED25519).verifier)
            for name in witnesses
        ]
        return Policy((TrustedLog(self.log_signer.verifier),), tuple(known), (), quorum)

    def sign(
        self,
        kind: str,
        predicate: Mapping[str, Any],
        *,
        by: str,
        org: int = 0,
        aud: str | None = None,
        iat: int = NOW,
        digest: Mapping[str, str] | None = None,
        name: str = "fact",
    ) -> Statement:
        claims = Claims(self.org(org), urn(self.origin, "asset", uuid(99)), aud or self.origin, iat)
        payload = in_toto(
            f"{PREFIX}{kind}/v1", name, digest or {"datawharf-commitment-v1": "cd" * 32}, predicate
        )
        return sign_statement(payload, claims, key(by))

    def policy_statement(self, **changes: Any) -> Statement:
        predicate = {
            "origin": self.origin,
            "log": self.log_signer.vkey,
            "cosigner": self.cosigner.vkey,
            "platform": {"org": self.org(0), "key": key(self.platform_key).public.raw.hex()},
            "receiptKey": key("receipt").public.raw.hex(),
            "rules": [],
        }
        return self.sign("log-policy", predicate | changes, by=self.platform_key)

    def binding(
        self,
        holder: str,
        org: int,
        *,
        by: str | None = None,
        raw: str | None = None,
        possession: bytes | None = None,
    ) -> Statement:
        public = key(holder).public
        proof = possession or key(holder).sign(possession_message(self.origin, self.org(org), public))
        predicate = {"org": self.org(org), "key": raw or public.raw.hex(), "possession": proof.hex()}
        return self.sign("key-binding", predicate, by=by or self.platform_key)

    def append(self, statement: Statement) -> int:
        self.entries.append(statement.leaf_bytes)
        return len(self.entries) - 1

    def hashes(self, size: int | None = None) -> list[bytes]:
        return [leaf_hash(entry) for entry in self.entries[: len(self.entries) if size is None else size]]

    def checkpoint(
        self,
        size: int | None = None,
        *,
        time: int | None = NOW + 60,
        witnesses: Mapping[str, int] | None = None,
        root: bytes | None = None,
    ) -> bytes:
        hashes = self.hashes(size)
        text = format_checkpoint(Checkpoint(self.origin, len(hashes), root or root_of(hashes)))
        note = sign_note(text, [self.log_signer])
        if time is not None:
            note = cosign_checkpoint(note, self.cosigner, time)
        for name, seen in (witnesses or {}).items():
            note = cosign_checkpoint(
                note, NoteSigner(f"{name}.example", key(name), COSIGNATURE_ED25519), seen
            )
        return note

    def cose(self, index: int, size: int | None = None, *, by: str = "receipt", origin: str = "") -> bytes:
        hashes = self.hashes(size)
        signed = sign_root(root_of(hashes), key(by), origin or self.origin)
        return format_cose_receipt(
            signed.protected, signed.signature, len(hashes), index, path_of(index, hashes)
        )

    def bundle(
        self,
        index: int,
        supporting: Sequence[int],
        *,
        size: int | None = None,
        openings: Sequence[Opening] = (),
        **checkpoint: Any,
    ) -> Bundle:
        hashes = self.hashes(size)
        return Bundle(
            self.entries[index],
            index,
            path_of(index, hashes),
            self.checkpoint(size, **checkpoint),
            self.cose(index, size),
            tuple(Located(self.entries[each], each, path_of(each, hashes)) for each in supporting),
            tuple(openings),
        )
