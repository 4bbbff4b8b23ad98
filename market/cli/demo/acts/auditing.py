"""The auditor checks with the network off: a genuine receipt passes, and one changed byte is named wherever it is."""

from __future__ import annotations

import base64
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ledger.receipt import Bundle, format_bundle, parse_bundle
from market.cli.demo.acts.licensing import OPEN
from market.cli.demo.play import Play

# Where a user may not make a network of his own, the program is kept from opening sockets instead.
_NO_SOCKETS = (
    "import sys\n"
    "def no_network(event, arguments):\n"
    "    if event.startswith('socket.'):\n"
    "        raise OSError('there is no network here')\n"
    "sys.addaudithook(no_network)\n"
    "from market.client.cli.main import main\n"
    "main()\n"
)


def check_offline(play: Play, key: str = OPEN) -> None:
    tell = play.tell
    folder = play.folders.of("auditor")
    tell.begin("The auditor has the data, a receipt and the trust file; the network is off")
    data, receipt, trust = _handed_over(play, key, folder)
    tell.say(
        "The trust file comes from the operator, not from whoever gave the receipt: %(path)s", path=trust
    )
    tell.say(how_offline())
    done = verify(receipt, data, trust, tell.lang, second_opinion=True)
    tell.show(done.stdout)
    if done.returncode != 0:
        raise RuntimeError(f"a genuine receipt did not pass: {done.stdout}{done.stderr}")


def check_forgeries(play: Play, key: str = OPEN) -> None:
    """One byte of the data, of the statement, of the proof, of the checkpoint: each is noticed and named."""
    tell = play.tell
    folder = play.folders.of("auditor")
    tell.begin("One byte is changed: in the data, the statement, the proof, the checkpoint")
    data, receipt, trust = _handed_over(play, key, folder)
    genuine = parse_bundle(receipt.read_bytes())
    for what, forged in forgeries(genuine).items():
        path = folder / f"forged-{what}.receipt.json"
        path.write_bytes(format_bundle(forged))
        _noticed(play, what, verify(path, data, trust, tell.lang))
    largest = max((file for file in data.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)
    with one_byte_changed(largest, largest.stat().st_size // 2):
        _noticed(play, "data", verify(receipt, data, trust, tell.lang))


def _noticed(play: Play, what: str, done: subprocess.CompletedProcess[str]) -> None:
    failed = [line for line in done.stdout.split("\n") if line.startswith("✗")]
    if done.returncode == 0 or not failed:
        raise RuntimeError(f"a changed byte in the {what} was not noticed: {done.stdout}{done.stderr}")
    play.tell.say("Changed: %(what)s", what=play.tell.words(_NAMES[what]))
    play.tell.show("\n".join(failed))


_NAMES = {
    "data": "the data",
    "statement": "the statement",
    "proof": "the proof",
    "checkpoint": "the checkpoint",
}


def _handed_over(play: Play, key: str, folder: Path) -> tuple[Path, Path, Path]:
    """Copies for the auditor: data from the buyer, the registration's receipt from the provider, the trust file."""
    data, receipt, trust = folder / "data" / key, folder / f"{key}.receipt.json", folder / "trust.policy"
    if not data.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        shutil.copytree(play.received[key], data)
        shutil.copy(play.shelf[key].receipts[-1], receipt)
        shutil.copy(play.operator.trust_file, trust)
    return data, receipt, trust


def forgeries(genuine: Bundle) -> dict[str, Bundle]:
    """The receipt with one byte changed in its statement, its proof, its checkpoint."""
    lines = genuine.checkpoint.split(b"\n")
    root = bytearray(base64.b64decode(lines[2]))
    root[0] ^= 1
    forged_note = b"\n".join([*lines[:2], base64.b64encode(root), *lines[3:]])
    return {
        "statement": replace(genuine, statement=_flipped(genuine.statement)),
        "proof": replace(genuine, path=(_flipped(genuine.path[0]), *genuine.path[1:])),
        "checkpoint": replace(genuine, checkpoint=forged_note),
    }


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


@contextmanager
def one_byte_changed(path: Path, at: int) -> Iterator[None]:
    """While the block runs, one bit of the file differs; then it is as before."""
    _flip_in_place(path, at)
    try:
        yield
    finally:
        _flip_in_place(path, at)


def _flip_in_place(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def can_unshare() -> bool:
    """Whether a program can be started here in a network of its own that has no way out."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0


def how_offline() -> str:
    if can_unshare():
        return "The check runs in a network of its own, which has no connection at all."
    return "The check runs in a program that is kept from opening sockets."


def verify(
    receipt: Path, data: Path, trust: Path, lang: str, *, second_opinion: bool = False
) -> subprocess.CompletedProcess[str]:
    """`datawharf verify`, without a network."""
    arguments = ["verify", str(receipt), "--data", str(data), "--trust", str(trust)]
    if second_opinion and importlib.util.find_spec("merkletools") is not None:
        arguments.append("--second-opinion")
    return offline(lang, *arguments)


def offline(lang: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of `datawharf`, without a network."""
    if can_unshare():
        command = ["unshare", "-rn", sys.executable, "-m", "market.client"]
    else:
        command = [sys.executable, "-c", _NO_SOCKETS]
    return run_tool([*command, "--lang", lang, *arguments])


def run_tool(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Another program's whole output, however it ends."""
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, encoding="utf-8")
