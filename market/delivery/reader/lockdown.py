"""Locks the present process down for good, before it looks at a customer's data.

In order: no new privileges, Landlock (no file, no TCP, no signal outside) where the kernel has it, limits, an
unprivileged user where it starts as root, seccomp. Limits, no new privileges and seccomp are mandatory: without one of them
``Refusal("lock")`` is raised and nothing may be read.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from pathlib import Path

from market.delivery.reader import seccomp
from market.delivery.reader.refusal import Refusal

_MANDATORY = ("no_new_privs", "limits")
_NOBODY = 65_534
_PR_SET_NO_NEW_PRIVS = 38
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_LANDLOCK_VERSION = 1
_FILE_RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF}
_ALL_FILE_RIGHTS = 0xFFFF
_ALL_TCP_RIGHTS = 0x3
_ALL_SCOPES = 0x3


def lock_down(memory_bytes: int, cpu_seconds: int, wall_seconds: float) -> tuple[str, ...]:
    """Returns the names of the layers that hold. Irreversible. Everything needed later must be imported and open."""
    layers: list[str] = []
    try:
        in_use = _address_space()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel refused no_new_privs")
        layers.append("no_new_privs")
        if _landlock(libc):
            layers.append("landlock")
        _limit(in_use + memory_bytes, cpu_seconds)
        signal.setitimer(signal.ITIMER_REAL, wall_seconds + 1)
        layers.append("limits")
        if os.geteuid() == 0:
            _become_nobody()
            layers.append("nobody")
        seccomp.install()
    except (OSError, ValueError) as problem:
        missing = next(name for name in (*_MANDATORY, "seccomp") if name not in layers)
        raise Refusal("lock", layer=missing, problem=str(problem)) from problem
    return (*layers, "seccomp")


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()


def _limit(address_space: int, cpu_seconds: int) -> None:
    for kind, soft, hard in (
        (resource.RLIMIT_AS, address_space, address_space),
        (resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NOFILE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_MEMLOCK, 0, 0),
        (resource.RLIMIT_MSGQUEUE, 0, 0),
    ):
        ceiling = resource.getrlimit(kind)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(kind, (soft, hard))
    os.umask(0o777)


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _landlock(libc: ctypes.CDLL) -> bool:
    """Deny every file, TCP port and outside signal; False where the kernel has no Landlock."""
    version = libc.syscall(
        ctypes.c_long(_LANDLOCK_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint32(_LANDLOCK_VERSION)
    )
    if version < 1:
        return False
    rules = struct.pack("<Q", _FILE_RIGHTS.get(version, _ALL_FILE_RIGHTS))
    if version >= 4:
        rules += struct.pack("<Q", _ALL_TCP_RIGHTS)
    if version >= 6:
        rules += struct.pack("<Q", _ALL_SCOPES)
    ruleset = libc.syscall(
        ctypes.c_long(_LANDLOCK_CREATE), rules, ctypes.c_size_t(len(rules)), ctypes.c_uint32(0)
    )
    if ruleset < 0:
        return False
    restricted = libc.syscall(ctypes.c_long(_LANDLOCK_RESTRICT), ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)
    return bool(restricted == 0)
