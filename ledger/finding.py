"""How a step of a check reports anything but a plain pass, and how steps are run."""

from collections.abc import Callable
from typing import Any, TypeVar

from ledger.report import Outcome, Step

CaseT = TypeVar("CaseT")


class Finding(Exception):
    """Ends a step with an outcome, a cause and details for the sentence."""

    def __init__(self, outcome: Outcome, cause: str, **params: Any) -> None:
        super().__init__(outcome, cause)
        self.outcome: Outcome = outcome
        self.cause = cause
        self.params = params


def depends() -> Finding:
    """The finding of a step that rests on one which did not pass."""
    return Finding("not_run", "depends")


def run_step(code: str, check: Callable[[CaseT], dict[str, Any]], case: CaseT) -> Step:
    """The step `code`: what `check` returns are the details of a pass (with its `cause`, if there are several)."""
    try:
        params = check(case)
    except Finding as found:
        return Step(code, found.outcome, found.params, found.cause)
    cause = params.pop("cause", "")
    return Step(code, "passed", params, cause)
