"""Whether a key was withdrawn before it signed: the step of a receipt that the key's history makes possible.

key-withdrawal/v1    {"org": URN, "key": hex, "binding": leaf hash in hex, "reason": "rotated" | "compromised" | "unused"}
                     signed by the platform key of entry 0

The history of `key:<hex>` names every entry that binds or withdraws the key, so a withdrawal that is not in it was not
in the log. What was signed before stays valid; of a key that is withdrawn later as compromised the report warns.
"""

from typing import Any

from ledger.bindings import KEY_BINDING, LogPolicy, parse_key_binding, parse_log_policy
from ledger.checkpoint import Checkpoint
from ledger.errors import LedgerError, Malformed
from ledger.finding import Finding
from ledger.index.check import check_history
from ledger.index.history import History
from ledger.index.words import NAMES
from ledger.keys import PublicKey
from ledger.policy import Policy
from ledger.receipt import parse_bundle
from ledger.statement import Statement, parse_statement

KEY_WITHDRAWAL = "urn:datawharf:predicate/key-withdrawal/v1"
COMPROMISED = "compromised"


def key_of_history(key: PublicKey) -> str:
    """Under which key of the index the bindings and withdrawals of a signing key stand."""
    return f"key:{key.raw.hex()}"


def key_of_signer(receipt: bytes) -> str:
    """Which history goes with a receipt: that of the key which signed its statement. Nothing in it is verified.

    `Malformed` if the receipt cannot be read, or brings along no statement that says which key it was.
    """
    bundle = parse_bundle(receipt)
    statement = parse_statement(bundle.statement)
    for entry in (bundle.statement, *(each.entry for each in bundle.supporting)):
        known = parse_statement(entry)
        try:
            if known.predicate_type == KEY_BINDING:
                key = parse_key_binding(known).key
            else:
                key = parse_log_policy(known).platform_key
        except Malformed:
            continue
        if key.thumbprint == statement.kid:
            return key_of_history(key)
    raise Malformed("The receipt does not say which key signed its statement.")


def check_not_withdrawn(
    data: bytes,
    trust: Policy,
    *,
    policy: LogPolicy,
    receipt: Checkpoint,
    key: PublicKey,
    org: str,
    bound: int,
    signed: int,
) -> dict[str, Any]:
    """Details of a pass: in the history `data` nobody withdrew `key` of `org` between entries `bound` and `signed`.

    A Finding for everything else. `policy` is what the proved entry 0 says, `receipt` the verified checkpoint of the
    receipt; `bound` is 0 for the platform's own key.
    """
    history, size = _verified(data, trust, receipt, key, signed)
    later = None
    for located in history.entries or ():
        statement = parse_statement(located.entry)
        if located.index <= bound or not _withdraws(statement, policy, key, org):
            continue
        if located.index < signed:
            raise Finding("failed", "withdrawn", entry=located.index, index=signed)
        if statement.predicate.get("reason") == COMPROMISED:
            later = later or located.index
    if later is not None:
        raise Finding("warning", "compromised_later", entry=later, index=signed)
    return {"index": signed, "size": size}


def _verified(
    data: bytes, trust: Policy, receipt: Checkpoint, key: PublicKey, signed: int
) -> tuple[History, int]:
    """The history of the key and the size it is for, if it is of the receipt's log and goes far enough."""
    report = check_history(data, trust, key=key_of_history(key), at_least=signed + 1)
    wrong = next((step.code for step in report.steps if step.outcome == "failed"), None)
    if wrong is not None or report.history is None:
        what, what_zh = NAMES.get(wrong or "") or NAMES["readable.history"]
        raise Finding("warning", "unproved", step=wrong, what=what, what_zh=what_zh)
    log = report.step("history_log").params
    if log["origin"] != receipt.origin:
        raise Finding("warning", "other_log", found=log["origin"], origin=receipt.origin)
    if report.history.indices and report.history.entries is None:
        raise Finding("warning", "left_out")
    return report.history, log["size"]


def _withdraws(statement: Statement, policy: LogPolicy, key: PublicKey, org: str) -> bool:
    """Whether the platform withdrew this key of this organisation by it."""
    if statement.predicate_type != KEY_WITHDRAWAL or statement.claims.iss != policy.platform_org:
        return False
    try:
        statement.verify(policy.platform_key)
    except LedgerError:
        return False
    predicate = statement.predicate
    return statement.claims.aud == policy.origin and (predicate.get("org"), predicate.get("key")) == (
        org,
        key.raw.hex(),
    )
