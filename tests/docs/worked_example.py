"""Writes the worked example of docs/formats.md: real bytes from the ledger's own code, the same in every run.

python -m tests.docs.worked_example
"""

from __future__ import annotations

import json
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from ledger.bindings import prove_possession
from ledger.checkpoint import parse_checkpoint
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.manifest import FileDigest, FileRow, Manifest
from ledger.names import urn
from ledger.note import NoteSigner, parse_note
from ledger.policy import fingerprint, format_policy, policy_for
from ledger.receipt import Opening, parse_bundle
from ledger.signer import Signer
from ledger.statement import Statement, sign_statement
from ledger.stores.files import FileLock, FileObjects
from market.statements import build, claims_for, commit

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "formats.md"
BEGIN, END = (
    "<!-- worked example: written by tests/docs/worked_example.py -->\n",
    "<!-- end of the worked example -->\n",
)
ORIGIN = "ledger.example/market"
NOON = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
PLATFORM, PORT, ASSET, LOG = (UUID(f"0192f0c1-2345-7abc-8def-{number:012d}") for number in (1, 2, 3, 4))
CONTENT = b"ship,arrived\nHaian,2026-11-01\n"
SALT = bytes(range(32))
METADATA = commit({"title": {"en": "Ship calls", "zh": "船舶到港"}}, SALT)


def key(number: int) -> SigningKey:
    """A key that everybody knows; never use one like it."""
    return SigningKey.from_seed(bytes([number]) * 32)


PLATFORM_KEY, LOG_KEY, COSIGNER_KEY, RECEIPT_KEY, PORT_KEY = (key(number) for number in range(1, 6))


def state(kind: str, signer: SigningKey, org: UUID, subject: UUID, /, **fields: object) -> Statement:
    return sign_statement(
        build(kind, **fields), claims_for(kind, ORIGIN, org_id=org, subject_id=subject, now=NOON), signer
    )


def manifest() -> Manifest:
    digest = FileDigest()
    digest.update(CONTENT)
    found = digest.finish()
    return Manifest([FileRow("calls.csv", found.size, found.sha256, "text/csv", found.chunks)])


def statements() -> list[Statement]:
    """Log policy, key binding, registration: the entries 0, 1 and 2."""
    log, cosigner = signers()
    policy = state(
        "log-policy",
        PLATFORM_KEY,
        PLATFORM,
        LOG,
        origin=ORIGIN,
        log=log.vkey,
        cosigner=cosigner.vkey,
        platform={"org": urn(ORIGIN, "org", PLATFORM), "key": PLATFORM_KEY.public.raw.hex()},
        receiptKey=RECEIPT_KEY.public.raw,
        rules=["An example."],
    )
    port = urn(ORIGIN, "org", PORT)
    binding = state(
        "key-binding",
        PLATFORM_KEY,
        PLATFORM,
        PORT,
        org=port,
        key=PORT_KEY.public.raw,
        possession=prove_possession(PORT_KEY, ORIGIN, port),
    )
    registration = state(
        "registration",
        PORT_KEY,
        PORT,
        ASSET,
        version="1.0.0",
        manifest=manifest().digest,
        contentRoot=manifest().content_root,
        metadata=METADATA.hex,
        delivery="hosted",
        derivedFrom=[],
    )
    return [policy, binding, registration]


def signers() -> tuple[NoteSigner, NoteSigner]:
    return NoteSigner(ORIGIN, LOG_KEY), NoteSigner(f"{ORIGIN}/cosigner", COSIGNER_KEY, 0x04)


def receipt() -> bytes:
    """The receipt of the registration, as the log gives it."""
    log_signer, cosigner = signers()
    with TemporaryDirectory() as folder:
        root = Path(folder)
        signer = Signer(root / "state", log_signer, cosigner, RECEIPT_KEY)
        objects, lock = FileObjects(root / "objects"), FileLock(root / "head")
        log = Log.create(ORIGIN, objects, lock, signer, [each.leaf_bytes for each in statements()])
        log.publish(int(NOON.timestamp()))
        made = log.receipt(2, supporting=(1, 0), openings=(Opening("metadata", SALT, METADATA.content),))
        log.close()
    return made


def render() -> str:
    """The section between the marks."""
    registration = statements()[2]
    bundle_bytes = receipt()
    bundle = parse_bundle(bundle_bytes)
    checkpoint = parse_checkpoint(parse_note(bundle.checkpoint).text)
    policy = policy_for(signers()[0].vkey)
    return "\n".join(
        [
            f"A file `calls.csv` holds {len(CONTENT)} bytes: `ship,arrived`, a line feed, `Haian,2026-11-01`, a line feed. "
            f"The log is `{ORIGIN}`. All keys have seeds of 32 equal bytes: the platform 01, the log 02, the cosigner 03, "
            "the receipts 04, the provider 05. The salt is the bytes 00 to 1f. Times are 2026-11-01 04:00 UTC.",
            "",
            "The **manifest**, canonical, with its SHA-256 and content root:",
            "",
            _block(manifest().canonical.decode()),
            _block(f"sha256       {manifest().digest.hex()}\ncontent root {manifest().content_root.hex()}"),
            "The **metadata** as they are sealed, and the commitment:",
            "",
            _block(METADATA.content.decode()),
            _block(f"commitment   {METADATA.hex}"),
            "The **statement**: the payload, then the leaf bytes (COSE_Sign1, hex) and the leaf hash:",
            "",
            _block(registration.payload.decode()),
            _block(registration.leaf_bytes.hex()),
            _block(f"leaf hash    {registration.leaf_hash.hex()}\nkey id       {registration.kid.hex()}"),
            f"The **checkpoint** that covers it, over {checkpoint.size} entries, signed by the log and cosigned with the "
            "operator's time:",
            "",
            _block(bundle.checkpoint.decode(), width=999),
            "The **receipt bundle**, its long values cut short here:",
            "",
            _block(_short(bundle_bytes), "json"),
            "The **trust file** that checks it, and its fingerprint:",
            "",
            _block(format_policy(policy).decode()),
            _block(f"fingerprint  {fingerprint(policy)}"),
        ]
    )


def _block(text: str, language: str = "text", width: int = 120) -> str:
    lines = (
        line
        for each in text.rstrip("\n").split("\n")
        for line in (textwrap.wrap(each, width, break_on_hyphens=False) or [""])
    )
    return f"```{language}\n" + "\n".join(lines) + "\n```\n"


def _short(bundle: bytes) -> str:
    def cut(value: object) -> object:
        if isinstance(value, dict):
            return {name: cut(one) for name, one in value.items()}
        if isinstance(value, list):
            return [cut(one) for one in value]
        return value[:44] + "…" if isinstance(value, str) and len(value) > 48 else value

    return json.dumps(cut(json.loads(bundle)), indent=2, ensure_ascii=False)


def with_example(text: str) -> str:
    """The document with the section as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{render()}\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_example(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
