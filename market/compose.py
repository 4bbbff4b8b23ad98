"""From settings to ports: the real database, ledger, stores and gateways of one installation."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

from ledger.index.state import index_origin
from ledger.log import Cosigners, Log
from ledger.policy import Policy, parse_policy
from ledger.signer import HeadSigner
from ledger.stamping import Stamper, TimeAuthority
from ledger.storage import LockStore, ObjectStore
from ledger.stores.files import FileLock, FileObjects
from ledger.stores.objects import S3Objects
from ledger.stores.sql import SqlLock
from ledger.timestamp import demand_package
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
from market.signers import PLATFORM_KEY, has_index, own_signers, signers, signing_key


def open_ports(settings: Settings, clock: Clock | None = None, *, writes: bool = True) -> Ports:
    """The ports of a running server or worker.

    writes: whether this process appends to the log. One that does not never asks for a key of the log.
    """
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
    ports.add(Ledger, open_ledger(settings, db, writes=writes))
    if writes and settings.time_authorities:
        ports.add(Stamper, open_stamper(settings))
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


def open_ledger(settings: Settings, db: Database, *, writes: bool = True) -> Ledger:
    objects, policy = ledger_objects(settings), parse_policy(settings.trust_file.read_bytes())
    platform = PlatformKey(UUID(settings.platform_org), signing_key(settings, PLATFORM_KEY))
    if not writes:
        return Ledger(settings.origin, objects, policy, platform, index=_index(settings, db))
    log_signer, index_signer = signers(settings)
    return Ledger(
        settings.origin,
        objects,
        policy,
        platform,
        lock=_lock(settings, db),
        signer=log_signer,
        cosigners=_cosigners(settings, policy, objects),
        index=_index(settings, db, index_signer, policy),
    )


def log_writer(settings: Settings, db: Database) -> Log:
    """The log, taken over by whoever holds its keys and needs no market around it."""
    objects, policy = ledger_objects(settings), parse_policy(settings.trust_file.read_bytes())
    cosigners = _cosigners(settings, policy, objects)
    signer, _ = own_signers(settings)
    return Log.load(settings.origin, objects, _lock(settings, db), signer, cosigners=cosigners)


def _index(
    settings: Settings, db: Database, signer: HeadSigner | None = None, policy: Policy | None = None
) -> Index | None:
    """The index of the log, to read; with a signer also to write. None in a home that was made before there was one.

    policy: whose witnesses cosign it; None while they do not know it yet.
    """
    if not has_index(settings):
        return None
    folder = settings.home / "index"
    if signer is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.ledger_objects.startswith("s3://"):
        objects: ObjectStore = S3Objects.open(f"{settings.ledger_objects}/index/v1", settings.s3_options)
        lock: LockStore = SqlLock(db.engine, index_origin(settings.origin))
    else:
        objects, lock = FileObjects(folder / "log"), FileLock(folder / "head")
    cosigners = None if policy is None else _cosigners(settings, policy, objects)
    return Index(settings.origin, IndexStores(objects, settings.maps, lock, signer, cosigners))


def create_log(settings: Settings, db: Database, genesis: list[bytes], now: datetime) -> None:
    """Start the log with its first entries and publish its first checkpoint. Refuses where there is one already.

    Signs with the keys themselves: a signer of its own begins to serve when there is a log.

    Refuses a bucket too that lets one object be written twice: no log can be kept there.
    """
    objects, lock = ledger_objects(settings), _lock(settings, db)
    if isinstance(objects, S3Objects):
        objects.check_conditional_put()
    if isinstance(lock, SqlLock):
        lock.create_table()
    log_signer, index_signer = own_signers(settings)
    log = Log.create(settings.origin, objects, lock, log_signer, genesis)
    published = log.publish(int(now.timestamp()))
    index = _index(settings, db, index_signer)
    if published.size and index is not None:
        index.follow(log, int(now.timestamp()))
        index.close()
    log.close()


def _cosigners(settings: Settings, policy: Policy, objects: ObjectStore) -> Cosigners | None:
    """The witnesses of the trust file that have an address, asked for each checkpoint."""
    if not any(witness.url for witness in policy.witnesses):
        return None
    return WitnessClient(policy, objects.read, HttpTransport(), required=not settings.publish_without_quorum)


def open_stamper(settings: Settings) -> Stamper:
    """What has the authorities of the settings stamp checkpoints. Raises ConfigError or LedgerError where it never can."""
    # Without the package that reads their answers it refuses here and not once an hour.
    demand_package()
    authorities = []
    for each in settings.time_authorities:
        try:
            authorities.append(TimeAuthority(each.url, (Path(each.certificate).read_bytes(),)))
        except OSError as error:
            raise ConfigError(
                f"time_authorities: {each.certificate} cannot be read: {error.strerror}."
            ) from error
    every = settings.timestamp_minutes * 60
    return Stamper(settings.origin, ledger_objects(settings), authorities, HttpTransport(), every=every)


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


def _read_secret(settings: Settings) -> bytes:
    path = settings.keys / "secret"
    if not path.is_file():
        raise ConfigError(f"{path} is missing. Restore it from your backup of the keys folder.")
    return bytes.fromhex(path.read_text(encoding="ascii").strip())
