"""A log's files at an address on the web (C2SP tlog-tiles), read by anybody. The only module of the ledger with httpx.

    GET <address>/<path>    200: the bytes, gzip at the HTTP layer allowed · 404, 410: no such file
                            429, 5xx, a broken connection: again, with back-off · a redirect or anything else: refused

The server is not trusted: an answer has a size limit by its path, after unpacking, and a deadline however slowly it
drips; redirects are not followed.
"""

import random
import time
import zlib
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from ledger.errors import Malformed, StorageFailed
from ledger.hashing import HASH_SIZE
from ledger.storage import check_object_path
from ledger.tiles import ENTRIES, MAX_ENTRY_SIZE, TILE_WIDTH, parse_tile_path

TRIES = 4
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
MAX_RECORD = 1 << 18
"""The largest checkpoint or other small file, in bytes; a note of 100 post-quantum signatures fits."""

_ABSENT = frozenset({404, 410})
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_GZIP = 16 + zlib.MAX_WBITS


class _TryAgain(Exception):
    def __init__(self, sentence: str, after: str | None = None) -> None:
        super().__init__(sentence)
        self.after = after


class HttpObjects:
    """An `ObjectReader` over HTTP. `deadline` is in seconds for one answer; usable from several threads."""

    def __init__(
        self,
        address: str,
        *,
        deadline: float = 60.0,
        tries: int = TRIES,
        client: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.address = check_address(address)
        self._deadline, self._tries, self._sleep = deadline, tries, sleep
        self._client = client or httpx.Client(
            timeout=httpx.Timeout(min(deadline, 15.0)),
            follow_redirects=False,
            headers={"User-Agent": "datawharf-ledger", "Accept-Encoding": "gzip"},
        )

    def __reduce__(self) -> tuple[Callable[[str, float, int], "HttpObjects"], tuple[str, float, int]]:
        """Another process opens connections of its own."""
        return _reopen, (self.address, self._deadline, self._tries)

    def read(self, path: str) -> bytes | None:
        """The file at `path`; None if the server says that there is none; `StorageFailed` for any other answer."""
        url = f"{self.address}/{check_object_path(path)}"
        for attempt in range(self._tries):
            try:
                return self._get(url, largest_answer(path))
            except (_TryAgain, httpx.TransportError) as error:
                if attempt + 1 == self._tries:
                    reason = str(error) or type(error).__name__
                    raise StorageFailed(
                        f"{url} cannot be read: {reason.rstrip('.')} (asked {self._tries} times)."
                    ) from error
                self._sleep(_wait(attempt, getattr(error, "after", None)))
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _get(self, url: str, limit: int) -> bytes | None:
        ends = time.monotonic() + self._deadline
        try:
            with self._client.stream("GET", url, follow_redirects=False) as answer:
                if answer.status_code in _ABSENT:
                    return None
                if answer.status_code in _BUSY:
                    raise _TryAgain(
                        f"the server answers {answer.status_code}", answer.headers.get("Retry-After")
                    )
                if answer.is_redirect:
                    raise StorageFailed(f"{url} redirects elsewhere, which is not followed.")
                if answer.status_code != 200:
                    raise StorageFailed(f"{url} cannot be read: the server answers {answer.status_code}.")
                return _read_body(url, answer, limit, ends)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise StorageFailed(f"{url} cannot be read: {error}.") from error


def check_address(address: str) -> str:
    """The address without its last slash; `Malformed` unless it is plain http or https."""
    try:
        parts = urlsplit(address)
        bare = parts.username is None and not parts.query and not parts.fragment and parts.port != 0
        plain = bare and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        plain = False
    if not plain or not address.isprintable() or not address.isascii() or " " in address:
        raise Malformed(
            f"{address[:200]!r} is not the address of a log: http:// or https://, a host and a path."
        )
    return address.rstrip("/")


def largest_answer(path: str) -> int:
    """How many bytes the file at `path` of a log can have."""
    try:
        level = parse_tile_path(path).level
    except Malformed:
        return MAX_RECORD
    return TILE_WIDTH * (2 + MAX_ENTRY_SIZE if level == ENTRIES else HASH_SIZE)


def _read_body(url: str, answer: httpx.Response, limit: int, ends: float) -> bytes:
    """The whole body, unpacked. It is never longer in memory than `limit` and a piece."""
    coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise StorageFailed(f"{url} comes in the encoding {coding[:40]!r}; only gzip is understood.")
    announced = answer.headers.get("Content-Length", "")
    # Hashes do not pack: gzip makes them longer by a little.
    if announced.isdecimal() and int(announced[:20]) > limit + limit // 1000 + 64:
        raise _too_long(url, limit)
    unpack = zlib.decompressobj(_GZIP) if coding == "gzip" else None
    body = bytearray()
    # Without a size of pieces, since a collected piece would hide how slowly it came.
    for piece in answer.iter_raw():
        if time.monotonic() > ends:
            raise StorageFailed(f"{url} did not end in time; the answer was cut off.")
        try:
            body += piece if unpack is None else unpack.decompress(piece, limit + 1 - len(body))
        except zlib.error as error:
            raise StorageFailed(f"{url} is damaged gzip: {error}.") from None
        if len(body) > limit:
            raise _too_long(url, limit)
    if unpack is not None and (not unpack.eof or unpack.unused_data):
        raise StorageFailed(f"{url} is gzip that ends too early or goes on after its end.")
    return bytes(body)


def _too_long(url: str, limit: int) -> StorageFailed:
    return StorageFailed(f"{url} is longer than the {limit} bytes that such a file can have.")


def _wait(attempt: int, after: str | None) -> float:
    if after is not None and after.isdecimal():
        return min(float(after), LONGEST_WAIT)
    return min(FIRST_WAIT * 2.0**attempt, LONGEST_WAIT) * (0.5 + random.random() / 2)  # noqa: S311  jitter only


def _reopen(address: str, deadline: float, tries: int) -> HttpObjects:
    return HttpObjects(address, deadline=deadline, tries=tries)
