"""What `datawharf init` does: keys, settings, database, ledger with its first entries, first operator, trust file."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from ledger.errors import Malformed
from ledger.keys import SigningKey
from ledger.names import urn
from ledger.note import NoteSigner
from ledger.policy import Policy, fingerprint, format_policy, parse_policy
from ledger.statement import sign_statement
from market.accounts import service as accounts
from market.compose import create_log
from market.config import CONFIG_NAME, ConfigError, Settings, check_public_url, load_settings
from market.kit.clock import Clock, SystemClock
from market.kit.db import Database
from market.kit.ids import new_id
from market.migrations import migrate
from market.signers import PLATFORM_KEY, index_announcement, make_keys, note_signers, signing_key
from market.statements import build, claims_for
from market.zones import service as zones

LOG_RULES = (
    "Entries are COSE_Sign1 statements of the kinds urn:datawharf:predicate/*.",
    "Personal and commercial content enters as salted commitments only.",
    "The log proves sameness, order and time bounds; it does not prove that data are true, nor who owns them.",
    "POST /entries registers statements of the kind attestation, signed with a key bound to their issuer in this log.",
    "Statements of other kinds are registered by the marketplace's own verbs, which check the business behind them.",
)


@dataclass(frozen=True)
class NewHome:
    """What `init` is told. origin, database, blobs, ledger_objects: empty for the embedded defaults.

    s3_options: obstore's (endpoint, access_key_id, …), for blobs and ledger objects at s3:// addresses.
    proxies: addresses and networks of the proxies in front.
    signer_home, signer_sockets: as in the settings; empty where servers' and signer's keys are not kept apart.
    witnesses: "NAME VKEY URL" each, as after "witness" in a trust file. quorum: how many of them must cosign; 0 for
    more than half.
    """

    home: Path
    public_url: str = "http://127.0.0.1:8000"
    origin: str = ""
    database: str = ""
    operator_email: str = "operator@datawharf.local"
    operator_password: str = ""
    demo: bool = False
    blobs: str = ""
    ledger_objects: str = ""
    s3_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxies: tuple[str, ...] = ()
    signer_home: str = ""
    signer_sockets: str = ""
    witnesses: tuple[str, ...] = ()
    quorum: int = 0


@dataclass(frozen=True)
class Initialised:
    settings: Settings
    operator_email: str
    operator_password: str
    fingerprint: str


def initialise(new: NewHome, clock: Clock | None = None, **more: object) -> Initialised:
    """Make a new home. Refuses a folder that is one already; a failure half-way leaves no settings file behind.

    more: further lines of the settings file, by name.
    """
    clock = clock or SystemClock()
    check_public_url(new.public_url)
    # With a key made for the question alone, so that wrong witnesses are refused before anything is made.
    trust_policy(NoteSigner("datawharf.local", SigningKey.generate()), new.witnesses, new.quorum)
    path = new.home / CONFIG_NAME
    if path.exists():
        raise ConfigError(f"{new.home} is a Datawharf home already. Use it as it is, or name another folder.")
    if new.home.exists() and any(new.home.iterdir()):
        raise ConfigError(
            f"{new.home} is not empty. Name a new folder, so that nothing of yours is mixed in."
        )
    new.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    # An empty folder that was there is everybody's to read as a rule; the database and its copies would be too.
    new.home.chmod(0o700)
    draft = _settings(new, origin="", platform_org=new_id())
    make_keys(draft)
    origin = new.origin or f"datawharf.local/{signing_key(draft, 'log').public.raw.hex()[:8]}"
    settings = _settings(new, origin=origin, platform_org=UUID(draft.platform_org))
    password = new.operator_password or secrets.token_urlsafe(15)
    migrate(settings.database)
    db = Database(settings.database)
    try:
        with db.writing() as session:
            accounts.found_platform(
                session,
                org_id=UUID(settings.platform_org),
                origin=settings.origin,
                email=new.operator_email,
                password_hash=accounts.hash_password(password),
                now=clock.now(),
            )
        log, _ = note_signers(settings)
        policy = trust_policy(log, new.witnesses, new.quorum)
        settings.trust_file.write_bytes(format_policy(policy))
        _start_ledger(settings, db, clock)
    finally:
        db.close()
    path.touch(mode=0o600)  # it may hold passwords of the database and the object store
    path.write_text(_toml(settings, more), encoding="utf-8")
    return Initialised(load_settings(new.home), new.operator_email, password, fingerprint(policy))


def _settings(new: NewHome, *, origin: str, platform_org: UUID) -> Settings:
    home = new.home.absolute()
    return Settings(
        home=home,
        origin=origin,
        public_url=new.public_url,
        database=new.database or f"sqlite:///{home / 'datawharf.sqlite3'}",
        blobs=new.blobs or str(home / "blobs"),
        ledger_objects=new.ledger_objects or str(home / "ledger"),
        platform_org=str(platform_org),
        hosts=_hosts(new.public_url),
        proxies=new.proxies,
        demo=new.demo,
        s3_options=dict(new.s3_options),
        signer_home=str(Path(new.signer_home).absolute()) if new.signer_home else "",
        signer_sockets=str(Path(new.signer_sockets).absolute()) if new.signer_sockets else "",
    )


def _hosts(public_url: str) -> tuple[str, ...]:
    """The public name, and this machine's own for health checks."""
    name = urlsplit(public_url).hostname or ""
    return tuple(dict.fromkeys([name, *Settings.hosts]))


def trust_policy(log: NoteSigner, witnesses: Sequence[str], quorum: int) -> Policy:
    """What others need to trust this log: its key, and the witnesses that must have cosigned. Raises ConfigError."""
    lines = [f"log {log.vkey}", *(f"witness {each}" for each in witnesses)]
    if witnesses:
        names = " ".join(each.split()[0] for each in witnesses if each.split())
        lines += [f"group witnesses {quorum or len(witnesses) // 2 + 1} {names}", "quorum witnesses"]
    else:
        lines.append("quorum none")
    try:
        return parse_policy("".join(f"{line}\n" for line in lines).encode())
    except Malformed as error:
        raise ConfigError(f"The witnesses make no trust file: {error}") from error


def _start_ledger(settings: Settings, db: Database, clock: Clock) -> None:
    """Entry 0 is the log policy, entry 1 the rule pack, entry 2 names the index; all are the platform's statements."""
    platform = signing_key(settings, PLATFORM_KEY)
    log, cosigner = note_signers(settings)
    org_id, now = UUID(settings.platform_org), clock.now()
    pack = zones.default_rule_pack()
    payloads = {
        "log-policy": build(
            "log-policy",
            origin=settings.origin,
            log=log.vkey,
            cosigner=cosigner.vkey,
            platform={"org": urn(settings.origin, "org", org_id), "key": platform.public.raw.hex()},
            receiptKey=signing_key(settings, "receipt").public.raw,
            rules=list(LOG_RULES),
        ),
        "rule-pack": build("rule-pack", name=pack.id, pack=pack.digest, version=pack.version),
        "index-map": build("index-map", **index_announcement(settings)),
    }
    genesis = [
        sign_statement(
            payload, claims_for(kind, settings.origin, org_id=org_id, subject_id=new_id(), now=now), platform
        ).leaf_bytes
        for kind, payload in payloads.items()
    ]
    create_log(settings, db, genesis, now)


def _toml(settings: Settings, more: dict[str, object]) -> str:
    lines = {
        "origin": settings.origin,
        "public_url": settings.public_url,
        "database": settings.database,
        "blobs": settings.blobs,
        "ledger_objects": settings.ledger_objects,
        "platform_org": settings.platform_org,
        "hosts": settings.hosts,
        "proxies": settings.proxies,
        "demo": settings.demo,
        **({"signer_home": settings.signer_home} if settings.signer_home else {}),
        **({"signer_sockets": settings.signer_sockets} if settings.signer_sockets else {}),
        **({"s3_options": settings.s3_options} if settings.s3_options else {}),
        **more,
    }
    head = "# Settings of this Datawharf. docs/operator.md describes them. The origin never changes.\n"
    tables = {name: value for name, value in lines.items() if isinstance(value, dict)}
    plain = [f"{name} = {_value(value)}" for name, value in lines.items() if name not in tables]
    for name, table in tables.items():
        plain += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    return head + "\n".join(plain) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
