"""Starts the locked-down reader, feeds it, caps what comes back, and ends it when its time is up."""

from __future__ import annotations

import contextlib
import json
import logging
import selectors
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from market.delivery.reader.errors import fault
from market.delivery.reader.shapes import ReaderLimits

_log = logging.getLogger(__name__)
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
_HEAD_BYTES = 2 << 20
_COMPLAINT_BYTES = 8 << 10
_CHUNK = 1 << 18
_PLACES = threading.BoundedSemaphore(4)
"""Readers at once: with the default limits at most 2 GiB of memory."""


def run(request: dict[str, Any], descriptor: int, limits: ReaderLimits) -> tuple[dict[str, Any], bytes]:
    """The reader's ``ok`` object and the bytes after it. Raises the ``TableFault`` of its refusal or its end."""
    if not _PLACES.acquire(timeout=limits.wall_seconds):
        raise fault("busy")
    try:
        return _understand(*_talk(request, descriptor, limits), limits)
    finally:
        _PLACES.release()


def started(descriptor: int) -> subprocess.Popen[bytes]:
    """A reader that waits for its request: cleared environment, no descriptor of ours but the data's."""
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-m", "market.delivery.reader.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(descriptor,),
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
    except OSError as problem:
        raise fault("not-started", problem=str(problem)) from problem


def _talk(
    request: dict[str, Any], descriptor: int, limits: ReaderLimits
) -> tuple[int, bytes, bytes, str | None]:
    """Exit status, answer, complaint, and the limit at which we ended it."""
    with started(descriptor) as child:
        assert child.stdin is not None
        try:
            with contextlib.suppress(BrokenPipeError), child.stdin:
                child.stdin.write(json.dumps(request).encode("utf-8"))
            answer, complaint, ended = _listen(child, limits)
        finally:
            if child.poll() is None:
                child.kill()
        return child.wait(), answer, complaint, ended


def _listen(child: subprocess.Popen[bytes], limits: ReaderLimits) -> tuple[bytes, bytes, str | None]:
    deadline = time.monotonic() + limits.wall_seconds
    most = limits.output_bytes + _HEAD_BYTES
    answer, complaint = bytearray(), bytearray()
    with selectors.DefaultSelector() as waiting:
        for stream, sink in ((child.stdout, answer), (child.stderr, complaint)):
            assert stream is not None
            waiting.register(stream, selectors.EVENT_READ, sink)
        while waiting.get_map():
            left = deadline - time.monotonic()
            ready = waiting.select(left) if left > 0 else []
            if not ready:
                child.kill()
                return b"", bytes(complaint), "wall"
            for key, _ in ready:
                chunk = key.fileobj.read1(_CHUNK)  # type: ignore[union-attr]
                if not chunk:
                    waiting.unregister(key.fileobj)
                elif key.data is answer:
                    answer += chunk
                else:
                    complaint += chunk[: _COMPLAINT_BYTES - len(complaint)]
            if len(answer) > most:
                child.kill()
                return b"", bytes(complaint), "answer-too-large"
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(max(0.0, deadline - time.monotonic()) + 1)
    return bytes(answer), bytes(complaint), None


def _understand(
    status: int, answer: bytes, complaint: bytes, ended: str | None, limits: ReaderLimits
) -> tuple[dict[str, Any], bytes]:
    bounds = {
        "wall": limits.wall_seconds,
        "cpu": limits.cpu_seconds,
        "memory": limits.memory_bytes,
        "answer-too-large": limits.output_bytes,
    }
    signals = {signal.SIGXCPU: "cpu", signal.SIGALRM: "wall", signal.SIGKILL: "memory"}
    reason = ended or (signals.get(signal.Signals(-status)) if status < 0 else None)
    if reason is not None:
        raise fault(reason, limit=bounds[reason])
    if status < 0:
        raise fault("crashed", signal=signal.Signals(-status).name)
    head, line_end, body = answer.partition(b"\n")
    if status > 0 or not line_end:
        text = complaint.decode("utf-8", "replace").strip()
        _log.error("the table reader ended with status %s: %s", status, text)
        raise fault("not-started", problem=text.rpartition("\n")[2][:200] or f"exit status {status}")
    said = json.loads(head)
    if "refused" in said:
        raise fault(said["refused"], said["where"], **said["params"])
    return said["ok"], body
