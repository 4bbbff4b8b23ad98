"""Telling a play on a terminal: steps, sentences, addresses, and how far long work is. In Chinese or English."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from market.kit.i18n import N_, Lang, format_size, translate

# Work that takes no longer needs no progress.
QUIET_SECONDS = 1.0
# Smaller transfers are never cut off: there would be nothing to go on with.
_WORTH_CUTTING = 16 * 1024 * 1024
_TERMINAL_SECONDS = 0.2
_LOG_SECONDS = 3.0
_BAR_WIDTH = 24
_VERBS = {"hash": N_("computing the fingerprint of"), "send": N_("sending"), "receive": N_("receiving")}


class Teller:
    """Says what happens, one step after the other. step: the last one begun, in the language of the telling."""

    def __init__(self, lang: Lang, out: TextIO | None = None) -> None:
        self.lang = lang
        self.step = ""
        self._out = out or sys.stdout
        self._live = self._out.isatty()
        self._steps = 0
        self._started = time.monotonic()

    def words(self, sentence: str, /, **fields: object) -> str:
        return translate(self.lang, sentence, **fields)

    def begin(self, sentence: str, /, **fields: object) -> None:
        """A new step of the play."""
        self._steps += 1
        self.step = self.words(sentence, **fields)
        self._write(click.style(f"\n{self._steps:>2}  {self.step}", bold=True))

    def say(self, sentence: str, /, **fields: object) -> None:
        self._write(f"    {self.words(sentence, **fields)}")

    def show(self, text: str) -> None:
        """Something that is not a sentence: an address, a command, another program's output."""
        for line in text.rstrip("\n").split("\n"):
            self._write(click.style(f"      {line}", dim=True))

    def warn(self, sentence: str, /, **fields: object) -> None:
        self._write(click.style(f"    {self.words(sentence, **fields)}", fg="red", bold=True))

    def size(self, count: int) -> str:
        return format_size(count, self.lang)

    def text(self, both: dict[str, str]) -> str:
        """Text that people wrote in both languages."""
        return both[self.lang] or both["en"] or both["zh"]

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def progress(self, *, cut_at: float | None = None) -> Meter:
        """A listener for the client's transfers. cut_at: share of a transfer at which it is cut off on purpose."""
        return Meter(self, cut_at)

    @contextmanager
    def working(self, sentence: str, /, **fields: object) -> Iterator[None]:
        """Work whose end cannot be foreseen: after a second it says how long it has been going on."""
        label, done, began = self.words(sentence, **fields), threading.Event(), time.monotonic()

        def count() -> None:
            pause = QUIET_SECONDS
            while not done.wait(pause):
                self.passing(f"{label} … {time.monotonic() - began:.0f} s")
                pause = 1.0 if self._live else _LOG_SECONDS

        thread = threading.Thread(target=count, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self.clear()

    def passing(self, text: str) -> None:
        """A line that the next one replaces; a plain line where nobody watches."""
        if self._live:
            self._out.write(f"\r\x1b[2K    {click.style(text, dim=True)}")
            self._out.flush()
        else:
            self._write(f"    {text}")

    def clear(self) -> None:
        if self._live:
            self._out.write("\r\x1b[2K")
            self._out.flush()

    @property
    def between_lines(self) -> float:
        """Seconds between two lines about the same work."""
        return _TERMINAL_SECONDS if self._live else _LOG_SECONDS

    def _write(self, line: str) -> None:
        self.clear()
        click.echo(line, file=self._out)
        self._out.flush()


class CutOff(Exception):
    """The transfer was cut off on purpose, at byte `at`."""

    def __init__(self, at: int) -> None:
        super().__init__(f"cut off at byte {at}")
        self.at = at


class Meter:
    """Tells how far a transfer is. resumed_at: the byte at which the last one went on; 0 for one from the start."""

    def __init__(self, teller: Teller, cut_at: float | None) -> None:
        self._teller, self._cut_at = teller, cut_at
        self._label, self._total, self._done = "", 0, 0
        self._began = self._told = 0.0
        self._first = True
        self.resumed_at = 0
        self.bytes = 0

    def begin(self, what: str, total: int) -> None:
        verb, _, name = what.partition(" ")
        self._label = f"{self._teller.words(_VERBS.get(verb, verb))} {name}"
        self._total, self._done, self._first = total, 0, True
        self._began = self._told = time.monotonic()
        self._cuts = verb != "hash" and total > _WORTH_CUTTING

    def advance(self, done: int) -> None:
        now = time.monotonic()
        # The first step of a resumed transfer stands for what was there already.
        if self._first and self._cuts and 0 < done < self._total and now - self._began < QUIET_SECONDS:
            self.resumed_at = max(self.resumed_at, done)
        self._first = False
        self._done += done
        self.bytes += done
        if self._cuts and self._cut_at is not None and self._done >= self._cut_at * self._total:
            self._teller.clear()
            raise CutOff(self._done)
        if now - self._began > QUIET_SECONDS and now - self._told > self._teller.between_lines:
            self._told = now
            self._teller.passing(self._bar(now - self._began))

    def end(self) -> None:
        self._teller.clear()

    def _bar(self, seconds: float) -> str:
        share = self._done / self._total if self._total else 1.0
        bar = "█" * round(share * _BAR_WIDTH)
        speed = self._done / seconds / 1e6
        return f"{self._label}  {bar:░<{_BAR_WIDTH}} {share:4.0%}  {speed:,.0f} MB/s"
