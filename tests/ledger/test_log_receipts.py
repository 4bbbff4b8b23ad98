"""Receipts that the log hands out: canonical, checkable by the other half of the library, the same for ever."""

from __future__ import annotations

import pytest

from ledger.checkpoint import open_checkpoint
from ledger.cose_receipt import verify_cose_receipt
from ledger.errors import Conflict, Malformed, StorageFailed
from ledger.hashing import leaf_hash
from ledger.log import Log
from ledger.proofs import verify_inclusion
from ledger.receipt import Opening, parse_bundle
from tests.ledger.logs import LOG_SIGNER, NOW, ORIGIN, RECEIPT_KEY, World, entries


@pytest.fixture
def world() -> World:
    world = World()
    log = world.create(entries(0, 2))
    for stop in (5, 255, 256, 257, 600):
        log.append(entries(log.size, stop))
        log.publish(NOW + stop)
    return world


def test_a_receipt_verifies_under_the_first_covering_checkpoint(world: World) -> None:
    log = world.load()
    sizes = {0: 5, 4: 5, 5: 255, 254: 255, 255: 256, 256: 257, 257: 600, 599: 600}
    for index, size in sizes.items():
        bundle = parse_bundle(log.receipt(index))
        checkpoint = open_checkpoint(bundle.checkpoint, LOG_SIGNER.verifier)
        assert checkpoint.size == size
        assert bundle.statement == entries(index, index + 1)[0]
        hash_ = leaf_hash(bundle.statement)
        verify_inclusion(hash_, index, size, bundle.path, checkpoint.root)
        assert verify_cose_receipt(bundle.cose_receipt, hash_, RECEIPT_KEY.public) == checkpoint.root


def test_supporting_entries_stand_under_the_same_checkpoint(world: World) -> None:
    opening = Opening("terms", bytes(32), b"{}")
    bundle = parse_bundle(world.load().receipt(300, supporting=(4, 0), openings=(opening,)))
    checkpoint = open_checkpoint(bundle.checkpoint, LOG_SIGNER.verifier)
    assert checkpoint.size == 600
    assert [each.index for each in bundle.supporting] == [4, 0]
    for each in bundle.supporting:
        assert each.entry == entries(each.index, each.index + 1)[0]
        verify_inclusion(leaf_hash(each.entry), each.index, 600, each.path, checkpoint.root)
    assert bundle.openings == (opening,)


def test_receipts_stay_the_same_while_the_log_grows(world: World) -> None:
    log = world.load()
    before = {index: log.receipt(index, supporting=(0,)) for index in range(0, 600, 7)}
    log.append(entries(600, 66_000))
    log.publish(NOW + 1000)
    reader = Log.open_reader(ORIGIN, world.objects, LOG_SIGNER.verifier)
    assert {index: log.receipt(index, supporting=(0,)) for index in before} == before
    assert {index: reader.receipt(index, supporting=(0,)) for index in before} == before


def test_an_entry_that_is_not_published_has_no_receipt(world: World) -> None:
    log = world.load()
    (index,) = log.append([b"fresh"])
    with pytest.raises(Conflict, match="not published yet"):
        log.receipt(index)
    with pytest.raises(Malformed):
        log.receipt(-1)
    log.publish(NOW + 2000)
    assert parse_bundle(log.receipt(index)).statement == b"fresh"


@pytest.mark.parametrize("path", ["tile/entries/001", "tile/0/001"])
def test_no_receipt_is_made_of_damaged_files(world: World, path: str) -> None:
    data = bytearray(world.objects.stored[path])
    data[44 * 32 + 5 if path == "tile/0/001" else 44 * 22 + 5] ^= 1
    world.objects.stored[path] = bytes(data)
    reader = Log.open_reader(ORIGIN, world.objects, LOG_SIGNER.verifier)
    with pytest.raises(StorageFailed, match="Run fsck"):
        reader.receipt(300 if "entries" in path else 301)


def test_a_reader_without_a_key_reads_the_same(world: World) -> None:
    trusting = Log.open_reader(ORIGIN, world.objects)
    checking = Log.open_reader(ORIGIN, world.objects, LOG_SIGNER.verifier)
    assert trusting.receipt(5) == checking.receipt(5)
