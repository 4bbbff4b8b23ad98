"""A seccomp filter that lets a process read and write what it has open, use memory, and end. Nothing else.

Program of classic BPF instructions over ``struct seccomp_data`` (linux/seccomp.h): number of the call at byte 0,
architecture at 4, arguments of 8 bytes each from 16. What is not listed fails with EPERM: open, socket, connect, execve,
fork, clone, ptrace, kill, prctl, io_uring and whatever is invented later. A call of a foreign architecture ends the
process. Memory cannot be made executable.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NUMBERS: dict[str, dict[str, int]] = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "lseek": 8, "brk": 12, "munmap": 11, "rt_sigaction": 13,
        "rt_sigprocmask": 14, "rt_sigreturn": 15, "pread64": 17, "readv": 19, "writev": 20, "sched_yield": 24,
        "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "exit": 60, "getrusage": 98, "times": 100,
        "sigaltstack": 131, "gettid": 186, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219,
        "clock_gettime": 228, "clock_nanosleep": 230, "exit_group": 231, "set_robust_list": 273,
        "getrandom": 318, "membarrier": 324, "rseq": 334,
    },
    "aarch64": {
        "close": 57, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66, "pread64": 67,
        "exit": 93, "exit_group": 94, "futex": 98, "set_robust_list": 99, "nanosleep": 101, "clock_gettime": 113,
        "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124, "restart_syscall": 128,
        "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "times": 153,
        "getrusage": 165, "getpid": 172, "gettid": 178, "brk": 214, "munmap": 215, "mremap": 216, "madvise": 233,
        "getrandom": 278, "membarrier": 283, "rseq": 293,
    },
}  # fmt: skip
_MAY_MAP = {"x86_64": (9, 10), "aarch64": (222, 226)}
"""mmap and mprotect: allowed unless the third argument asks for PROT_EXEC."""
_SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}

_LOAD, _JUMP_EQUAL, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _ARCH_AT, _THIRD_ARGUMENT_AT = 0, 4, 32
_KILL, _ALLOW, _DENY = 0x80000000, 0x7FFF0000, 0x00050000 | errno.EPERM
_PROT_EXEC = 4
_SET_MODE_FILTER, _ALL_THREADS = 1, 1


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def allow_list(machine: str) -> bytes:
    """The BPF program for ``machine`` (``x86_64`` or ``aarch64``); raises ``KeyError`` for others."""
    plain = sorted(_NUMBERS[machine].values())
    tail = [
        # deny, allow, then the question about PROT_EXEC: reached from above by their distance
        _instruction(_RETURN, _DENY),
        _instruction(_RETURN, _ALLOW),
        _instruction(_LOAD, _THIRD_ARGUMENT_AT),
        _instruction(_JUMP_BITS, _PROT_EXEC, 0, 1),
        _instruction(_RETURN, _DENY),
        _instruction(_RETURN, _ALLOW),
    ]
    questions = [*((number, 1) for number in plain), *((number, 2) for number in _MAY_MAP[machine])]
    body = [
        _instruction(_JUMP_EQUAL, number, len(questions) - at - 1 + target, 0)
        for at, (number, target) in enumerate(questions)
    ]
    head = [
        _instruction(_LOAD, _ARCH_AT),
        _instruction(_JUMP_EQUAL, _AUDIT_ARCH[machine], 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER_AT),
    ]
    return b"".join([*head, *body, *tail])


def install() -> None:
    """Put the filter on all threads of this process, for ever. Needs no_new_privs. Raises ``OSError``."""
    machine = platform.machine()
    if machine not in _NUMBERS:
        raise OSError(errno.ENOSYS, f"no system call list for {machine}")
    code = allow_list(machine)
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(
        ctypes.c_long(_SECCOMP_CALL[machine]),
        ctypes.c_ulong(_SET_MODE_FILTER),
        ctypes.c_ulong(_ALL_THREADS),
        ctypes.byref(program),
    )
    if result != 0:
        code_number = ctypes.get_errno() or errno.EBUSY
        raise OSError(code_number, "the kernel refused the seccomp filter")


def _instruction(code: int, k: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, k)
