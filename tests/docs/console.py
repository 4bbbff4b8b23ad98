"""Runs what a document shows: ```console blocks line by line, ```python blocks as scripts, in the order of the text.

A line that starts with `$ ` is a command, which may go on after a backslash or until the end of a here-document. It must
end with status 0. The lines below it are what it prints: `…` stands for anything within a line, a line that is only `…`
for any lines.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXECUTED = ("console", "python")
SHOWN_ONLY = ("text", "json", "toml", "")
HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?$")
MARK = "\x1e"
LONGEST = 580


@dataclass
class Command:
    """line: where it stands in the document. shown: what the document says it prints."""

    line: int
    text: str
    shown: list[str] = field(default_factory=list)


def blocks(text: str) -> list[tuple[int, str, str]]:
    """(line, language, content) of each fenced block."""
    return [(text.count("\n", 0, found.start()) + 1, found[1], found[2]) for found in FENCE.finditer(text)]


def commands(text: str) -> list[Command]:
    """What a document asks to run, in order."""
    found: list[Command] = []
    for line, language, content in blocks(text):
        if language == "python":
            found.append(Command(line, f"python - <<'END_OF_SCRIPT'\n{content}END_OF_SCRIPT"))
        elif language == "console":
            found += _console(line, content)
    return found


def _console(line: int, content: str) -> list[Command]:
    found: list[Command] = []
    goes_on, until = False, ""
    for number, each in enumerate(content.splitlines(), line + 1):
        if until or goes_on:
            found[-1].text += "\n" + each
        elif each.startswith("$ "):
            found.append(Command(number, each[2:]))
        else:
            found[-1].shown.append(each)
            continue
        if until:
            until = "" if each == until else until
        else:
            here = HERE_DOCUMENT.search(each)
            until = here[1] if here else ""
        goes_on = each.endswith("\\") and not until
    return found


def run(document: Path, folder: Path, *, replaced: dict[str, str]) -> None:
    """Run a document's commands in one shell in `folder`. replaced: what stands for what, such as the server's address."""
    wanted = commands(document.read_text(encoding="utf-8"))
    assert wanted, f"{document.name} shows no command"
    lines = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for number, command in enumerate(wanted):
        text = command.text
        for here, there in replaced.items():
            text = text.replace(here, there)
        lines += [f"printf '{MARK}{number}\\n'", text]
    status, output = _shell("\n".join(lines), folder)
    printed = [part.partition("\n")[2] for part in output.split(MARK)[1:]]
    for here, there in replaced.items():
        printed = [part.replace(there, here) for part in printed]
    if status != 0:
        at = wanted[len(printed) - 1]
        raise AssertionError(f"{document.name}:{at.line}: $ {at.text}\n{printed[-1]}")
    for command, output in zip(wanted, printed, strict=True):
        assert prints(command.shown, output.splitlines()), (
            f"{document.name}:{command.line}: $ {command.text}\nshown:\n"
            + "\n".join(command.shown)
            + f"\nprinted:\n{output}"
        )


def _shell(script: str, folder: Path) -> tuple[int, str]:
    """(status, output) of a shell; nothing that it started outlives it."""
    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    ) as shell:
        try:
            output, _ = shell.communicate(timeout=LONGEST)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
    return shell.returncode, output


def prints(shown: list[str], printed: list[str]) -> bool:
    """Whether the printed lines are the shown ones. A command with nothing shown may print what it likes."""
    if not shown:
        return True
    pattern = "".join(r"(?:.*\n)*" if line == "…" else _line(line) + r"\s*\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def _line(shown: str) -> str:
    return ".*".join(re.escape(part) for part in shown.split("…"))


def environment(folder: Path) -> dict[str, str]:
    """A shell that knows nothing but the commands of this environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATAWHARF", "LC_"))}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return kept | {"PATH": path, "HOME": str(folder), "LANG": "en_GB.UTF-8", "PYTHONIOENCODING": "utf-8"}
