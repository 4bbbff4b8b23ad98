"""A whole small market for tests of receipts: keys, a log kept in a list, and receipts of any entry of it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.bindings import KEY_BINDING, LOG_POLICY, possession_message
from ledger.checkpoint import Checkpoint, cosign_checkpoint, format_checkpoint
from ledger.hashing import leaf_hash, node_hash, root_of
from ledger.keys import SigningKey
from ledger.note import COSIGNATURE_ED25519, NoteSigner, sign_note
from ledger.policy import Policy, TrustedLog, Witness
from ledger.proofs import Located, prove_inclusion
from ledger.receipt import Bundle, Opening, format_cose_receipt, sign_root
from ledger.statement import Claims, Statement, in_toto, sign_statement, urn

TIME = 1_767_000_000
REGISTRATION = "urn:datawharf:predicate/registration/v1"


def key(number: int) -> SigningKey:
    """A fixed key per number."""
    return SigningKey.from_seed(bytes([number]) * 32)


def uuid(number: int) -> UUID:
    """A fixed version 7 UUID per number."""
    return UUID(int=0x01938E2A_7C00_7000_8000_000000000000 + number)


class ListReader:
    """Hashes of complete subtrees, computed from the leaf hashes each time."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = leaves
        self.reads = 0

    def read_hashes(self, coords: Any) -> list[bytes]:
        self.reads += 1
        return [self._subtree(level, index) for level, index in coords]

    def _subtree(self, level: int, index: int) -> bytes:
        assert (index + 1) << level <= len(self.leaves)
        hashes = self.leaves[index << level : (index + 1) << level]
        while len(hashes) > 1:
            hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
        return hashes[0]


@dataclass
class Market:
    """Platform key 1, log key 2, cosigner key 3, receipt key 4; organisations have keys of your choice."""

    origin: str = "market.example/ledger"
    base: int = 0
    entries: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.platform, self.log, self.time_key, self.receipt_key = (key(self.base + n) for n in (1, 2, 3, 4))
        self.log_signer = NoteSigner(self.origin, self.log)
        self.cosigner = NoteSigner(self.origin + "/cosigner", self.time_key, COSIGNATURE_ED25519)
        self.witness = NoteSigner("witness.example/w1", key(9), COSIGNATURE_ED25519)
        self.add(self.log_policy())

    @property
    def platform_org(self) -> str:
        return urn(self.origin, "org", uuid(0))

    def org(self, number: int) -> str:
        return urn(self.origin, "org", uuid(number))

    def statement(
        self, predicate_type: str, predicate: Any, signer: SigningKey, iss: str, **other: Any
    ) -> Statement:
        claims = Claims(
            iss, other.get("sub", iss), other.get("aud", self.origin), other.get("iat", TIME - 60)
        )
        digest = {"sha256": other.get("digest", "ab" * 32)}
        payload = in_toto(predicate_type, other.get("name", "manifest.json"), digest, predicate)
        return sign_statement(payload, claims, signer)

    def log_policy(self, **changes: Any) -> Statement:
        predicate = {
            "origin": self.origin,
            "log": self.log_signer.vkey,
            "cosigner": self.cosigner.vkey,
            "platform": {"org": self.platform_org, "key": self.platform.public.raw.hex()},
            "receiptKey": self.receipt_key.public.raw.hex(),
            "rules": [],
        }
        return self.statement(LOG_POLICY, predicate | changes, self.platform, self.platform_org, name="log")

    def binding(self, bound: SigningKey, org: str, **other: Any) -> Statement:
        message = possession_message(self.origin, org, bound.public)
        predicate = {
            "org": org,
            "key": bound.public.raw.hex(),
            "possession": other.pop("prover", bound).sign(message).hex(),
        }
        signer, iss = other.pop("signer", self.platform), other.pop("iss", self.platform_org)
        return self.statement(KEY_BINDING, predicate, signer, iss, name="key", **other)

    def registration(self, signer: SigningKey, iss: str, **other: Any) -> Statement:
        predicate = other.pop("predicate", {"version": "1.0.0"})
        return self.statement(REGISTRATION, predicate, signer, iss, **other)

    def add(self, statement: Statement) -> int:
        self.entries.append(statement.leaf_bytes)
        return len(self.entries) - 1

    def leaves(self, size: int | None = None) -> list[bytes]:
        return [leaf_hash(entry) for entry in self.entries[:size]]

    def path(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        leaves = self.leaves(size)
        return tuple(prove_inclusion(index, len(leaves), ListReader(leaves)))

    def checkpoint(
        self, size: int | None = None, *, cosigned: bool = True, witnessed: int | None = None
    ) -> bytes:
        leaves = self.leaves(size)
        note = sign_note(
            format_checkpoint(Checkpoint(self.origin, len(leaves), root_of(leaves))), [self.log_signer]
        )
        if cosigned:
            note = cosign_checkpoint(note, self.cosigner, TIME)
        if witnessed is not None:
            note = cosign_checkpoint(note, self.witness, witnessed)
        return note

    def cose_receipt(self, index: int, size: int | None = None) -> bytes:
        leaves = self.leaves(size)
        protected, signature = sign_root(root_of(leaves), self.receipt_key, self.origin)
        return format_cose_receipt(protected, signature, len(leaves), index, self.path(index, size))

    def bundle(
        self,
        index: int,
        supporting: tuple[int, ...] = (1, 0),
        openings: tuple[Opening, ...] = (),
        **checkpoint: Any,
    ) -> Bundle:
        return Bundle(
            statement=self.entries[index],
            index=index,
            path=self.path(index),
            checkpoint=self.checkpoint(**checkpoint),
            cose_receipt=self.cose_receipt(index),
            supporting=tuple(Located(self.entries[each], each, self.path(each)) for each in supporting),
            openings=openings,
        )

    def trust(self, *, witnessed: bool = False) -> Policy:
        logs = (TrustedLog(self.log_signer.verifier),)
        if witnessed:
            return Policy(logs, (Witness("w1", self.witness.verifier),), (), "w1")
        return Policy(logs)
