"""What the process that reads customers' tables can no longer do, tried out."""

from __future__ import annotations

import json
import os
import platform
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from market.delivery.reader import process, seccomp
from market.delivery.reader.reading import probe_reader
from tests.market.delivery.reader.tables import CSV, digest_of, write

_ATTEMPTS = """
import ctypes, json, os, socket, subprocess, sys, threading, mmap
from market.delivery.reader.lockdown import lock_down
secret, data = sys.argv[1], os.open(sys.argv[1], os.O_RDONLY)
libc = ctypes.CDLL(None, use_errno=True)
def raw(number, *arguments):
    if libc.syscall(ctypes.c_long(number), *arguments) < 0:
        raise OSError(ctypes.get_errno(), "raw")
attempts = {
    "open a file": lambda: open(secret),
    "write a file": lambda: open("/tmp/written", "w"),
    "list a folder": lambda: os.listdir("/"),
    "stat a file": lambda: os.stat(secret),
    "open itself": lambda: os.open("/proc/self/mem", os.O_RDWR),
    "socket": lambda: socket.socket(),
    "unix socket": lambda: socket.socket(socket.AF_UNIX),
    "socketpair": lambda: socket.socketpair(),
    "fork": os.fork,
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "run": lambda: subprocess.run(["/bin/true"]),
    "thread": lambda: threading.Thread(target=print).start(),
    "kill": lambda: os.kill(os.getppid(), 0),
    "ptrace": lambda: raw(101, 16, os.getppid(), 0, 0),
    "become root": lambda: os.setuid(0),
    "raise a limit": lambda: __import__("resource").setrlimit(7, (64, 64)),
    "duplicate a descriptor": lambda: os.dup(data),
    "memfd": lambda: os.memfd_create("x"),
    "executable memory": lambda: mmap.mmap(-1, 4096, prot=7),
    "io_uring": lambda: raw(425, 1, 0),
    "much memory": lambda: bytearray(512 << 20),
}
import resource
layers = lock_down(64 << 20, 5, 20)
outcome = {}
for name, attempt in attempts.items():
    try:
        attempt()
        outcome[name] = "done"
    except BaseException as refused:
        outcome[name] = type(refused).__name__
os.write(1, json.dumps({"layers": layers, "outcome": outcome, "data": len(os.pread(data, 4, 0))}).encode())
os._exit(0)
"""


def run(script: str, *arguments: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_nothing_works_after_the_lock_but_reading_what_is_open(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    found = run(_ATTEMPTS, str(secret))
    outcome = found["outcome"]
    assert isinstance(outcome, dict)
    assert len(outcome) > 20
    assert {name for name, result in outcome.items() if result == "done"} == set()
    assert outcome["much memory"] == "MemoryError"
    assert found["data"] == 4
    assert not Path("/tmp/written").exists()


def test_the_reader_says_which_layers_hold() -> None:
    layers = probe_reader()
    assert {"no_new_privs", "limits", "seccomp"} <= set(layers)
    if os.geteuid() == 0:
        assert "nobody" in layers


@pytest.mark.parametrize("missing", ["seccomp.install", "lockdown._limit"])
def test_without_a_mandatory_layer_nothing_is_read(tmp_path: Path, missing: str) -> None:
    """The child's own program, on a machine where a layer cannot be had."""
    path = write(tmp_path / "t", CSV)
    script = (
        "import os, sys\n"
        "from market.delivery.reader import child, lockdown, seccomp\n"
        "def refuse(*_):\n"
        "    raise OSError('not on this machine')\n"
        f"{missing} = refuse\n"
        "os._exit(child.main())\n"
    )
    descriptor = os.open(path, os.O_RDONLY)
    try:
        request = {
            "verb": "rows", "format": "csv", "limits": {}, "digest": digest_of(path), "descriptor": descriptor,
            "output": "json", "query": {"columns": None, "filters": [], "cursor": None, "limit": 10},
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", script],
            input=json.dumps(request).encode(),
            capture_output=True,
            pass_fds=(descriptor,),
            check=True,
            timeout=60,
        )
    finally:
        os.close(descriptor)
    said = json.loads(done.stdout)
    assert said["refused"] == "lock"
    assert said["params"]["problem"] == "not on this machine"
    assert b"Vientiane" not in done.stdout


def test_the_reader_gets_no_environment_and_no_other_descriptor(tmp_path: Path) -> None:
    """As the kernel shows it while the reader waits for its request."""
    path = write(tmp_path / "t", CSV)
    descriptor, other = os.open(path, os.O_RDONLY), os.open(path, os.O_RDONLY)
    os.set_inheritable(other, True)
    os.environ["DATAWHARF_TEST_SECRET"] = "hunter2"
    try:
        with process.started(descriptor) as reader:
            seen = b""
            while not seen and reader.poll() is None:  # empty until the kernel has laid out the new program
                seen = Path(f"/proc/{reader.pid}/environ").read_bytes()
            links = Path(f"/proc/{reader.pid}/fd").iterdir()
            ours = {int(link.name) for link in links if link.exists() and link.samefile(path)}
            reader.kill()
    finally:
        del os.environ["DATAWHARF_TEST_SECRET"]
        os.close(descriptor)
        os.close(other)
    assert b"LC_ALL=C.UTF-8" in seen
    assert b"hunter2" not in seen
    assert ours == {descriptor}


class TestProgram:
    """The filter itself, run by a small interpreter of the BPF instructions that it uses."""

    @staticmethod
    def decide(machine: str, number: int, arch: int | None = None, third: int = 0) -> int:
        code = seccomp.allow_list(machine)
        program = [struct.unpack_from("<HBBI", code, at) for at in range(0, len(code), 8)]
        call = struct.pack(
            "<IIQ6Q", number, arch or {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine], 0, 0, 0, third,
            0, 0, 0,
        )  # fmt: skip
        at = accumulator = 0
        while True:
            operation, if_true, if_false, k = program[at]
            at += 1
            if operation == 0x20:
                (accumulator,) = struct.unpack_from("<I", call, k)
            elif operation == 0x15:
                at += if_true if accumulator == k else if_false
            elif operation == 0x45:
                at += if_true if accumulator & k else if_false
            else:
                assert operation == 0x06
                return int(k)

    ALLOW, DENY, KILL = 0x7FFF0000, 0x00050001, 0x80000000

    @pytest.mark.parametrize(
        ("machine", "read", "mmap", "denied"),
        [
            (
                "x86_64",
                0,
                9,
                [2, 41, 42, 56, 57, 58, 59, 62, 101, 157, 257, 317, 322, 425, 435, 437, 0x40000000],
            ),
            ("aarch64", 63, 222, [56, 117, 129, 167, 198, 203, 220, 221, 277, 281, 425, 435, 437]),
        ],
    )
    def test_only_the_list_is_allowed(self, machine: str, read: int, mmap: int, denied: list[int]) -> None:
        assert self.decide(machine, read) == self.ALLOW
        assert self.decide(machine, mmap, third=3) == self.ALLOW
        assert self.decide(machine, mmap, third=7) == self.DENY
        assert {number: self.decide(machine, number) for number in denied} == dict.fromkeys(denied, self.DENY)
        assert self.decide(machine, read, arch=0x40000003) == self.KILL
        allowed = [number for number in range(1_000) if self.decide(machine, number) == self.ALLOW]
        assert len(allowed) == len(seccomp._NUMBERS[machine]) + 2

    def test_this_machine_is_one_that_is_known(self) -> None:
        assert platform.machine() in {"x86_64", "aarch64"}
