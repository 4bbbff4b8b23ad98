"""Every business fact that enters the ledger: how it is written, what makes it valid, and what it says in words.

Pure, and light: imports only `ledger`, so that a provider's laptop and an auditor's can use it without the marketplace.
"""

from market.statements.build import build, claims_for
from market.statements.commitments import Commitment, commit, opens, resealed
from market.statements.explain import explain
from market.statements.kinds import KINDS, Kind, Signer
from market.statements.validate import Fact, read_fact

__all__ = [
    "KINDS",
    "Commitment",
    "Fact",
    "Kind",
    "Signer",
    "build",
    "claims_for",
    "commit",
    "explain",
    "opens",
    "read_fact",
    "resealed",
]
