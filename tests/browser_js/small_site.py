"""A small site on the loopback address: the browser's modules under the product's own page policy, and given pages."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from market.kit.middleware import PAGE_POLICY

MODULES = Path(__file__).parents[2] / "market" / "static" / "js"
POLICY = PAGE_POLICY.format(form_actions="")


class SmallSite:
    """`pages` maps a path to HTML; forms that are posted end in `posted`, bytes that are uploaded in `uploads`."""

    def __init__(self) -> None:
        self.policy = POLICY
        self.pages: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        self.posted: list[dict[str, str]] = []
        self.requests: list[tuple[str, str]] = []
        self.uploads: dict[str, bytearray] = {}
        self.drop_next_chunk = False
        self.base = ""

    def page(self, path: str, module: str, body: str, *, lang: str = "en") -> str:
        """Publishes a page that loads `module`; returns its address."""
        script = f'<script type="module" src="/static/js/{module}"></script>'
        self.pages[path] = (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>t</title>'
            f'<meta name="csrf" content="token">{script}</head><body>{body}</body></html>'
        )
        return self.base + path

    def begin_upload(self, body: bytes) -> bytes:
        asked = json.loads(body)
        name = f"{asked['sha256'][:16]}"
        kept = self.uploads.setdefault(name, bytearray())
        return json.dumps({"upload": name, "offset": len(kept), "chunk_size": 1 << 20}).encode()


def _handler(site: SmallSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.requests.append(("GET", self.path))
            if self.path in site.pages:
                self.answer(200, "text/html; charset=utf-8", site.pages[self.path].encode())
            elif self.path in site.files:
                self.answer(200, "application/octet-stream", site.files[self.path])
            elif (file := MODULES / Path(self.path).name).is_file() and self.path.startswith("/static/js/"):
                self.answer(200, "text/javascript", file.read_bytes())
            else:
                self.answer(404, "text/plain", b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            site.requests.append(("POST", self.path))
            if self.path == "/uploads":
                self.answer(
                    200 if self.headers["X-CSRF-Token"] == "token" else 403,
                    "application/json",
                    site.begin_upload(body),
                )
                return
            site.posted.append({name: values[-1] for name, values in parse_qs(body.decode()).items()})
            self.answer(200, "text/html; charset=utf-8", b"<!doctype html><title>sent</title><p id=sent>sent")

        def do_PATCH(self) -> None:
            chunk = self.rfile.read(int(self.headers["Content-Length"]))
            site.requests.append(("PATCH", self.path))
            kept = site.uploads[self.path.rsplit("/", 1)[1]]
            if site.drop_next_chunk:
                site.drop_next_chunk = False
                kept += chunk[:1000]
                self.close_connection = True
                self.connection.close()
                return
            if int(self.headers["Upload-Offset"]) != len(kept):
                self.answer(409, "application/problem+json", b'{"detail": "another offset"}')
                return
            kept += chunk
            self.answer(204, "", b"", offset=len(kept))

        def do_HEAD(self) -> None:
            site.requests.append(("HEAD", self.path))
            self.answer(200, "", b"", offset=len(site.uploads[self.path.rsplit("/", 1)[1]]))

        def answer(self, status: int, kind: str, body: bytes, offset: int | None = None) -> None:
            self.send_response(status)
            if kind:
                self.send_header("Content-Type", kind)
            if offset is not None:
                self.send_header("Upload-Offset", str(offset))
            self.send_header("Content-Security-Policy", site.policy)
            self.send_header("X-Content-Type-Options", "nosniff")
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@contextmanager
def small_site() -> Iterator[SmallSite]:
    """Runs a SmallSite on a free port and stops it."""
    site = SmallSite()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    site.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
