"""Logs travel both ways between the ledger and golang.org/x/mod/sumdb, the packages of Go's checksum database."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import pytest

from ledger.cli import main
from ledger.fsck import fsck
from ledger.keys import SigningKey
from ledger.note import NoteSigner, parse_vkey
from ledger.policy import Policy, TrustedLog, format_policy
from ledger.reader import LogView
from ledger.stores.files import FileObjects
from tests.peers.conftest import Program, Refused
from tests.peers.worlds import own_log

# One worker builds the program that they share.
pytestmark = pytest.mark.xdist_group("peers")

SIZES = (3, 255, 256, 257, 515)


def test_go_proves_every_entry_and_every_earlier_tree_of_our_log(sumdb: Program, tmp_path: Path) -> None:
    made = own_log(tmp_path, *SIZES)
    said = sumdb("read", made.files, made.market.log_signer.vkey)
    size, root = said.split()
    assert int(size) == SIZES[-1]
    published = made.log.published
    assert published is not None
    assert base64.b64decode(root) == published.root
    made.log.close()


@pytest.mark.parametrize("path", ["tile/0/001", "tile/entries/000", "tile/1/000.p/2", "checkpoint"])
def test_go_names_what_was_changed_in_our_log(path: str, sumdb: Program, tmp_path: Path) -> None:
    made = own_log(tmp_path, *SIZES)
    made.log.close()
    copy = tmp_path / "copy"
    shutil.copytree(made.files, copy)
    data = (copy / path).read_bytes()
    (copy / path).chmod(0o644)
    (copy / path).write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
    with pytest.raises(Refused):
        sumdb("read", copy, made.market.log_signer.vkey)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600])
def test_a_log_that_go_wrote_is_read_and_sound(size: int, sumdb: Program, tmp_path: Path) -> None:
    vkey = sumdb("write", tmp_path / "log", "go.example/log", size).strip()
    files = FileObjects(tmp_path / "log")
    view = LogView(files, parse_vkey(vkey))
    signed = view.refresh()
    assert signed is not None
    assert signed.size == size
    for index in (0, size // 2, size - 1):
        entry, path = view.prove(index, signed)
        assert entry == b"entry %d" % index
        assert len(path) <= size.bit_length()
    report = fsck(files, parse_vkey(vkey), keeps=False)
    assert [str(problem) for problem in report.problems] == []
    assert report.entries == size


def test_a_log_that_go_wrote_is_monitored(
    sumdb: Program, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, trust = tmp_path / "log", tmp_path / "trust.policy"
    vkey = sumdb("write", folder, "go.example/log", 300).strip()
    trust.write_bytes(format_policy(Policy((TrustedLog(parse_vkey(vkey)),))))
    asked = ["monitor", str(folder), "--trust", str(trust), "--state", str(tmp_path / "state"), "--once"]
    main(asked)
    assert "from its state of 300 entries on" in capfd.readouterr().out
    main(["fsck", str(folder), "--trust", str(trust), "--plain"])
    assert "go.example/log is sound: 300 entries" in capfd.readouterr().out


def test_a_key_that_go_made_is_the_same_key_here(sumdb: Program) -> None:
    private, public = sumdb("key", "go.example/key").split()
    _, _, name, key_id, encoded = private.split("+", 4)
    data = base64.b64decode(encoded)
    signer = NoteSigner(name, SigningKey.from_seed(data[1:]))
    assert (data[0], signer.vkey) == (1, public)
    assert signer.verifier.key_id.hex() == key_id
