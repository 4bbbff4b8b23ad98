"""What the compose file starts, run as plain processes on a real PostgreSQL and a real S3 server."""

from __future__ import annotations

import random
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ledger.check import check_bundle
from ledger.checkpoint import parse_checkpoint
from ledger.index.check import check_history
from ledger.index.history import parse_history
from ledger.index.withdrawal import key_of_signer
from ledger.keys import SigningKey
from ledger.manifest import parse_manifest
from ledger.note import parse_note
from ledger.policy import parse_policy
from ledger.receipt import parse_bundle
from market.accounts import service as accounts
from market.client.cli.provide import EXAMPLE
from market.client.sdk import Datawharf
from market.config import load_settings
from market.kit.auth import system
from market.kit.clock import SystemClock
from market.kit.db import Database
from market.kit.texts import LocalText
from market.signers import LOG_KEYS
from tests.docker import processes
from tests.docker.processes import Fleet
from tests.docker.proxy import proxy
from tests.docker.s3_server import BUCKET, S3, s3_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
PASSWORD = "a password of the provider"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def fleet(request: pytest.FixtureRequest, tmp_path: Path, postgresql_url: str, s3: S3) -> Iterator[Fleet]:
    home = tmp_path / "home"
    said = processes.init(home, postgresql_url, s3, tmp_path / "secrets", request.node.name)
    assert "password as given" in said
    _found_zone(home)
    with processes.fleet(home) as running:
        yield running


def _found_zone(home: Path) -> None:
    settings = load_settings(home)
    db = Database(settings.database)
    with db.writing() as session:
        accounts.found_zone(
            session,
            actor=system("test"),
            adcode="450700",
            name=LocalText(zh="钦州数据专区", en="Qinzhou data zone"),
            origin=settings.origin,
            now=SystemClock().now(),
        )
    db.close()


def _become_provider(market: Datawharf) -> str:
    """Sign up and log in; the API key."""
    organisation = {"name": {"zh": "北部湾港", "en": "Beibu Gulf Port"}, "zone": "450700"}
    market.sign_up(email="port@example.org", password=PASSWORD, name="Wei", organisation=organisation)
    key: str = market.log_in("port@example.org", PASSWORD)["key"]
    market.register_key(SigningKey.generate())
    return key


def test_what_one_server_takes_another_proves(fleet: Fleet, tmp_path: Path) -> None:
    """Registered through the first server, recorded by the worker, read and verified through the second."""
    data = tmp_path / "calls.csv"
    data.write_bytes(b"ship,arrived\n" + b"Haian,2026-11-01\n" * 1000)
    with Datawharf(fleet.apps[0]) as first:
        api_key = _become_provider(first)
        version = first.register([data], version="1.0.0", metadata=EXAMPLE)
    leaf = str(version["leaf"])
    with Datawharf(fleet.apps[1], api_key) as second:
        receipt = second.receipt(leaf)
        seen = second.version(version["id"])
        manifest = second.api.get_bytes(f"/api/v1/versions/{version['id']}/manifest")
    assert [file["state"] for file in seen["files"]] == ["available"]
    report = check_bundle(
        receipt,
        parse_policy((fleet.home / "trust.policy").read_bytes()),
        manifest=parse_manifest(manifest),
        files={"calls.csv": data},
    )
    assert report.ok, [step.sentence("en") for step in report.steps]
    notes = {httpx.get(f"{app}/ledger/checkpoint").content for app in fleet.apps}
    assert len(notes) == 1


def test_every_server_proves_the_same_histories(fleet: Fleet, tmp_path: Path) -> None:
    """The servers never write, know no key of the index, and each has a folder of its own, as on machines apart."""
    (tmp_path / "calls.csv").write_bytes(b"ship,arrived\nHaian,2026-11-01\n")
    trust = parse_policy((fleet.home / "trust.policy").read_bytes())
    with Datawharf(fleet.apps[0]) as first, Datawharf(fleet.apps[1]) as second:
        _become_provider(first)
        version = first.register([tmp_path / "calls.csv"], version="1.0.0", metadata=EXAMPLE)
        receipt = first.receipt(str(version["leaf"]))
        signer = key_of_signer(receipt)
        for key in (f"asset:{version['asset_id']}", signer, "asset:none"):
            shown = second.history(key)
            size = covered(shown)
            assert first.history(key, at_least=size) == shown
            report = check_history(shown, trust, key=key, at_least=size)
            assert report.ok, [step.sentence("en") for step in report.steps]
        withdrawn = check_bundle(receipt, trust, history=second.history(signer)).step("key_not_revoked")
    assert withdrawn.outcome == "passed"
    assert covered(shown) > parse_bundle(receipt).index
    files = {
        f"{app}/ledger/index/v1/{path}" for app in fleet.apps for path in ("checkpoint", "tile/0/000.p/1")
    }
    assert {httpx.get(file).status_code for file in files} == {200}
    for name in ("app1", "app2", "worker"):
        assert (fleet.home.parent / f"{name}.scratch" / "index" / "map.sqlite").is_file()


def covered(history: bytes) -> int:
    """How many entries of the ledger a history is for."""
    return parse_checkpoint(parse_note(parse_history(history).checkpoint).text).size


def test_behind_the_proxy_bytes_arrive_and_tiles_are_kept(
    fleet: Fleet, tmp_path: Path, free_port: int, rng: random.Random
) -> None:
    (tmp_path / "data.bin").write_bytes(rng.randbytes(9_000_000))
    with proxy(tmp_path / "proxy", apps=fleet.apps, port=free_port) as address:
        processes.wait_until_it_answers(f"{address}/healthz", fleet.worker)
        with Datawharf(address) as market:
            api_key = _become_provider(market)
            version = market.register([tmp_path / "data.bin"], metadata=EXAMPLE)
            market.receipt(str(version["leaf"]))
        # Without a signing key: one does not acknowledge one's own data.
        with Datawharf(address, api_key) as market:
            received = market.download(version["asset_id"], tmp_path / "received", version_id=version["id"])
        assert received["bytes"] == 9_000_000
        assert (tmp_path / "received" / "data.bin").read_bytes() == (tmp_path / "data.bin").read_bytes()
        size = int(httpx.get(f"{address}/ledger/checkpoint").text.split("\n")[1])
        tiles = [httpx.get(f"{address}/ledger/tile/0/000.p/{size}") for _ in range(2)]
        assert [tile.headers["x-cache"] for tile in tiles] == ["MISS", "HIT"]
        assert all("immutable" in tile.headers["cache-control"] for tile in tiles)
        assert "x-cache" not in httpx.get(f"{address}/ledger/checkpoint").headers
        refused = httpx.get(f"{address}/healthz", headers={"Host": "elsewhere.example"})
        assert refused.status_code == 400
        too_large = httpx.post(f"{address}/api/v1/assets", content=bytes(3 << 20))
        assert too_large.status_code == 413


def test_the_log_key_changes_beside_running_processes(fleet: Fleet, tmp_path: Path) -> None:
    """They go on with the keys that they know until they are started again, and nothing that was taken is lost."""
    before = parse_policy((fleet.home / "trust.policy").read_bytes())
    with Datawharf(fleet.apps[0]) as market:
        _become_provider(market)
        leaves = []
        for number in range(2):
            (tmp_path / f"{number}.csv").write_text(f"ship\n{number}\n")
            leaves.append(market.register([tmp_path / f"{number}.csv"], metadata=EXAMPLE)["leaf"])
            market.receipt(leaves[-1])
            if number == 0:
                with processes.keys_in_reach(fleet.home):
                    said = processes.run("ledger", "rotate", "--home", str(fleet.home))
                assert "names the new key" in said
        both = parse_policy((fleet.home / "trust.policy").read_bytes())
        assert len(both.logs) == len(before.logs) + 1
        for leaf in leaves:
            assert all(check_bundle(market.receipt(leaf), policy).ok for policy in (before, both))


def test_the_worker_ends_when_it_is_told_and_work_waits_for_the_next(fleet: Fleet) -> None:
    fleet.worker.send_signal(signal.SIGTERM)
    assert fleet.worker.wait(60) == 0
    with Datawharf(fleet.apps[0]) as first:
        _become_provider(first)
    home = str(fleet.home)
    assert "ledger.record" in processes.run("jobs", "list", "--state", "queued", "--home", home)
    assert "waits for" in processes.run("jobs", "late", "--home", home)


def test_the_home_keeps_its_secrets_and_a_second_init_changes_nothing(
    tmp_path: Path, postgresql_url: str, s3: S3
) -> None:
    home, secrets = tmp_path / "home", tmp_path / "secrets"
    processes.init(home, postgresql_url, s3, secrets, "second")
    vault = processes.vault(home) / "keys"
    assert {path.name for path in (home / "keys").iterdir()} == {"platform.key", "secret"}
    assert {path.stem for path in vault.iterdir()} == set(LOG_KEYS)
    private = [home / "datawharf.toml", *(home / "keys").iterdir(), *vault.iterdir()]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in private)
    before = {path: path.read_bytes() for path in private}
    again = processes.run("init", "--if-missing", "--home", str(home))
    assert "nothing was changed" in again
    assert {path: path.read_bytes() for path in private} == before
    assert 'hosts = ["market.example", "127.0.0.1", "localhost"]' in (home / "datawharf.toml").read_text()
    with processes.signer(home):
        said = processes.run("doctor", "--home", str(home))
    assert "ok   the signer answers" in said
    assert "ok   the ledger" in said
    assert f"s3://{BUCKET}/second/ledger" in (home / "datawharf.toml").read_text()
