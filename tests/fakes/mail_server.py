"""A mail server on loopback that keeps what it gets, and refuses whom it is told to refuse (RFC 5321, no extensions)."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class Mailbox:
    """What came in: for each message its envelope's recipients, and itself."""

    address: str = ""
    refused: set[str] = field(default_factory=set)
    received: list[tuple[list[str], EmailMessage]] = field(default_factory=list)


@contextmanager
def mail_server(*refused: str) -> Iterator[Mailbox]:
    box = Mailbox(refused=set(refused))

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 mail.example")
            to: list[str] = []
            while line := self.rfile.readline():
                verb, _, rest = line.decode().strip().partition(" ")
                recipient = rest.partition("<")[2].partition(">")[0]
                if verb.upper() == "DATA":
                    self.say("354 go on")
                    box.received.append((to, self.message()))
                    self.say("250 taken")
                elif verb.upper() == "QUIT":
                    return self.say("221 bye")
                elif verb.upper() == "RCPT" and recipient in box.refused:
                    self.say("550 nobody of that name")
                else:
                    if verb.upper() == "RCPT":
                        to.append(recipient)
                    self.say("250 well")
            return None

        def message(self) -> EmailMessage:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b"."))
            message = message_from_bytes(b"".join(lines), policy=default)
            assert isinstance(message, EmailMessage)
            return message

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.TCPServer(("127.0.0.1", 0), Session) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        box.address = f"smtp://127.0.0.1:{server.server_address[1]}"
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
