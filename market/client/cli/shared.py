"""What every command needs: the profile, a connection, a language, a progress bar."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from ledger.keyfile import read_key_file
from ledger.keys import SigningKey
from ledger.receipt import parse_bundle
from market.client.errors import Lang
from market.client.profile import Profile, load_profile
from market.client.progress import Progress, Silent
from market.client.sdk import Datawharf
from market.client.words import say

RECEIPT, MANIFEST_SUFFIX, TOKEN_SUFFIX = ".receipt.json", ".manifest.json", ".tsr"


class Bar:
    """A progress bar on the terminal, for work that is worth one."""

    WORTH_BYTES = 8 * 1024 * 1024

    def __init__(self, lang: Lang) -> None:
        self._lang = lang
        self._bar: Any = None

    def begin(self, what: str, total: int) -> None:
        if total < self.WORTH_BYTES:
            return
        verb, _, name = what.partition(" ")
        self._bar = click.progressbar(length=total, label=f"{say(self._lang, verb)} {name}", file=sys.stderr)
        self._bar.__enter__()

    def advance(self, done: int) -> None:
        if self._bar is not None:
            self._bar.update(done)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


@dataclass
class Context:
    """The command's surroundings."""

    folder: Path | None
    lang: Lang
    quiet: bool = False

    @cached_property
    def profile(self) -> Profile:
        return load_profile(self.folder)

    @property
    def trust_file(self) -> Path:
        """Of the profile; it need not exist."""
        return self.profile.trust_file

    @property
    def progress(self) -> Progress:
        return Silent() if self.quiet else Bar(self.lang)

    def market(self) -> Datawharf:
        """A connection to the profile's marketplace, with its keys."""
        profile = self.profile
        return Datawharf(
            profile.require_server(), profile.api_key or None, signing_key=self.signing_key(), lang=self.lang
        )

    def signing_key(self) -> SigningKey | None:
        path = self.profile.signing_key
        return read_key_file(path) if path.is_file() else None

    def say(self, sentence: str, **fields: object) -> None:
        click.echo(say(self.lang, sentence, **fields))

    def show(self, value: object) -> None:
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))

    def keep_receipt(self, market: Datawharf, leaf: str, manifest: bytes | None = None) -> None:
        """Wait for a statement's receipt and keep it, with the manifest that it is about, beside the profile."""
        bundle = market.receipt(leaf)
        self.profile.receipts.mkdir(parents=True, exist_ok=True)
        path = self.profile.receipts / f"{leaf[:16]}{RECEIPT}"
        path.write_bytes(bundle)
        if manifest is not None:
            path.with_name(f"{leaf[:16]}{MANIFEST_SUFFIX}").write_bytes(manifest)
        self.say("Receipt       {path} (ledger entry {index})", path=path, index=parse_bundle(bundle).index)


pass_context = click.pass_obj
