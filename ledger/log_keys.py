"""The keys of a log in a folder, also while the log goes over from one to another.

    log.key             signs checkpoints
    log-next.key        signs them too, from the rotation on until the older key retires
    log-<key id>.key    has retired
    trust file          names all of them, that of log.key first

Going over is `begin`, recording the entry that it gives, `announce`; and `retire`, once those who check know both keys.
Each can be repeated after a crash: before `announce` nobody knows of the new key, and it is used again.
"""

from dataclasses import replace
from pathlib import Path

from ledger.durable import PUBLIC, swap_file
from ledger.errors import Conflict, StorageFailed
from ledger.keyfile import read_key_file, write_key_file
from ledger.keys import SigningKey
from ledger.note import NoteSigner, Verifier
from ledger.policy import Policy, TrustedLog, format_policy, parse_policy
from ledger.rotation import Rotation, sign_rotation
from ledger.signer import Signer, SignerState


class LogKeys:
    """The log keys in `folder`, of the log that comes first in `trust_file`."""

    def __init__(self, folder: Path, trust_file: Path) -> None:
        self._folder = folder
        self._trust_file = trust_file
        self._current, self._next = folder / "log.key", folder / "log-next.key"

    @property
    def policy(self) -> Policy:
        """What the trust file says now; `StorageFailed` if there is none."""
        if not self._trust_file.is_file():
            raise StorageFailed(f"There is no log here: its trust file {self._trust_file} is missing.")
        return parse_policy(self._trust_file.read_bytes())

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.policy.logs[0].verifier.name

    @property
    def following(self) -> Verifier | None:
        """The key that the log goes over to, once the trust file names it; None while it goes over to none."""
        return self._verifier(self._next) if self._announced() else None

    def signer(self, state: Path | SignerState, cosigner: NoteSigner, receipt_key: SigningKey) -> Signer:
        """A signer with the keys that sign now; it knows the retired ones out of the trust file."""
        log = self._signer(self._current)
        also = [self._signer(self._next)] if self._next.is_file() else []
        used = {each.verifier for each in (log, *also)}
        retired = tuple(key for key in self.policy.log_keys(self.origin) if key not in used)
        return Signer(state, log, cosigner, receipt_key, also=also, retired=retired)

    def begin(self) -> bytes:
        """The entry that says which key the log goes over to; the key is made. A `signer` from now on uses both.

        `Conflict` if the log is going over already.
        """
        if self._announced():
            raise Conflict(f"The log {self.origin} goes over to a new key already; end it with --finish.")
        current = self._signer(self._current)
        if not self._next.is_file():
            write_key_file(self._next, SigningKey.generate(), label=f"{self.origin} log")
        return sign_rotation(current, self._signer(self._next))

    def announce(self) -> Verifier:
        """Name the new key in the trust file. The entry has to be in the log by now."""
        new, policy = self._verifier(self._next), self.policy
        if new not in policy.log_keys(self.origin):
            self._write(replace(policy, logs=(*policy.logs, TrustedLog(new))))
        return new

    def retire(self) -> Rotation:
        """Let the older key rest: the new one signs alone, and comes first in the trust file.

        The older one stays in the trust file, for the checkpoints from before. `Conflict` if the log is not going over.
        """
        if not self._announced():
            raise Conflict(
                f"The log {self.origin} goes over to no other key that is recorded; begin it without --finish."
            )
        old, new = self._verifier(self._current), self._verifier(self._next)
        policy = self.policy
        # Whoever looks at one key only sees the first.
        self._write(replace(policy, logs=tuple(sorted(policy.logs, key=lambda log: log.verifier != new))))
        rested = self._folder / f"log-{old.key_id.hex()}.key"
        if not rested.exists():
            rested.hardlink_to(self._current)
        self._next.replace(self._current)
        return Rotation(old, new)

    def _announced(self) -> bool:
        return self._next.is_file() and self._verifier(self._next) in self.policy.log_keys(self.origin)

    def _signer(self, path: Path) -> NoteSigner:
        if not path.is_file():
            raise StorageFailed(f"{path} is missing; restore it from a copy of the keys.")
        return NoteSigner(self.origin, read_key_file(path))

    def _verifier(self, path: Path) -> Verifier:
        return self._signer(path).verifier

    def _write(self, policy: Policy) -> None:
        before = self._trust_file.read_bytes()
        if not swap_file(self._trust_file, before, format_policy(policy), mode=PUBLIC):
            raise Conflict(f"The trust file {self._trust_file} has been changed by another process.")
