"""Guessing is slow, owners are not locked out, and nothing tells who has an account."""

from __future__ import annotations

import threading

import pytest

from market.accounts.errors import SignInBusy
from market.accounts.limits import spend_sign_in
from market.accounts.passwords import Passwords
from market.kit.errors import TooManyRequests
from market.kit.ratelimit import RateLimits
from tests.market.accounts.conftest import PASSWORD, Market


def test_five_tries_a_minute_for_an_account_from_one_network(limited_market: Market) -> None:
    limited_market.sign_up("mei@example.com")
    statuses = [limited_market.log_in("mei@example.com", "wrong but long").status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    refused = limited_market.log_in("mei@example.com")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert limited_market.log_in("nobody@example.com", "wrong but long").status_code == 401


def test_a_made_up_forwarding_header_opens_no_new_bucket(limited_market: Market) -> None:
    limited_market.sign_up("mei@example.com")
    body = {"email": "mei@example.com", "password": "wrong but long"}
    statuses = [
        limited_market.web.post(
            "/api/v1/logins", json=body, headers={"X-Forwarded-For": f"198.51.{n}.7"}
        ).status_code
        for n in range(7)
    ]
    assert statuses[5:] == [429, 429]


def test_many_networks_together_get_few_guesses_at_one_account_and_the_owner_none_less() -> None:
    limits, guesses = RateLimits(), 0
    for network in range(100):
        for _ in range(3):
            try:
                spend_sign_in(limits, email="mei@example.com", network=f"n{network}", known_network=False)
                guesses += 1
            except TooManyRequests:
                pass
    assert 0 < guesses <= 20
    spend_sign_in(limits, email="mei@example.com", network="home", known_network=True)


def test_a_network_is_known_after_a_sign_in_from_it(limited_market: Market) -> None:
    limited_market.sign_up("mei@example.com")
    assert limited_market.log_in("mei@example.com").status_code == 200
    limits = limited_market.app.state.rate_limits
    for number in range(30):
        try:
            spend_sign_in(limits, email="mei@example.com", network=f"n{number}", known_network=False)
        except TooManyRequests:
            break
    else:
        pytest.fail("the attack was never slowed")
    assert limited_market.log_in("mei@example.com", PASSWORD).status_code == 200


def test_ten_sign_ups_an_hour_from_one_network(limited_market: Market) -> None:
    statuses = [limited_market.sign_up(f"p{number}@example.com").status_code for number in range(12)]
    assert statuses == [201] * 10 + [429] * 2


class _Counting(Passwords):
    """Counts hashes instead of timing them: a test of time would tell of the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.compared: list[bool] = []

    def matches(self, stored: str | None, password: str) -> bool:
        self.compared.append(stored is not None)
        return super().matches(stored, password)


def test_known_and_unknown_addresses_cost_one_hash_each(small_market: Market) -> None:
    counting = _Counting()
    small_market.ports.extras[Passwords] = counting
    small_market.sign_up("mei@example.com")
    for email in ("mei@example.com", "nobody@example.com"):
        small_market.log_in(email, "wrong but long")
    assert counting.compared == [True, False]


def test_the_hash_is_argon2id_at_the_agreed_cost() -> None:
    passwords = Passwords()
    stored = passwords.hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert passwords.matches(stored, PASSWORD)
    assert not passwords.matches(stored, PASSWORD + "x")
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.outdated(stored)


def test_a_full_queue_of_sign_ins_says_so_instead_of_taking_all_memory() -> None:
    passwords = Passwords(slots=1, queue=1)
    entered, release = threading.Event(), threading.Event()

    def hold() -> None:
        with passwords._turn():
            entered.set()
            release.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(20)
    waiting = threading.Thread(target=passwords.hash, args=(PASSWORD,))
    waiting.start()
    while passwords._places._value:  # type: ignore[attr-defined]
        pass
    with pytest.raises(SignInBusy) as busy:
        passwords.hash(PASSWORD)
    assert busy.value.retry_after
    release.set()
    holder.join(20)
    waiting.join(20)
    assert passwords.hash(PASSWORD)
