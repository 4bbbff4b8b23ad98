"""The signer as a process of its own: whoever runs the log asks it for signatures and never holds its keys.

    socket      Unix, mode 0600, in a folder of the same user; a peer of another user is turned away (SO_PEERCRED)
    frame       uint32 big-endian length || record, at most 16,384 bytes
    request     datawharf/signer-request/v1 LF verb LF argument LF argument LF argument LF argument LF argument LF
                  keys "" …     last "" …      epoch "" …      claim epoch "" …
                  sign origin size base64-root epoch base64-of-the-consistency-path
    answer      datawharf/signer-answer/v1 LF kind LF base64 of the result or of the sentence LF
                  kind is ok, or the class of the error

There is no network in it and nothing to choose: what it refuses is written in `ledger.signer`. The time of a signature is
that of its own clock, whatever the caller's says, since receipts show it as the operator's word. The client asks no server
of another user. A connection carries one request and is cut if that does not arrive in time.
"""

import contextlib
import os
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from ledger.checkpoint import Checkpoint
from ledger.encoding import format_base64, parse_base64, parse_decimal
from ledger.errors import Conflict, LedgerError, Malformed, StorageFailed, Unavailable, Unverified
from ledger.hashing import HASH_SIZE
from ledger.note import Verifier, format_vkey, parse_vkey
from ledger.records import format_record, parse_record
from ledger.signer import HeadSigner, SignedHead, format_signed_head, parse_signed_head

MAX_FRAME = 16_384

_REQUEST = "datawharf/signer-request/v1"
_ANSWER = "datawharf/signer-answer/v1"
_ARGUMENTS = 5
_SECONDS = 30.0
# Clients have their request ready when they connect.
_REQUEST_SECONDS = 5.0
_CONNECTIONS = 32
_ERRORS: dict[str, type[LedgerError]] = {
    kind.__name__: kind for kind in (Conflict, Malformed, StorageFailed, Unavailable, Unverified)
}


class RemoteSigner:
    """A `HeadSigner` that asks the one behind a socket. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def log_verifier(self) -> Verifier:
        """Public half of the key that signs checkpoints."""
        return self.log_verifiers[0]

    @property
    def log_verifiers(self) -> tuple[Verifier, ...]:
        """Public halves of all keys that sign the log's checkpoints or have signed them, the present one first."""
        return tuple(parse_vkey(vkey) for vkey in _text(self._ask("keys")).split("\n"))

    def last(self) -> SignedHead | None:
        """The largest head signed so far, or None."""
        data = self._ask("last")
        return parse_signed_head(data) if data else None

    def epoch(self) -> int:
        """The latest owner's epoch."""
        return parse_decimal(_text(self._ask("epoch")), "signer's epoch")

    def claim(self, epoch: int) -> None:
        """Refuse every owner before that of `epoch` from now on."""
        self._ask("claim", str(epoch))

    def sign(self, checkpoint: Checkpoint, time: int, epoch: int, path: Sequence[bytes]) -> SignedHead:
        """Sign a head that continues the one signed last; errors are those of the signer itself.

        The signer takes the time from its own clock, not `time`.
        """
        root, proof = format_base64(checkpoint.root), format_base64(b"".join(path))
        if any(len(hash_) != HASH_SIZE for hash_ in path):
            raise Malformed("A hash of a consistency path has exactly 32 bytes.")
        answer = self._ask("sign", checkpoint.origin, str(checkpoint.size), root, str(epoch), proof)
        return parse_signed_head(answer)

    def _ask(self, verb: str, *arguments: str) -> bytes:
        filled = [*arguments, *[""] * (_ARGUMENTS - len(arguments))]
        try:
            with _connect(self._path) as connection:
                self._demand_own(connection)
                _send(connection, format_record(_REQUEST, [verb, *filled]))
                answer = _receive(connection, time.monotonic() + _SECONDS)
        except OSError as error:
            raise StorageFailed(f"The signer at {self._path} does not answer: {error}.") from error
        if answer is None:
            raise StorageFailed(f"The signer at {self._path} does not answer: it closed the connection.")
        kind, encoded = parse_record(answer, _ANSWER, 2)
        result = parse_base64(encoded, "signer's answer")
        if kind == "ok":
            return result
        raise _ERRORS.get(kind, StorageFailed)(_text(result))

    def _demand_own(self, connection: socket.socket) -> None:
        # Whoever replaces the socket could have a log load and publish under answers of its own.
        if hasattr(socket, "SO_PEERCRED") and _user(connection) != os.geteuid():
            raise StorageFailed(f"The signer at {self._path} is run by another user; it was asked nothing.")


def _user(connection: socket.socket) -> int:
    """Who is at the other end, by the kernel's word."""
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(user)


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(_SECONDS)
        connection.connect(str(path))
    except BaseException:
        connection.close()
        raise
    return connection


class SignerServer:
    """Serves `signer` at the socket `path`, to processes of this user, until `close`.

    clock: POSIX seconds. request_seconds: how long a request may take to arrive.
    """

    def __init__(
        self,
        path: Path,
        signer: HeadSigner,
        *,
        clock: Callable[[], float] = time.time,
        request_seconds: float = _REQUEST_SECONDS,
    ) -> None:
        if not hasattr(socket, "SO_PEERCRED"):
            raise StorageFailed("This system cannot say who is at the other end of a socket.")
        self._path = path
        self._server = _Server(path, signer, clock, request_seconds)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="signer")

    def start(self) -> Self:
        """Serve in a thread."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Answer nobody any more and remove the socket."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._path.unlink(missing_ok=True)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = _CONNECTIONS

    def __init__(
        self, path: Path, signer: HeadSigner, clock: Callable[[], float], request_seconds: float
    ) -> None:
        self.signer, self.clock, self.request_seconds = signer, clock, request_seconds
        self.slots = threading.BoundedSemaphore(_CONNECTIONS)
        _remove_dead_socket(path)
        before = os.umask(0o177)
        try:
            super().__init__(str(path), _Connection)
        except OSError as error:
            raise StorageFailed(f"The socket {path} cannot be made: {error.strerror or error}.") from error
        finally:
            os.umask(before)

    def verify_request(self, request: object, client_address: object) -> bool:
        """Whether the peer is this very user; decided by the kernel's word before a byte is read."""
        assert isinstance(request, socket.socket)
        return _user(request) == os.geteuid()

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that breaks is the peer's affair."""


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        if not self.server.slots.acquire(blocking=False):
            return
        try:
            request = _receive(self.request, time.monotonic() + self.server.request_seconds)
            if request is not None:
                self.request.settimeout(_SECONDS)
                _send(self.request, _answer(self.server.signer, request, self.server.clock))
        except Malformed as error:
            with contextlib.suppress(OSError):
                _send(self.request, _format_error(error))
        except OSError:
            return
        finally:
            self.server.slots.release()


def _remove_dead_socket(path: Path) -> None:
    """A signer that was killed left its socket; one that lives is not pushed aside."""
    if not path.is_socket():
        return
    try:
        _connect(path).close()
    except OSError:
        path.unlink(missing_ok=True)
    else:
        raise Conflict(f"A signer answers at {path} already.")


def _answer(signer: HeadSigner, request: bytes, clock: Callable[[], float]) -> bytes:
    try:
        verb, *arguments = parse_record(request, _REQUEST, 1 + _ARGUMENTS)
        result = _perform(signer, verb, arguments, clock)
    except LedgerError as error:
        return _format_error(error)
    return format_record(_ANSWER, ["ok", format_base64(result)])


def _perform(signer: HeadSigner, verb: str, arguments: list[str], clock: Callable[[], float]) -> bytes:
    match verb, arguments:
        case "keys", ["", "", "", "", ""]:
            return "\n".join(format_vkey(key) for key in signer.log_verifiers).encode()
        case "last", ["", "", "", "", ""]:
            last = signer.last()
            return b"" if last is None else format_signed_head(last)
        case "epoch", ["", "", "", "", ""]:
            return str(signer.epoch()).encode()
        case "claim", [epoch, "", "", "", ""]:
            signer.claim(parse_decimal(epoch, "epoch"))
            return b""
        case "sign", [origin, size, root, epoch, proof]:
            checkpoint = Checkpoint(
                origin, parse_decimal(size, "size"), parse_base64(root, "root", HASH_SIZE)
            )
            path = _parse_path(proof)
            return format_signed_head(
                signer.sign(checkpoint, int(clock()), parse_decimal(epoch, "epoch"), path)
            )
    raise Malformed("The signer knows no such request.")


def _parse_path(proof: str) -> list[bytes]:
    data = parse_base64(proof, "consistency path") if proof else b""
    if len(data) % HASH_SIZE:
        raise Malformed("A consistency path consists of hashes of 32 bytes.")
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def _format_error(error: LedgerError) -> bytes:
    kind = next((kind for kind, known in _ERRORS.items() if isinstance(error, known)), "StorageFailed")
    return format_record(_ANSWER, [kind, format_base64(str(error).encode())])


def _send(connection: socket.socket, record: bytes) -> None:
    if len(record) > MAX_FRAME:
        raise Malformed(f"A frame has at most {MAX_FRAME} bytes.")
    connection.sendall(len(record).to_bytes(4, "big") + record)


def _receive(connection: socket.socket, deadline: float) -> bytes | None:
    """The frame, whole by `deadline` (of the monotonic clock); None if the other end closed before it began."""
    header = _read(connection, 4, deadline)
    if not header:
        return None
    size = int.from_bytes(header, "big")
    if not 0 < size <= MAX_FRAME:
        raise Malformed(f"A frame has 1 to {MAX_FRAME} bytes, not {size}.")
    record = _read(connection, size, deadline)
    if not record:
        raise ConnectionResetError("the connection ended within a frame")
    return record


def _read(connection: socket.socket, size: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    while size:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        connection.settimeout(left)
        part = connection.recv(size)
        if not part:
            if parts:
                raise ConnectionResetError("the connection ended within a frame")
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Malformed("The signer's answer is no text.") from None
