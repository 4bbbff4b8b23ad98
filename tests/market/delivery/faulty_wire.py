"""A wire between client and server that breaks, or changes a byte, where a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Wire:
    """cuts: for each large answer in turn, after how many of its bytes the connection breaks; after them it holds.

    flip: the byte (from the start of the answer) whose last bit is changed, in every large answer that has it.
    An answer is large when more than LARGE bytes came by its connection. carried: bytes that reached the client.
    """

    address: str = ""
    cuts: list[int] = field(default_factory=list)
    flip: int | None = None
    carried: int = 0

    def carry(self, client: socket.socket, server: socket.socket) -> None:
        """Bring the server's bytes to the client until one of them ends, or the wire breaks."""
        sent, broken_at = 0, None
        with suppress(OSError):
            while piece := server.recv(1 << 16):
                if broken_at is None and sent + len(piece) > LARGE:
                    broken_at = self.cuts.pop(0) if self.cuts else -1
                if self.flip is not None and sent <= self.flip < sent + len(piece) and len(piece) > 1000:
                    changed = bytearray(piece)
                    changed[self.flip - sent] ^= 1
                    piece = bytes(changed)
                if broken_at is not None and 0 <= broken_at <= sent + len(piece):
                    client.sendall(piece[: max(0, broken_at - sent)])
                    break
                client.sendall(piece)
                sent += len(piece)
                self.carried += len(piece)
        # Closing alone would not end the other direction, which waits in another thread.
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


LARGE = 30_000


@contextmanager
def faulty_wire(server: str) -> Iterator[Wire]:
    """A wire to `server`; its own address is in `address`."""
    target = urlsplit(server)
    listener = socket.create_server(("127.0.0.1", 0))
    wire = Wire(address=f"http://127.0.0.1:{listener.getsockname()[1]}")

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            onward = socket.create_connection((target.hostname, target.port))
            threading.Thread(target=_pump, args=(client, onward), daemon=True).start()
            threading.Thread(target=wire.carry, args=(client, onward), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        # A listener that is only closed would leave its thread waiting.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _pump(client: socket.socket, server: socket.socket) -> None:
    with suppress(OSError), client, server:
        while piece := client.recv(1 << 16):
            server.sendall(piece)
        server.shutdown(socket.SHUT_WR)
