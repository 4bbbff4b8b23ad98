"""strace on a process of one's own: which calls it makes to the files in a folder, and one of them made to fail."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_CALL = re.compile(r"(\d+) +(\w+)\(")
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at the `number`-th `call` (from 1) of the main thread: `error=EIO`, `signal=KILL` and the like."""

    call: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.call}#{self.number}:{self.what}"


@contextmanager
def traced(process: int, trace: Path, fault: Fault | None = None) -> Iterator[None]:
    """Trace a running process from here on; the lines stand in `trace` when it has ended."""
    inject: list[str] = [] if fault is None else [f"--inject={fault.call}:{fault.what}:when={fault.number}"]
    command = [
        "strace",
        "-f",
        "-qq",
        "-y",
        "-e",
        "trace=%file,%desc",
        *inject,
        "-o",
        str(trace),
        "-p",
        str(process),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        deadline = time.monotonic() + _SECONDS
        while _tracer_of(process) != strace.pid:
            if strace.poll() is not None:
                pytest.skip(f"strace cannot trace here: {strace.stderr.read().strip()}")
            assert time.monotonic() < deadline, "strace does not attach"
            time.sleep(0.002)
        yield


def calls_to(folder: Path, trace: Path, process: int) -> list[tuple[str, int]]:
    """The calls of the main thread that name something in `folder`, each with its number among those of its name."""
    counted = Counter[str]()
    found: list[tuple[str, int]] = []
    for line in trace.read_text(errors="replace").splitlines():
        match = _CALL.match(line)
        if match and int(match[1]) == process:
            counted[match[2]] += 1
            if str(folder) in line:
                found.append((match[2], counted[match[2]]))
    return found


def demand_strace() -> None:
    """Skip the test, with the reason, where nothing can be traced."""
    if sys.platform != "linux":
        pytest.skip("strace is for Linux")
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (Debian: apt-get install strace)")


def _tracer_of(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return int(re.search(r"TracerPid:\s+(\d+)", status)[1])  # type: ignore[index]


def struck(trace: Path, fault: Fault) -> bool:
    """Whether the fault happened."""
    text = trace.read_text(errors="replace")
    return "killed by SIGKILL" in text if fault.what == "signal=KILL" else "(INJECTED)" in text
