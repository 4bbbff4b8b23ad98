"""What signs for the log and its index: keys that this process reads, or a signer in a process of its own."""

from __future__ import annotations

import secrets
from pathlib import Path

from ledger.durable import make_folder
from ledger.index.announcement import index_predicate
from ledger.index.state import index_origin
from ledger.keyfile import read_key_file, write_key_file
from ledger.keys import SigningKey
from ledger.log_keys import LogKeys
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.signer import HeadSigner, Signer
from ledger.signer_process import RemoteSigner
from market.config import ConfigError, Settings

PLATFORM_KEY = "platform"
INDEX_KEYS = ("index", "index-cosigner")
LOG_KEYS = ("log", "cosigner", "receipt", *INDEX_KEYS)
LOG_SOCKET, INDEX_SOCKET = "log.sock", "index.sock"


def make_keys(settings: Settings) -> None:
    """Fresh keys and the server's secret, mode 0600, outside the database."""
    for folder in {settings.keys, settings.signer_keys}:
        make_folder(folder, 0o700)
    for name in (PLATFORM_KEY, *LOG_KEYS):
        write_key_file(_path(settings, name), SigningKey.generate(), label=f"{settings.origin} {name}")
    path = settings.keys / "secret"
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")


def make_index_keys(settings: Settings) -> None:
    """The keys of an index, for a log that has none yet; those that are there stay."""
    for name in INDEX_KEYS:
        path = _path(settings, name)
        if not path.exists():
            write_key_file(path, SigningKey.generate(), label=f"{settings.origin} {name}")


def has_index_keys(settings: Settings) -> bool:
    """Whether the keys of the index are here, for those who sign with them."""
    return all(_path(settings, name).is_file() for name in INDEX_KEYS)


def signing_key(settings: Settings, name: str) -> SigningKey:
    path = _path(settings, name)
    if not path.is_file():
        raise ConfigError(
            f"{path} is missing. Restore it from your backup of the keys folder, or run init in a new home."
        )
    return read_key_file(path)


def has_index(settings: Settings) -> bool:
    """Whether the log has an index: a home that was made before there was one has no keys for it."""
    return bool(settings.signer_sockets) or _path(settings, "index").is_file()


def log_keys(settings: Settings) -> LogKeys:
    """The keys that sign checkpoints, also while the log goes over from one to another."""
    return LogKeys(settings.signer_keys, settings.trust_file)


def note_signers(settings: Settings) -> tuple[NoteSigner, NoteSigner]:
    """What signs checkpoints, and what adds the operator's time to them."""
    return (
        NoteSigner(settings.origin, signing_key(settings, "log")),
        NoteSigner(f"{settings.origin}/cosigner", signing_key(settings, "cosigner"), COSIGNATURE_ED25519),
    )


def index_note_signers(settings: Settings) -> tuple[NoteSigner, NoteSigner]:
    """The same of the index log."""
    origin = index_origin(settings.origin)
    return (
        NoteSigner(origin, signing_key(settings, "index")),
        NoteSigner(f"{origin}/cosigner", signing_key(settings, "index-cosigner"), COSIGNATURE_ED25519),
    )


def index_vkey(settings: Settings) -> str:
    """The public key of the index log, for its witnesses."""
    return index_note_signers(settings)[0].vkey


def index_announcement(settings: Settings) -> dict[str, str]:
    """What the platform states about the index of a new log."""
    log, cosigner = index_note_signers(settings)
    return index_predicate(log.verifier, cosigner.verifier)


def own_signers(settings: Settings) -> tuple[Signer, Signer | None]:
    """Signers of the log and of its index (None without one) with the private keys in this process."""
    receipt = signing_key(settings, "receipt")
    signer = log_keys(settings).signer(
        settings.signer_folder / "signer" / "state", note_signers(settings)[1], receipt
    )
    if not _path(settings, "index").is_file():
        return signer, None
    memory = settings.signer_folder / "index" / "signer"
    return signer, Signer(memory, *index_note_signers(settings), receipt)


def signers(settings: Settings) -> tuple[HeadSigner, HeadSigner | None]:
    """The same as a worker has them: at sockets, where the settings name some."""
    if not settings.signer_sockets:
        return own_signers(settings)
    sockets = Path(settings.signer_sockets)
    return RemoteSigner(sockets / LOG_SOCKET), RemoteSigner(sockets / INDEX_SOCKET)


def _path(settings: Settings, name: str) -> Path:
    """Of the private key `name`. The platform's own is the servers', who state facts with it; the others are the signer's."""
    return (settings.keys if name == PLATFORM_KEY else settings.signer_keys) / f"{name}.key"
