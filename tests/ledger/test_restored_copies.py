"""A store that was restored from an old or foreign copy: the log refuses, says who knows more, signs nothing."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.checkpoint import Checkpoint
from ledger.errors import Conflict, StorageFailed, Unverified
from ledger.head import format_head, parse_head
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import NoteSigner
from ledger.signer import MAX_CLAIM, FileSignerState, Signer
from tests.ledger.logs import COSIGNER, NOW, ORIGIN, RECEIPT_KEY, World, entries, make_signer, naive_root


def grown(world: World, stop: int) -> Log:
    log = world.load() if world.lock.record else world.create(entries(0, 2))
    log.append(entries(log.size, stop))
    log.publish(NOW + stop)
    return log


def refusal(world: World) -> str:
    """The words of the refusal, after checking that nothing at all was written."""
    before = deepcopy((world.objects.stored, world.lock.record, world.state.record))
    with pytest.raises(StorageFailed) as caught:
        world.load()
    assert (world.objects.stored, world.lock.record, world.state.record) == before
    return str(caught.value)


def test_an_old_lock_store_is_behind_the_signer() -> None:
    world = World()
    grown(world, 5)
    old = world.lock.record
    grown(world, 9)
    world.lock.record = old
    words = refusal(world)
    assert "The signer" in words
    assert "knows 9 entries, the lock store only 5" in words
    assert "Restore the lock store and the object store" in words


def test_an_old_lock_store_and_signer_are_behind_the_published_checkpoint() -> None:
    world = World()
    grown(world, 5)
    lock, state = world.lock.record, world.state.record
    grown(world, 9)
    world.lock.record, world.state.record = lock, state
    words = refusal(world)
    assert "The published checkpoint" in words
    assert "knows 9 entries, the lock store only 5" in words


@pytest.mark.parametrize("left", ["old", "nothing"])
def test_an_old_signer_state_is_behind_the_published_checkpoint(left: str) -> None:
    world = World()
    grown(world, 5)
    old = world.state.record
    grown(world, 9)
    world.state.record = old if left == "old" else None
    words = refusal(world)
    assert "Restore the signer's state" in words
    assert ("only 5 entries" if left == "old" else "nothing") in words


def test_old_objects_are_behind_the_lock_store() -> None:
    world = World()
    grown(world, 5)
    old = dict(world.objects.stored)
    grown(world, 300)
    world.objects.stored = old
    with pytest.raises(StorageFailed, match="does not hold the 300 entries that the lock store names"):
        world.load()
    assert world.objects.stored == old


def test_everything_restored_but_the_signer() -> None:
    """The copy off the machine is what notices a machine that was put back as a whole."""
    world = World()
    grown(world, 5)
    objects, lock = dict(world.objects.stored), world.lock.record
    grown(world, 9)
    world.objects.stored, world.lock.record = objects, lock
    assert "The signer" in refusal(world)


def test_another_tree_of_the_same_size() -> None:
    world, other = World(), World()
    grown(world, 5)
    log = other.create(entries(0, 2))
    log.append([b"something else"] * 3)
    log.publish(NOW)
    world.lock.record, world.objects.stored = other.lock.record, other.objects.stored
    assert "knows another tree of 5 entries" in refusal(world)


def test_a_forked_continuation_is_noticed_before_it_is_signed() -> None:
    world, other = World(), World()
    grown(world, 5)
    log = other.create(entries(0, 2))
    log.append([b"something else"] * 7)
    world.lock.record, world.objects.stored = other.lock.record, other.objects.stored
    signed = world.signer().last()
    with pytest.raises(StorageFailed, match=r"The first 5 entries .* are not those that were signed"):
        world.load()
    assert world.signer().last() == signed


@pytest.mark.parametrize("left", ["an old one", "none"])
def test_a_lost_published_checkpoint_is_put_back(left: str) -> None:
    world = World()
    grown(world, 5)
    grown(world, 9)
    expected = dict(world.objects.stored)
    if left == "none":
        del world.objects.stored["checkpoint"]
    else:
        world.objects.stored["checkpoint"] = world.objects.stored["checkpoints/5"]
    assert world.load().size == 9
    assert world.objects.stored == expected


def test_lost_checkpoints_are_not_guessed() -> None:
    """Which were published before decides about receipts, so a gap there is for people to fill."""
    world = World()
    grown(world, 5)
    grown(world, 9)
    for path in ("checkpoint", "checkpoints/9", "checkpoints/9.cose", "checkpoints/9.links"):
        del world.objects.stored[path]
    with pytest.raises(StorageFailed, match="restore it as a copy"):
        world.load()


def test_a_lost_entry_bundle_is_noticed_at_load() -> None:
    world = World()
    grown(world, 300)
    del world.objects.stored["tile/entries/001.p/44"]
    with pytest.raises(StorageFailed, match=r"tile/entries/001\.p/44 is missing"):
        world.load()


def test_a_foreign_checkpoint_is_noticed_at_load() -> None:
    world = World()
    grown(world, 5)
    stranger = NoteSigner(ORIGIN, SigningKey.from_seed(bytes(32)))
    with pytest.raises(Unverified):
        Log.load(ORIGIN, world.objects, world.lock, Signer(world.state, stranger, COSIGNER, RECEIPT_KEY))


@pytest.fixture
def signer() -> Signer:
    return World().signer()


def head(size: int, data: Callable[[int, int], list[bytes]] = entries) -> Checkpoint:
    return Checkpoint(ORIGIN, size, naive_root(data(0, size)))


def path(old: int, new: int) -> list[bytes]:
    return World().create(entries(0, new)).consistency(old, new)


def test_the_signer_repeats_itself(signer: Signer) -> None:
    first = signer.sign(head(5), NOW, 1, [])
    assert signer.sign(head(5), NOW + 100, 1, []) == first
    assert signer.last() == first
    assert signer.sign(head(9), NOW, 1, path(5, 9)).checkpoint == head(9)


def test_the_signer_refuses_to_go_back(signer: Signer) -> None:
    signer.sign(head(5), NOW, 1, [])
    with pytest.raises(Conflict, match="has signed 5 entries"):
        signer.sign(head(4), NOW, 1, [])


def test_the_signer_refuses_a_fork(signer: Signer) -> None:
    first = signer.sign(head(5), NOW, 1, [])
    with pytest.raises(Conflict, match="another root"):
        signer.sign(Checkpoint(ORIGIN, 5, bytes(32)), NOW, 1, [])
    assert signer.last() == first


def test_the_signer_signs_a_larger_tree_only_if_it_continues_the_last_one(signer: Signer) -> None:
    first = signer.sign(head(5), NOW, 1, [])
    other = Checkpoint(ORIGIN, 9, naive_root([b"another history"] * 9))
    for asked, proof in (
        (other, path(5, 9)),
        (head(9), []),
        (head(9), path(4, 9)),
        (head(9), path(5, 9)[:-1]),
        (head(9), [b"short"]),
        (head(10), path(5, 9)),
    ):
        with pytest.raises(Conflict, match="nothing shows that the log of"):
            signer.sign(asked, NOW, 1, proof)
    assert signer.last() == first


def test_the_signer_signs_for_one_log(signer: Signer) -> None:
    with pytest.raises(Conflict, match="signs for"):
        signer.sign(Checkpoint("other.example", 5, bytes(32)), NOW, 1, [])
    assert signer.last() is None


def test_the_signer_serves_the_latest_owner_only(signer: Signer) -> None:
    first = signer.sign(head(5), NOW, 3, [])
    assert signer.epoch() == 3
    signer.claim(4)
    with pytest.raises(Conflict, match="epoch 4 and no longer that of epoch 3"):
        signer.sign(head(9), NOW, 3, path(5, 9))
    with pytest.raises(Conflict, match="taken over"):
        signer.sign(head(5), NOW, 3, [])
    with pytest.raises(Conflict, match="taken over"):
        signer.claim(3)
    assert (signer.epoch(), signer.last()) == (4, first)
    assert signer.sign(head(9), NOW, 4, path(5, 9)).checkpoint == head(9)


def test_nobody_claims_the_last_epoch_there_is(signer: Signer) -> None:
    signer.claim(7)
    for epoch in (7 + MAX_CLAIM + 1, 2**63 - 1):
        with pytest.raises(Conflict, match="newest copy of the signer's state"):
            signer.claim(epoch)
        with pytest.raises(Conflict, match="newest copy of the signer's state"):
            signer.sign(head(5), NOW, epoch, [])
    assert (signer.epoch(), signer.last()) == (7, None)
    signer.claim(7 + MAX_CLAIM)
    signer.claim(7 + MAX_CLAIM + 1)


@pytest.mark.parametrize("ahead", [0, 1, MAX_CLAIM - 2, MAX_CLAIM - 1, MAX_CLAIM, 2**63 - 9])
def test_an_epoch_that_somebody_wrote_into_the_lock_store_locks_nobody_out(ahead: int) -> None:
    world = World()
    grown(world, 5)
    assert world.lock.record is not None
    written = replace(parse_head(world.lock.record), epoch=world.signer().epoch() + ahead)
    world.lock.swap(world.lock.record, format_head(written))
    for stop in (7, 9):
        log = world.load()
        log.append(entries(log.size, stop))
        assert log.publish(NOW).size == stop


def test_a_signer_reads_the_state_of_the_time_before_epochs() -> None:
    world = World()
    first = world.signer().sign(head(5), NOW, 0, [])
    assert world.state.record is not None
    world.state.record = world.state.record.partition(b"\n0\n")[2]
    assert world.state.record.startswith(b"datawharf/signer-state/v1\n")
    assert (world.signer().epoch(), world.signer().last()) == (0, first)
    world.signer().claim(1)
    assert (world.signer().epoch(), world.signer().last()) == (1, first)


@pytest.mark.parametrize("outcome", ["lost", "persisted"])
def test_no_signature_leaves_before_the_state_is_durable(outcome: str) -> None:
    world = World()
    signer = world.signer()
    world.faults.plan(1, outcome)  # type: ignore[arg-type]
    with pytest.raises(StorageFailed):
        signer.sign(head(5), NOW, 1, [])
    assert (signer.last() is None) == (outcome == "lost")
    assert signer.sign(head(5), NOW, 1, []) == world.signer().last()


def test_a_signer_makes_the_folder_of_its_state(tmp_path: Path) -> None:
    signer = make_signer(FileSignerState(tmp_path / "signer" / "state"))
    signer.claim(1)
    assert signer.epoch() == 1
