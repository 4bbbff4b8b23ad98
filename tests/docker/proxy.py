"""The proxy of the compose file, on files and ports of a test."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SETTINGS = Path(__file__).parent.parent.parent / "docker" / "proxy"


def write_settings(folder: Path, server: str, *, apps: tuple[str, str], port: int) -> Path:
    """The shipped settings with `folder` in place of the container's paths, and `apps` (host:port) behind."""
    replaced = {
        " /tmp": f" {folder}",
        "/etc/nginx/servers/*.conf": f"{folder}/{server}.conf",
        "/etc/nginx/market.conf": f"{folder}/market.conf",
        "/etc/nginx/tls": f"{folder}",
        "/var/cache/nginx": f"{folder}/cache",
        "/dev/stdout": f"{folder}/access.log",
        "app1:8000": apps[0],
        "app2:8000": apps[1],
        "listen 8080": f"listen 127.0.0.1:{port}",
        "listen 8443": f"listen 127.0.0.1:{port}",
    }
    for name in ("nginx.conf", "market.conf", f"{server}.conf"):
        text = (SETTINGS / name).read_text()
        for there, here in replaced.items():
            text = text.replace(there, here)
        (folder / name).write_text(text)
    return folder / "nginx.conf"


@contextmanager
def proxy(folder: Path, *, apps: tuple[str, str], port: int) -> Iterator[str]:
    """A running nginx before the two addresses; the test is skipped where it is not installed."""
    if shutil.which("nginx") is None:
        pytest.skip("with nginx installed, this runs behind the proxy of the compose file")
    folder.mkdir(mode=0o755)
    hosts = (apps[0].removeprefix("http://"), apps[1].removeprefix("http://"))
    settings = write_settings(folder, "plain", apps=hosts, port=port)
    # Started as root, workers would be another user, who cannot come into pytest's folder.
    command = ["nginx", "-c", str(settings), "-g", "daemon off; user root;"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as server:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.communicate()
