"""A market's log as somebody reads it whose trust file names witnesses; they cosign what a test lets them."""

from __future__ import annotations

from ledger.checkpoint import cosign_checkpoint
from ledger.keys import SigningKey
from ledger.note import COSIGNATURE_ED25519, NoteSigner
from ledger.policy import Group, Policy, Witness
from market.provenance.gateway import Ledger
from tests.builders.marketplace import Marketplace


class Watched:
    """`quorum` of the witnesses `names` are enough. Each use of `ledger` reads the log afresh."""

    def __init__(self, market: Marketplace, names: tuple[str, ...], quorum: int) -> None:
        self.market = market
        self.signers = {
            name: NoteSigner(f"{name}.example", SigningKey.generate(), COSIGNATURE_ED25519) for name in names
        }
        given = market.ledger.policy
        self.policy = Policy(
            given.logs,
            tuple(Witness(name, signer.verifier) for name, signer in self.signers.items()),
            (Group("enough", quorum, names),),
            "enough",
        )

    def cosign(self, name: str, size: int, time: int) -> None:
        folder = self.market.settings.home / "ledger"
        for path in {folder / "checkpoints" / str(size), folder / "checkpoint"}:
            note = path.read_bytes()
            if note.split(b"\n")[1] == str(size).encode():
                path.write_bytes(cosign_checkpoint(note, self.signers[name], time))

    @property
    def ledger(self) -> Ledger:
        real = self.market.ledger
        return Ledger(real.origin, real.objects, self.policy, real.platform, index=real.index)
