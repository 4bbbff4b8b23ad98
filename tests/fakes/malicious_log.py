"""A log that lies: an honest log's files, and the lies that an operator or a host of its files could tell.

`LogFiles` makes the files of a log out of its entries, by the words of C2SP tlog-tiles and without the ledger's own
writer. `MaliciousLog` serves them and lies on demand, in memory (it is an `ObjectReader`) or over HTTP (`served`), where
the answers themselves can misbehave too.
"""

from __future__ import annotations

import gzip
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ledger.checkpoint import Checkpoint, cosign_checkpoint, format_checkpoint
from ledger.cose import Sign1, format_sign1
from ledger.cose_receipt import sign_root
from ledger.note import sign_note
from tests.ledger.market_in_a_box import TIME, Market, key
from tests.ledger.oracle import naive_root, tile_files

WIRE = (
    "gzip",
    "oversized",
    "announced oversized",
    "endless",
    "dripping",
    "gzip bomb",
    "cut gzip",
    "other coding",
    "redirect",
    "broken off",
    "refusing",
    "busy",
)
"""How an answer over HTTP can be unlike a file; `gzip` alone is honest."""


@dataclass(frozen=True, eq=False)
class LogFiles:
    """The log of `market`: what it serves after publishing at each of `sizes`, the last `TIME` seconds after 1970."""

    market: Market
    sizes: Sequence[int]

    def files(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for ordinal, size in enumerate(self.sizes):
            found |= tile_files(self.market.entries[:size])
            note = self.note(size)
            previous = self.sizes[max(ordinal - 1, 0)]
            found[f"checkpoints/{size}"] = found["checkpoint"] = note
            found[f"checkpoints/{size}.cose"] = self.root_signature(size)
            found[f"checkpoints/{size}.links"] = (
                f"datawharf/checkpoint-links/v1\n{ordinal}\n{previous}\n{previous}\n".encode()
            )
        return found

    def note(self, size: int, root: bytes | None = None, time: int = TIME) -> bytes:
        root = root or naive_root(self.market.entries[:size])
        text = format_checkpoint(Checkpoint(self.market.origin, size, root))
        return cosign_checkpoint(sign_note(text, [self.market.log_signer]), self.market.cosigner, time)

    def root_signature(self, size: int, root: bytes | None = None) -> bytes:
        root = root or naive_root(self.market.entries[:size])
        protected, signature = sign_root(root, self.market.receipt_key, self.market.origin)
        return format_sign1(Sign1(protected, {}, None, signature))


@cache
def published(sizes: tuple[int, ...], different_from: int | None = None) -> dict[str, bytes]:
    """The files of the honest market's log after publishing at `sizes`; not to be changed."""
    return LogFiles(honest_market(600, different_from), sizes).files()


@cache
def honest_market(entries: int, different_from: int | None = None) -> Market:
    """A log policy, a provider's binding, and registrations; other ones from an index on, if that is given."""
    market = Market()
    market.add(market.binding(key(20), market.org(1)))
    for index in range(2, entries):
        changed = different_from is not None and index >= different_from
        digest = f"{index:04x}" + ("ee" if changed else "00") * 30
        market.add(market.registration(key(20), market.org(1), digest=digest))
    return market


class MaliciousLog:
    """An `ObjectReader` over an honest log that published at 40, 300 and 600 entries, until it is told to lie."""

    def __init__(self) -> None:
        self.market = copy(honest_market(600))
        self.market.entries = list(self.market.entries)
        self._honest = LogFiles(self.market, (40, 300, 600))
        self.stored = dict(published((40, 300)))
        self.wire: dict[str, str] = {}
        """How answers under a prefix of paths misbehave over HTTP: a name in `WIRE`."""

    def read(self, path: str) -> bytes | None:
        return self.stored.get(path)

    def grow(self) -> None:
        """Publish honestly at 600 entries."""
        self.stored = dict(published((40, 300, 600)))

    def fork(self, size: int) -> None:
        """Show another history from entry 290 on, signed with the log's key, tiles and all."""
        self.stored = dict(published((40, size), different_from=290))

    def roll_back(self) -> None:
        self.stored = dict(published((40,)))

    def sign_wrong_root(self) -> None:
        """The right key signs, for 600 entries, a root that no entries lead to."""
        self.grow()
        for name in ("checkpoint", "checkpoints/600"):
            self.stored[name] = self._honest.note(600, root=bytes(32))
        self.stored["checkpoints/600.cose"] = self._honest.root_signature(600, root=bytes(32))

    def sign_with_another_key(self) -> None:
        self.grow()
        imitation = Market(base=40)
        imitation.entries = self.market.entries
        self.stored["checkpoint"] = LogFiles(imitation, (600,)).note(600)

    def swap_entry(self) -> None:
        """Entry 350 is another one in the bundle, of the same length; the tiles are those of the signed one."""
        self.grow()
        path, entry = "tile/entries/001", self.market.entries[350]
        self.stored[path] = self.stored[path].replace(entry, entry[:-64] + bytes(64))

    def swap_tile(self) -> None:
        """The hash of entry 350 is another one in the tile; the bundle is right."""
        self.grow()
        tile = self.stored["tile/0/001"]
        at = (350 - 256) * 32
        self.stored["tile/0/001"] = tile[:at] + bytes(32) + tile[at + 32 :]

    def cut_bundle(self) -> None:
        self.grow()
        self.stored["tile/entries/001"] = self.stored["tile/entries/001"][:-100]

    def cut_tile(self) -> None:
        self.grow()
        self.stored["tile/0/001"] = self.stored["tile/0/001"][:-32]

    def withhold(self) -> None:
        self.grow()
        del self.stored["tile/entries/001"]
        del self.stored["tile/0/001"]

    def drop_checkpoint(self) -> None:
        del self.stored["checkpoint"]

    def break_statement(self) -> None:
        """Entry 350 is in the signed tree, but the key that it names did not sign it."""
        entry = self.market.entries[350]
        self.market.entries[350] = entry[:-64] + bytes(64)
        self.stored = self._honest.files()

    def misbehave(self, how: str, prefix: str = "") -> Callable[[], None]:
        """Grow, and answer so for every path under `prefix`."""

        def lie() -> None:
            self.grow()
            self.wire[prefix] = how

        return lie

    def how(self, path: str) -> str | None:
        return next((how for prefix, how in self.wire.items() if path.startswith(prefix)), None)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up on a liar is right to."""


@contextmanager
def served(log: Any, elsewhere: str = "http://203.0.113.1/") -> Iterator[str]:
    """The address at which `log` is served on this machine; its `wire` says how answers misbehave."""
    server = _Server(("127.0.0.1", 0), _handler(log, elsewhere))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/log"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(log: Any, elsewhere: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.removeprefix("/log/")
            data = log.read(path)
            how = log.how(path) if hasattr(log, "how") else None
            with suppress(BrokenPipeError, ConnectionResetError):
                if data is None:
                    self._answer(404, b"")
                elif how is None:
                    self._answer(200, data)
                else:
                    _misbehave(self, how, data, elsewhere)

        def _answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _misbehave(handler: Any, how: str, data: bytes, elsewhere: str) -> None:
    match how:
        case "gzip":
            handler._answer(200, gzip.compress(data), Content_Encoding="gzip")
        case "oversized":
            handler._answer(200, data + bytes(20_000_000))
        case "announced oversized":
            _begin(handler, Content_Length=str(1 << 40))
            handler.wfile.write(data)
        case "endless" | "dripping":
            _begin(handler, Transfer_Encoding="chunked")
            piece = b"0" * (65_536 if how == "endless" else 1)
            while True:
                handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                handler.wfile.flush()
                if how == "dripping":
                    threading.Event().wait(0.02)
        case "gzip bomb":
            handler._answer(200, _bomb(), Content_Encoding="gzip")
        case "cut gzip":
            handler._answer(200, gzip.compress(data)[:-9], Content_Encoding="gzip")
        case "other coding":
            handler._answer(200, b64encode(data), Content_Encoding="br")
        case "redirect":
            handler._answer(302, b"", Location=elsewhere)
        case "broken off":
            _begin(handler, Content_Length=str(len(data)))
            handler.wfile.write(data[: len(data) // 2])
            handler.close_connection = True
        case "refusing":
            handler._answer(403, b"no")
        case "busy":
            handler._answer(503, b"later", Retry_After="0")
        case _:
            raise ValueError(how)


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(50_000_000), 1)


def _begin(handler: Any, **headers: str) -> None:
    handler.send_response(200)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
