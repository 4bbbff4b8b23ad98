"""Receipts, good and forged, with the whole report of the ledger package: what the browser has to say as well."""

import random
from base64 import b64encode
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ledger.check import check_bundle
from ledger.manifest import FileRow, Manifest
from ledger.policy import Policy, Witness, format_policy
from ledger.proofs import Located
from ledger.receipt import Bundle, Opening, format_bundle
from ledger.statement import Statement, commitment, parse_statement
from tests.browser_js.ed25519_vectors import SMALL_ORDER, L
from tests.browser_js.small_log import NOW, SmallLog, key, path_of
from tests.ledger import transplants

FILES = {"ports.csv": b"port,teu\nQinzhou,5\n", "docs/readme.txt": "北部湾港口\n".encode()}
SALT = b"s" * 32
METADATA = b'{"title":"ports"}'


def _manifest(files: dict[str, bytes]) -> Manifest:
    return Manifest(
        FileRow(name, len(data), sha256(data).digest(), "text/plain") for name, data in files.items()
    )


MANIFEST = _manifest(FILES)


@dataclass(frozen=True)
class Case:
    name: str
    data: bytes
    trust: Policy
    manifest: Manifest | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    now: int | None = NOW + 3600


@dataclass(frozen=True)
class Scene:
    """A log with a platform, two organisations and their statements; the numbers are indices of its entries."""

    log: SmallLog
    policy: int
    binding: int
    other_binding: int
    registration: int
    platform_fact: int

    def bundle(self, **how: Any) -> Bundle:
        return self.log.bundle(self.registration, [self.binding, self.policy], **how)


def _registration(log: SmallLog, **how: Any) -> Statement:
    predicate = {"version": "1.0.0", "metadata": commitment(SALT, METADATA).hex()}
    digest = {"sha256": MANIFEST.digest.hex()}
    return log.sign(
        "registration",
        predicate,
        **{"by": "provider", "org": 1, "name": "manifest.json", "digest": digest} | how,
    )


def scene(log: SmallLog | None = None) -> Scene:
    log = log or SmallLog()
    policy = log.append(log.policy_statement())
    log.append(log.sign("rule-pack", {"name": "x"}, by="platform"))
    binding = log.append(log.binding("provider", 1))
    other = log.append(log.binding("stranger", 2))
    registration = log.append(_registration(log))
    fact = log.append(log.sign("payment", {"payment": "ab" * 32, "action": "paid"}, by="platform"))
    for number in range(5):
        log.append(log.sign("usage", {"sequence": number}, by="platform"))
    return Scene(log, policy, binding, other, registration, fact)


def _resigned(statement: Statement, signature: bytes) -> bytes:
    return replace(statement, signature=signature).leaf_bytes


def _instead(entry_index: int, entry: bytes, build: Any = None) -> Bundle:
    """The usual receipt out of a log in which one entry was another from the start."""
    made = scene()
    made.log.entries[entry_index] = entry
    return build(made) if build else made.bundle()


def _counting(name: str, registered: dict[str, bytes], given: int) -> Case:
    """A registration of as many files, of which the first `given` are compared."""
    manifest, made = _manifest(registered), scene()
    entry = _registration(made.log, digest={"sha256": manifest.digest.hex()})
    made.log.entries[made.registration] = entry.leaf_bytes
    files = dict(list(registered.items())[:given])
    return Case(name, format_bundle(made.bundle()), made.log.trust(), manifest, files)


def _honest(home: Scene) -> list[Case]:
    log, trust = home.log, home.log.trust()
    opening = [Opening("metadata", SALT, METADATA)]
    changed = FILES | {"ports.csv": FILES["ports.csv"].replace(b"5", b"6")}
    bundle = format_bundle(home.bundle())
    return [
        Case("plain", bundle, trust),
        Case("opened", format_bundle(home.bundle(openings=opening)), trust),
        Case("all files", bundle, trust, MANIFEST, FILES),
        Case("everything", format_bundle(home.bundle(openings=opening)), trust, MANIFEST, FILES),
        Case("some files", bundle, trust, MANIFEST, {"ports.csv": FILES["ports.csv"]}),
        _counting("the only file", {"ports.csv": b"x" * 12_345}, 1),
        _counting("two of three files", FILES | {"tides.csv": b"hour,height\n"}, 2),
        Case("manifest only", bundle, trust, MANIFEST),
        Case("files only", bundle, trust, None, FILES),
        Case("changed file", bundle, trust, MANIFEST, changed),
        Case("longer file", bundle, trust, MANIFEST, FILES | {"ports.csv": b"longer" * 9}),
        Case("unknown file", bundle, trust, MANIFEST, FILES | {"extra.csv": b""}),
        Case("other manifest", bundle, trust, _manifest(changed), changed),
        Case("not about data", format_bundle(log.bundle(home.platform_fact, [home.policy])), trust, MANIFEST, FILES),
        Case("platform's own", format_bundle(log.bundle(home.platform_fact, [home.policy])), trust),
        Case("entry 0 itself", format_bundle(log.bundle(home.policy, [])), trust),
        Case("a key binding", format_bundle(log.bundle(home.binding, [home.policy])), trust),
        Case("smaller tree", format_bundle(home.bundle(size=home.registration + 1)), trust),
        Case("further entries", format_bundle(log.bundle(4, [7, 2, 5, 0])), trust),
        Case("no clock", bundle, trust, now=None),
    ]  # fmt: skip


def _times(home: Scene) -> list[Case]:
    trust = home.log.trust()
    seen = {"w1": NOW + 30, "w2": NOW + 20}
    known = home.log.trust(["w1", "w2", "w3"], "w1")
    return [
        Case("nobody states a time", format_bundle(home.bundle(time=None)), trust),
        Case("from the future", format_bundle(home.bundle(time=NOW + 4000)), trust),
        Case("just tolerable", format_bundle(home.bundle(time=NOW + 3900)), trust),
        Case("claimed later", format_bundle(home.bundle(time=NOW - 301)), trust),
        Case("claimed barely later", format_bundle(home.bundle(time=NOW - 300)), trust),
        Case("far future", format_bundle(home.bundle(time=2**40)), trust),
        Case("witnesses", format_bundle(home.bundle(witnesses=seen)), known),
        Case("witnesses without operator", format_bundle(home.bundle(time=None, witnesses=seen)), known),
        Case("witness of no quorum", format_bundle(home.bundle(witnesses={"w2": NOW})), known),
        Case("no witness", format_bundle(home.bundle()), known),
        Case("unknown witness", format_bundle(home.bundle(witnesses={"w9": NOW})), known),
        Case("operator as its own witness", format_bundle(home.bundle()), _operator_as_witness(home, [])),
        Case("operator and a witness", format_bundle(home.bundle(witnesses=seen)), _operator_as_witness(home, ["w1"])),
        Case("quorum none", format_bundle(home.bundle(witnesses=seen)), home.log.trust(["w1", "w2"])),
        Case("witness twice", _line_twice(home.bundle(witnesses={"w1": NOW + 9})), known),
    ]  # fmt: skip


def _operator_as_witness(home: Scene, more: list[str]) -> Policy:
    """A trust file that takes the operator's own clock for a witness; its word is still not independent."""
    policy = home.log.trust(more)
    return Policy(policy.logs, (Witness("self", home.log.cosigner.verifier), *policy.witnesses), (), "self")


def _line_twice(bundle: Bundle) -> bytes:
    last = bundle.checkpoint.decode().splitlines()[-1]
    return format_bundle(replace(bundle, checkpoint=bundle.checkpoint + f"{last}\n".encode()))


def _forged_log(home: Scene) -> list[Case]:
    """Other checkpoints and other proofs than the log's."""
    log, trust, good = home.log, home.log.trust(), home.bundle()
    other = scene(SmallLog("other.example/ledger"))
    thief = scene(SmallLog(log_key="thief"))
    fork = scene()
    fork.log.entries[-1] = fork.log.sign("usage", {"sequence": 99}, by="platform").leaf_bytes
    cases = {
        "another log": other.bundle(),
        "statement of another log": log_with(other.log.entries[other.registration]),
        "signed with another log key": thief.bundle(),
        "checkpoint of a fork": replace(good, checkpoint=fork.log.checkpoint()),
        "checkpoint of another size": replace(good, checkpoint=log.checkpoint(size=9)),
        "checkpoint of another log": replace(good, checkpoint=other.log.checkpoint()),
        "invented root": home.bundle(root=b"r" * 32),
        "another index": replace(good, index=home.registration + 1),
        "index 0": replace(good, index=0),
        "index beyond": replace(good, index=1000),
        "shorter path": replace(good, path=good.path[1:]),
        "no path": replace(good, path=()),
        "longer path": replace(good, path=(*good.path, good.path[0])),
        "receipt of another entry": replace(good, cose_receipt=log.cose(5)),
        "receipt of another size": replace(good, cose_receipt=log.cose(home.registration, 9)),
        "receipt by another key": replace(good, cose_receipt=log.cose(home.registration, by="thief")),
        "receipt for another origin": replace(good, cose_receipt=log.cose(home.registration, origin="other")),
        "receipt of a fork": replace(good, cose_receipt=fork.log.cose(home.registration)),
    }
    return [Case(name, format_bundle(bundle), trust) for name, bundle in cases.items()]


def log_with(entry: bytes) -> Bundle:
    """The usual receipt, with this entry in the place of the registration."""
    return _instead(scene().registration, entry)


def _forged_signer(home: Scene) -> list[Case]:
    """Other keys and other signers than the ones that are bound."""
    log, trust, good = home.log, home.log.trust(), home.bundle()
    first, second = good.supporting
    parsed = parse_statement(log.entries[home.registration])
    s = int.from_bytes(parsed.signature[32:], "little")
    small = bytes.fromhex(SMALL_ORDER[0])
    with_stranger = [log.bundle(home.registration, [home.other_binding, home.policy])]
    by_stranger = _registration(log, by="stranger").leaf_bytes
    lines = {
        "S + L": log_with(_resigned(parsed, parsed.signature[:32] + (s + L).to_bytes(32, "little"))),
        "R of small order": log_with(_resigned(parsed, small + parsed.signature[32:])),
        "identity signature": log_with(_resigned(parsed, small + bytes(32))),
        "another signature": log_with(_resigned(parsed, key("thief").sign(b"anything"))),
        "signed by an unbound key": log_with(_registration(log, by="thief").leaf_bytes),
        "another organisation's key": _instead(
            home.registration, by_stranger, lambda made: made.log.bundle(made.registration, [made.other_binding, made.policy])
        ),
        "another organisation's binding": with_stranger[0],
        "issued for another organisation": log_with(_registration(log, org=2).leaf_bytes),
        "made for another log": log_with(_registration(log, aud="other.example/ledger").leaf_bytes),
        "bound by a stranger": _instead(home.binding, log.binding("provider", 1, by="stranger").leaf_bytes),
        "possession by another key": _instead(
            home.binding, log.binding("provider", 1, possession=key("thief").sign(b"x")).leaf_bytes
        ),
        "weak key bound": _instead(
            home.binding, log.binding("provider", 1, raw=SMALL_ORDER[0], possession=small + bytes(32)).leaf_bytes
        ),
        "bound to an organisation of another log": _instead(
            home.binding, SmallLog("other.example/ledger").binding("provider", 1).leaf_bytes
        ),
        "no binding": log.bundle(home.registration, [home.policy]),
        "no entry 0": log.bundle(home.registration, [home.binding]),
        "nothing supporting": log.bundle(home.registration, []),
        "platform's words by a provider": log_with(_registration(log, org=0).leaf_bytes),
        "binding with a broken proof": replace(good, supporting=(replace(first, path=good.path), second)),
        "policy with a broken proof": replace(good, supporting=(first, replace(second, path=good.path))),
        "two bindings, the first forged": replace(
            good, supporting=(_unproved(log.binding("provider", 1, by="thief")), first, second)
        ),
        "opening of something else": home.bundle(openings=[Opening("metadata", SALT, b"{}")]),
        "opening under another salt": home.bundle(openings=[Opening("metadata", b"t" * 32, METADATA)]),
        "opening of no commitment": home.bundle(openings=[Opening("constructor", SALT, METADATA)]),
    }  # fmt: skip
    return [Case(name, format_bundle(bundle), trust) for name, bundle in lines.items()] + _bound_later(home)


def _unproved(statement: Statement) -> Located:
    return Located(statement.leaf_bytes, 1, ())


def _bound_later(home: Scene) -> list[Case]:
    made = scene()
    late = made.log.append(made.log.binding("provider", 1))
    bundle = made.log.bundle(made.registration, [late, made.policy])
    return [Case("bound later", format_bundle(bundle), home.log.trust())]


def _forged_rules(home: Scene) -> list[Case]:
    """Another entry 0 than the trust file's log would have."""
    log, trust = home.log, home.log.trust()
    other_vkey = SmallLog("other.example/ledger").log_signer.vkey
    changes: dict[str, dict[str, Any]] = {
        "another log key": {"log": SmallLog(log_key="thief").log_signer.vkey},
        "another origin": {"origin": "other.example/ledger"},
        "another log": {"log": other_vkey},
        "weak platform key": {"platform": {"org": log.org(0), "key": SMALL_ORDER[3]}},
        "another platform key": {"platform": {"org": log.org(0), "key": key("thief").public.raw.hex()}},
        "another platform": {"platform": {"org": log.org(7), "key": key("platform").public.raw.hex()}},
        "no organisation": {"platform": {"org": "urn:x", "key": key("platform").public.raw.hex()}},
        "another receipt key": {"receiptKey": key("thief").public.raw.hex()},
        "another time key": {"cosigner": SmallLog(time_key="thief").cosigner.vkey},
        "time key of the wrong kind": {"cosigner": log.log_signer.vkey},
        "rules no list": {"rules": "none"},
        "unknown field": {"more": 1},
        "vkey no text": {"log": None},
    }
    cases = [
        Case(f"rules: {name}", format_bundle(_instead(0, log.policy_statement(**change).leaf_bytes)), trust)
        for name, change in changes.items()
    ]
    misplaced = _instead(1, log.policy_statement().leaf_bytes)
    second = replace(misplaced, supporting=(misplaced.supporting[0], _as_index_0(home)))
    return [*cases, Case("rules not entry 0", format_bundle(second), trust)]


def _as_index_0(home: Scene) -> Located:
    return Located(home.log.policy_statement(rules=["x"]).leaf_bytes, 0, path_of(0, home.log.hashes()))


def _flipped(home: Scene) -> list[Case]:
    """One bit changed somewhere in each binary part, and one byte somewhere in the file."""
    rng = random.Random("flips in receipts")
    good = home.bundle(openings=[Opening("metadata", SALT, METADATA)], witnesses={"w1": NOW + 30})
    trust = home.log.trust(["w1"], "w1")
    cases = []

    def flip(data: bytes) -> bytes:
        place = rng.randrange(8 * len(data))
        return (int.from_bytes(data, "big") ^ 1 << place).to_bytes(len(data), "big")

    for number in range(25):
        first, second = good.supporting
        for name, bundle in {
            "statement": replace(good, statement=flip(good.statement)),
            "path": replace(good, path=(*good.path[:-1], flip(good.path[-1]))),
            "receipt": replace(good, cose_receipt=flip(good.cose_receipt)),
            "binding": replace(good, supporting=(replace(first, entry=flip(first.entry)), second)),
            "rules": replace(good, supporting=(first, replace(second, entry=flip(second.entry)))),
            "salt": replace(good, openings=(replace(good.openings[0], salt=flip(SALT)),)),
        }.items():
            cases.append(Case(f"flipped {name} {number}", format_bundle(bundle), trust))
        whole = format_bundle(good)
        place = rng.randrange(len(whole))
        changed = bytes([rng.choice(b'AQgw19+/="n ')])
        cases.append(Case(f"byte {place}", whole[:place] + changed + whole[place + 1 :], trust))
    return cases


def _flipped_checkpoint(home: Scene) -> list[Case]:
    """A character of the checkpoint changed: size, root, and each signature line."""
    good = home.bundle(witnesses={"w1": NOW + 30})
    trust = home.log.trust(["w1"], "w1")
    text = good.checkpoint.decode()
    cases = []
    for place in range(0, len(text), 5):
        other = "B" if text[place] == "A" else "A" if text[place].isalpha() else "7"
        changed = text[:place] + other + text[place + 1 :]
        cases.append(
            Case(
                f"checkpoint character {place}",
                format_bundle(replace(good, checkpoint=changed.encode())),
                trust,
            )
        )
    return cases


def _unreadable(home: Scene) -> list[Case]:
    trust, whole = home.log.trust(), format_bundle(home.bundle())
    swaps = {
        "version 2": (b'"version":1', b'"version":2'), "spaced": (b'"version":1', b'"version": 1'),
        "unknown member": (b'"version":1', b'"version":1,"x":1'), "no receipt": (b'"receipt"', b'"recept"'),
        "empty openings": (b'"receipt":', b'"openings":[],"receipt":'), "index text": (b'"index":4', b'"index":"4"'),
        "negative index": (b'"index":4', b'"index":-4'), "broken checkpoint": (b'"checkpoint":"', b'"checkpoint":"\\n'),
    }  # fmt: skip
    inputs = {name: whole.replace(*swap) for name, swap in swaps.items()}
    inputs |= {
        "empty": b"",
        "no JSON": b"receipt",
        "cut": whole[:-20],
        "longer": whole + b"\n",
        "list": b"[]",
        "null": b"null",
    }
    return [Case(f"unreadable: {name}", data, trust) for name, data in inputs.items()]


def _transplanted(_: Scene) -> list[Case]:
    """Valid parts of other receipts; the library and the command are tested with the same ones."""
    return [
        Case(
            f"transplanted: {name}",
            case.receipt,
            transplants.MARKET.trust(),
            case.manifest,
            {transplants.FILE: case.data},
        )
        for name, case in transplants.transplants().items()
    ]


def cases() -> list[Case]:
    home = scene()
    groups = (
        _honest,
        _times,
        _forged_log,
        _forged_signer,
        _forged_rules,
        _flipped,
        _flipped_checkpoint,
        _transplanted,
        _unreadable,
    )
    return [case for group in groups for case in group(home)]


def _judged(case: Case, folder: Path) -> dict[str, Any]:
    places = {}
    for number, (name, data) in enumerate(case.files.items()):
        places[name] = folder / str(number)
        places[name].write_bytes(data)
    report = check_bundle(case.data, case.trust, manifest=case.manifest, files=places or None, now=case.now)
    steps = [
        {
            "code": step.code,
            "outcome": step.outcome,
            "cause": step.cause,
            "params": {name: value for name, value in step.params.items() if name != "reason"},
            "sentences": None if "reason" in step.params else [step.sentence("en"), step.sentence("zh")],
        }
        for step in report.steps
    ]
    return {
        "name": case.name,
        "data": case.data.decode("latin-1"),
        "trust": format_policy(case.trust).decode(),
        "manifest": case.manifest.canonical.decode() if case.manifest else None,
        "files": {name: b64encode(data).decode() for name, data in case.files.items()},
        "now": case.now,
        "outcome": report.outcome,
        "steps": steps,
    }


def build() -> list[dict[str, Any]]:
    """[{name, data (one character a byte), trust, manifest, files, now, outcome, steps: [{code, outcome, …}]}]."""
    with TemporaryDirectory() as folder:
        return [_judged(case, Path(folder)) for case in cases()]
