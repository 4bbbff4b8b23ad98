"""A log with its index in memory: fixed keys, stores that outlive a crash and fail on demand, small statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ledger.cose import Sign1, format_sign1
from ledger.index.announcement import INDEX_MAP, index_predicate
from ledger.index.state import index_origin
from ledger.indexer.map import IndexMap
from ledger.indexer.prove import prove_history
from ledger.indexer.writer import IndexWriter
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.names import urn
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.policy import Policy, TrustedLog
from ledger.reader import LogReader
from ledger.signer import Signer
from ledger.statement import Claims, in_toto, statement_to_sign
from tests.ledger.logs import COSIGNER, LOG_SIGNER, NOW, ORIGIN, RECEIPT_KEY, World
from tests.ledger.market_in_a_box import Market, uuid

INDEX_ORIGIN = index_origin(ORIGIN)
INDEX_SIGNER = NoteSigner(INDEX_ORIGIN, SigningKey.from_seed(bytes([5]) * 32))
INDEX_COSIGNER = NoteSigner(
    f"{INDEX_ORIGIN}/cosigner", SigningKey.from_seed(bytes([6]) * 32), COSIGNATURE_ED25519
)
TRUST = Policy((TrustedLog(LOG_SIGNER.verifier), TrustedLog(INDEX_SIGNER.verifier)))
TRUST_LOG = Policy((TrustedLog(LOG_SIGNER.verifier),))


def statement(asset: int, org: int = 1, *, kind: str = "registration", number: int = 0) -> bytes:
    """An entry about an asset by an organisation; its signature is zeros, which the index does not look at."""
    claims = Claims(urn(ORIGIN, "org", uuid(org)), urn(ORIGIN, "asset", uuid(asset)), ORIGIN, number)
    payload = in_toto(
        f"urn:datawharf:predicate/{kind}/v1", "manifest.json", {"sha256": "ab" * 32}, {"version": "1.0.0"}
    )
    parts = statement_to_sign(payload, claims, bytes([org]) * 32)
    return format_sign1(Sign1(parts.protected, {}, parts.payload, bytes(64)))


def asset(number: int) -> str:
    return f"asset:{uuid(number)}"


def org(number: int) -> str:
    return f"org:{uuid(number)}"


def genesis() -> list[bytes]:
    """Entry 0, the log's policy, and the platform's statement that names the index; both really signed."""
    market = Market(origin=ORIGIN)
    policy = market.log_policy(
        log=LOG_SIGNER.vkey, cosigner=COSIGNER.vkey, receiptKey=RECEIPT_KEY.public.raw.hex()
    )
    predicate = index_predicate(INDEX_SIGNER.verifier, INDEX_COSIGNER.verifier)
    named = market.statement(INDEX_MAP, predicate, market.platform, market.platform_org, name="index-map")
    return [policy.leaf_bytes, named.leaf_bytes]


@dataclass
class Indexed:
    """The durable things of a log and its index, and the process that follows; `restart` is a new process."""

    entries: list[bytes]
    file: Path | None = None
    log_world: World = field(default_factory=World)
    index_world: World = field(default_factory=World)
    time: int = NOW

    def __post_init__(self) -> None:
        self.log = self.log_world.create(self.entries)
        self.log.publish(self.time)
        self.index_log = Log.create(
            INDEX_ORIGIN, self.index_world.objects, self.index_world.lock, self._index_signer(), []
        )
        self.map = IndexMap(ORIGIN, self.file)
        self.writer = IndexWriter(self.index_log, self.map)

    def publish(self, *entries: bytes) -> None:
        """Append to the log and publish it."""
        self.time += 1
        self.log.append(entries)
        self.log.publish(self.time)
        self.entries += entries

    def follow(self) -> None:
        self.time += 1
        self.writer.follow(self.reader(), self.time)

    def restart(self) -> None:
        """Drop the process without closing anything, and start another on the same stores."""
        self.map.close()
        self.index_log = Log.load(
            INDEX_ORIGIN, self.index_world.objects, self.index_world.lock, self._index_signer()
        )
        self.map = IndexMap(ORIGIN, self.file)
        self.writer = IndexWriter(self.index_log, self.map)

    def reader(self) -> LogReader:
        return Log.open_reader(ORIGIN, self.log_world.objects, LOG_SIGNER.verifier)

    def index_reader(self) -> LogReader:
        return Log.open_reader(INDEX_ORIGIN, self.index_world.objects, INDEX_SIGNER.verifier)

    def prove(self, key: str, *, with_entries: bool = True) -> bytes:
        return prove_history(key, self.reader(), self.index_reader(), self.map, with_entries=with_entries)

    def _index_signer(self) -> Signer:
        return Signer(self.index_world.state, INDEX_SIGNER, INDEX_COSIGNER, RECEIPT_KEY)
