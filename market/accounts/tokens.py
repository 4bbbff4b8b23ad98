"""Secrets that we hand out once and keep only as a hash.

A secret has at least 256 random bits, so a fast hash is enough: nobody can try them out.
"""

from __future__ import annotations

import hashlib
import secrets
import string
import zlib
from dataclasses import dataclass

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_LENGTH, SECRET_LENGTH, CHECK_LENGTH = 12, 43, 6
PREFIX = "dwk_live_"


def new_token() -> str:
    """A token for a cookie or a link: 32 random bytes in base64url."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What the database keeps of a token: hex SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class ApiKeyText:
    """An API key as people see it: dwk_live_<12 id>_<43 secret>_<6 check>.

    The check is the CRC-32 of all before the last underscore, in base 62, so that a typo needs no database and a
    scanner for leaked secrets has few false alarms.
    """

    public_id: str
    secret: str

    @property
    def secret_hash(self) -> str:
        return digest(self.secret)


def new_api_key() -> ApiKeyText:
    return ApiKeyText(_random(ID_LENGTH), _random(SECRET_LENGTH))


def format_api_key(key: ApiKeyText) -> str:
    body = f"{PREFIX}{key.public_id}_{key.secret}"
    return f"{body}_{_check(body)}"


def parse_api_key(text: str) -> ApiKeyText | None:
    """The parts of a key, or None if the text cannot be one of ours."""
    parts = text.removeprefix(PREFIX).split("_")
    if not text.startswith(PREFIX) or [len(part) for part in parts] != [
        ID_LENGTH,
        SECRET_LENGTH,
        CHECK_LENGTH,
    ]:
        return None
    public_id, secret, check = parts
    if not set(public_id + secret) <= set(ALPHABET) or check != _check(f"{PREFIX}{public_id}_{secret}"):
        return None
    return ApiKeyText(public_id, secret)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _check(body: str) -> str:
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_LENGTH):
        value, rest = divmod(value, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return digits
