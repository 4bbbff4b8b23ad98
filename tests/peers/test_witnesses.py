"""Witnesses and logs of other software: each side talks to the other's over HTTP."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.fsck import fsck
from ledger.hashing import root_of
from ledger.keys import SigningKey
from ledger.note import COSIGNATURE_ED25519, NoteSigner, Verifier, open_note, parse_vkey
from ledger.policy import Policy, TrustedLog, Witness
from ledger.reader import LogView
from ledger.stores.files import FileObjects
from ledger.witness.client import QuorumMissing, WitnessClient
from ledger.witness.http import HttpTransport, WitnessDoor
from ledger.witness.witness import Witness as OwnWitness
from tests.ledger.witnesses import KEY, NOW, ListLog, MemoryState
from tests.peers.conftest import Program, running

# One worker builds the program that they share.
pytestmark = pytest.mark.xdist_group("peers")

NAME = "foreign.example/w"
SEED = bytes([60]) * 32
FOREIGN = NoteSigner(NAME, SigningKey.from_seed(SEED), COSIGNATURE_ED25519)


def wait_for(address: tuple[str, int]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(address, timeout=5).close()
        except OSError:
            assert time.monotonic() < deadline, f"nobody answers at {address}"
            time.sleep(0.05)
        else:
            return


@contextmanager
def litewitness(built: Path, folder: Path, port: int, *logs: ListLog) -> Iterator[str]:
    """torchwood's witness, which knows `logs`. It has its key from an ssh-agent and its logs in a database."""
    agent = folder / "agent"
    fingerprint = folder / "agent.log"
    with running(built / "tools", "agent", agent, SEED.hex(), log=fingerprint):
        deadline = time.monotonic() + 60
        while not fingerprint.read_text().endswith("\n"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        _introduce(folder / "witness.db", logs)
        key, listen = fingerprint.read_text().strip(), f"127.0.0.1:{port}"
        options = ("-db", folder / "witness.db", "-ssh-agent", agent, "-name", NAME, "-listen", listen)
        with running(built / "litewitness", *options, "-key", key, log=folder / "witness.log"):
            wait_for(("127.0.0.1", port))
            yield f"http://{listen}"


def _introduce(database: Path, logs: tuple[ListLog, ...]) -> None:
    """What torchwood's witnessctl add-log does; that program needs a module that is not to be had."""
    empty = b64encode(root_of([])).decode()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL)"
        )
        connection.execute("CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL)")
        for log in logs:
            connection.execute("INSERT INTO log VALUES (?, 0, ?)", (log.origin, empty))
            connection.execute("INSERT INTO key VALUES (?, ?)", (log.origin, log.signer.vkey))


def client(log: ListLog, url: str, verifier: Verifier = FOREIGN.verifier) -> WitnessClient:
    trust = Policy((TrustedLog(log.signer.verifier),), (Witness("foreign", verifier, url),), (), "foreign")
    return WitnessClient(trust, log.read, HttpTransport())


def test_torchwoods_witness_cosigns_our_log_as_it_grows(
    built: Path, tools: Program, tmp_path: Path, free_port: int
) -> None:
    log = ListLog()
    with litewitness(built, tmp_path, free_port, log) as url:
        for size in (1, 7, 7, 40):
            grown = replace(log, data=log.data[:size])
            note = client(grown, url).cosign(grown.note(size), grown.checkpoint(size))
            assert open_note(note, [FOREIGN.verifier]).verified == (FOREIGN.verifier,)
            path = tmp_path / "checkpoint"
            path.write_bytes(note)
            assert int(tools("cosigned", path, log.signer.vkey, FOREIGN.vkey)) > NOW
        fork = log.forked(5)
        with pytest.raises(QuorumMissing) as refused:
            client(fork, url).cosign(fork.note(40), fork.checkpoint(40))
    assert [each.verdict for each in refused.value.asked] == ["refused"]


def test_torchwoods_witness_does_not_know_every_log(built: Path, tmp_path: Path, free_port: int) -> None:
    log, other = ListLog(), ListLog("log.example/other", seed=51)
    with litewitness(built, tmp_path, free_port, log) as url, pytest.raises(QuorumMissing) as refused:
        client(other, url).cosign(other.note(3), other.checkpoint(3))
    assert "404" in str(refused.value) or "know" in str(refused.value)


@contextmanager
def own_witness(key: Verifier) -> Iterator[tuple[str, MemoryState]]:
    state = MemoryState(key)
    door = WitnessDoor(OwnWitness([KEY], state, lambda: NOW), ("127.0.0.1", 0))
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{door.server_address[1]}", state
    finally:
        door.shutdown()
        thread.join()
        door.server_close()


def test_our_witness_cosigns_tesseras_log_which_is_read_and_sound(
    built: Path, sumdb: Program, tmp_path: Path
) -> None:
    """Each run adds entries, and Tessera publishes nothing without the cosignature."""
    private, public = sumdb("key", "tessera.example/log").split()
    (tmp_path / "key").write_text(private)
    verifier = parse_vkey(public)
    with own_witness(verifier) as (url, state):
        (tmp_path / "policy").write_text(f"witness ours {KEY.vkey} {url}\nquorum ours\n")
        for first, last in ((0, 5), (5, 270)):
            _add(built, tmp_path, range(first, last))
            files = FileObjects(tmp_path / "log")
            signed = LogView(files, verifier).refresh()
            assert signed is not None
            assert signed.size == last
            assert open_note(signed.note, [KEY.verifier]).verified == (KEY.verifier,)
            report = fsck(files, verifier, keeps=False)
            assert ([str(problem) for problem in report.problems], report.entries) == ([], last)
    assert state.evidence == []


def _add(built: Path, folder: Path, numbers: range) -> None:
    batch = folder / f"batch-{numbers.start}"
    batch.mkdir()
    for number in numbers:
        (batch / f"{number:04}").write_text(f"entry {number}")
    with running(
        built / "posix-oneshot",
        *("-storage_dir", folder / "log", "-entries", batch / "*", "-private_key", folder / "key"),
        *("-witness_policy_file", folder / "policy", "-witness_timeout", "20s"),
        log=folder / "tessera.log",
    ):
        deadline = time.monotonic() + 60
        note = folder / "log" / "checkpoint"
        while not note.is_file() or int(note.read_bytes().split(b"\n")[1]) < numbers.stop:
            assert time.monotonic() < deadline, (folder / "tessera.log").read_text()
            time.sleep(0.05)
