"""Telling how far long work is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Progress(Protocol):
    """A listener. begin: what is done, and its size in bytes. advance: how many more are done. end: it is over."""

    def begin(self, what: str, total: int) -> None: ...

    def advance(self, done: int) -> None: ...

    def end(self) -> None: ...


class Silent:
    """Nobody listens."""

    def begin(self, what: str, total: int) -> None:
        pass

    def advance(self, done: int) -> None:
        pass

    def end(self) -> None:
        pass


def to_absolute(progress: Progress) -> Callable[[int], None]:
    """A callback that is told the bytes done so far, for a listener that is told steps."""
    seen = 0

    def tell(done: int) -> None:
        nonlocal seen
        progress.advance(done - seen)
        seen = done

    return tell
