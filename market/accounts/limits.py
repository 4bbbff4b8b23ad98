"""How often one may try to sign in or sign up.

Guessing is slowed by address and by account. There is no lock that an attacker could turn against the owner: networks
from which an account has signed in before are not counted against the account.
"""

from __future__ import annotations

from market.accounts.tokens import digest
from market.kit.ratelimit import RateLimits

PER_ACCOUNT_AND_NETWORK = "5/minute"
# Together: ten quick guesses at one account from strange networks, then ever fewer, at most twenty an hour.
PER_ACCOUNT = ("10/10minutes", "20/hour")
PER_NETWORK = "60/minute"
SIGN_UP_PER_NETWORK = "10/hour"
CONFIRM_PER_ACCOUNT = "5/minute"


def network_hash(email: str, network: str) -> str:
    """What is kept of a network: comparable for one account, and nothing more."""
    return digest(f"{email}\n{network}")


def spend_sign_in(limits: RateLimits, *, email: str, network: str, known_network: bool) -> None:
    """Count one try. Raises TooManyRequests, alike for accounts that exist and those that don't."""
    limits.spend(PER_NETWORK, "sign-in", network)
    limits.spend(PER_ACCOUNT_AND_NETWORK, "sign-in", email, network)
    if not known_network:
        for limit in PER_ACCOUNT:
            limits.spend(limit, "sign-in", email)
