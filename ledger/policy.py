"""C2SP tlog-policy: whom a verifier trusts. A trust file is such a file, and never comes out of a receipt.

    log <vkey> [<url>]                       a log that goes over to another key has a line for each
    witness <name> <vkey> [<url>]
    group <name> any|all|<k> <member>...     members are witnesses or groups of earlier lines, each in one group
    quorum <name>|none                       exactly once

Lines end in LF; fields are parted by spaces or tabs; "#" starts a comment line. The canonical form, whose SHA-256 in
hex is the fingerprint, has the lines in this order of kinds, single spaces, and no comment or empty line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from ledger.errors import Malformed
from ledger.note import COSIGNATURE_TYPES, NOTE_ED25519, Verifier, format_vkey, parse_vkey

NONE = "none"
MAX_SIZE = 256 * 1024


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log by its key, whose name is the log's origin."""

    verifier: Verifier
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness by its cosignature key, under a name that is local to the policy."""

    name: str
    verifier: Verifier
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Met when `threshold` of its members (witnesses and groups) are."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Trusted logs, known witnesses, groups of them, and which witness or group must have cosigned (None: nobody).

    Constructing one that breaks a rule of the format raises Malformed.
    """

    logs: tuple[TrustedLog, ...]
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str | None = None

    def __post_init__(self) -> None:
        _check_keys(self)
        defined = {witness.name for witness in self.witnesses}
        if len(defined) != len(self.witnesses):
            raise Malformed("The trust policy defines the same witness twice.")
        taken: set[str] = set()
        for group in self.groups:
            _check_group(group, defined, taken)
            defined.add(group.name)
            taken.update(group.members)
        if any(not _is_name(name) for name in defined):
            raise Malformed("The trust policy has a name that is empty, reserved or contains white space.")
        if self.quorum is not None and self.quorum not in defined:
            raise Malformed(f"The quorum {self.quorum!r} of the trust policy is not defined in it.")

    def log(self, origin: str) -> TrustedLog | None:
        """The trusted log of that origin, by the first of its keys, if there is one."""
        return next((log for log in self.logs if log.verifier.name == origin), None)

    def log_keys(self, origin: str) -> tuple[Verifier, ...]:
        """The keys that may sign for that origin, each alone; none if it is not trusted."""
        return tuple(log.verifier for log in self.logs if log.verifier.name == origin)


def policy_for(log_vkey: str) -> Policy:
    """The simplest trust policy: one log by its vkey, and no witness demanded. Malformed if the vkey is wrong."""
    return Policy((TrustedLog(parse_vkey(log_vkey)),))


def quorum_met(policy: Policy, cosigners: Iterable[Verifier]) -> bool:
    """Whether verified cosignatures by `cosigners` are enough for the policy."""
    if policy.quorum is None:
        return True
    seen = set(cosigners)
    met = {witness.name for witness in policy.witnesses if witness.verifier in seen}
    for group in policy.groups:
        if len(met.intersection(group.members)) >= group.threshold:
            met.add(group.name)
    return policy.quorum in met


def fingerprint(policy: Policy) -> str:
    """SHA-256 of the canonical form, 64 hex digits; printed wherever people compare trust files."""
    return sha256(format_policy(policy)).hexdigest()


def format_policy(policy: Policy) -> bytes:
    """The canonical form of a policy."""
    lines = [_line("log", format_vkey(log.verifier), log.url) for log in policy.logs]
    lines += [_line("witness", each.name, format_vkey(each.verifier), each.url) for each in policy.witnesses]
    lines += [_line("group", each.name, _format_threshold(each), *each.members) for each in policy.groups]
    lines.append(_line("quorum", policy.quorum or NONE))
    return "".join(lines).encode()


def parse_policy(data: bytes) -> Policy:
    """The policy in a trust file; Malformed names the line that is wrong."""
    if len(data) > MAX_SIZE or any((byte < 0x20 and byte not in b"\t\n") or byte == 0x7F for byte in data):
        raise Malformed("The trust file is too long or contains a control character.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The trust file is not UTF-8.") from None
    if not text.endswith("\n"):
        raise Malformed("The trust file does not end in a line feed.")
    reader = _Reader()
    for number, line in enumerate(text[:-1].split("\n"), 1):
        try:
            reader.read(line.replace("\t", " "))
        except Malformed as error:
            raise Malformed(f"Line {number} of the trust file is wrong: {error}") from None
    return reader.policy()


class _Reader:
    def __init__(self) -> None:
        self.logs: list[TrustedLog] = []
        self.witnesses: list[Witness] = []
        self.groups: list[Group] = []
        self.quorums: list[str] = []
        self._names: set[str] = set()

    def read(self, line: str) -> None:
        fields = [found for found in line.split(" ") if found]
        match fields:
            case []:
                pass
            case [first, *_] if first.startswith("#"):
                pass
            case ["log", vkey, *url] if len(url) < 2:
                self.logs.append(TrustedLog(parse_vkey(vkey), *url))
            case ["witness", name, vkey, *url] if len(url) < 2:
                self._define(name)
                self.witnesses.append(Witness(name, parse_vkey(vkey), *url))
            case ["group", name, threshold, *members] if members:
                undefined = set(members) - self._names
                if undefined:
                    raise Malformed(f"The member {min(undefined)!r} is not defined on an earlier line.")
                self._define(name)
                self.groups.append(Group(name, _parse_threshold(threshold, len(members)), tuple(members)))
            case ["quorum", name]:
                self.quorums.append(name)
            case _:
                raise Malformed("It is not a log, witness, group or quorum with its fields.")

    def policy(self) -> Policy:
        if len(self.quorums) != 1:
            raise Malformed(f"The trust file has {len(self.quorums)} quorum lines instead of one.")
        quorum = None if self.quorums[0] == NONE else self.quorums[0]
        return Policy(tuple(self.logs), tuple(self.witnesses), tuple(self.groups), quorum)

    def _define(self, name: str) -> None:
        if name == NONE or name in self._names:
            raise Malformed(f"The name {name!r} is reserved or already defined.")
        self._names.add(name)


def _check_keys(policy: Policy) -> None:
    if not policy.logs:
        raise Malformed("The trust policy names no log.")
    for log in policy.logs:
        if log.verifier.kind != NOTE_ED25519:
            raise Malformed(f"The key of the log {log.verifier.name} is not one that signs checkpoints.")
    for witness in policy.witnesses:
        if witness.verifier.kind not in COSIGNATURE_TYPES:
            raise Malformed(f"The key of the witness {witness.name} is not one that cosigns checkpoints.")
    trusted: list[TrustedLog | Witness] = [*policy.logs, *policy.witnesses]
    keys = [found.verifier.key for found in trusted]
    if len(set(keys)) != len(keys):
        raise Malformed("The trust policy has the same key twice.")
    urls = [found.url for found in trusted if found.url is not None]
    if any(not url or not url.isprintable() or " " in url for url in urls):
        raise Malformed("The trust policy has an address that is empty or contains white space.")


def _check_group(group: Group, defined: set[str], taken: set[str]) -> None:
    if group.name in defined:
        raise Malformed(f"The trust policy defines the name {group.name!r} twice.")
    if len(set(group.members)) != len(group.members) or not defined.issuperset(group.members):
        raise Malformed(f"The group {group.name!r} has a member twice or one that is not defined before it.")
    if taken.intersection(group.members):
        raise Malformed(f"The group {group.name!r} has a member that is in another group already.")
    if not 1 <= group.threshold <= len(group.members):
        raise Malformed(
            f"The group {group.name!r} demands {group.threshold} of {len(group.members)} members."
        )


def _is_name(name: str) -> bool:
    return bool(name) and name != NONE and not name.startswith("#") and name.isprintable() and " " not in name


def _parse_threshold(text: str, members: int) -> int:
    if text in ("any", "all"):
        return 1 if text == "any" else members
    if not (text.isascii() and text.isdigit()) or text.startswith("0") or len(text) > 4:
        raise Malformed(f"The threshold {text[:20]!r} is not any, all or a number.")
    return int(text)


def _format_threshold(group: Group) -> str:
    if group.threshold == len(group.members):
        return "all"
    return "any" if group.threshold == 1 else str(group.threshold)


def _line(*fields: str | None) -> str:
    return " ".join(found for found in fields if found is not None) + "\n"
