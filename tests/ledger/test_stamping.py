"""Published checkpoints get tokens: in order, once, from the first authority that gives a good one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from rfc3161_client._rust import parse_timestamp_request

from ledger.errors import Unavailable, Unverified
from ledger.kept import KeptCheckpoints
from ledger.log import Log
from ledger.stamping import LONGEST_BACKLOG, Stamper, TimeAuthority, token_path
from ledger.timestamp import QUERY_TYPE, verify_timestamp
from ledger.witness.wire import Answer
from tests.ledger.authority import Authority
from tests.ledger.logs import NOW, ORIGIN, World, entries

GOOD, OTHER = Authority("Good Time"), Authority("Other Time")
URL, OTHER_URL = "https://good.example/tsa", "https://other.example/tsa"
GOOD_AT = TimeAuthority(URL, (GOOD.pem,))
OTHER_AT = TimeAuthority(OTHER_URL, (OTHER.pem,))


@dataclass
class Authorities:
    """Both authorities, of which some are away; they find what they are asked about in the log's own notes."""

    world: World
    away: set[str] = field(default_factory=set)
    signing: dict[str, Authority] = field(default_factory=lambda: {URL: GOOD, OTHER_URL: OTHER})
    asked: list[str] = field(default_factory=list)

    def post(self, url: str, body: bytes, timeout: float, content_type: str) -> Answer:
        assert content_type == QUERY_TYPE
        self.asked.append(url)
        if url in self.away:
            raise OSError("nobody is there")
        wanted = parse_timestamp_request(body).message_imprint.message
        notes = [self.world.objects.read(path) or b"" for path in self.world.objects.paths("checkpoints/")]
        for note in notes:
            token = self.signing[url].token(note, datetime(2026, 6, 1, tzinfo=UTC))
            if wanted in token:
                return Answer(200, token)
        return Answer(400)


def published(world: World, *sizes: int) -> Log:
    """A log with a checkpoint at each of the sizes."""
    log = world.create(entries(0, sizes[0]))
    log.publish(NOW)
    for before, size in pairwise(sizes):
        log.append(entries(before, size))
        log.publish(NOW + size)
    return log


def stamper(world: World, way: Authorities, *, every: float = 0) -> Stamper:
    return Stamper(ORIGIN, world.objects, [GOOD_AT, OTHER_AT], way, every=every)


def test_each_checkpoint_is_stamped_once_and_the_oldest_first() -> None:
    world = World()
    log = published(world, 2, 3, 5)
    way = Authorities(world)
    stamping = stamper(world, way)
    assert [stamped.size for stamped in stamping.step(0)] == [2, 3, 5]
    assert stamping.step(1) == []
    log.append(entries(5, 6))
    log.publish(NOW + 9)
    assert [stamped.size for stamped in stamper(world, way).step(2)] == [6]
    assert way.asked == [URL] * 4
    kept = KeptCheckpoints(ORIGIN, world.objects)
    for size in (2, 3, 5, 6):
        token = world.objects.read(token_path(size))
        assert token is not None
        assert verify_timestamp(token, kept.at(size).note, [GOOD.pem]).authority == "CN=Good Time"


def test_another_authority_is_asked_where_one_is_away_or_lies() -> None:
    for broken in ({"away": {URL}}, {"signing": {URL: OTHER, OTHER_URL: OTHER}}):
        world = World()
        published(world, 2)
        way = Authorities(world, **broken)  # type: ignore[arg-type]
        (stamped,) = stamper(world, way).step(0)
        assert stamped.timestamp.authority == "CN=Other Time"
        assert way.asked == [URL, OTHER_URL]


def test_without_any_authority_nothing_is_kept_and_the_next_step_asks_again() -> None:
    world = World()
    published(world, 2, 3)
    way = Authorities(world, away={URL, OTHER_URL})
    stamping = stamper(world, way)
    with pytest.raises(Unavailable, match="nobody is there"):
        stamping.step(0)
    assert stamping.waiting() == [2, 3]
    way.away = {OTHER_URL}
    way.signing[URL] = OTHER
    with pytest.raises(Unavailable):
        stamping.step(0)
    with pytest.raises(Unverified):
        Stamper(ORIGIN, world.objects, [GOOD_AT], way).step(0)
    way.signing[URL] = GOOD
    assert [stamped.size for stamped in stamping.step(0)] == [2, 3]


def test_sparing_the_authority_stamps_the_newest_alone_and_seldom() -> None:
    world = World()
    log = published(world, 2, 3, 5)
    stamping = stamper(world, Authorities(world), every=600)
    assert [stamped.size for stamped in stamping.step(1000)] == [5]
    log.append(entries(5, 6))
    log.publish(NOW + 9)
    assert stamping.step(1599) == []
    assert [stamped.size for stamped in stamping.step(1600)] == [6]


def test_an_old_log_is_stamped_from_its_latest_checkpoints_on() -> None:
    world = World()
    sizes = range(2, LONGEST_BACKLOG + 10)
    published(world, *sizes)
    stamping = stamper(world, Authorities(world))
    assert stamping.waiting() == list(sizes)[-LONGEST_BACKLOG:]
    assert len(stamping.step(0)) == LONGEST_BACKLOG
    assert stamping.waiting() == []
    assert stamper(World(), Authorities(World())).waiting() == []
