"""Logs for tests: fixed keys, stores in memory that fail on demand, and a naive model of every file of a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.errors import Conflict, StorageFailed
from ledger.hashing import leaf_hash, root_of
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.signer import Signer, SignerState
from ledger.stores.memory import Faults, MemoryLock, MemoryObjects

ORIGIN = "ledger.example/test"
LOG_KEY = SigningKey.from_seed(bytes([1]) * 32)
COSIGNER_KEY = SigningKey.from_seed(bytes([2]) * 32)
RECEIPT_KEY = SigningKey.from_seed(bytes([3]) * 32)
LOG_SIGNER = NoteSigner(ORIGIN, LOG_KEY)
COSIGNER = NoteSigner(f"{ORIGIN}/cosigner", COSIGNER_KEY, COSIGNATURE_ED25519)
NOW = 1_800_000_000


class MemorySignerState:
    """A signer's memory that counts as one write among the others and can fail like them."""

    def __init__(self, faults: Faults) -> None:
        self.record: bytes | None = None
        self._faults = faults

    def read(self) -> bytes | None:
        return self.record

    def swap(self, old: bytes | None, new: bytes) -> None:
        if self.record != old:
            raise Conflict("The signer's state has been changed by another process.")
        outcome = self._faults.pass_write("signer state")
        if outcome != "lost":
            self.record = new
        if outcome:
            raise StorageFailed(f"Injected: writing the signer's state failed ({outcome}).")


@dataclass
class World:
    """The durable things of one log, which outlive a crash of the process that writes it."""

    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.objects = MemoryObjects(self.faults)
        self.lock = MemoryLock(self.faults)
        self.state = MemorySignerState(self.faults)

    def signer(self) -> Signer:
        return make_signer(self.state)

    def create(self, genesis: Sequence[bytes] = ()) -> Log:
        return Log.create(ORIGIN, self.objects, self.lock, self.signer(), genesis)

    def load(self) -> Log:
        return Log.load(ORIGIN, self.objects, self.lock, self.signer())


def make_signer(state: SignerState) -> Signer:
    return Signer(state, LOG_SIGNER, COSIGNER, RECEIPT_KEY)


def entries(start: int, stop: int, size: int = 20) -> list[bytes]:
    """Distinct entries, each naming its index."""
    return [f"entry {index} ".encode().ljust(size, b".") for index in range(start, stop)]


def naive_root(data: Sequence[bytes]) -> bytes:
    return root_of(map(leaf_hash, data))


def naive_files(data: Sequence[bytes]) -> dict[str, bytes]:
    """Every tile and bundle that a log of exactly these entries serves, from the words of C2SP tlog-tiles."""
    files: dict[str, bytes] = {}
    for start in range(0, len(data), 256):
        part = data[start : start + 256]
        bundle = b"".join(len(entry).to_bytes(2, "big") + entry for entry in part)
        files[_naive_path("entries", start // 256, len(part))] = bundle
    level, hashes = 0, [leaf_hash(entry) for entry in data]
    while hashes:
        for start in range(0, len(hashes), 256):
            part = hashes[start : start + 256]
            files[_naive_path(str(level), start // 256, len(part))] = b"".join(part)
        hashes = [root_of(hashes[at : at + 256]) for at in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    return files


def _naive_path(level: str, index: int, width: int) -> str:
    number = f"{index % 1000:03}"
    while index >= 1000:
        index //= 1000
        number = f"x{index % 1000:03}/{number}"
    return f"tile/{level}/{number}" + (f".p/{width}" if width < 256 else "")
