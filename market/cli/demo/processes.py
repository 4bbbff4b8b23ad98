"""Programs that a play starts beside itself, and stops again whatever happens."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

START_SECONDS = 60.0
STOP_SECONDS = 15.0


class DidNotStart(Exception):
    """A program ended, or did not answer in time. The message holds the last lines that it wrote."""


@dataclass
class Running:
    """A program that was started. log: where its output goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self, count: int = 8) -> str:
        lines = self.log.read_text("utf-8", errors="replace").rstrip().split("\n")
        return "\n".join(lines[-count:])


class Processes:
    """Starts programs in sessions of their own, so that Ctrl-C reaches only the play, which then stops them in turn."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[Running] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()

    def start(
        self, name: str, command: Sequence[str], more_environment: Mapping[str, str] | None = None
    ) -> Running:
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(more_environment or {}),
            )
        running = Running(name, process, log)
        self._running.append(running)
        return running

    def stop(self, running: Running) -> None:
        if running in self._running:
            self._running.remove(running)
        if running.process.poll() is None:
            running.process.terminate()
            try:
                running.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                running.process.kill()
                running.process.wait()

    def stop_all(self) -> None:
        """The last one started is stopped first."""
        for running in reversed(list(self._running)):
            self.stop(running)


def run(command: Sequence[str]) -> None:
    """Run a program to its end. Raises DidNotStart with what it said, if it failed."""
    done = subprocess.run(list(command), capture_output=True, text=True, check=False, timeout=START_SECONDS)
    if done.returncode:
        raise DidNotStart(done.stderr.strip() or f"{command[0]} failed")


def until_answering(running: Running, address: str) -> None:
    """Wait until `address` answers. Raises DidNotStart."""
    _until(running, lambda: answers(address))


def until_said(running: Running, text: str) -> str:
    """Wait until the program wrote a line with `text`, and return that line. Raises DidNotStart."""
    found = ""

    def looked() -> bool:
        nonlocal found
        lines = running.log.read_text("utf-8", errors="replace").split("\n")
        found = next((line for line in lines[:-1] if text in line), "")
        return bool(found)

    _until(running, looked)
    return found


def _until(running: Running, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not holds():
        if running.process.poll() is not None:
            raise DidNotStart(f"{running.name} ended at once:\n{running.last_lines()}")
        if time.monotonic() > deadline:
            raise DidNotStart(
                f"{running.name} did not answer for {START_SECONDS:.0f} s:\n{running.last_lines()}"
            )
        time.sleep(0.05)


def answers(address: str) -> bool:
    """Whether a server answers there, and not with a failure of its own."""
    try:
        return httpx.get(address, timeout=2.0, trust_env=False).status_code < 500
    except httpx.TransportError:
        return False


def free_port(preferred: int = 0, tries: int = 50) -> int:
    """`preferred` or the next port on which nobody listens; any free one for 0."""
    for port in range(preferred, preferred + tries):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DidNotStart(
        f"no port between {preferred} and {preferred + tries - 1} is free; name one with --port"
    )


def datawharf(*arguments: str) -> list[str]:
    """The product's own command, run by this interpreter."""
    return [sys.executable, "-m", "market.client", *arguments]


def command_here() -> str:
    """How a person types the product's command in a shell that was not told of our environment."""
    beside = Path(sys.executable).with_name("datawharf")
    return "datawharf" if shutil.which("datawharf") or not beside.is_file() else str(beside)
