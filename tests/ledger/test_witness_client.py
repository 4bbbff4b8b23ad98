"""Asking witnesses: quorums, lagging and lying witnesses, faults of the network, and what is said about each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from ledger.checkpoint import cosign_checkpoint, format_checkpoint
from ledger.errors import StorageFailed
from ledger.keys import SigningKey
from ledger.mldsa import MlDsaSigningKey
from ledger.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_ML_DSA,
    NoteSigner,
    Verifier,
    open_note,
    parse_note,
)
from ledger.policy import Group, Policy, TrustedLog, Witness
from ledger.witness.client import QuorumMissing, WitnessClient
from ledger.witness.wire import TEXT, Answer, format_tree_size, parse_add_checkpoint
from ledger.witness.witness import Witness as WitnessServer
from tests.ledger import vectors
from tests.ledger.witnesses import NOW, ListLog, MemoryState

LOG = ListLog(data=[f"entry {index}".encode() for index in range(600)])
SIGNERS = [
    NoteSigner(f"witness.example/w{n}", SigningKey.from_seed(bytes([60 + n]) * 32), COSIGNATURE_ED25519)
    for n in range(4)
]
POST_QUANTUM = NoteSigner("witness.example/w0", MlDsaSigningKey.from_seed(vectors.SEED), COSIGNATURE_ML_DSA)

Post = Callable[[bytes], Answer]


def url(number: int) -> str:
    return f"https://w{number}.example/witness"


def policy(*numbers: int, quorum: str = "all", urls: bool = True) -> Policy:
    witnesses = tuple(
        Witness(f"w{number}", SIGNERS[number].verifier, url(number) if urls else None) for number in numbers
    )
    threshold = {"all": len(numbers), "any": 1}.get(quorum) or int(quorum)
    group = Group("g", threshold, tuple(witness.name for witness in witnesses))
    return Policy((TrustedLog(LOG.signer.verifier),), witnesses, (group,), "g")


def server(number: int, *more: NoteSigner) -> WitnessServer:
    return WitnessServer([SIGNERS[number], *more], MemoryState(LOG.signer.verifier), lambda: NOW + number)


@dataclass
class Network:
    """A `Transport` to witnesses in this process, with answers of one's choice in between."""

    servers: dict[str, Post] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def post(self, url: str, body: bytes, timeout: float) -> Answer:
        assert timeout > 0
        request, _ = parse_add_checkpoint(body)
        self.asked.append((url, request.old))
        base, _, verb = url.rpartition("/")
        assert verb == "add-checkpoint"
        return self.servers[base](body)

    def get(self, url: str, timeout: float) -> Answer:
        raise OSError("nobody asks for a checkpoint who has one to be cosigned")


def network(*numbers: int) -> Network:
    return Network({url(number): server(number).add_checkpoint for number in numbers})


def client(policy: Policy, network: Network, **options: object) -> WitnessClient:
    settings: dict[str, object] = {"seconds": 5.0, "pause": lambda seconds: None} | options
    return WitnessClient(policy, LOG.read, network, **settings)  # type: ignore[arg-type]


def cosign(asker: WitnessClient, size: int) -> bytes:
    return asker.cosign(LOG.note(size), LOG.checkpoint(size))


def cosigners(note: bytes, verifiers: Sequence[Verifier]) -> list[str]:
    return [verifier.name for verifier in open_note(note, [LOG.signer.verifier, *verifiers]).verified[1:]]


KEYS = [signer.verifier for signer in SIGNERS]


def test_all_cosign_and_the_log_s_own_lines_come_first() -> None:
    asker = client(policy(0, 1, 2), network(0, 1, 2))
    note = cosign(asker, 7)
    assert note.startswith(LOG.note(7))
    assert cosigners(note, KEYS) == [signer.name for signer in SIGNERS[:3]]
    assert [(each.name, each.verdict, each.time) for each in asker.asked] == [
        (f"w{number}", "cosigned", NOW + number) for number in range(3)
    ]


def test_a_witness_that_lags_gets_a_proof_from_where_it_stands() -> None:
    net = network(0, 1)
    cosign(client(policy(0), net), 5)
    cosign(client(policy(0), net), 300)
    net.asked.clear()
    cosign(client(policy(0, 1), net), 600)
    assert sorted(net.asked) == [
        (url(0) + "/add-checkpoint", 0),
        (url(0) + "/add-checkpoint", 300),
        (url(1) + "/add-checkpoint", 0),
    ]


def test_the_size_is_remembered_so_that_one_request_does() -> None:
    net = network(0)
    asker = client(policy(0), net)
    for size in (1, 2, 5, 256, 257, 257, 600):
        cosign(asker, size)
    assert [old for _, old in net.asked] == [0, 1, 2, 5, 256, 257, 257]


def test_a_witness_that_was_behind_is_caught_up_with_again() -> None:
    net = network(0)
    asker = client(policy(0), net)
    cosign(asker, 7)
    net.servers[url(0)] = server(0).add_checkpoint
    cosign(asker, 9)
    assert [old for _, old in net.asked] == [0, 7, 0]


def test_one_address_is_asked_once_for_both_kinds_of_key() -> None:
    net = Network({url(0): server(0, POST_QUANTUM).add_checkpoint})
    witnesses = (Witness("w0", SIGNERS[0].verifier, url(0)), Witness("w0pq", POST_QUANTUM.verifier, url(0)))
    both = Policy((TrustedLog(LOG.signer.verifier),), witnesses, (Group("g", 2, ("w0", "w0pq")),), "g")
    note = cosign(client(both, net), 7)
    assert len(open_note(note, [POST_QUANTUM.verifier, SIGNERS[0].verifier]).verified) == 2
    assert len(net.asked) == 1


def test_a_quorum_is_enough_and_the_rest_is_told() -> None:
    net = network(0, 1)
    net.servers[url(2)] = failing(OSError("no route"))
    asker = client(policy(0, 1, 2, quorum="2"), net)
    assert cosigners(cosign(asker, 7), KEYS) == [SIGNERS[0].name, SIGNERS[1].name]
    assert [each.verdict for each in asker.asked] == ["cosigned", "cosigned", "unreachable"]
    assert "no route" in str(asker.asked[2])


def failing(error: Exception) -> Post:
    def post(body: bytes) -> Answer:
        raise error

    return post


def test_too_few_are_an_error_only_where_the_quorum_is_required() -> None:
    net = network(0)
    net.servers[url(1)] = failing(TimeoutError())
    with pytest.raises(QuorumMissing, match="w1: unreachable, TimeoutError") as caught:
        cosign(client(policy(0, 1), net), 7)
    assert [each.verdict for each in caught.value.asked] == ["cosigned", "unreachable"]
    note = cosign(client(policy(0, 1), net, required=False), 7)
    assert cosigners(note, KEYS) == [SIGNERS[0].name]


def test_nested_groups_are_counted_as_the_policy_says() -> None:
    witnesses = tuple(Witness(f"w{n}", SIGNERS[n].verifier, url(n)) for n in range(4))
    groups = (Group("x", 1, ("w0", "w1")), Group("y", 2, ("w2", "w3")), Group("both", 2, ("x", "y")))
    nested = Policy((TrustedLog(LOG.signer.verifier),), witnesses, groups, "both")
    down = failing(OSError("down"))
    for missing, enough in (((0,), True), ((0, 1), False), ((3,), False), ((), True)):
        net = network(0, 1, 2, 3)
        net.servers |= {url(number): down for number in missing}
        if enough:
            assert len(cosigners(cosign(client(nested, net), 7), KEYS)) == 4 - len(missing)
        else:
            with pytest.raises(QuorumMissing):
                cosign(client(nested, net), 7)


def test_lines_that_are_there_count_and_are_not_asked_for() -> None:
    net = network(1)
    note = cosign_checkpoint(LOG.note(7), SIGNERS[0], NOW)
    cosigned = client(policy(0, 1), net).cosign(note, LOG.checkpoint(7))
    assert cosigned.startswith(note)
    assert cosigners(cosigned, KEYS) == [SIGNERS[0].name, SIGNERS[1].name]
    assert [asked for asked, _ in net.asked] == [url(1) + "/add-checkpoint"]


def test_witnesses_without_an_address_cannot_be_asked() -> None:
    with pytest.raises(QuorumMissing, match="no witness with an address"):
        cosign(client(policy(0, urls=False), Network()), 7)
    none = Policy((TrustedLog(LOG.signer.verifier),))
    assert cosign(client(none, Network()), 7) == LOG.note(7)


def forked(body: bytes) -> Answer:
    witness = server(0)
    fork = ListLog(LOG.origin, LOG.seed, [b"another", *LOG.data[1:]])
    assert witness.add_checkpoint(fork.request(0, 5)).status == 200
    return witness.add_checkpoint(body)


def lines_of(signer: NoteSigner, size: int, time: int = NOW) -> Answer:
    text = format_checkpoint(LOG.checkpoint(size))
    return Answer(200, signer.cosign(text, time).line.encode())


ELSEWHERE = NoteSigner(SIGNERS[0].name, SigningKey.from_seed(bytes([99]) * 32), COSIGNATURE_ED25519)
ANSWERS: dict[str, tuple[str, str, Post]] = {
    "fork": ("refused", "does not accept that this tree continues", forked),
    "unknown log": ("refused", "does not know the log", lambda body: Answer(404, b"who?\n")),
    "wrong key": ("refused", "does not accept the signature", lambda body: Answer(403)),
    "terminal": ("refused", "\ufffd[2J", lambda body: Answer(400, b"\x1b[2J")),
    "redirect": ("refused", "answers 302", lambda body: Answer(302)),
    "ahead": ("ahead", "has cosigned 8 entries already", lambda body: format_tree_size(8)),
    "same size": ("wrong", "very size", lambda body: format_tree_size(parse_add_checkpoint(body)[0].old)),
    "moving": (
        "wrong",
        "another size each time",
        lambda body: format_tree_size((parse_add_checkpoint(body)[0].old + 1) % 7),
    ),
    "no size": ("wrong", "names no size", lambda body: Answer(409, b"", "text/x.tlog.size")),
    "size as text": ("wrong", "without the size", lambda body: Answer(409, b"3\n", TEXT)),
    "no line": ("wrong", "line feed", lambda body: Answer(200)),
    "page": ("wrong", "not a signature line", lambda body: Answer(200, b"<html>\n")),
    "other key": ("wrong", "no line of the key", lambda body: lines_of(ELSEWHERE, 7)),
    "other size": ("wrong", "does not verify", lambda body: lines_of(SIGNERS[0], 6)),
    "no time": ("wrong", "states no time", lambda body: lines_of(SIGNERS[0], 7, 0)),
    "busy": ("unreachable", "answers 429", lambda body: Answer(429)),
    "broken": ("unreachable", "answers 500", lambda body: Answer(500, b"oops")),
}


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case)
def test_other_answers_do_not_count_and_say_why(case: str) -> None:
    verdict, reason, post = ANSWERS[case]
    net = network(1)
    net.servers[url(0)] = post
    asker = client(policy(0, 1, quorum="any"), net, seconds=2.0)
    assert cosigners(cosign(asker, 7), KEYS) == [SIGNERS[1].name]
    assert asker.asked[0].verdict == verdict
    assert reason in asker.asked[0].reason
    assert asker.asked[1].verdict == "cosigned"


def test_passing_faults_are_tried_again_with_longer_pauses() -> None:
    witness, faults = server(0), iter([OSError("reset"), Answer(503), Answer(429), TimeoutError()])

    def flaky(body: bytes) -> Answer:
        match next(faults, None):
            case None:
                return witness.add_checkpoint(body)
            case Answer() as answer:
                return answer
            case error:
                raise error

    pauses: list[float] = []
    asker = client(policy(0), Network({url(0): flaky}), seconds=60.0, pause=pauses.append)
    assert cosigners(cosign(asker, 7), KEYS) == [SIGNERS[0].name]
    assert pauses == [0.2, 0.4, 0.8, 1.6]


def test_a_cosignature_that_was_lost_on_the_way_is_given_again() -> None:
    witness = server(0)

    def lossy(body: bytes) -> Answer:
        answer = witness.add_checkpoint(body)
        if len(net.asked) == 1:
            raise OSError("cut")
        return answer

    net = Network({url(0): lossy})
    assert cosigners(cosign(client(policy(0), net), 7), KEYS) == [SIGNERS[0].name]
    assert [old for _, old in net.asked] == [0, 0, 7]


def test_one_that_hangs_holds_up_nobody() -> None:
    end = threading.Event()

    def hanging(body: bytes) -> Answer:
        end.wait(30)
        raise OSError("late")

    net = network(1)
    net.servers[url(0)] = hanging
    asker = client(policy(0, 1, quorum="any"), net, seconds=0.3)
    try:
        assert cosigners(cosign(asker, 7), KEYS) == [SIGNERS[1].name]
    finally:
        end.set()
    assert (asker.asked[0].verdict, asker.asked[0].reason) == ("unreachable", "no answer within 0.3 seconds")


def test_all_are_asked_at_once() -> None:
    together = threading.Barrier(3, timeout=10)
    servers = {number: server(number) for number in range(3)}

    def meeting(number: int) -> Post:
        def post(body: bytes) -> Answer:
            together.wait()
            return servers[number].add_checkpoint(body)

        return post

    net = Network({url(number): meeting(number) for number in range(3)})
    assert len(cosigners(cosign(client(policy(0, 1, 2), net), 7), KEYS)) == 3


def test_a_log_that_cannot_be_read_is_the_operator_s_fault() -> None:
    net = network(0)
    cosign(client(policy(0), net), 5)
    blind = WitnessClient(policy(0), lambda path: None, net, pause=lambda seconds: None)
    with pytest.raises(StorageFailed):
        cosign(blind, 7)


def test_a_wrong_line_that_is_there_already_is_no_checkpoint_to_send() -> None:
    note = LOG.note(7) + lines_of(SIGNERS[0], 6).body
    with pytest.raises(Exception, match="does not verify"):
        client(policy(0), network(0)).cosign(note, LOG.checkpoint(7))
    assert len(parse_note(note).signatures) == 2
