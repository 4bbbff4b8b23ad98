"""Passwords: argon2id behind a short queue, and a refusal of what everybody tries first.

One hash takes 46 MiB and some 40 ms, so an unlimited number of sign-ins at once would take the whole machine: two
run, twenty wait, the rest are told to come back.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from market.accounts.errors import SignInBusy, WeakPassword
from market.kit.i18n import N_

SLOTS, QUEUE = 2, 20
_COMMON = Path(__file__).parent / "data" / "common_passwords.txt"
_OURS = ("datawharf", "shugang", "数港", "marketplace")
_TRIMMING = "0123456789!@#$%^&*()-_=+.,?;:'\"/\\|~` "
_LEET = str.maketrans("@4301$5!7", "aaeoisslt")


class Passwords:
    """Hashes and compares passwords. One per process; thread-safe."""

    def __init__(self, *, slots: int = SLOTS, queue: int = QUEUE) -> None:
        self._hasher = PasswordHasher(time_cost=1, memory_cost=47104, parallelism=1)
        self._running = threading.BoundedSemaphore(slots)
        self._places = threading.BoundedSemaphore(slots + queue)
        # Compared against when there is no such account, so that the answer takes as long.
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The argon2id hash to store. Raises SignInBusy when the queue is full."""
        with self._turn():
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one of `stored`; takes as long when there is no stored hash, and is then False."""
        with self._turn():
            try:
                self._hasher.verify(stored or self._nobody, password)
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise SignInBusy(
                N_("The queue of sign-ins is full."), hint=N_("Try again in a few seconds."), retry_after=3
            )
        try:
            with self._running:
                yield
        finally:
            self._places.release()


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").split())


def refuse_weak(password: str, *own_words: str) -> None:
    """Refuse what a guesser tries first: common passwords, one thing repeated, our name, the person's own words.

    own_words: parts of the e-mail address, names of the person and of the organisation.
    """
    plain = password.casefold()
    if _is_common(plain):
        raise _weak(N_("This is one of the passwords that are tried first."))
    if _is_pattern(plain):
        raise _weak(N_("This password repeats itself or counts up."))
    words = [word for text in own_words for word in re.split(r"[\W_]+", text.casefold()) if len(word) >= 4]
    rest = plain
    for word in sorted([*words, *_OURS], key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest.strip(_TRIMMING)) < 4 and rest != plain:
        raise _weak(N_("This password is made of names that anybody knows."))


def _weak(detail: str) -> WeakPassword:
    return WeakPassword(detail, hint=N_("Use four or more unrelated words."), where="password")


def _is_common(plain: str) -> bool:
    forms = {plain, plain.translate(_LEET), plain.strip(_TRIMMING), plain.strip(_TRIMMING).translate(_LEET)}
    return any(_made_of_common(form) for form in forms if form)


def _made_of_common(form: str) -> bool:
    """A common word, alone or written two or more times."""
    if form in _common():
        return True
    return any(
        form == form[:size] * (len(form) // size) and form[:size] in _common()
        for size in range(3, len(form) // 2 + 1)
        if len(form) % size == 0
    )


def _is_pattern(plain: str) -> bool:
    if len(set(plain)) < 5:
        return True
    steps = {ord(after) - ord(before) for before, after in pairwise(plain)}
    if len(steps) <= 2 and steps & {1, -1}:
        return True
    return any(
        plain == (plain[:size] * len(plain))[: len(plain)] and len(plain) >= 2 * size for size in range(1, 7)
    )
