"""Checking many receipts under one checkpoint, beside the least that any verifier must do for each of them.

    python -m benchmarks.ledger_receipts [--scale tiny|usual|full] [--json]

The limit, taken in the same process: one Ed25519 verification by PyNaCl over the statement's bytes, and the SHA-256 of the
leaf and of its path to the root. A receipt is the whole bundle, read strictly, with every step of the check; a COSE receipt
is RFC 9942 alone, whose one signature all of them share.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from nacl.bindings import crypto_sign_open

from benchmarks.figures import Figure, Scale, alternate, command_line, stopwatch
from ledger import cose
from ledger.bindings import prove_possession
from ledger.check import check_bundle, check_many
from ledger.cose_receipt import verify_cose_receipt
from ledger.keys import PublicKey, SigningKey
from ledger.log import Log
from ledger.names import urn
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.policy import Policy, policy_for
from ledger.proofs import path_sides
from ledger.receipt import parse_bundle
from ledger.signer import Signer
from ledger.statement import Claims, Statement, in_toto, parse_statement, sign_statement
from ledger.stores.files import FileLock, FileObjects
from ledger.verifying import verifying_session

ORIGIN = "ledger.example/benchmark"
KIND = "urn:datawharf:predicate"
RECEIPTS = {Scale.TINY: 20, Scale.USUAL: 1_000, Scale.FULL: 4_000}
LOG_SIZE = {Scale.TINY: 300, Scale.USUAL: 100_000, Scale.FULL: 1_000_000}
ROUNDS = {Scale.TINY: 1, Scale.USUAL: 5, Scale.FULL: 5}
TIME = 1_767_000_000
UUID = "0192f0c1-2345-7abc-8def-{:012x}"


@dataclass(frozen=True)
class Batch:
    """Receipts under one checkpoint, and what it takes to check them."""

    receipts: list[bytes]
    trust: Policy
    receipt_key: PublicKey
    provider: PublicKey
    size: int


def run(scale: Scale) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        batch = make_batch(Path(scratch), RECEIPTS[scale], LOG_SIZE[scale])
    ours, alone, standard = "check_many", "check_bundle, one by one", "COSE receipts in a session"
    limit = "limit: PyNaCl over the statement, and the hashes of its path"
    seconds = alternate(
        ROUNDS[scale],
        {
            ours: partial(timed, lambda: many(batch)),
            alone: partial(timed, lambda: one_by_one(batch)),
            standard: partial(timed, cose_work(batch)),
            limit: partial(timed, limit_work(batch)),
        },
    )
    what = f"{len(batch.receipts):,} receipts of a log of {batch.size:,} entries"
    for name, target in ((ours, 0.8), (alone, None), (standard, 0.8)):
        yield Figure(
            f"ledger: {what}, {name}",
            seconds[name],
            limit,
            seconds[limit],
            at_least=target,
            amount=len(batch.receipts),
            unit="receipts",
        )


def many(batch: Batch) -> None:
    assert all(report.ok for report in check_many(batch.receipts, batch.trust))


def one_by_one(batch: Batch) -> None:
    assert all(check_bundle(receipt, batch.trust).ok for receipt in batch.receipts)


def cose_work(batch: Batch) -> Callable[[], None]:
    bundles = [parse_bundle(receipt) for receipt in batch.receipts]
    pairs = [(bundle.cose_receipt, parse_statement(bundle.statement).leaf_hash) for bundle in bundles]

    def work() -> None:
        with verifying_session():
            roots = {verify_cose_receipt(receipt, leaf, batch.receipt_key) for receipt, leaf in pairs}
        assert len(roots) == 1

    return work


def limit_work(batch: Batch) -> Callable[[], None]:
    """Everything is parsed before the clock starts: signature and hashes are all that is left."""
    jobs = []
    for receipt in batch.receipts:
        bundle = parse_bundle(receipt)
        statement = parse_statement(bundle.statement)
        signed = statement.signature + cose.bytes_to_sign(statement.protected, statement.payload)
        sides = path_sides(bundle.index, batch.size, len(bundle.path))
        jobs.append((signed, b"\x00" + bundle.statement, list(zip(bundle.path, sides, strict=True))))
    key = batch.provider.raw

    def work() -> None:
        roots = set()
        for signed, leaf, path in jobs:
            crypto_sign_open(signed, key)
            current = sha256(leaf).digest()
            for sibling, is_left in path:
                pair = sibling + current if is_left else current + sibling
                current = sha256(b"\x01" + pair).digest()
            roots.add(current)
        assert len(roots) == 1

    return work


def timed(work: Callable[[], None]) -> float:
    with stopwatch() as watch:
        work()
    return watch.seconds


def make_batch(folder: Path, count: int, size: int) -> Batch:
    """A log of `size` entries, the last `count` of them registrations by one provider, with their receipts."""
    log_key, time_key, receipt_key, platform, provider = (SigningKey.generate() for _ in range(5))
    signer = NoteSigner(ORIGIN, log_key)
    cosigner = NoteSigner(f"{ORIGIN}/cosigner", time_key, COSIGNATURE_ED25519)
    log = Log.create(
        ORIGIN,
        FileObjects(folder / "log"),
        FileLock(folder / "head"),
        Signer(folder / "state", signer, cosigner, receipt_key),
        [first_entry(signer, cosigner, receipt_key, platform), binding(provider, platform)],
    )
    filler = size - count - log.size
    for start in range(0, filler, 65_536):
        log.append([number.to_bytes(8, "big") for number in range(start, min(start + 65_536, filler))])
    first = log.size
    log.append([registration(provider, number).leaf_bytes for number in range(count)])
    log.publish(int(time.time()))
    receipts = [log.receipt(index, supporting=(1, 0)) for index in range(first, first + count)]
    log.close()
    return Batch(receipts, policy_for(signer.vkey), receipt_key.public, provider.public, size)


def first_entry(
    signer: NoteSigner, cosigner: NoteSigner, receipt_key: SigningKey, platform: SigningKey
) -> bytes:
    org = urn(ORIGIN, "org", UUID.format(1))
    predicate = {
        "origin": ORIGIN,
        "log": signer.vkey,
        "cosigner": cosigner.vkey,
        "platform": {"org": org, "key": platform.public.raw.hex()},
        "receiptKey": receipt_key.public.raw.hex(),
        "rules": [],
    }
    return signed("log-policy", predicate, platform, org).leaf_bytes


def binding(provider: SigningKey, platform: SigningKey) -> bytes:
    org = urn(ORIGIN, "org", UUID.format(2))
    possession = prove_possession(provider, ORIGIN, org).hex()
    predicate = {"org": org, "key": provider.public.raw.hex(), "possession": possession}
    return signed("key-binding", predicate, platform, urn(ORIGIN, "org", UUID.format(1))).leaf_bytes


def registration(provider: SigningKey, number: int) -> Statement:
    predicate = {
        "version": f"1.0.{number}",
        "manifest": f"{number:064x}",
        "contentRoot": f"{number + 1:064x}",
        "metadata": f"{number + 2:064x}",
        "delivery": "hosted",
        "derivedFrom": [],
    }
    sub = urn(ORIGIN, "asset", UUID.format(number))
    return signed("registration", predicate, provider, urn(ORIGIN, "org", UUID.format(2)), sub, TIME + number)


def signed(
    kind: str, predicate: dict[str, object], key: SigningKey, org: str, sub: str = "", time: int = TIME
) -> Statement:
    payload = in_toto(f"{KIND}/{kind}/v1", "manifest.json", {"sha256": "ab" * 32}, predicate)
    return sign_statement(payload, Claims(org, sub or org, ORIGIN, time), key)


if __name__ == "__main__":
    command_line("ledger_receipts", run)
