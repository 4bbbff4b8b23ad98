"""From settings to ports: the real database, ledger, stores and gateways of one installation."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from uuid import UUID

from ledger.keyfile import read_key_file, write_key_file
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import NoteSigner
from ledger.policy import parse_policy
from ledger.signer import Signer
from ledger.storage import LockStore, ObjectStore
from ledger.stores.files import FileLock, FileObjects
from ledger.stores.objects import S3Objects
from ledger.stores.sql import SqlLock
from market.accounts.service import AccountsAuthenticator
from market.catalog.blobs import BlobStore, open_blobs
from market.config import ConfigError, Settings
from market.kit.clock import Clock, SystemClock
from market.kit.db import Database
from market.kit.ports import Ports
from market.payments.bank_transfer import BankAccount, BankTransferGateway
from market.payments.gateway import PaymentGateway, StripeGateway
from market.provenance.gateway import Ledger, PlatformKey

COSIGNATURE_KIND = 0x04
KEY_NAMES = ("log", "cosigner", "receipt", "platform")


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
    return Ledger(
        settings.origin,
        _objects(settings),
        parse_policy(settings.trust_file.read_bytes()),
        PlatformKey(UUID(settings.platform_org), _key(settings, "platform")),
        log=log.verifier,
        cosigner=cosigner.verifier,
        lock=_lock(settings, db),
        signer=_signer(settings),
    )


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
    objects, lock = _objects(settings), _lock(settings, db)
    if isinstance(objects, S3Objects):
        objects.check_conditional_put()
    if isinstance(lock, SqlLock):
        lock.create_table()
    log = Log.create(settings.origin, objects, lock, _signer(settings), genesis)
    log.publish(int(now.timestamp()))
    log.close()


def signing_key(settings: Settings, name: str) -> SigningKey:
    return _key(settings, name)


def _signer(settings: Settings) -> Signer:
    log, cosigner = note_signers(settings)
    return Signer(settings.home / "signer" / "state", log, cosigner, _key(settings, "receipt"))


def _objects(settings: Settings) -> ObjectStore:
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
