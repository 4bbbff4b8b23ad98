"""Many entries at once: the same proofs as one by one, and none from files that do not lead to the root."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Malformed, StorageFailed
from ledger.indexer.entries import locate
from ledger.indexer.prove import prove_history
from ledger.log import Log
from ledger.proofs import Located
from ledger.reader import LogReader
from tests.ledger.index.worlds import Indexed, asset, genesis, statement
from tests.ledger.logs import LOG_SIGNER, NOW, ORIGIN, World, entries

SIZES = [1, 5, 255, 256, 257, 600, 1024]


@pytest.fixture(scope="module")
def world() -> World:
    """A log published at each of the sizes."""
    world = World()
    log = world.create()
    for size in SIZES:
        log.append(entries(log.size, size))
        log.publish(NOW)
    log.close()
    return world


def located(world: World, indices: Sequence[int], size: int) -> list[Located]:
    reader = Log.open_reader(ORIGIN, world.objects)
    return list(locate(reader, indices, reader.checkpoint_at(size)))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(SIZES), st.data())
def test_entries_are_located_as_one_by_one(world: World, size: int, data: st.DataObject) -> None:
    indices = sorted(data.draw(st.sets(st.integers(0, size - 1), max_size=40)))
    reader = Log.open_reader(ORIGIN, world.objects)
    under = reader.checkpoint_at(size)
    expected = []
    for index in indices:
        entry, path = reader.prove(index, under)
        expected.append(Located(entry, index, tuple(path)))
    assert located(world, indices, size) == expected


@pytest.mark.parametrize("size", [600, 1024])
@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("tile/entries/001", 40),  # an entry
        ("tile/0/001", 32 * 3),  # the hash of one that is asked for
        ("tile/0/001", 32 * 200),  # the hash of another in the same tile
        ("tile/1/000.p/4", 0),  # the hash of another tile
    ],
)
def test_damaged_files_give_no_proof(world: World, size: int, path: str, place: int) -> None:
    damaged = World()
    damaged.objects.stored.update(world.objects.stored)
    data = bytearray(damaged.objects.stored[path])
    data[place] ^= 1
    damaged.objects.stored[path] = bytes(data)
    with pytest.raises(StorageFailed, match="fsck"):
        located(damaged, [257, 258, 259], size)


def test_no_more_of_the_log_is_read_than_a_history_may_have() -> None:
    """Whoever asks for a key that millions of entries have does not get them all into memory to be refused then."""
    world = Indexed(genesis())
    world.publish(*(statement(1, number=number) for number in range(600)))
    world.follow()
    bundles: list[str] = []

    class Watched:
        def read(self, path: str) -> bytes | None:
            if path.startswith("tile/entries/"):
                bundles.append(path)
            return world.log_world.objects.read(path)

    reader = LogReader(ORIGIN, Watched(), LOG_SIGNER.verifier)
    with pytest.raises(Malformed, match="more than 65536 bytes"):
        prove_history(asset(1), reader, world.index_reader(), world.map, most=1 << 16)
    assert bundles == ["tile/entries/000"]
    assert prove_history(asset(1), reader, world.index_reader(), world.map, most=1 << 20) == world.prove(
        asset(1)
    )
    world.map.close()
