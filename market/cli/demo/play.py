"""What a play knows while it runs: the market, the parties, and what they have made so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from market.cli.demo.parties import Party
from market.cli.demo.processes import Processes
from market.cli.demo.telling import Teller
from market.cli.demo_assets import BuiltAsset
from market.client.views import Asset, Entitlement, Offer, Version
from market.config import Settings


@dataclass(frozen=True)
class Folders:
    """market: the operator's installation. assets: what the provider has on its machine. packages: where those come from."""

    root: Path
    packages: Path
    assets: Path

    @property
    def market(self) -> Path:
        return self.root / "market"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def of(self, role: str) -> Path:
        """A party's own folder."""
        return self.root / role


@dataclass
class OnShow:
    """An asset of the play. versions: registered, oldest first. receipts: of the registrations, at the provider's."""

    built: BuiltAsset
    asset: Asset
    versions: list[Version] = field(default_factory=list)
    receipts: list[Path] = field(default_factory=list)
    offer: Offer | None = None
    certificate: str = ""

    @property
    def title(self) -> dict[str, str]:
        words = self.built.words["title"]
        return {"zh": words["zh"], "en": words["en"]}

    @property
    def current(self) -> Version:
        return self.versions[-1]


@dataclass
class Play:
    """The state of a play. Acts read what earlier acts left here."""

    tell: Teller
    folders: Folders
    processes: Processes
    port: int = 8000
    settings: Settings | None = None
    server: str = ""
    simulator: str = ""
    operator_email: str = ""
    fingerprint: str = ""
    trust: bytes = b""
    parties: dict[str, Party] = field(default_factory=dict)
    zones: dict[str, Party] = field(default_factory=dict)
    shelf: dict[str, OnShow] = field(default_factory=dict)
    licences: dict[str, Entitlement] = field(default_factory=dict)
    received: dict[str, Path] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def operator(self) -> Settings:
        if self.settings is None:
            raise RuntimeError("the market is not open yet")
        return self.settings

    @property
    def provider(self) -> Party:
        return self.parties["provider"]

    @property
    def buyer(self) -> Party:
        return self.parties["buyer"]

    def page(self, path: str) -> str:
        """The address of a page in the language of the telling."""
        return f"{self.server}/{self.tell.lang}/{path}"
