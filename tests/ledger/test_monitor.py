"""A monitor remembers across runs, judges every entry, tells what it was asked to watch, and ends with its exit code."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import ledger.monitor.monitor
from ledger.bindings import KEY_BINDING
from ledger.cli import main
from ledger.entry_rules import KEY_WITHDRAWAL, names_in
from ledger.errors import LedgerError, Malformed, Unverified
from ledger.monitor.mail import parse_mail_server
from ledger.monitor.monitor import EXIT_CODES, Event, Monitor
from ledger.monitor.state import MonitorState, StateFile, format_state, parse_state
from ledger.monitor.words import WORDS
from ledger.note import NoteSigner
from ledger.policy import Policy, TrustedLog, format_policy
from ledger.rotation import sign_rotation
from ledger.statement import parse_statement
from tests.fakes.mail_server import mail_server
from tests.fakes.malicious_log import TIME, LogFiles, MaliciousLog, served
from tests.ledger.market_in_a_box import Market, key
from tests.ledger.test_malicious_log import Watch

PROVIDER, STRANGER = key(20), key(21)


class MarketLog:
    """The log of a market, published at its present size; an `ObjectReader`."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.stored: dict[str, bytes] = {}
        self.publish()

    def publish(self, time: int = TIME) -> None:
        files = LogFiles(self.market, (len(self.market.entries),))
        self.stored = files.files() | {"checkpoint": files.note(len(self.market.entries), time=time)}

    def read(self, path: str) -> bytes | None:
        return self.stored.get(path)


def bound() -> Market:
    market = Market()
    market.add(market.binding(PROVIDER, market.org(1)))
    return market


def withdrawal(market: Market, **other: Any) -> Any:
    predicate = {
        "org": market.org(1),
        "key": PROVIDER.public.raw.hex(),
        "binding": "00" * 32,
        "reason": "rotated",
    }
    signer, iss = other.pop("signer", market.platform), other.pop("iss", market.platform_org)
    return market.statement(KEY_WITHDRAWAL, predicate | other, signer, iss, name="key")


def withdrawn_first(market: Market) -> None:
    market.add(withdrawal(market))
    market.add(market.registration(PROVIDER, market.org(1)))


BAD_ENTRIES: dict[str, tuple[Callable[[Market], Any], str]] = {
    "not a statement": (lambda market: market.entries.append(b"anything"), "The statement"),
    "for another log": (
        lambda market: market.add(market.registration(PROVIDER, market.org(1), aud="other.example")),
        "made for the log other.example",
    ),
    "key of nobody": (
        lambda market: market.add(market.registration(STRANGER, market.org(1))),
        "is not bound to",
    ),
    "key of another organisation": (
        lambda market: market.add(market.registration(PROVIDER, market.org(2))),
        "is not bound to",
    ),
    "platform in another's name": (
        lambda market: market.add(market.registration(market.platform, market.org(1))),
        "platform's key signed in the name of",
    ),
    "broken signature": (
        lambda market: market.entries.append(
            market.registration(PROVIDER, market.org(1)).leaf_bytes[:-1] + b"\0"
        ),
        "signature",
    ),
    "binding by a stranger": (
        lambda market: market.add(
            market.binding(STRANGER, market.org(2), signer=PROVIDER, iss=market.org(1))
        ),
        "not issued by the platform",
    ),
    "binding without consent": (
        lambda market: market.add(market.binding(STRANGER, market.org(2), prover=key(66))),
        "signature",
    ),
    "withdrawn key": (withdrawn_first, "is not bound to"),
    "withdrawal by the holder": (
        lambda market: market.add(withdrawal(market, signer=PROVIDER, iss=market.org(1))),
        "for the platform to state",
    ),
    "withdrawal of nothing": (
        lambda market: market.add(withdrawal(market, key=STRANGER.public.raw.hex())),
        "a key that is not bound",
    ),
    "new rules": (lambda market: market.add(market.log_policy()), "sets the log's rules anew"),
}


@pytest.mark.parametrize("name", BAD_ENTRIES)
def test_an_entry_that_breaks_the_rules_is_told_with_its_reason(name: str, tmp_path: Path) -> None:
    spoil, reason = BAD_ENTRIES[name]
    market = bound()
    spoil(market)
    watch = Watch(MarketLog(market), market_log(market), tmp_path)
    assert watch.look() == EXIT_CODES["entry"]
    assert watch.kinds == ["started", "entry"]
    assert watch.events[1].params["index"] == len(market.entries) - 1
    assert reason in watch.events[1].params["reason"]
    assert watch.look() == 0, "it is told once"


def market_log(market: Market) -> Any:
    class Holder:
        pass

    holder = Holder()
    holder.market = market  # type: ignore[attr-defined]
    return holder


def test_sound_entries_are_taken_over_from_run_to_run(tmp_path: Path) -> None:
    market = bound()
    market.add(market.registration(PROVIDER, market.org(1)))
    log = MarketLog(market)
    assert Watch(log, market_log(market), tmp_path).look() == 0
    for _ in range(3):
        market.add(market.registration(PROVIDER, market.org(1)))
        log.publish()
        watch = Watch(log, market_log(market), tmp_path)
        assert watch.look() == 0, [event.sentence() for event in watch.events]
        assert watch.kinds == ["grown"]
    market.add(withdrawal(market))
    market.add(market.registration(PROVIDER, market.org(1)))
    log.publish()
    assert watch.look() == EXIT_CODES["entry"]


def test_a_log_goes_over_to_another_key(tmp_path: Path) -> None:
    """Both keys sign the entry; a trust file that names both follows the log on."""
    market = bound()
    old = market.log_signer
    log = MarketLog(market)
    watch = Watch(log, market_log(market), tmp_path)
    assert watch.look() == 0
    new = NoteSigner(market.origin, key(77))
    market.entries.append(sign_rotation(old, new))
    log.publish()
    assert watch.look() == 0
    market.log_signer = new
    market.add(market.registration(PROVIDER, market.org(1)))
    log.publish()
    assert watch.look() == EXIT_CODES["unsigned"], "the trust file does not know the new key yet"
    both = Policy((TrustedLog(old.verifier), TrustedLog(new.verifier)))
    after = Monitor(log, both, both.logs[1], watch.file)
    assert after.step(TIME + 60, lambda _: None) == 0
    market.entries.append(sign_rotation(NoteSigner(market.origin, key(78)), new))
    log.publish()
    assert after.step(TIME + 60, lambda _: None) == EXIT_CODES["entry"]


def test_rules_of_another_log_are_no_rules(tmp_path: Path) -> None:
    market = bound()
    market.entries[0] = Market(base=40).entries[0]
    watch = Watch(MarketLog(market), market_log(market), tmp_path, market.org(1))
    assert watch.look() == EXIT_CODES["entry"]
    assert watch.kinds == ["started", "entry", "seen", "stale"]
    assert "another key of the log" in watch.events[1].sentence()


NAMES: dict[str, Callable[[Market], str]] = {
    "organisation": lambda market: market.org(1),
    "uuid of the organisation": lambda market: market.org(1).rpartition(":")[2],
    "key id": lambda market: PROVIDER.public.thumbprint.hex(),
    "digest": lambda market: "cd" * 32,
    "subject": lambda market: "urn:example:mine",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_watched_name_is_told_wherever_it_stands(name: str, tmp_path: Path) -> None:
    market = Market()
    log = MarketLog(market)
    watch = Watch(log, market_log(market), tmp_path, NAMES[name](market))
    assert watch.look() == 0
    market.add(market.binding(STRANGER, market.org(2)))
    market.add(market.registration(STRANGER, market.org(2)))
    log.publish()
    assert watch.look() == 0, "nothing of ours"
    market.add(market.binding(PROVIDER, market.org(1)))
    market.add(market.registration(PROVIDER, market.org(1), digest="cd" * 32, sub="urn:example:mine"))
    log.publish()
    assert watch.look() == EXIT_CODES["seen"]
    seen = [event for event in watch.events if event.kind == "seen"]
    assert {event.params["index"] for event in seen} <= {3, 4}
    assert 4 in {event.params["index"] for event in seen}
    assert NAMES[name](market) in seen[-1].sentence("zh")


def test_a_binding_is_told_to_whoever_watches_the_key() -> None:
    market = bound()
    binding = parse_statement(market.entries[1])
    assert binding.predicate_type == KEY_BINDING
    assert {PROVIDER.public.thumbprint.hex(), PROVIDER.public.raw.hex(), market.org(1)} <= names_in(binding)


def test_work_is_done_in_chunks_that_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ledger.monitor.monitor, "CHUNK", 256)
    log = MaliciousLog()
    log.grow()
    log.stored["tile/entries/002.p/88"] = log.stored["tile/entries/002.p/88"][:-64] + bytes(64)
    watch = Watch(log, log, tmp_path)
    assert watch.look() == EXIT_CODES["mismatch"]
    assert "Entry 599 is not the one whose hash is in the tree of 600" in watch.events[-1].sentence()
    state = watch.file.read(watch.trust.logs[0].verifier)
    assert state is not None
    assert state.checked == 512
    log.grow()
    assert watch.look() == 0
    assert watch.kinds == []


def test_the_age_is_that_of_the_newest_cosignature(tmp_path: Path) -> None:
    market = bound()
    log = MarketLog(market)
    watch = Watch(log, market_log(market), tmp_path)
    limit = ledger.monitor.monitor.MAX_AGE
    assert watch.look(TIME + limit) == 0
    assert watch.look(TIME + limit + 1) == EXIT_CODES["stale"]
    market.add(market.registration(PROVIDER, market.org(1)))
    log.publish(TIME + limit)
    assert watch.look(TIME + limit + 1) == 0
    log.stored["checkpoint"] = market.checkpoint(cosigned=False)
    other = Watch(log, market_log(market), tmp_path / "other")
    assert other.look() == EXIT_CODES["stale"]
    assert other.events[-1].cause == "no_time"


def test_a_quorum_of_witnesses_is_demanded(tmp_path: Path) -> None:
    market = bound()
    log = MarketLog(market)
    watch = Watch(log, market_log(market), tmp_path)
    watch.monitor._trust = market.trust(witnessed=True)
    assert watch.look() == EXIT_CODES["unsigned"]
    assert watch.events[0].cause == "too_few"
    log.stored["checkpoint"] = market.checkpoint(witnessed=TIME)
    assert watch.look() == 0


def test_a_second_history_is_told_though_no_witness_cosigned_it(tmp_path: Path) -> None:
    market = bound()
    log = MarketLog(market)
    watch = Watch(log, market_log(market), tmp_path)
    watch.monitor._trust = market.trust(witnessed=True)
    log.stored["checkpoint"] = market.checkpoint(witnessed=TIME)
    assert watch.look() == 0
    genuine, genuine_entry = dict(log.stored), market.entries[-1]
    market.entries[-1] = market.entries[0]
    log.publish()
    assert watch.look() == EXIT_CODES["fork"]
    held, served = (tmp_path.rglob(f"{name}.note") for name in ("held", "served"))
    assert [path.read_bytes() for path in (*held, *served)] == [
        genuine["checkpoint"],
        log.stored["checkpoint"],
    ]
    market.entries[-1] = genuine_entry
    log.publish()
    assert watch.look() == EXIT_CODES["unsigned"], "the true history, without its witnesses"


def test_an_event_is_told_before_it_is_remembered(tmp_path: Path) -> None:
    market = bound()
    watch = Watch(MarketLog(market), market_log(market), tmp_path, market.org(1))

    def fail(event: Event) -> None:
        if event.kind == "seen":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch.monitor.step(TIME, fail)
    assert watch.look() == EXIT_CODES["seen"]


def test_every_event_has_words_in_two_languages_and_an_exit_code() -> None:
    assert {name.partition(".")[0] for name in WORDS} == set(EXIT_CODES)
    for english, chinese in WORDS.values():
        assert english.isascii()
        assert any("一" <= char <= "鿿" for char in chinese)
        names = [{part.partition("}")[0] for part in text.split("{")[1:]} for text in (english, chinese)]
        assert names[0] == names[1]


def damaged_states(good: MonitorState) -> list[bytes]:
    data = format_state(good)
    document = json.loads(data)
    return [
        b"",
        b"{}",
        data[:-1],
        data.replace(b'"checked":', b'"checked": '),
        *(
            json.dumps(document | change, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
            for change in (
                {"checked": good.head.size + 1},
                {"checked": 0},
                {"range": []},
                {"origin": "other.example"},
                {"bindings": [["x"]]},
                {"version": 2},
            )
        ),
    ]


def test_a_state_reads_back_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    market = bound()
    watch = Watch(MarketLog(market), market_log(market), tmp_path)
    watch.look()
    verifier = watch.trust.logs[0].verifier
    state = watch.file.read(verifier)
    assert state is not None
    assert parse_state(format_state(state), verifier) == state
    for number, data in enumerate(damaged_states(state)):
        with pytest.raises(Malformed):
            parse_state(data, verifier)
            pytest.fail(f"state {number} was accepted")
    with pytest.raises(Unverified):
        parse_state(format_state(state), Market(base=40).trust().logs[0].verifier)
    watch.file.path.write_bytes(b"{}")
    with pytest.raises(LedgerError):
        watch.look()


def test_a_state_that_cannot_be_written_is_not_the_log_s_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    market = bound()
    watch = Watch(MarketLog(market), market_log(market), tmp_path)
    watch.monitor._file = StateFile(tmp_path / "file" / "state")
    with pytest.raises(LedgerError, match=r"cannot be (read|written)"):
        watch.look()


@contextmanager
def webhook(status: int = 204) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    received: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., int]]:
    """The command on an honest log that a test may let lie, over HTTP."""
    log = MaliciousLog()
    trust = tmp_path / "trust.policy"
    trust.write_bytes(format_policy(log.market.trust()))
    with served(log) as address:

        def run(*more: str) -> int:
            fixed = ["--state", str(tmp_path / "state"), "--trust", str(trust), "--once", "--max-age", "0"]
            return main(["monitor", address, *fixed, *more])

        run.log = log  # type: ignore[attr-defined]
        yield run


def test_the_command_ends_with_the_gravest_exit_code(
    command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    market = command.log.market
    assert command("--watch", market.org(1)) == 3
    assert "Entry 1 names" in capsys.readouterr().out
    assert command() == 0
    command.log.fork(600)
    with webhook() as (address, received):
        assert command("--webhook", address, "--language", "zh") == 11
    assert "签署了两份历史" in capsys.readouterr().out
    assert [(event["kind"], event["exitCode"]) for event in received] == [("fork", 11)]
    assert received[0]["params"]["held"] == 300
    assert command("--json") == 11
    assert json.loads(capsys.readouterr().out)["sentence"]["en"].startswith(
        "market.example/ledger signed two"
    )


def test_a_dead_webhook_is_told_and_changes_no_verdict(
    command: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    command()
    command.log.roll_back()
    with webhook(500) as (address, received):
        assert command("--webhook", address) == 10
    assert len(received) == 3
    assert "took no notice: it answers 500" in capsys.readouterr().err


def test_one_mail_a_look_tells_what_is_not_well(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    market = command.log.market
    with mail_server() as box:
        mail = [
            "--smtp",
            box.address,
            "--mail",
            "a@city.example",
            "--mail",
            "b@city.example",
            "--language",
            "zh",
        ]
        assert command(*mail, "--watch", market.org(1)) == 3
        assert command(*mail) == 0
        command.log.fork(600)
        assert command(*mail) == 11
    assert [to for to, _ in box.received] == [["a@city.example", "b@city.example"]] * 2
    seen, fork = (message for _, message in box.received)
    assert (seen["From"], seen["Subject"]) == ("a@city.example", f"{market.origin}: seen")
    assert fork["Subject"] == f"{market.origin}: fork"
    assert "签署了两份历史" in fork.get_content()
    assert "签署了两份历史" in capsys.readouterr().out


def test_a_mail_server_that_refuses_is_told_and_changes_no_verdict(
    command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    command()
    command.log.roll_back()
    with mail_server("b@city.example") as box:
        assert command("--smtp", box.address, "--mail", "a@city.example", "--mail", "b@city.example") == 10
        assert "refused b@city.example" in capsys.readouterr().err
        assert len(box.received) == 1
    assert command("--smtp", box.address, "--mail", "a@city.example") == 10
    assert "took no mail" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://mail.example", "is named as"),
        ("smtp://", "is named as"),
        ("smtps://me:secret@mail.example", "is named as"),
        ("smtp://mail.example/path", "is named as"),
        ("smtp://mail.example:port", "is no address"),
        ("smtps://me@mail.example", "there is no password"),
    ],
)
def test_a_mail_server_is_named_exactly(address: str, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        parse_mail_server(address)


def test_the_usual_ports_of_a_mail_server() -> None:
    servers = [
        parse_mail_server(address, "secret")
        for address in ("smtp://h", "smtp://me@h", "smtps://h", "smtps://me%40city.example@h:99/")
    ]
    assert [(each.port, each.encrypted, each.user, each.password) for each in servers] == [
        (25, False, None, None),
        (587, False, "me", "secret"),
        (465, True, None, None),
        (99, True, "me@city.example", "secret"),
    ]


def test_a_user_s_password_waits_for_an_encrypted_line(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_SMTP_PASSWORD", "secret")
    command()
    command.log.roll_back()
    with mail_server() as box:
        assert command("--smtp", box.address.replace("//", "//me@"), "--mail", "a@city.example") == 10
    assert box.received == []


def test_a_line_break_makes_no_header(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command()
    command.log.roll_back()
    with mail_server() as box:
        assert command("--smtp", box.address, "--mail", "a@city.example\nBcc: x@city.example") == 10
    assert box.received == []
    assert "no addresses for mail" in capsys.readouterr().err


def test_wrong_use_is_no_verdict_on_the_log(
    command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--origin", "other.example") == 2
    (tmp_path / "state").write_bytes(b"{}")
    assert command() == 2
    assert "state of the monitor" in capsys.readouterr().err
    trust = ["--state", str(tmp_path / "s"), "--trust", str(tmp_path / "trust.policy"), "--once"]
    assert main(["monitor", str(tmp_path / "nowhere"), *trust]) == 2


def test_the_state_of_one_log_is_not_taken_for_another_s(tmp_path: Path) -> None:
    market, other = bound(), Market("other.example/log", base=40)
    Watch(MarketLog(market), market_log(market), tmp_path).look()
    watch = Watch(MarketLog(other), market_log(other), tmp_path)
    with pytest.raises(Unverified):
        watch.look()
    assert replace(Event("grown", {}), cause="") == Event("grown", {})
