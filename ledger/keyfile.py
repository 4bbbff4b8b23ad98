"""Private keys as files; the recovery file of the browser has the same format.

    JSON object {"datawharf": "signing-key/v1", "kid": hex thumbprint, "label": text,
                 "seed": base64 of 32 bytes}, in any layout

Written with mode 0600 and never over an existing file. Reading refuses a file that others on the machine can
read.
"""

import os
import secrets
import stat
from pathlib import Path

from ledger.durable import PRIVATE, sync_directory, sync_file, write_new
from ledger.encoding import canonical_json, format_base64, parse_base64, parse_json
from ledger.errors import Conflict, Malformed, StorageFailed
from ledger.keys import KEY_SIZE, SigningKey

KIND = "signing-key/v1"
MAX_SIZE = 4096


def format_key_file(key: SigningKey, *, label: str) -> bytes:
    """Contents of a key file. It holds the secret: keep it out of logs and messages."""
    document = {
        "datawharf": KIND,
        "kid": key.public.thumbprint.hex(),
        "label": label,
        "seed": format_base64(key.seed),
    }
    return canonical_json(document) + b"\n"


def parse_key_file(data: bytes) -> SigningKey:
    """The key in the contents of a key file; Malformed if anything is missing, unknown or does not fit."""
    if len(data) > MAX_SIZE:
        raise Malformed("This is not a key file: it is too long for one.")
    match parse_json(data):
        case {
            "datawharf": str() as kind,
            "kid": str() as kid,
            "label": str(),
            "seed": str() as seed,
            **others,
        } if kind == KIND and not others:
            key = SigningKey.from_seed(parse_base64(seed, "seed in the key file", KEY_SIZE))
        case _:
            raise Malformed(f"This is not a key file of the kind {KIND}.")
    if key.public.thumbprint.hex() != kid:
        raise Malformed("The key file names another key than the one it holds; it is damaged.")
    return key


def write_key_file(path: Path, key: SigningKey, *, label: str) -> None:
    """Durably create `path` (mode 0600) with the key. Conflict if it exists, StorageFailed on failure.

    The file has its name once the key is whole in it: a crash leaves none that would be taken for a damaged key.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = write_new(part, format_key_file(key, label=label), PRIVATE)
        try:
            sync_file(descriptor)
            path.hardlink_to(part)
        finally:
            os.close(descriptor)
            part.unlink(missing_ok=True)
        sync_directory(path.parent)
    except FileExistsError:
        raise Conflict(f"There is already a file {path}; a key file is never overwritten.") from None
    except OSError as error:
        raise StorageFailed(f"The key file {path} cannot be created: {error.strerror}.") from error


def read_key_file(path: Path) -> SigningKey:
    """The key in `path`. Malformed if it is no key file; StorageFailed if unreadable or open to others."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
                raise StorageFailed(
                    f"Others on this machine can read the key file {path}; run chmod 600 on it."
                )
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise StorageFailed(f"The key file {path} cannot be read: {error.strerror}.") from error
    return parse_key_file(data)
