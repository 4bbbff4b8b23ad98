"""What arrives through create_app: the database, the clock, settings and each slice's outsiders. Tests pass fakes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.requests import HTTPConnection

from market.kit.auth import Authenticator
from market.kit.clock import Clock
from market.kit.db import Database

Port = TypeVar("Port")


@dataclass
class Ports:
    """db, clock, authenticator and secret serve the kit. The others are looked up by their type (`ports.get(BlobStore)`).

    secret: at least 32 bytes; keys for CSRF tokens and tickets are derived from it.
    base_url: how the outside reaches us, without a trailing slash.
    """

    db: Database
    clock: Clock
    authenticator: Authenticator
    secret: bytes
    base_url: str
    secure_cookies: bool = True
    extras: dict[type, Any] = field(default_factory=dict)

    def add(self, port_type: type, port: object) -> None:
        self.extras[port_type] = port

    def get(self, port_type: type[Port]) -> Port:
        try:
            port: Port = self.extras[port_type]
        except KeyError:
            raise LookupError(f"create_app was given no {port_type.__name__}") from None
        return port


def ports_of(request: HTTPConnection) -> Ports:
    ports: Ports = request.app.state.ports
    return ports
