"""Settings: read once from the home folder, frozen, and passed in. `datawharf init` writes the file."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

CONFIG_NAME = "datawharf.toml"
LogFormat = Literal["auto", "json", "text"]
LOG_FORMATS: tuple[LogFormat, ...] = get_args(LogFormat)


class ConfigError(Exception):
    """The home folder or its settings cannot be used; the message says what to do."""


@dataclass(frozen=True)
class StripeSettings:
    """api_base: empty for Stripe itself, or the address of a simulator."""

    secret_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    api_base: str = ""
    pay_origin: str = "https://checkout.stripe.com"


@dataclass(frozen=True)
class TimeAuthoritySettings:
    """url: where it answers (RFC 3161 over HTTP). certificate: file of the root certificates that it is believed by (PEM)."""

    url: str
    certificate: str


@dataclass(frozen=True)
class Settings:
    """One installation.

    home: folder of keys, settings and, when embedded, all data. origin: the log's name, never changes.
    public_url: how the outside reaches us. database: SQLAlchemy URL. blobs, ledger_objects: a folder path or an s3:// URL.
    platform_org: UUID of the platform's own organisation. proxies: addresses whose X-Forwarded-For we believe.
    lock_wait_seconds: how long a write waits for another one before it is refused as busy.
    org_*: what an organisation may store, and have begun and not finished at a time.
    embedded_worker: run jobs inside the server. s3_public_endpoint: where buyers reach the object store, if they do.
    log: json, text, or auto: text where a server runs at a terminal, JSON lines elsewhere.
    bank: currency -> account (holder, bank, number, bank_code) for transfers.
    publish_without_quorum: whether a checkpoint comes out, and receipts with it, that too few witnesses have cosigned.
    cache: folder of this machine for what can be made again, such as its maps of the index; empty, the home.
    signer_home: folder of the keys that sign the log and its index, and of what they signed; empty, the home itself.
    signer_sockets: folder of the sockets at which a signer has these keys; empty, who appends to the log reads them.
    time_authorities: who stamps published checkpoints; the next one is asked where one fails.
    timestamp_minutes: at most one checkpoint is stamped in so many minutes; 0, each is.
    """

    home: Path
    origin: str
    public_url: str
    database: str
    blobs: str
    ledger_objects: str
    platform_org: str = ""
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    proxies: tuple[str, ...] = ()
    embedded_worker: bool = True
    demo: bool = False
    rate_limits: bool = True
    log: LogFormat = "auto"
    stripe: StripeSettings | None = None
    bank: dict[str, dict[str, str]] = field(default_factory=dict)
    org_quota_bytes: int = 50 * 10**9
    org_uploads: int = 64
    org_draft_assets: int = 1_000
    org_draft_versions: int = 100
    lock_wait_seconds: float = 30
    s3_options: dict[str, str] = field(default_factory=dict, repr=False)
    s3_public_endpoint: str = ""
    publish_without_quorum: bool = False
    cache: str = ""
    signer_home: str = ""
    signer_sockets: str = ""
    time_authorities: tuple[TimeAuthoritySettings, ...] = ()
    timestamp_minutes: float = 0

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def signer_folder(self) -> Path:
        return Path(self.signer_home) if self.signer_home else self.home

    @property
    def signer_keys(self) -> Path:
        return self.signer_folder / "keys"

    @property
    def maps(self) -> Path:
        """Where each process keeps a map of the index."""
        return (Path(self.cache) if self.cache else self.home) / "index"

    @property
    def trust_file(self) -> Path:
        return self.home / "trust.policy"

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")


def default_home() -> Path:
    return Path(os.environ.get("DATAWHARF_HOME", "datawharf-home")).expanduser()


def load_settings(home: Path) -> Settings:
    """The settings in `home`; environment variables such as DATAWHARF_DATABASE win over the file."""
    path = home / CONFIG_NAME
    if not path.is_file():
        raise ConfigError(
            f"{home} is not a Datawharf home: it has no {CONFIG_NAME}. Run: datawharf init --home {home}"
        )
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path} cannot be read: {error}. Mend that line, or run init in a new folder."
        ) from error
    if table.get("log", "auto") not in LOG_FORMATS:
        raise ConfigError(f"{path}: log is one of {', '.join(LOG_FORMATS)}.")
    stripe, authorities = table.pop("stripe", None), table.pop("time_authorities", [])
    for name in ("database", "public_url", "blobs", "ledger_objects", "cache"):
        if value := os.environ.get(f"DATAWHARF_{name.upper()}"):
            table[name] = value
    for name in ("hosts", "proxies"):
        if name in table:
            table[name] = tuple(table[name])
    try:
        settings = Settings(
            home=home,
            stripe=StripeSettings(**stripe) if stripe else None,
            time_authorities=tuple(TimeAuthoritySettings(**each) for each in authorities),
            **table,
        )
    except TypeError as error:
        raise ConfigError(f"{path}: {error}. Known settings are described in docs/operator.md.") from error
    try:
        check_public_url(settings.public_url)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return settings


def check_public_url(url: str) -> None:
    """Raises ConfigError unless people can reach us at this address without being overheard."""
    example = "For example: https://data.example.cn, or http://127.0.0.1:8000 on this machine."
    try:
        parts = urlsplit(url)
        scheme = parts.scheme if parts.hostname and parts.port != 0 else ""
    except ValueError:
        scheme = ""
    if scheme not in ("http", "https"):
        raise ConfigError(f"public_url is not an address of the web: {url}. {example}")
    if scheme == "http" and not on_this_machine(url):
        raise ConfigError(f"public_url must be https unless it is on this machine: {url}. {example}")


def on_this_machine(url: str) -> bool:
    """Whether only this machine can reach the address."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
