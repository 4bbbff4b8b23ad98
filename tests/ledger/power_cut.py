"""What a disk may hold after a power cut, told from a trace of a process's calls to the file system.

POSIX promises little, and so does this model: until a file is synced its bytes may be missing, cut short or zero; until a
directory is synced each of its names may stand as it did at any moment since the last sync, one name apart from the
other. What was synced stays. Real file systems keep more than that, so whatever survives here survives there.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

CALLS = (
    "openat,open,creat,write,writev,pwrite64,pwritev,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,link,linkat,"
    "symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,truncate,ftruncate,fallocate,copy_file_range,sendfile,close,dup,"
    "dup2,dup3,fcntl"
)
_CALL = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)(?: .*)?$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """A call that succeeded: its texts (paths, bytes written) and its other arguments in order, and what it gave."""

    name: str
    texts: tuple[bytes, ...]
    words: tuple[str, ...]
    result: int


def trace(command: list[str], log: Path, lines: int, *, cwd: Path) -> list[Call]:
    """Run a command under strace until it has written so many lines, kill it, and give its calls in order."""
    strace = [
        "strace",
        "-f",
        "-qq",
        "-xx",
        "-s",
        "100000000",
        "-e",
        f"trace={CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(log),
    ]
    with subprocess.Popen(
        [*strace, *command], cwd=cwd, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        assert running.stdout is not None
        for _ in range(lines):
            assert running.stdout.readline(), "the traced process ended too early"
        os.killpg(running.pid, signal.SIGKILL)
    return list(_calls(log.read_text().splitlines()))


def _calls(lines: Iterable[str]) -> Iterator[Call]:
    begun: dict[str, str] = {}
    for line in lines:
        process, _, text = line.partition(" ")
        text = text.strip()
        if text.endswith("<unfinished ...>"):
            begun[process] = text.removesuffix("<unfinished ...>").rstrip()
            continue
        if resumed := re.match(r"<\.\.\. \w+ resumed>\s*", text):
            text = begun.pop(process) + text[resumed.end() :]
        if (match := _CALL.match(text)) and int(match[3]) >= 0:
            texts = tuple(bytes.fromhex(each.replace("\\x", "")) for each in _TEXT.findall(match[2]))
            words = tuple(word.strip() for word in _TEXT.sub("", match[2]).split(","))
            yield Call(match[1], texts, words, int(match[3]))


@dataclass(slots=True)
class File:
    synced: bytes = b""
    data: bytes = b""


@dataclass(slots=True)
class Folder:
    """Each name with everything that it has stood for since the folder was synced, oldest first."""

    names: dict[bytes, list[File | Folder | None]] = field(default_factory=dict)

    def now(self, name: bytes) -> File | Folder | None:
        return self.names.get(name, [None])[-1]

    def put(self, name: bytes, what: File | Folder | None) -> None:
        self.names.setdefault(name, [None]).append(what)

    def sync(self) -> None:
        self.names = {name: past[-1:] for name, past in self.names.items() if past[-1] is not None}


class Disk:
    """The folder `root` as a traced process changes it, and what the process has written to standard output."""

    def __init__(self, root: Path) -> None:
        self._root = bytes(root)
        self.top = Folder()
        self.said = b""
        self._open: dict[int, File | Folder] = {}

    def apply(self, call: Call) -> None:
        """Let a call happen. AssertionError if it is one that the model does not know."""
        if call.name in {"openat", "open", "creat"}:
            self._opened(call)
        elif call.name == "close":
            self._open.pop(_number(call.words[0]), None)
        elif call.name in {"fsync", "fdatasync"}:
            self._sync(self._open.get(_number(call.words[0])))
        elif call.name == "write":
            self._written(_number(call.words[0]), call.texts[0][: call.result])
        elif call.name in {"mkdir", "mkdirat"}:
            self._set(call.texts[0], Folder())
        elif call.name in {"link", "linkat"}:
            self._set(call.texts[1], self._find(call.texts[0]))
        elif call.name in {"rename", "renameat", "renameat2"}:
            self._set(call.texts[1], self._find(call.texts[0]))
            self._set(call.texts[0], None)
        elif call.name in {"unlink", "unlinkat", "rmdir"}:
            self._set(call.texts[0], None)
        else:
            assert not self._is_ours(call), f"the model has no {call.name}"

    def after_a_cut(self, rng: random.Random, target: Path) -> None:
        """Lay down in the folder `target` one of the states in which a power cut may leave `root`."""
        _lay_down(self.top, rng, target)

    def _opened(self, call: Call) -> None:
        self._open.pop(call.result, None)
        if self._inside(call.texts[0]) is None:
            return
        what = self._find(call.texts[0])
        flags = call.words[2] if call.name == "openat" else call.words[1]
        if what is None and "O_CREAT" in flags:
            what = File()
            self._set(call.texts[0], what)
        assert what is not None, f"{call.texts[0]!r} is opened, and the model has no such file"
        if "O_TRUNC" in flags and isinstance(what, File):
            what.data = b""
        assert "O_APPEND" not in flags, "the model has no appending"
        self._open[call.result] = what

    def _written(self, descriptor: int, data: bytes) -> None:
        if isinstance(file := self._open.get(descriptor), File):
            file.data += data
        elif descriptor == 1:
            self.said += data

    def _sync(self, what: File | Folder | None) -> None:
        if isinstance(what, File):
            what.synced = what.data
        elif what is not None:
            what.sync()

    def _is_ours(self, call: Call) -> bool:
        numbers = [_number(word) for word in call.words if word.isdigit()]
        known = any(number in self._open for number in numbers[:1])
        return call.name not in {"fcntl", "dup", "dup2", "dup3"} and (
            known or any(self._inside(text) is not None for text in call.texts)
        )

    def _inside(self, path: bytes) -> list[bytes] | None:
        if path == self._root:
            return []
        prefix = self._root + b"/"
        return path.removeprefix(prefix).split(b"/") if path.startswith(prefix) else None

    def _find(self, path: bytes) -> File | Folder | None:
        parts = self._inside(path)
        assert parts is not None, f"{path!r} is outside"
        here: File | Folder | None = self.top
        for part in parts:
            here = here.now(part) if isinstance(here, Folder) else None
        return here

    def _set(self, path: bytes, what: File | Folder | None) -> None:
        parts = self._inside(path)
        if not parts:
            return
        folder = self._find(b"/".join([self._root, *parts[:-1]]))
        assert isinstance(folder, Folder), f"{path!r} is in no folder"
        folder.put(parts[-1], what)


def _number(word: str) -> int:
    return int(word) if word.lstrip("-").isdigit() else -1


def _lay_down(folder: Folder, rng: random.Random, target: Path) -> None:
    target.mkdir()
    for name, past in folder.names.items():
        what = rng.choice(past)
        path = target / name.decode()
        if isinstance(what, Folder):
            _lay_down(what, rng, path)
        elif what is not None:
            path.write_bytes(_torn(what, rng))


def _torn(file: File, rng: random.Random) -> bytes:
    if file.data == file.synced:
        return file.synced
    kept = rng.randrange(len(file.data) + 1)
    return rng.choice(
        [file.synced, file.data, file.data[:kept], file.data[:kept].ljust(len(file.data), b"\0")]
    )
