"""The catalogue page through the whole application, beside its own SQL by hand and a bare render of its template.

    python -m benchmarks.catalogue [--scale tiny|usual|full]

Both run in this process on the same SQLite file: the page as an ASGI call (routing, guards, session, service, schemas,
template, headers), the other with the database driver, plain loops and the template alone. A second group of figures
compares the page at the most rows with the page at the fewest: it should cost the same.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, quote
from uuid import UUID

from anyio.from_thread import start_blocking_portal
from sqlmodel import Session

from benchmarks.figures import Figure, Scale, alternate, command_line, stopwatch
from market.app import create_app
from market.catalog.models import Asset
from market.config import Settings
from market.kit.auth import ANONYMOUS, Principal
from market.kit.clock import SystemClock
from market.kit.db import Database
from market.kit.errors import SignInRequired
from market.kit.ids import new_id
from market.kit.ports import Ports
from market.kit.templating import environment
from market.kit.texts import LocalText
from market.migrations import migrate
from market.shelf import search_repository
from market.shelf.addresses import catalogue_address, chips, page_numbers
from market.shelf.facets import BY_NAME, FACETS, order_of, value_words
from market.shelf.indexing import ALL
from market.shelf.models import FacetBits, Listing, ShelfDocument
from market.shelf.schemas import CatalogueItem, CataloguePage, CatalogueQuery, Named, Place
from market.shelf.searching import as_bits, highest_first

ROWS = {
    Scale.TINY: (100, 200),
    Scale.USUAL: (100, 1_000, 10_000),
    Scale.FULL: (100, 1_000, 10_000, 100_000),
}
ROUNDS = {Scale.TINY: 2, Scale.USUAL: 15, Scale.FULL: 30}
# The last one is a rare word: a search costs by what it finds, not by what there is.
PAGES = {
    "all": "",
    "one city": "city=450700",
    "a word and a city": "q=" + "潮汐" + "&city=450700",
}
RARE_HITS = 30
SEED = 20260701
ITEMS = 20


class Nobody:
    """An authenticator of a shop without members."""

    def by_api_key(self, session: Session, token: str) -> Principal:
        raise SignInRequired("unknown key")

    def by_session(self, session: Session, token: str) -> Principal:
        return ANONYMOUS

    def standing(self, session: Session, *, account_id: UUID, org_id: UUID, key_id: UUID | None) -> Principal:
        return ANONYMOUS


def run(scale: Scale) -> Iterator[Figure]:
    pages: dict[str, dict[int, list[float]]] = {name: {} for name in PAGES}
    with tempfile.TemporaryDirectory(prefix="datawharf-bench-") as scratch:
        for rows in ROWS[scale]:
            url = f"sqlite:///{Path(scratch) / f'{rows}.db'}"
            migrate(url)
            db = Database(url)
            fill(db, rows)
            shop = Shop(db, url, Path(scratch))
            for name, query in PAGES.items():
                shop.page(query), shop.by_hand(query)  # the first call reads code, templates and words
                seconds = alternate(
                    ROUNDS[scale],
                    {"page": partial(shop.page, query), "hand": partial(shop.by_hand, query)},
                )
                pages[name][rows] = seconds["page"]
                yield Figure(
                    f"catalogue page, {name}, {rows:,} rows",
                    seconds["page"],
                    "its own SQL by hand + bare render",
                    seconds["hand"],
                    at_most=2.0,
                )
            shop.close()
    for name, by_rows in pages.items():
        fewest, most = min(by_rows), max(by_rows)
        yield Figure(
            f"catalogue page, {name}: {most:,} rows",
            by_rows[most],
            f"the same page at {fewest:,} rows",
            by_rows[fewest],
            at_most=1.5,
        )


def fill(db: Database, rows: int) -> None:
    """Assets on show, with codes drawn at random but the same in each run."""
    dice = random.Random(SEED)
    bits: dict[tuple[str, str], list[int]] = {ALL: list(range(1, rows + 1))}
    with db.writing() as session:
        for number in range(1, rows + 1):
            card = draw_card(dice, number, rows)
            tags = [("access", card.access[0]), ("class", card.dataset_class), ("grade", card.grade)]
            tags += [("industry", card.industry), ("city", card.city.adcode), ("modality", card.modality)]
            tags += [("language", card.languages[0]), ("licence", card.licence), ("update", card.update_freq)]
            store(session, number, card, tags)
            for tag in tags:
                bits.setdefault(tag, []).append(number)
        for (facet, value), members in bits.items():
            held = as_bits(members)
            row = FacetBits(
                facet=facet, value=value, bits=held.to_bytes((held.bit_length() + 7) // 8, "little")
            )
            session.add(row)


def draw_card(dice: random.Random, number: int, rows: int) -> CatalogueItem:
    rare = " 潮汐" if number % max(1, rows // RARE_HITS) == 0 else ""
    adcode = dice.choice(order_of("city")) if not rare else dice.choice(["450700", "450500"])
    title = LocalText(zh=f"港口数据{number}{rare}", en=f"Port data {number}")
    words = "北部湾港口泊位、岸桥与集装箱统计，含缺测标记与说明。"
    at = datetime(2026, 7, 1, tzinfo=UTC) - timedelta(days=dice.randrange(400))
    return CatalogueItem(
        id=new_id(),
        slug=f"port-data-{number}",
        title=title,
        abstract=LocalText(zh=words * 4, en="Berths, cranes and boxes of the Beibu Gulf ports. " * 4),
        provider=Named(
            id=UUID(int=dice.randrange(50) + 1), name=LocalText(zh="北部湾数据", en="Beibu Gulf Data")
        ),
        access=[dice.choice(["OPEN", "REQUEST"])],
        price=None,
        city=Place(adcode=adcode, name=value_words("city", adcode)),
        dataset_class=dice.choice(order_of("class")),
        grade=dice.choice(["G1", "G2", "G3"]),
        industry=dice.choice(order_of("industry")),
        modality=dice.choice(order_of("modality")),
        languages=[dice.choice(order_of("language"))],
        licence=dice.choice(order_of("licence")),
        update_freq=dice.choice(order_of("update")),
        version="1.0.0",
        size_bytes=dice.randrange(10**9),
        file_count=dice.randrange(1, 40),
        certificate="7Q4M-XK2P-9TRD",
        listed_at=at,
        updated_at=at,
    )


def store(session: Session, number: int, card: CatalogueItem, tags: list[tuple[str, str]]) -> None:
    at, org = card.listed_at, card.provider.id
    session.add(Asset(id=card.id, org_id=org, zone="450700", document={}, created_at=at, edited_at=at))
    session.flush()
    session.add(Listing(asset_id=card.id, org_id=org, state="LISTED", listed_at=at, changed_at=at))
    session.flush()
    session.add(
        ShelfDocument(
            id=number,
            asset_id=card.id,
            org_id=org,
            title_zh=card.title.zh,
            title_en=card.title.en,
            day=int(at.timestamp()) // 86_400,
            card=card.model_dump(mode="json"),
            tags=[list(tag) for tag in tags],
        )
    )
    session.flush()
    texts = {"title": [card.title.zh, card.title.en], "keywords": [], "words": ["钦州"]}
    search_repository.write(session, number, texts | {"abstract": [card.abstract.zh]})


class Shop:
    """One filled database, and both ways to its catalogue page."""

    def __init__(self, db: Database, url: str, scratch: Path) -> None:
        self.db = db
        ports = Ports(db, SystemClock(), Nobody(), b"0" * 32, "http://127.0.0.1", secure_cookies=False)
        settings = Settings(
            scratch, "bench", "http://127.0.0.1", url, "", "", rate_limits=False, embedded_worker=False
        )
        self.app = create_app(settings, ports)
        # One event loop that goes on, as in a server: a loop made anew starts its threads anew.
        self._running = start_blocking_portal()
        self._portal = self._running.__enter__()
        self.driver = db.engine.raw_connection()
        self.words = {
            facet.name: {value: value_words(facet.name, value) for value in order_of(facet.name)}
            for facet in FACETS
        }

    def close(self) -> None:
        self.driver.close()
        self._running.__exit__(None, None, None)
        self.db.close()

    def page(self, query: str) -> float:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/zh/catalogue",
            "raw_path": b"/zh/catalogue",
            "root_path": "",
            "query_string": quote(query, safe="=&").encode(),
            "headers": [(b"host", b"127.0.0.1")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        async def measured() -> float:
            with stopwatch() as watch:
                await self.app(scope, receive, send)
            return watch.seconds

        seconds = self._portal.call(measured)
        assert sent[0]["status"] == 200, sent
        assert sum(len(message.get("body", b"")) for message in sent) > 10_000
        return seconds

    def by_hand(self, query: str) -> float:
        given = parse_qs(query)
        asked = CatalogueQuery(q=given.get("q", [""])[0], city=given.get("city", []))
        with stopwatch() as watch:
            html = self._render(asked)
        assert len(html) > 10_000
        return watch.seconds

    def _render(self, asked: CatalogueQuery) -> str:
        cursor = self.driver.cursor()
        rows = cursor.execute("SELECT facet, value, bits FROM facet_bits").fetchall()
        bits = {(facet, value): int.from_bytes(held, "little") for facet, value, held in rows}
        everything = base = bits[ALL]
        ranked: list[int] | None = None
        if asked.q:
            cursor.execute(
                "SELECT d.id FROM shelf_search JOIN shelf_document d ON d.id = shelf_search.rowid WHERE "
                "shelf_search MATCH ? ORDER BY bm25(shelf_search, 8.0, 4.0, 2.0, 1.0), d.id DESC LIMIT 10000",
                (f'"{asked.q}"',),
            )
            ranked = [number for (number,) in cursor.fetchall()]
            base = as_bits(ranked)
        cities = everything
        if asked.city:
            cities = bits[("city", asked.city[0])]
        found = base & cities
        order = (number for number in ranked if found >> number & 1) if ranked else highest_first(found)
        numbers = [number for number, _ in zip(order, range(ITEMS), strict=False)]
        marks = ", ".join("?" * len(numbers))
        cursor.execute(f"SELECT id, card FROM shelf_document WHERE id IN ({marks})", numbers)
        cards = {number: CatalogueItem.model_validate(json.loads(card)) for number, card in cursor.fetchall()}
        facets = []
        for facet in FACETS:
            within = base if facet.name == "city" else found
            counted = [
                SimpleNamespace(
                    value=value,
                    name=name,
                    count=count,
                    capped=count > 1000,
                    chosen=value in asked.chosen(facet.name),
                )
                for value, name in self.words[facet.name].items()
                if (count := (within & bits.get((facet.name, value), 0)).bit_count())
            ]
            facets.append({"name": facet.name, "values": counted})
        total = found.bit_count()
        page = CataloguePage(
            items=[cards[number] for number in numbers],
            total=total,
            capped=False,
            page=1,
            pages=min(50, -(-total // ITEMS)),
        )
        template = environment("zh").get_template("shelf/catalogue.html")
        return template.render(
            request=SimpleNamespace(scope={"path": "/zh/catalogue"}, url=SimpleNamespace(query="")),
            actor=ANONYMOUS,
            csrf="",
            flash="",
            alternates={"zh": "/zh/catalogue", "en": "/en/catalogue"},
            query=asked,
            found=SimpleNamespace(page=page, facets=facets, suggestions=[]),
            facet_titles={name: facet.title for name, facet in BY_NAME.items()},
            facet_words=value_words,
            chips=chips("zh", asked),
            address=partial(catalogue_address, "zh"),
            numbers=page_numbers(page),
            all_address="/zh/catalogue",
        )


if __name__ == "__main__":
    command_line("catalogue", run)
