"""The client's download over a wire that breaks and lies: resumed, checked, and never a wrong byte kept."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ledger.manifest import CHUNK_SIZE, FileRow, Manifest, parse_manifest
from market.client.downloading import PART, RESUMES, download_file, download_files
from market.client.errors import Corrupt, Interrupted, Problem, Unreachable
from market.client.transport import Transport
from tests.market.delivery.conftest import Deal, build_delivery_shop, deal, revoke, served
from tests.market.delivery.faulty_wire import Wire, faulty_wire

BIG = random.Random(7).randbytes(5 * CHUNK_SIZE + 12_345)
SMALL = b"port,teu\nQinzhou,5\n"
FILES = {"data/big.bin": BIG, "small.csv": SMALL, "empty.txt": b""}


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deal, str]]:
    folder = tmp_path_factory.mktemp("download")
    shop = build_delivery_shop(f"sqlite:///{folder}/market.db", folder)
    one = deal(shop, FILES)
    with served(shop) as base:
        yield one, base
    shop.db.close()


@pytest.fixture
def wire(market: tuple[Deal, str]) -> Iterator[Wire]:
    with faulty_wire(market[1]) as made:
        yield made


@pytest.fixture(params=["socket", "given client"])
def api(request: pytest.FixtureRequest, wire: Wire) -> Iterator[Transport]:
    """By the socket itself, and by a client that the program brings."""
    given = httpx.Client(base_url=wire.address, timeout=60) if request.param == "given client" else None
    transport = Transport(wire.address, "buyer", http=given)
    yield transport
    transport.close()


def manifest_of(market: tuple[Deal, str]) -> Manifest:
    version = market[0].version["id"]
    headers = {"Authorization": "Bearer buyer"}
    return parse_manifest(
        httpx.get(f"{market[1]}/api/v1/versions/{version}/manifest", headers=headers).content
    )


def big_row(market: tuple[Deal, str]) -> FileRow:
    return next(row for row in manifest_of(market).rows if row.path == "data/big.bin")


def test_every_file_comes_whole(market: tuple[Deal, str], api: Transport, tmp_path: Path) -> None:
    count = download_files(api, market[0].version["id"], manifest_of(market), tmp_path)
    assert count == sum(map(len, FILES.values()))
    for path, data in FILES.items():
        assert (tmp_path / path).read_bytes() == data
    assert not list(tmp_path.rglob(f"*{PART}"))


@pytest.mark.parametrize("round_", range(6))
def test_a_download_cut_at_any_byte_goes_on_where_it_stopped(
    market: tuple[Deal, str], api: Transport, wire: Wire, tmp_path: Path, rng: random.Random, round_: int
) -> None:
    wire.cuts = [rng.randrange(100, len(BIG)) for _ in range(RESUMES - 1)]
    target = download_file(api, market[0].version["id"], big_row(market), tmp_path)
    assert target.read_bytes() == BIG
    assert len(wire.cuts) < RESUMES - 1


def test_what_was_checked_is_kept_for_the_next_run(
    market: tuple[Deal, str], api: Transport, wire: Wire, tmp_path: Path
) -> None:
    cut = 2 * CHUNK_SIZE + 100_000
    wire.cuts = [cut] + [40_000] * (RESUMES - 1)
    with pytest.raises(Interrupted):
        download_file(api, market[0].version["id"], big_row(market), tmp_path)
    part = tmp_path / f"data/big.bin{PART}"
    assert part.read_bytes() == BIG[: 2 * CHUNK_SIZE]
    assert not (tmp_path / "data/big.bin").exists()
    wire.carried = 0
    download_file(api, market[0].version["id"], big_row(market), tmp_path)
    assert (tmp_path / "data/big.bin").read_bytes() == BIG
    assert len(BIG) - 2 * CHUNK_SIZE <= wire.carried < len(BIG) - CHUNK_SIZE


def test_bytes_that_somebody_put_into_the_part_are_fetched_again(
    market: tuple[Deal, str], api: Transport, tmp_path: Path
) -> None:
    part = tmp_path / f"data/big.bin{PART}"
    part.parent.mkdir()
    forged = bytearray(BIG)
    forged[CHUNK_SIZE + 5] ^= 1
    part.write_bytes(forged + b"and more")
    assert download_file(api, market[0].version["id"], big_row(market), tmp_path).read_bytes() == BIG


@pytest.mark.parametrize("round_", range(4))
def test_a_byte_changed_on_the_way_is_never_kept(
    market: tuple[Deal, str], api: Transport, wire: Wire, tmp_path: Path, rng: random.Random, round_: int
) -> None:
    wire.flip = rng.randrange(2_000, len(BIG))
    with pytest.raises(Corrupt):
        download_file(api, market[0].version["id"], big_row(market), tmp_path)
    kept = (tmp_path / f"data/big.bin{PART}").read_bytes()
    assert not (tmp_path / "data/big.bin").exists()
    assert kept == BIG[: len(kept)]
    assert len(kept) <= wire.flip // CHUNK_SIZE * CHUNK_SIZE
    wire.flip = None
    assert download_file(api, market[0].version["id"], big_row(market), tmp_path).read_bytes() == BIG


def test_a_small_file_that_differs_is_not_kept(
    market: tuple[Deal, str], api: Transport, tmp_path: Path
) -> None:
    row = next(row for row in manifest_of(market).rows if row.path == "small.csv")
    other = FileRow(row.path, row.size, bytes(32), row.media_type)
    with pytest.raises(Corrupt):
        download_file(api, market[0].version["id"], other, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_not_taken_for_a_bad_network(
    market: tuple[Deal, str], api: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("market.client.downloading._write_all", full)
    with pytest.raises(OSError, match="No space left"):
        download_file(api, market[0].version["id"], big_row(market), tmp_path)


def test_a_refusal_is_told_as_the_server_says_it(
    market: tuple[Deal, str], wire: Wire, tmp_path: Path
) -> None:
    one = market[0]
    one.shop.org("stranger")
    stranger = Transport(wire.address, "stranger")
    with pytest.raises(Problem) as told:
        download_file(stranger, one.version["id"], big_row(market), tmp_path)
    assert (told.value.status, told.value.slug) == (403, "licence-needed")
    stranger.close()


def test_a_licence_that_ends_while_bytes_come_stops_the_download(tmp_path: Path) -> None:
    shop = build_delivery_shop(f"sqlite:///{tmp_path}/market.db", tmp_path)
    one = deal(shop, FILES)
    with served(shop) as base:
        row = big_row((one, base))
        api = Transport(base, "buyer")

        class Watcher:
            def begin(self, what: str, total: int) -> None: ...

            def advance(self, done: int) -> None:
                if done and not revoked:
                    revoked.append(done)
                    revoke(one)
                    raise Unreachable("cut")

            def end(self) -> None: ...

        revoked: list[int] = []
        with pytest.raises(Problem) as told:
            download_file(api, one.version["id"], row, tmp_path / "out", Watcher())
        api.close()
    assert told.value.slug == "licence-revoked"
    shop.db.close()
