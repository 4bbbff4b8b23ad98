"""What a scene needs: the operator's installation, whose root it is, and what buyer and auditor hold in their hands."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from ledger.keyfile import read_key_file
from market.cli.demo.play import Play
from market.cli.demo.telling import Teller
from market.client import ClientError, Datawharf
from market.client.profile import load_profile
from market.config import Settings, load_settings

EVIDENCE = "evidence.json"


@dataclass(frozen=True)
class Evidence:
    """Which asset the scenes are about. Paths are relative to the folder of the play.

    data: what the buyer received. registration, contract: receipts that provider and buyer keep. file: one of its files.
    """

    asset: str
    version: str
    file: str
    sha256: str
    contract_id: str
    data: str
    registration: str
    contract: str
    market: str = "market"
    buyer: str = "buyer"
    trust: str = "buyer/trust.policy"


class NoEvidence(Exception):
    """The folder is not one of a play that came as far as a delivery."""


@dataclass(frozen=True)
class Case:
    """A play's folder, opened for the scenes. trust: the auditor's own copy of the trust file."""

    tell: Teller
    root: Path
    evidence: Evidence
    settings: Settings

    @property
    def registration(self) -> Path:
        return self.root / self.evidence.registration

    @property
    def contract(self) -> Path:
        return self.root / self.evidence.contract

    @property
    def trust(self) -> Path:
        return self.root / self.evidence.trust

    @property
    def work(self) -> Path:
        """A folder for what the scenes fetch."""
        folder = self.root / "heist"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def buyer(self) -> Datawharf:
        """The buyer's own client, out of the buyer's folder."""
        profile = load_profile(self.root / self.evidence.buyer)
        return Datawharf(
            self.settings.public_url,
            profile.api_key,
            signing_key=read_key_file(profile.signing_key),
            lang=self.tell.lang,
        )

    def fetch_unchecked(self, target: Path) -> None:
        """Fetch the file as curl would: nothing is checked."""
        profile = load_profile(self.root / self.evidence.buyer)
        path = f"/api/v1/versions/{self.evidence.version}/files/{quote(self.evidence.file)}"
        headers = {"Authorization": f"Bearer {profile.api_key}"}
        reply = httpx.get(self.settings.public_url + path, headers=headers, timeout=60, trust_env=False)
        reply.raise_for_status()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(reply.content)


def keep_evidence(play: Play, key: str) -> None:
    """Note in the play's folder what the scenes need, so that `datawharf heist --home …` finds it later."""
    shown, root = play.shelf[key], play.folders.root
    version = shown.current
    table = next(file for file in version["files"] if file["path"].endswith(".csv"))
    buyer_signature = play.facts["contracts"][key][0]
    evidence = Evidence(
        asset=shown.asset["id"],
        version=version["id"],
        file=table["path"],
        sha256=table["sha256"],
        contract_id=play.licences[key]["contract_id"],
        data=_inside(play.received[key], root),
        registration=_inside(shown.receipts[-1], root),
        contract=_inside(play.buyer.profile.receipts / f"{buyer_signature[:16]}.receipt.json", root),
    )
    (root / EVIDENCE).write_text(json.dumps(asdict(evidence), indent=2), "utf-8")


def _inside(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def open_case(tell: Teller, root: Path) -> Case:
    """The case in the folder of a play. Raises NoEvidence."""
    path = root / EVIDENCE
    if not path.is_file():
        raise NoEvidence(
            tell.words(
                "%(path)s is not the folder of a demonstration that came as far as a delivery. Make one with: "
                "datawharf demo --home %(path)s, or leave --home out.",
                path=root,
            )
        )
    try:
        fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
        evidence = Evidence(**fields)
    except (ValueError, TypeError) as error:
        raise NoEvidence(f"{path}: {error}") from error
    return Case(tell, root, evidence, load_settings(root / evidence.market))


class Unnoticed(ClientError):
    """A fraud that somebody must notice was not noticed."""


def failed_lines(done: subprocess.CompletedProcess[str], what: str) -> list[str]:
    """What a check said is wrong. Raises Unnoticed if it let `what` pass."""
    failed = [line for line in done.stdout.split("\n") if line.startswith("✗")]
    if done.returncode == 0 or not failed:
        raise Unnoticed(f"the auditor's check passed {what}: {done.stdout}{done.stderr}")
    return failed
