"""The report of a check: its steps, each with an outcome, and what they add up to. Never a bare yes or no."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from ledger.check_words import OUTCOMES, Language, step_words

Outcome = Literal["passed", "failed", "not_run", "warning"]
Verdict = Literal["passed", "passed_with_gaps", "no_longer_valid", "failed", "unreadable"]

EXIT_CODES: dict[Verdict, int] = {
    "passed": 0,
    "passed_with_gaps": 0,
    "failed": 1,
    "no_longer_valid": 3,
    "unreadable": 4,
}
MARKS: dict[Outcome, str] = {"passed": "✓", "failed": "✗", "warning": "!", "not_run": "–"}
"""How a step is marked where people read it."""
NO_GAP = frozenset({"none", "none_required"})
"""Causes for which a step had nothing to look at, so that not running it leaves no gap."""


_said: set[tuple[str, ...]] = set()


@dataclass(frozen=True, slots=True)
class Step:
    """One check: its code, what came of it, details for the sentence, and the cause if there are several."""

    code: str
    outcome: Outcome
    params: Mapping[str, Any] = field(default_factory=dict)
    cause: str = ""

    def __post_init__(self) -> None:
        # A step without words is a mistake of ours; that it has them is seen once for all steps of its form.
        form = (self.code, self.outcome, self.cause, *self.params)
        if form not in _said:
            self.sentence("en")
            _said.add(form)

    def sentence(self, lang: Language = "en") -> str:
        """What was found, in one or two sentences; a failure also says what to do."""
        words = step_words(self.code, self.outcome, self.cause, lang, one=self.params.get("files") == 1)
        return words.format_map({name: render_value(name, value) for name, value in self.params.items()})


@dataclass(frozen=True, slots=True)
class Report:
    """All steps of a check, in the order in which they are shown."""

    steps: tuple[Step, ...]

    @property
    def outcome(self) -> Verdict:
        """What the steps add up to."""
        failed = {step.code for step in self.steps if step.outcome == "failed"}
        if "readable" in failed:
            return "unreadable"
        if failed - {"key_not_revoked"}:
            return "failed"
        if failed:
            return "no_longer_valid"
        gaps = any(
            step.outcome == "warning" or (step.outcome == "not_run" and step.cause not in NO_GAP)
            for step in self.steps
        )
        return "passed_with_gaps" if gaps else "passed"

    @property
    def ok(self) -> bool:
        """Whether nothing that ran failed."""
        return self.outcome in ("passed", "passed_with_gaps")

    @property
    def exit_code(self) -> int:
        """Exit status of a command: 0 passed, 1 failed, 3 no longer valid, 4 unreadable."""
        return EXIT_CODES[self.outcome]

    def step(self, code: str) -> Step:
        """The step with that code; KeyError if there is none."""
        for step in self.steps:
            if step.code == code:
                return step
        raise KeyError(code)

    def sentence(self, lang: Language = "en") -> str:
        """The outcome in words."""
        return OUTCOMES[self.outcome][0 if lang == "en" else 1]

    def lines(self, lang: Language = "en") -> Iterator[str]:
        """The report as people read it: the outcome first, then each step with its mark."""
        yield self.sentence(lang)
        for step in self.steps:
            yield f"{MARKS[step.outcome]} {step.sentence(lang)}"


def render_value(name: str, value: Any) -> str:
    """A detail as a sentence shows it; names that end in _time are POSIX seconds."""
    if name.endswith("_time"):
        return _format_time(value)
    if isinstance(value, list | tuple):
        return ", ".join(_printable(item) for item in value) or "–"
    return f"{value:,}" if isinstance(value, int) else _printable(value)


def _printable(value: object) -> str:
    """Names come out of the receipt: what could drive a terminal or reverse the line is not shown."""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _format_time(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"second {seconds} after 1970"
