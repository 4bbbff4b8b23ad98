"""From settings to ports: the real database, ledger, stores and gateways of one installation."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from uuid import UUID

from ledger.index.state import index_origin
from ledger.keyfile import read_key_file, write_key_file
from ledger.keys import SigningKey
from ledger.log import Cosigners, Log
from ledger.note import NoteSigner
from ledger.policy import Policy, parse_policy
from ledger.signer import Signer
from ledger.storage import LockStore, ObjectStore
from ledger.stores.files import FileLock, FileObjects
from ledger.stores.objects import S3Objects
from ledger.stores.sql import SqlLock
from ledger.witness.client import WitnessClient
from ledger.witness.http import HttpTransport
from market.accounts.service import AccountsAuthenticator
from market.catalog.blobs import BlobStore, open_blobs
from market.config import ConfigError, Settings
from market.kit.clock import Clock, SystemClock
from market.kit.db import Database
from market.kit.ports import Ports
from market.payments.bank_transfer import BankAccount, BankTransferGateway
from market.payments.gateway import PaymentGateway, StripeGateway
from market.provenance.gateway import Ledger, PlatformKey
from market.provenance.indexing import Index, IndexStores

COSIGNATURE_KIND = 0x04
KEY_NAMES = ("log", "cosigner", "receipt", "platform", "index", "index-cosigner")


def open_ports(settings: Settings, clock: Clock | None = None) -> Ports:
    """The ports of a running server or worker. Refuses to start on a ledger that is behind its own signed head."""
    clock = clock or SystemClock()
    db = Database(settings.database, lock_wait=settings.lock_wait_seconds)
    ports = Ports(
        db=db,
        clock=clock,
        authenticator=AccountsAuthenticator(db, clock),
        secret=_read_secret(settings),
        base_url=settings.public_url,
        secure_cookies=settings.https,
    )
    ports.add(Settings, settings)
    ports.add(Ledger, open_ledger(settings, db))
    ports.add(BlobStore, open_blobs(settings.blobs, settings.s3_options, settings.s3_public_endpoint))
    accounts = {currency: BankAccount(**account) for currency, account in settings.bank.items()}
    ports.add(BankTransferGateway, BankTransferGateway(accounts))
    if settings.stripe is not None:
        stripe = settings.stripe
        ports.add(
            PaymentGateway,
            StripeGateway(stripe.secret_key, stripe.webhook_secret, api_base=stripe.api_base or None),
        )
    return ports


def open_ledger(settings: Settings, db: Database) -> Ledger:
    log, cosigner = note_signers(settings)
    objects, policy = ledger_objects(settings), parse_policy(settings.trust_file.read_bytes())
    return Ledger(
        settings.origin,
        objects,
        policy,
        PlatformKey(UUID(settings.platform_org), _key(settings, "platform")),
        log=log.verifier,
        cosigner=cosigner.verifier,
        lock=_lock(settings, db),
        signer=_signer(settings),
        cosigners=_cosigners(settings, policy, objects),
        index=open_index(settings, db, policy),
    )


def open_index(settings: Settings, db: Database, policy: Policy | None = None) -> Index | None:
    """The index of the log; None in a home that was made before there was one and has no keys for it.

    policy: whose witnesses cosign it; None while they do not know it yet.
    """
    if not (settings.keys / "index.key").is_file():
        return None
    origin, folder = index_origin(settings.origin), settings.home / "index"
    cosigner = NoteSigner(f"{origin}/cosigner", _key(settings, "index-cosigner"), COSIGNATURE_KIND)
    log_signer = NoteSigner(origin, _key(settings, "index"))
    if settings.ledger_objects.startswith("s3://"):
        objects: ObjectStore = S3Objects.open(f"{settings.ledger_objects}/index/v1", settings.s3_options)
        lock: LockStore = SqlLock(db.engine, origin)
    else:
        objects, lock = FileObjects(folder / "log"), FileLock(folder / "head")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    signer = Signer(folder / "signer", log_signer, cosigner, _key(settings, "receipt"))
    cosigners = None if policy is None else _cosigners(settings, policy, objects)
    return Index(
        settings.origin,
        IndexStores(objects, lock, signer, cosigner.verifier, folder / "map.sqlite", cosigners),
    )


def index_vkey(settings: Settings) -> str:
    """The public key of the index log, for its witnesses."""
    return NoteSigner(index_origin(settings.origin), _key(settings, "index")).vkey


def note_signers(settings: Settings) -> tuple[NoteSigner, NoteSigner]:
    """What signs checkpoints, and what adds the operator's time to them."""
    return (
        NoteSigner(settings.origin, _key(settings, "log")),
        NoteSigner(f"{settings.origin}/cosigner", _key(settings, "cosigner"), COSIGNATURE_KIND),
    )


def make_keys(settings: Settings) -> None:
    """Fresh keys and the server's secret, mode 0600, outside the database."""
    settings.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in KEY_NAMES:
        write_key_file(
            settings.keys / f"{name}.key", SigningKey.generate(), label=f"{settings.origin} {name}"
        )
    path = settings.keys / "secret"
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")


def create_log(settings: Settings, db: Database, genesis: list[bytes], now: datetime) -> None:
    """Start the log with its first entries and publish its first checkpoint. Refuses where there is one already.

    Refuses a bucket too that lets one object be written twice: no log can be kept there.
    """
    objects, lock = ledger_objects(settings), _lock(settings, db)
    if isinstance(objects, S3Objects):
        objects.check_conditional_put()
    if isinstance(lock, SqlLock):
        lock.create_table()
    log = Log.create(settings.origin, objects, lock, _signer(settings), genesis)
    published = log.publish(int(now.timestamp()))
    index = open_index(settings, db)
    if published.size and index is not None:
        index.follow(log, int(now.timestamp()))
        index.close()
    log.close()


def index_announcement(settings: Settings, db: Database) -> dict[str, str]:
    """What the platform states about the index of a new log."""
    index = open_index(settings, db)
    if index is None:
        raise ConfigError(f"The keys of the index are missing in {settings.keys}.")
    return index.announcement()


def signing_key(settings: Settings, name: str) -> SigningKey:
    return _key(settings, name)


def _signer(settings: Settings) -> Signer:
    log, cosigner = note_signers(settings)
    return Signer(settings.home / "signer" / "state", log, cosigner, _key(settings, "receipt"))


def _cosigners(settings: Settings, policy: Policy, objects: ObjectStore) -> Cosigners | None:
    """The witnesses of the trust file that have an address, asked for each checkpoint."""
    if not any(witness.url for witness in policy.witnesses):
        return None
    return WitnessClient(policy, objects.read, HttpTransport(), required=not settings.publish_without_quorum)


def ledger_objects(settings: Settings) -> ObjectStore:
    """Where the log's files lie."""
    if settings.ledger_objects.startswith("s3://"):
        return S3Objects.open(settings.ledger_objects, settings.s3_options)
    return FileObjects(Path(settings.ledger_objects))


def _lock(settings: Settings, db: Database) -> LockStore:
    """Embedded: a file that keeps other processes out. Distributed: a row that changes by compare-and-swap."""
    if settings.ledger_objects.startswith("s3://"):
        return SqlLock(db.engine, settings.origin)
    return FileLock(settings.home / "ledger.head")


def _key(settings: Settings, name: str) -> SigningKey:
    path = settings.keys / f"{name}.key"
    if not path.is_file():
        raise ConfigError(
            f"{path} is missing. Restore it from your backup of the keys folder, or run init in a new home."
        )
    return read_key_file(path)


def _read_secret(settings: Settings) -> bytes:
    path = settings.keys / "secret"
    if not path.is_file():
        raise ConfigError(f"{path} is missing. Restore it from your backup of the keys folder.")
    return bytes.fromhex(path.read_text(encoding="ascii").strip())
