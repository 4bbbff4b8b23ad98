"""A log and its witnesses together: what is published is cosigned, and a fork or an old copy is found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ledger.checkpoint import Checkpoint, format_checkpoint
from ledger.cli import main
from ledger.errors import Conflict, StorageFailed, Unavailable
from ledger.keys import SigningKey
from ledger.log import Log
from ledger.note import NoteSigner, Verifier, open_note, parse_vkey, sign_note
from ledger.policy import Group, Policy, TrustedLog, Witness, format_policy, parse_policy
from ledger.reader import LogReader
from ledger.stores.files import FileObjects
from ledger.witness.client import WitnessClient
from ledger.witness.wire import Answer, format_tree_size, origin_hash
from ledger.witness.witness import Witness as WitnessServer
from tests.ledger.logs import LOG_SIGNER, NOW, ORIGIN, World, entries
from tests.ledger.test_witness_cli import served
from tests.ledger.test_witness_client import SIGNERS, url
from tests.ledger.witnesses import MemoryState

VERIFIERS = [signer.verifier for signer in SIGNERS[:3]]
POLICY = Policy(
    (TrustedLog(LOG_SIGNER.verifier),),
    tuple(Witness(f"w{n}", verifier, url(n)) for n, verifier in enumerate(VERIFIERS)),
    (Group("two", 2, ("w0", "w1", "w2")),),
    "two",
)


@dataclass
class Witnesses:
    """Three witnesses of the test log, each of which may be cut off."""

    cut: set[int] = field(default_factory=set)
    lies: dict[int, Answer] = field(default_factory=dict)
    shown: dict[int, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.servers = {
            f"{url(n)}/add-checkpoint": WitnessServer(
                [SIGNERS[n]], MemoryState(LOG_SIGNER.verifier), lambda: NOW
            )
            for n in range(3)
        }

    def post(self, url: str, body: bytes, timeout: float) -> Answer:
        number = list(self.servers).index(url)
        if number in self.cut:
            raise OSError("cut off")
        return self.lies.get(number) or self.servers[url].add_checkpoint(body)

    def get(self, url: str, timeout: float) -> Answer:
        prefix, hashed, verb = url.rsplit("/", 2)
        number = list(self.servers).index(f"{prefix}/add-checkpoint")
        if number in self.cut:
            raise OSError("cut off")
        assert (hashed, verb) == (origin_hash(ORIGIN), "checkpoint")
        return self.shown.get(number) or self.servers[f"{prefix}/add-checkpoint"].checkpoint(hashed)

    def client(self, world: World, *, required: bool = True, policy: Policy = POLICY) -> WitnessClient:
        return WitnessClient(
            policy, world.objects.read, self, required=required, seconds=1.0, pause=lambda seconds: None
        )


def load(world: World, witnesses: Witnesses, *, required: bool = True, policy: Policy = POLICY) -> Log:
    client = witnesses.client(world, required=required, policy=policy)
    return Log.load(ORIGIN, world.objects, world.lock, world.signer(), cosigners=client)


def seen(note: bytes) -> int:
    return len(open_note(note, [LOG_SIGNER.verifier, *VERIFIERS]).verified) - 1


def test_what_is_published_is_cosigned_by_all_who_answer() -> None:
    world, witnesses = World(), Witnesses()
    world.create(entries(0, 2)).close()
    log = load(world, witnesses)
    assert seen(log.publish(NOW).note) == 3
    for size, cut in ((255, {1}), (256, set()), (700, {2})):
        witnesses.cut = cut
        log.append(entries(log.size, size))
        assert seen(log.publish(NOW).note) == 3 - len(cut)
    receipt = LogReader(ORIGIN, world.objects, LOG_SIGNER.verifier)
    receipt.refresh()
    assert seen(receipt.checkpoint_covering(300).note) == 2


def test_without_its_quorum_nothing_is_published_and_appending_goes_on() -> None:
    world, witnesses = World(), Witnesses(cut={0, 1})
    world.create(entries(0, 2)).close()
    log = load(world, witnesses)
    for _ in range(2):
        with pytest.raises(
            Unavailable, match="w0: unreachable, cut off; w1: unreachable, cut off; w2: cosigned"
        ):
            log.publish(NOW)
        log.append(entries(log.size, log.size + 3))
    assert log.published is None
    log.close()
    log = load(world, witnesses)
    witnesses.cut = set()
    published = log.publish(NOW + 9)
    assert (published.size, seen(published.note)) == (8, 3)
    assert seen(log.checkpoint_at(2).note) == 3


def test_at_once_publishes_with_what_there_is() -> None:
    world, witnesses = World(), Witnesses(cut={0, 1, 2})
    world.create(entries(0, 2)).close()
    log = load(world, witnesses, required=False)
    assert seen(log.publish(NOW).note) == 0
    witnesses.cut = {0}
    log.append(entries(2, 4))
    assert seen(log.publish(NOW).note) == 2


def test_a_log_that_was_set_back_as_a_whole_gets_no_quorum() -> None:
    """Stores, head and signer restored from one old copy agree with each other; only the witnesses know better."""
    world, witnesses = World(), Witnesses()
    log = world.create(entries(0, 2))
    log.close()
    old = (dict(world.objects.stored), world.lock.read(), world.state.read())
    log = load(world, witnesses)
    log.append(entries(2, 9))
    log.publish(NOW)
    log.close()
    restored = World()
    restored.objects.stored, head, state = old
    assert head is not None
    restored.lock.create(head)
    if state is not None:
        restored.state.swap(None, state)
    again = load(restored, witnesses)
    again.append([b"another"])
    with pytest.raises(Unavailable, match="w0: ahead, it has cosigned 9 entries already, this log has 3"):
        again.publish(NOW)
    again.append(entries(3, 12))
    with pytest.raises(Unavailable, match=r"ahead"):
        again.publish(NOW)


def copied(world: World) -> World:
    """All copies of a log as they are now, as one snapshot of a machine holds them."""
    copy = World()
    copy.objects.stored = dict(world.objects.stored)
    copy.lock.record, copy.state.record = world.lock.record, world.state.record
    return copy


def test_a_snapshot_of_the_whole_machine_is_refused_at_start_and_changes_nothing() -> None:
    world, witnesses = World(), Witnesses()
    world.create(entries(0, 2)).close()
    log = load(world, witnesses)
    log.publish(NOW)
    log.close()
    old = copied(world)
    log = load(world, witnesses)
    log.append(entries(2, 9))
    log.publish(NOW + 1)
    log.close()
    before = copied(old)
    with pytest.raises(
        StorageFailed, match=r"cosigned 9 entries of .* the newest that was signed here has 2"
    ):
        load(old, witnesses)
    assert (old.objects.stored, old.state.record) == (before.objects.stored, before.state.record)
    # One witness that is reached is enough, and the newest copy starts whatever they know.
    witnesses.cut = {0, 1}
    with pytest.raises(StorageFailed, match="Nothing was signed"):
        load(old, witnesses)
    load(world, witnesses).close()
    witnesses.cut = {0, 1, 2}
    load(old, witnesses).close()


def test_another_tree_of_the_same_size_is_refused_at_start() -> None:
    world, witnesses = World(), Witnesses()
    world.create(entries(0, 2)).close()
    fork = copied(world)
    log = load(world, witnesses)
    log.append([b"one"])
    log.publish(NOW)
    log.close()
    alone = fork.load()
    alone.append([b"another"])
    alone.publish(NOW)
    alone.close()
    with pytest.raises(StorageFailed, match="has cosigned another tree of 3 entries"):
        load(fork, witnesses)


KEY = SigningKey.from_seed(bytes([99]) * 32)
LIES = {
    "a huge size": format_tree_size(2**63 - 1),
    "another tree": Answer(422, b"no\n"),
}
NOTHING = Answer(404, b"No checkpoint of such a log was cosigned.\n")


def published(size: int = 2) -> tuple[World, Witnesses]:
    """A log that its three witnesses have cosigned at `size`."""
    world, witnesses = World(), Witnesses()
    world.create(entries(0, size)).close()
    log = load(world, witnesses)
    log.publish(NOW)
    log.close()
    return world, witnesses


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_one_witness_that_lies_keeps_no_log_from_starting(lie: Answer) -> None:
    world, witnesses = published()
    witnesses.lies = {1: lie}
    forger = NoteSigner(ORIGIN, KEY)
    forged = format_checkpoint(Checkpoint(ORIGIN, 2**63 - 1, bytes(32)))
    same = witnesses.servers[f"{url(0)}/add-checkpoint"].checkpoint(origin_hash(ORIGIN))
    for shown in (None, NOTHING, same, Answer(200, b"\xff"), Answer(200, sign_note(forged, [forger]))):
        witnesses.shown = {} if shown is None else {1: shown}
        log = load(world, witnesses)
        log.append([b"more"])
        assert seen(log.publish(NOW + 1).note) == 2
        log.close()
        witnesses.lies = {1: lie}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_word_without_a_proof_holds_unless_a_quorum_knows_of_nothing_newer(lie: Answer) -> None:
    world, witnesses = published()
    witnesses.lies, witnesses.shown = {1: lie}, {1: NOTHING}
    witnesses.cut = {2}
    with pytest.raises(StorageFailed, match="shows no proof, and too few other witnesses"):
        load(world, witnesses)
    witnesses.cut = set()
    unasked = Policy(POLICY.logs, POLICY.witnesses)
    for required, policy in ((False, POLICY), (True, unasked)):
        with pytest.raises(StorageFailed, match="shows no proof"):
            load(world, witnesses, required=required, policy=policy)
    load(world, witnesses).close()


def test_the_signature_of_the_log_is_a_proof_whatever_the_others_say() -> None:
    world, witnesses = published()
    newer = Checkpoint(ORIGIN, 9, bytes(32))
    other = Checkpoint(ORIGIN, 2, bytes(32))
    witnesses.lies = {1: LIES["a huge size"]}
    for checkpoint in (newer, other):
        witnesses.shown = {1: Answer(200, sign_note(format_checkpoint(checkpoint), [LOG_SIGNER]))}
        # What the log's keys are the signer knows; a trust file may name other logs only, as for an index.
        for policy in (
            POLICY,
            replace(POLICY, logs=(TrustedLog(NoteSigner("other.example", KEY).verifier),)),
        ):
            with pytest.raises(StorageFailed, match="shows the log's own signature"):
                load(world, witnesses, policy=policy)


def test_witnesses_that_lag_or_never_saw_the_log_keep_nobody_from_starting() -> None:
    world, witnesses = World(), Witnesses(cut={2})
    world.create(entries(0, 2)).close()
    log = load(world, witnesses)
    log.publish(NOW)
    log.append(entries(2, 4))
    witnesses.cut = {0, 2}
    log.close()
    witnesses.cut = set()
    log = load(world, witnesses)
    assert seen(log.publish(NOW).note) == 3


def test_a_head_signed_by_an_earlier_owner_in_this_very_moment_is_no_old_copy() -> None:
    world, witnesses = World(), Witnesses()
    world.create(entries(0, 2)).close()
    log = load(world, witnesses)
    log.publish(NOW)
    asking = witnesses.client(world)
    looked: list[int] = []

    class Slow:
        """The earlier owner publishes once more while the witnesses are asked."""

        def cosign(self, note: bytes, checkpoint: Checkpoint) -> bytes:
            return asking.cosign(note, checkpoint)

        def look_back(self, note: bytes, checkpoint: Checkpoint, keys: Sequence[Verifier]) -> None:
            looked.append(checkpoint.size)
            if len(looked) == 1:
                log.append([b"late"])
                log.publish(NOW + 1)
            asking.look_back(note, checkpoint, keys)

    log._lease.release()
    with pytest.raises(Conflict, match="in this very moment"):
        Log.load(ORIGIN, world.objects, world.lock, world.signer(), cosigners=Slow())
    taken = Log.load(ORIGIN, world.objects, world.lock, world.signer(), cosigners=Slow())
    assert (looked, taken.size) == ([2, 3], 3)


def test_a_tile_that_is_gone_stops_the_publication_as_a_fault_of_the_store() -> None:
    world, witnesses = World(), Witnesses()
    world.create(entries(0, 300)).close()
    log = load(world, witnesses)
    log.publish(NOW)
    log.append(entries(300, 310))
    for path in [path for path in world.objects.stored if path.startswith("tile/0/")]:
        del world.objects.stored[path]
    with pytest.raises(StorageFailed):
        log.publish(NOW)


def test_from_the_command_line_a_trust_file_with_addresses_is_enough(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        (tmp_path / str(number)).write_text(f"entry {number}")
    log, folder = tmp_path / "log", tmp_path / "w"
    assert main(["create", str(log), "--origin", "ledger.example/w", str(tmp_path / "0")]) == 0
    assert main(["witness", "init", str(folder), "--name", "witness.example/w1"]) == 0
    vkey = capsys.readouterr().out.splitlines()[-1]
    policy = parse_policy((log / "trust.policy").read_bytes())
    with served(folder) as address:
        witness = Witness("w1", parse_vkey(vkey), address)
        with_witness = Policy(policy.logs, (*policy.witnesses, witness), (), "w1")
        (log / "trust.policy").write_bytes(format_policy(with_witness))
        assert main(["append", str(log), str(tmp_path / "1")]) == 0
        assert main(["publish", str(log)]) == 1
        assert "w1: refused, it does not know the log" in capsys.readouterr().err
        assert main(["witness", "add-log", str(folder), "--trust", str(log / "trust.policy")]) == 0
        assert main(["publish", str(log)]) == 0
        assert main(["append", str(log), str(tmp_path / "2")]) == 0
        assert main(["publish", str(log)]) == 0
    note = FileObjects(log / "log").read("checkpoint")
    assert note is not None
    assert open_note(note, [witness.verifier]).verified == (witness.verifier,)
    assert main(["fsck", str(log), "--quiet"]) == 0
