"""`python -m tests.fuzz [TARGET ...]`: each target for a while under atheris; `--input FILE TARGET` repeats one input.

An input that breaks its target stays in `fuzz-found/`, the command that repeats it is printed, and the exit code is 1. Put
the input (made small) into `corpus/<target>/`: from then on the ordinary tests try it too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.targets import TARGETS, Target

FOUND = Path("fuzz-found")
LIMITS = ("-max_len=65536", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=0", "-verbosity=0")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument(
        "targets", nargs="*", choices=[[], *TARGETS], metavar="TARGET", help=", ".join(TARGETS)
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--input", type=Path, help="repeat this input instead")
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    if options.input is not None:
        for name in names:
            print(f"{name}: {'accepted' if TARGETS[name].judge(options.input.read_bytes()) else 'refused'}")
        return 0
    broken = [name for name in names if not fuzz(TARGETS[name], options.seconds)]
    print(f"{len(names)} targets, {options.seconds} s each: {', '.join(broken) or 'none'} broken")
    return 1 if broken else 0


def fuzz(target: Target, seconds: int) -> bool:
    """Whether `target` held for that long; says how to repeat what broke it."""
    FOUND.mkdir(exist_ok=True)
    before = set(FOUND.iterdir())
    with TemporaryDirectory() as folder:
        for data in target.inputs:
            (Path(folder) / sha256(data).hexdigest()).write_bytes(data)
        options = [*LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={FOUND}/{target.name}-"]
        command = [sys.executable, "-m", "tests.fuzz.one", target.name, *options, folder]
        result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        inputs = len(list(Path(folder).iterdir()))
    print(f"{target.name}: {'held' if result.returncode == 0 else 'BROKEN'}, {inputs} inputs", flush=True)
    if result.returncode == 0:
        return True
    said = f"{result.stdout}\n{result.stderr}".splitlines()
    print(*[line for line in said if not line.startswith(("INFO:", "WARNING:"))][-60:], sep="\n")
    for path in sorted(set(FOUND.iterdir()) - before):
        print(f"Repeat it with: {sys.executable} -m tests.fuzz --input {path} {target.name}")
    return False


if __name__ == "__main__":
    sys.exit(main())
