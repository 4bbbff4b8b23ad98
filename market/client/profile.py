"""What the command remembers between calls: the server, the key for its API, the signing key's file, the trust file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ledger.durable import PRIVATE, replace_file
from market.client.errors import ClientError

FILE = "profile.json"


def default_folder() -> Path:
    """DATAWHARF_PROFILE, or a folder in the user's configuration."""
    named = os.environ.get("DATAWHARF_PROFILE")
    if named:
        return Path(named).expanduser()
    base = os.environ.get("APPDATA") or os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "datawharf"


@dataclass(frozen=True)
class Profile:
    """One person's settings for one marketplace. folder: where they lie, with keys and receipts beside them."""

    folder: Path
    server: str = ""
    api_key: str = field(default="", repr=False)
    origin: str = ""
    org: str = ""
    org_urn: str = ""
    email: str = ""

    @property
    def signing_key(self) -> Path:
        return self.folder / "signing.key"

    @property
    def trust_file(self) -> Path:
        return self.folder / "trust.policy"

    @property
    def receipts(self) -> Path:
        return self.folder / "receipts"

    def require_server(self) -> str:
        if not self.server:
            raise ClientError(
                "No marketplace is set. Run: datawharf login --server https://… (or set DATAWHARF_PROFILE)."
            )
        return self.server

    def changed(self, **values: Any) -> Profile:
        return replace(self, **values)

    def save(self) -> None:
        """Write the profile, readable by its owner only; a crash leaves the old one."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fields = {name: value for name, value in asdict(self).items() if name != "folder"}
        replace_file(self.folder / FILE, json.dumps(fields, indent=2).encode(), PRIVATE)


def load_profile(folder: Path | None = None) -> Profile:
    """The profile in `folder`; an empty one where there is none yet."""
    folder = folder or default_folder()
    path = folder / FILE
    if not path.is_file():
        return Profile(folder)
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return Profile(folder, **fields)
    except (ValueError, TypeError) as error:
        raise ClientError(
            "{path} cannot be read: {error}. Remove it and log in again.", path=path, error=error
        ) from error
