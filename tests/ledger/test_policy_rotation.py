"""A log goes over to another key: both sign, an entry that both have signed says so, and old receipts stay good."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.cli import main
from ledger.errors import Malformed, Unverified
from ledger.fsck import fsck
from ledger.keyfile import write_key_file
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import COSIGNATURE_ED25519, Note, NoteSigner, format_note, open_note, parse_note
from ledger.policy import parse_policy
from ledger.receipt import parse_bundle
from ledger.rotation import Rotation, open_rotation, sign_rotation
from ledger.signer import Signer
from ledger.stores.files import FileObjects
from tests.ledger.logs import COSIGNER, LOG_SIGNER, NOW, ORIGIN, RECEIPT_KEY, World, entries

OLD, NEW, OTHER = (NoteSigner("log.example/r", SigningKey.from_seed(bytes([n]) * 32)) for n in (71, 72, 73))
ENTRY = sign_rotation(OLD, NEW)
seeds = st.binary(min_size=32, max_size=32)


@given(seeds, seeds, st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30))
def test_rotations_read_back(one: bytes, another: bytes, origin: str) -> None:
    old, new = (NoteSigner(origin, SigningKey.from_seed(seed)) for seed in (one, another))
    if one == another:
        with pytest.raises(Malformed):
            sign_rotation(old, new)
        return
    assert open_rotation(sign_rotation(old, new)) == Rotation(old.verifier, new.verifier)


def signed(text: str, *signers: NoteSigner) -> bytes:
    return format_note(Note(text, tuple(signer.sign(text) for signer in signers)))


TEXT = parse_note(ENTRY).text


@pytest.mark.parametrize("signers", [(OLD,), (NEW,), (OTHER,), (OLD, OTHER), (OLD, OLD)])
def test_a_rotation_needs_both_keys(signers: tuple[NoteSigner, ...]) -> None:
    with pytest.raises(Unverified):
        open_rotation(signed(TEXT, *signers))


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("/v1", "/v2"),
        TEXT.replace("\nlog.example/r\n", "\nlog.example/q\n"),
        TEXT + "more\n",
        TEXT.replace("\nlog.example/r\n", "\n"),
        TEXT.replace(OLD.vkey, NEW.vkey),
        TEXT.replace(NEW.vkey, NoteSigner("log.example/q", SigningKey.from_seed(bytes(32))).vkey),
        TEXT.replace(
            NEW.vkey, NoteSigner(OLD.name, SigningKey.from_seed(bytes(32)), COSIGNATURE_ED25519).vkey
        ),
        TEXT.replace(NEW.vkey, NEW.vkey[:-4]),
    ],
)
def test_other_texts_are_no_rotations(text: str) -> None:
    with pytest.raises((Malformed, Unverified)):
        open_rotation(signed(text, OLD, NEW))


@given(st.binary(max_size=80))
def test_any_bytes_are_no_rotation_in_words(entry: bytes) -> None:
    with pytest.raises((Malformed, Unverified)):
        open_rotation(entry)


NEXT = NoteSigner(ORIGIN, SigningKey.from_seed(bytes([74]) * 32))


def load(world: World, signer: Signer) -> Log:
    return Log.load(ORIGIN, world.objects, world.lock, signer)


def test_a_log_keeps_its_name_and_every_receipt_over_a_rotation() -> None:
    world = World()
    log = world.create(entries(0, 2))
    log.publish(NOW)
    before = log.receipt(1)
    log.close()
    both = Signer(world.state, LOG_SIGNER, COSIGNER, RECEIPT_KEY, also=[NEXT])
    log = load(world, both)
    log.append(entries(2, 5))
    note = log.publish(NOW).note
    assert open_note(note, [LOG_SIGNER.verifier, NEXT.verifier]).verified == (
        LOG_SIGNER.verifier,
        NEXT.verifier,
    )
    log.close()
    alone = Signer(world.state, NEXT, COSIGNER, RECEIPT_KEY, retired=[LOG_SIGNER.verifier])
    log = load(world, alone)
    log.append(entries(5, 9))
    assert open_note(log.publish(NOW).note, [NEXT.verifier]).verified == (NEXT.verifier,)
    assert log.receipt(1) == before
    keys = (NEXT.verifier, LOG_SIGNER.verifier)
    assert Log.open_reader(ORIGIN, world.objects, *keys).receipt(1) == before
    assert fsck(world.objects, keys[0], retired=keys[1:], cosigner=COSIGNER.verifier).problems == ()
    assert fsck(world.objects, keys[0]).problems != ()


def test_keys_of_another_log_do_not_sign_along() -> None:
    for options in ({"also": [OLD]}, {"retired": [OLD.verifier]}):
        with pytest.raises(Malformed, match="another log"):
            Signer(World().state, LOG_SIGNER, COSIGNER, RECEIPT_KEY, **options)  # type: ignore[arg-type]


def test_from_the_command_line(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    for number in range(3):
        (tmp_path / str(number)).write_text(f"entry {number}")
    log = tmp_path / "log"

    def said(*arguments: str, status: int = 0) -> bytes:
        capsysbinary.readouterr()
        assert main([arguments[0], str(log), *arguments[1:]]) == status
        return capsysbinary.readouterr().out

    assert (
        main(["create", str(log), "--origin", "ledger.example/r", str(tmp_path / "0"), str(tmp_path / "1")])
        == 0
    )
    before = said("receipt", "1")
    said("rotate", "--finish", status=4)
    # As after a crash that left a key and nothing else.
    write_key_file(log / "keys" / "log-next.key", SigningKey.generate(), label="next")
    said("rotate", "--finish", status=4)
    said("rotate")
    said("rotate", status=4)
    objects = FileObjects(log / "log")
    old, new = (each.verifier for each in parse_policy((log / "trust.policy").read_bytes()).logs)
    assert len(open_note(objects.read("checkpoint") or b"", [old, new]).verified) == 2
    assert open_rotation(parse_bundle(said("receipt", "2")).statement) == Rotation(old, new)
    said("append", str(tmp_path / "2"))
    said("publish")
    said("rotate", "--finish")
    assert [each.verifier for each in parse_policy((log / "trust.policy").read_bytes()).logs] == [new, old]
    assert (log / "keys" / f"log-{old.key_id.hex()}.key").exists()
    said("append", str(tmp_path / "0"))
    said("publish")
    assert open_note(objects.read("checkpoint") or b"", [new]).verified == (new,)
    assert said("receipt", "1") == before
    said("fsck", "--quiet")
    said("rotate")
    said("rotate", "--finish")
    said("fsck", "--quiet")
