"""The signer behind its socket: the same promises as in process, to this user only, and no word that is not its own."""

from __future__ import annotations

import os
import signal
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from ledger import signer_process
from ledger.checkpoint import Checkpoint
from ledger.cli import main
from ledger.errors import Conflict, StorageFailed
from ledger.log import Log
from ledger.records import format_record
from ledger.signer import FileSignerState, Signer
from ledger.signer_process import RemoteSigner, SignerServer
from tests.ledger.logs import LOG_SIGNER, NOW, ORIGIN, World, entries, make_signer, naive_root


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return make_signer(FileSignerState(tmp_path / "state"))


@pytest.fixture
def served(tmp_path: Path, signer: Signer) -> Iterator[Path]:
    server = SignerServer(tmp_path / "socket", signer, clock=lambda: NOW).start()
    yield tmp_path / "socket"
    server.close()
    assert not (tmp_path / "socket").exists()


@pytest.fixture
def remote(served: Path) -> RemoteSigner:
    return RemoteSigner(served)


def head(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, naive_root(entries(0, size)))


def test_it_answers_as_the_signer_itself(remote: RemoteSigner, signer: Signer) -> None:
    assert remote.log_verifier == LOG_SIGNER.verifier
    assert remote.log_verifiers == signer.log_verifiers
    assert (remote.last(), remote.epoch()) == (None, 0)
    remote.claim(3)
    signed = remote.sign(head(5), NOW, 3, [])
    assert signed == signer.last() == remote.last()
    path = World().create(entries(0, 9)).consistency(5, 9)
    assert remote.sign(head(9), NOW, 3, path) == signer.last()
    assert remote.epoch() == 3


def test_its_refusals_arrive_with_their_kind_and_sentence(remote: RemoteSigner, signer: Signer) -> None:
    remote.sign(head(5), NOW, 2, [])
    refused: list[Callable[[Signer | RemoteSigner], object]] = [
        lambda one: one.sign(head(4), NOW, 2, []),
        lambda one: one.sign(head(9), NOW, 2, []),
        lambda one: one.sign(head(5), NOW, 1, []),
        lambda one: one.claim(1),
        lambda one: one.sign(Checkpoint("other.example", 5, bytes(32)), NOW, 2, []),
    ]
    for call in refused:
        with pytest.raises(Conflict) as here:
            call(signer)
        with pytest.raises(Conflict) as there:
            call(remote)
        assert str(there.value) == str(here.value)


def test_a_log_lives_with_a_signer_elsewhere(served: Path) -> None:
    world = World()
    log = Log.create(ORIGIN, world.objects, world.lock, RemoteSigner(served), entries(0, 2))
    log.publish(NOW)
    again = Log.load(ORIGIN, world.objects, world.lock, RemoteSigner(served))
    again.append(entries(2, 300))
    assert again.publish(NOW).size == 300
    with pytest.raises(Conflict):
        log.append([b"late"])


def test_the_socket_is_for_its_user_only(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mode = served.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    monkeypatch.setattr(signer_process.os, "geteuid", lambda: os.getuid() + 1)
    with _connected(served) as connection:
        assert _ended(connection), "it answers nobody else"
    with pytest.raises(StorageFailed, match="is run by another user"):
        RemoteSigner(served).last()
    monkeypatch.undo()
    assert RemoteSigner(served).last() is None


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    # Without a time limit it waits where many connect at once.
    connection.connect(str(path))
    connection.settimeout(30)
    return connection


def _ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("begun", [b"", b"\0", struct.pack(">I", 5) + b"ab"])
def test_connections_without_a_whole_request_give_their_places_back(
    tmp_path: Path, signer: Signer, begun: bytes
) -> None:
    path = tmp_path / "socket"
    server = SignerServer(path, signer, request_seconds=0.05).start()
    with ExitStack() as stack:
        stack.callback(server.close)
        waiting = [stack.enter_context(_connected(path)) for _ in range(40)]
        for connection in waiting:
            # The places are taken, or this one was cut already.
            with suppress(BrokenPipeError):
                connection.sendall(begun)
        assert all(_ended(connection) for connection in waiting)
        assert RemoteSigner(path).last() is None


def test_a_request_that_trickles_in_is_cut(tmp_path: Path, signer: Signer) -> None:
    path = tmp_path / "socket"
    server = SignerServer(path, signer, request_seconds=0.2).start()
    with ExitStack() as stack:
        stack.callback(server.close)
        connection = stack.enter_context(_connected(path))
        connection.settimeout(0.02)
        connection.sendall(struct.pack(">I", 16_000))
        sent = 0
        while sent < 16_000:
            try:
                connection.sendall(b"x")
                sent += 1
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
        assert sent < 16_000, "it waited for the whole request"


def test_a_connection_carries_one_request(served: Path) -> None:
    record = format_record("datawharf/signer-request/v1", ["last", *[""] * 5])
    with _connected(served) as connection:
        connection.sendall(2 * (struct.pack(">I", len(record)) + record))
        answer = b""
        # What was sent and not read makes the end of a connection a reset.
        with suppress(ConnectionResetError):
            while part := connection.recv(4096):
                answer += part
    assert answer.count(b"datawharf/signer-answer/v1") <= 1
    assert RemoteSigner(served).last() is None


@pytest.mark.parametrize("asked", [0, 1, NOW - 1, NOW + 1, 2 * NOW])
def test_it_signs_at_the_time_of_its_own_clock(remote: RemoteSigner, asked: int) -> None:
    assert remote.sign(head(5), asked, 1, []).time == NOW


def test_the_same_head_gets_the_same_bytes_later(tmp_path: Path, signer: Signer) -> None:
    clock = iter((NOW, NOW + 1))
    server = SignerServer(tmp_path / "socket", signer, clock=lambda: next(clock)).start()
    remote = RemoteSigner(tmp_path / "socket")
    assert remote.sign(head(5), NOW, 1, []) == remote.sign(head(5), NOW, 1, [])
    server.close()


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", 0),
        struct.pack(">I", 16_385) + b"x" * 100,
        struct.pack(">I", 5) + b"hello",
        struct.pack(">I", 2**32 - 1),
        struct.pack(">I", 37) + b"datawharf/signer-request/v1\nsteal\n\n\n\n\n\n"[:37],
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_other_bytes_get_a_refusal_and_change_nothing(served: Path, signer: Signer, data: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(served))
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(4096)
    assert not answer or b"\nMalformed\n" in answer
    assert (RemoteSigner(served).last(), signer.epoch()) == (None, 0)


def test_a_second_server_does_not_push_the_first_aside(served: Path, signer: Signer) -> None:
    with pytest.raises(Conflict, match="answers at"):
        SignerServer(served, signer)
    assert RemoteSigner(served).last() is None


def test_a_client_finds_the_signer_again_after_a_restart(tmp_path: Path, signer: Signer) -> None:
    path = tmp_path / "socket"
    server = SignerServer(path, signer, clock=lambda: NOW).start()
    client = RemoteSigner(path)
    first = client.sign(head(5), NOW, 1, [])
    server.close()
    with pytest.raises(StorageFailed, match="does not answer"):
        client.last()
    server = SignerServer(path, signer, clock=lambda: NOW).start()
    assert client.sign(head(5), NOW + 9, 1, []) == first
    server.close()


def test_a_log_in_a_folder_is_published_by_a_signer_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "0.txt").write_text("entry 0")
    folder, path = tmp_path / "x", tmp_path / "socket"
    file = str(tmp_path / "0.txt")
    assert main(["create", str(folder), file, file, "--origin", "ledger.example/cli"]) == 0
    command = [sys.executable, "-m", "ledger", "signer", "serve", str(folder), "--socket", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert "ledger.example/cli" in server.stdout.readline()
            (folder / "keys").rename(tmp_path / "keys")
            assert main(["append", str(folder), file, "--signer", str(path)]) == 0
            assert main(["publish", str(folder), "--signer", str(path)]) == 0
            assert main(["fsck", str(folder), "--quiet"]) == 0
        finally:
            server.send_signal(signal.SIGTERM)
    assert server.returncode == 0
    assert not path.exists()
    assert main(["publish", str(folder), "--signer", str(path)]) == 5
