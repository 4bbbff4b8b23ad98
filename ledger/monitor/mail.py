"""Mailing what a monitor saw: one message a look, in plain text, by SMTP (RFC 5321).

    smtp://host[:port]          port 25, or 587 with a user; encrypted if the server offers it, always with a user
    smtps://[user@]host[:port]  encrypted from the first byte, port 465

A user's password is never part of an address, which shows in lists of processes.
"""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from urllib.parse import unquote, urlsplit

from ledger.errors import Malformed, StorageFailed

TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes mail; `password` is for `user`."""

    host: str
    port: int
    encrypted: bool
    user: str | None = None
    password: str | None = None


def parse_mail_server(address: str, password: str | None = None) -> MailServer:
    """The server of an address as above; `Malformed` if it is none, or names a user without a password."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Malformed(f"{address} is no address of a mail server: {error}.") from None
    if (
        parts.scheme not in {"smtp", "smtps"}
        or not host
        or parts.password is not None
        or parts.path not in {"", "/"}
    ):
        raise Malformed(
            "A mail server is named as smtp://host:port or smtps://user@host:port, and its password is given apart."
        )
    user = None if parts.username is None else unquote(parts.username)
    if user is not None and not password:
        raise Malformed(f"The mail server {host} is used as {user}, and there is no password for it.")
    usual = 465 if parts.scheme == "smtps" else 587 if user else 25
    return MailServer(host, port or usual, parts.scheme == "smtps", user, password if user else None)


def send_mail(server: MailServer, sender: str, to: Sequence[str], subject: str, lines: Sequence[str]) -> None:
    """Hand one message over to `server`; `StorageFailed` if it does not take it, for whomever."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"], message["To"], message["Subject"] = sender, ", ".join(to), subject
    except ValueError as error:
        raise Malformed(f"{', '.join((sender, *to))!r} are no addresses for mail: {error}.") from None
    message["Date"] = localtime()
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(lines) + "\n", cte="base64")
    try:
        with _connected(server) as connection:
            refused = connection.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise StorageFailed(f"The mail server {server.host} took no mail: {error}.") from error
    if refused:
        raise StorageFailed(f"The mail server {server.host} refused {', '.join(sorted(refused))}.")


def _connected(server: MailServer) -> smtplib.SMTP:
    trusted = ssl.create_default_context()
    if server.encrypted:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT, context=trusted
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    try:
        connection.ehlo()
        if not server.encrypted and (server.user or connection.has_extn("starttls")):
            connection.starttls(context=trusted)
            connection.ehlo()
        if server.user and server.password:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection
