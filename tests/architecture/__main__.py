"""`python -m tests.architecture`: the house's own rules and the pins; a line per finding, and exit code 1."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.architecture import pins, rules

ROOT = Path(__file__).parent.parent.parent


def main() -> int:
    sources = rules.tracked_sources(ROOT)
    wrong = [str(finding) for rule in rules.RULES for finding in rule(sources)] + pins.check(ROOT)
    for line in wrong:
        print(line)
    print(
        f"{len(rules.RULES)} house rules over {len(sources)} files, and the pins: {len(wrong) or 'no'} findings"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
