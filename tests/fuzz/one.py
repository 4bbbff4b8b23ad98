"""`python -m tests.fuzz.one TARGET [libFuzzer's options] FOLDER`: one target under atheris, in a process of its own."""

from __future__ import annotations

import sys

import atheris


def main() -> None:
    with atheris.instrument_imports(include=["ledger"]):
        from tests.fuzz.targets import TARGETS
    target = TARGETS[sys.argv.pop(1)]
    for data in target.inputs:
        target.judge(data)

    def test_one(data: bytes) -> None:
        target.judge(data)

    atheris.Setup(sys.argv, test_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
