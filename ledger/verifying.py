"""A verifying session: what held once, over the same bytes, is not computed again.

Receipts of one log share almost everything: the checkpoint with its signatures, the root signature of the COSE receipts,
entry 0, and the bindings of the few keys that signed. Inside `verifying_session()` each of these costs once. What is
remembered is only that something held, under all of the bytes that it depends on; a failure is found anew each time.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")

MAX_REMEMBERED = 10_000
"""Facts that are kept at once; beyond it the session starts to remember afresh."""

_known: ContextVar[dict[Hashable, Any] | None] = ContextVar("known", default=None)


@contextmanager
def verifying_session() -> Iterator[None]:
    """Remember in this thread, until the block ends, what held. A session inside a session is the outer one."""
    if _known.get() is not None:
        yield
        return
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def once(kind: str, given: Hashable, compute: Callable[[], ResultT]) -> ResultT:
    """What `compute` returns for `given`, computed once in a session; it depends on `given` alone and does not change."""
    known = _known.get()
    if known is None:
        return compute()
    key = (kind, given)
    if key not in known:
        result = compute()
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        known[key] = result
    found: ResultT = known[key]
    return found
