"""`python -m tests.mutation [MODULE ...]`: mutants of the ledger's core against its quick tests, in a copy of the tree.

What is changed and tested stands in `mutation.toml`, and so does every survivor that was judged to be no fault, with the
reason. The exit code is 1 if any other mutant survives; it is printed as the list would have it. A mutant is named by its
function and the lines it changes, so that the list outlives other changes of the module.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant

ROOT = Path(__file__).parent.parent.parent
WORK = ROOT / ".mutation"
SETTINGS = tomllib.loads(Path(__file__).with_name("mutation.toml").read_text("utf-8"))
COPIED = ("ledger", "market", "templates", "docs", "tests", "pyproject.toml")
LEFT_OUT = ("*.png", "__pycache__")

# Exit codes of pytest in a mutant's process.
SURVIVED, UNTESTED = {0}, {5, 33, 34}


Mutant = tuple[str, ...]
"""The function that is changed, and the lines that are taken away ("- …") and put in ("+ …")."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument(
        "modules", nargs="*", help="such as ledger/proofs.py; all that mutation.toml names if none"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    prepare(options.modules or SETTINGS["modules"])
    run(options.processes)
    return report()


def prepare(modules: list[str]) -> None:
    """A copy of the tree with mutmut's settings."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, WORK / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
        else:
            shutil.copy(ROOT / name, WORK / name)
    settings = {
        "source_paths": ["ledger"],
        "only_mutate": modules,
        "do_not_mutate_patterns": SETTINGS["words"],
        "also_copy": ["market", "templates", "docs"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider"],
        "pytest_add_cli_args_test_selection": SETTINGS["tests"],
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    with (WORK / "pyproject.toml").open("a") as file:
        file.write("\n[tool.mutmut]\n" + "\n".join(lines) + "\n")


def run(processes: int) -> None:
    """All mutants, each until a test fails; the progress goes to this terminal."""
    command = [sys.executable, "-m", "tests.mutation.mutants", "run", "--max-children", str(processes)]
    subprocess.run(command, cwd=WORK, check=True)


def report() -> int:
    """Print each module's score and each survivor that nobody has judged."""
    judged = {tuple(mutant) for each in SETTINGS["equivalent"] for mutant in each["mutants"]}
    unknown: list[Mutant] = []
    os.chdir(WORK)
    for meta in sorted(Path("mutants").rglob("*.py.meta")):
        codes = json.loads(meta.read_text())["exit_code_by_key"]
        if not codes:
            continue
        left = [mutant_of(name) for name, code in codes.items() if code in SURVIVED | UNTESTED]
        new = [mutant for mutant in left if mutant not in judged]
        unknown += new
        module = meta.relative_to("mutants").with_suffix("")
        killed, equivalent = len(codes) - len(left), len(left) - len(new)
        print(f"{module}: {killed} of {len(codes)} killed, {equivalent} judged equivalent, {len(new)} left")
    for mutant in unknown:
        print(f"  {json.dumps(mutant, ensure_ascii=False)},")
    return 1 if unknown else 0


def mutant_of(name: str) -> Mutant:
    """The mutant of mutmut's name for it."""
    lines = get_diff_for_mutant(name).splitlines()
    changed = [line for line in lines if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    return (name.rpartition("__mutmut_")[0], *(f"{line[0]} {line[1:].strip()}" for line in changed))


if __name__ == "__main__":
    sys.exit(main())
