"""A transparency log that stands alone: no web, no settings, nothing of the market.

Most people need four things of it: make a key, register a manifest, keep a receipt, and check it against a trust
file. The names for that are here. Everything else is in the modules, each of which opens with its byte layout and the
section of the specification that it follows:

    pure      errors hashing keys tree proofs tiles note checkpoint statement manifest policy receipt check index
    with I/O  keyfile storage stores signer log reader indexer fsck monitor witness stamping, and `python -m ledger`
"""

from ledger.check import check_bundle
from ledger.errors import Conflict, LedgerError, Malformed, StorageFailed, Unverified
from ledger.keys import PublicKey, SigningKey
from ledger.manifest import Manifest, hash_file, parse_manifest
from ledger.policy import Policy, parse_policy
from ledger.receipt import Bundle, parse_bundle
from ledger.report import Report, Step
from ledger.statement import Claims, Statement, parse_statement, sign_statement

__all__ = [
    "Bundle",
    "Claims",
    "Conflict",
    "LedgerError",
    "Malformed",
    "Manifest",
    "Policy",
    "PublicKey",
    "Report",
    "SigningKey",
    "Statement",
    "Step",
    "StorageFailed",
    "Unverified",
    "check_bundle",
    "hash_file",
    "parse_bundle",
    "parse_manifest",
    "parse_policy",
    "parse_statement",
    "sign_statement",
]
