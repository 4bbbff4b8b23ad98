"""What is on the shelf in the journeys: three certified assets, each with its own way of access."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from market.catalog.schemas import EXAMPLE_METADATA
from market.client import Datawharf
from tests.browser.running import RunningMarket

OPEN = {
    "kind": "OPEN",
    "term_days": 365,
    "licence": "CC-BY-4.0",
    "environment": ["download", "api"],
    "terms": {"may": [{"action": "use"}], "must": [{"action": "attribute"}]},
}
ON_REQUEST = OPEN | {
    "kind": "REQUEST",
    "purposes": ["RESEARCH", "STATISTICS"],
    "questions": [{"zh": "由谁使用？", "en": "Who will use it?"}],
}
PAID = OPEN | {
    "kind": "PAID",
    "price": {"minor": 1_200_000, "currency": "CNY"},
    "quota_rows": 100_000,
    "terms": {
        "may": [{"action": "use"}],
        "must_not": [{"action": "share"}],
        "must": [{"action": "attribute"}],
    },
}
ROWS = 4_000


@dataclass(frozen=True)
class Stocked:
    """An asset on show. file: its one file, at the provider's."""

    id: str
    title: dict[str, str]
    file: Path
    offer: str
    certificate: str


@dataclass(frozen=True)
class Shelf:
    provider: Datawharf
    registrar: Datawharf
    ports: Stocked
    tides: Stocked
    words: Stocked

    @property
    def all(self) -> tuple[Stocked, ...]:
        return self.ports, self.tides, self.words


def stock(market: RunningMarket, folder: Path) -> Shelf:
    """A provider's assets, registered, certified, offered and put on show by the product's own client."""
    registrar, provider = market.registrar("450700"), market.party("harbour")
    lines = [f"CN{number:05d},{number * 37 % 9000}\n" for number in range(ROWS)]

    def put(name: str, content: str, title: dict[str, str], terms: dict[str, Any], **more: Any) -> Stocked:
        data = folder / name
        data.mkdir(parents=True)
        file = data / f"{name}.csv"
        file.write_text(content, encoding="utf-8")
        version = provider.register([data], metadata=EXAMPLE_METADATA | {"title": title} | more)
        market.drain()
        application = provider.apply(version["id"])
        for decision in ("accepted", "formal-review", "issued"):
            application = registrar.decide(application["id"], decision)
        offer = provider.publish_offer(version["asset_id"], terms)
        market.drain()
        provider.list_asset(version["asset_id"])
        market.drain()
        code = application["certificate_code"]
        assert code is not None
        return Stocked(version["asset_id"], title, file, offer["id"], code)

    ports = put(
        "ports",
        "code,teu\n" + "".join(lines),
        {"zh": "北部湾港口吞吐量", "en": "Throughput of the Beibu Gulf ports"},
        PAID,
        modality="TABULAR",
        abstract={
            "zh": "钦州、防城港、北海三港泊位吞吐量。",
            "en": "Throughput of the berths of three ports.",
        },
    )
    tides = put(
        "tides",
        "hour,height\n" + "".join(f"{hour},{hour % 50 / 10}\n" for hour in range(200)),
        {"zh": "钦州港逐时潮位", "en": "Hourly tides at Qinzhou port"},
        OPEN,
        modality="TIME_SERIES",
        abstract={"zh": "验潮站每小时潮高，港口调度可用。", "en": "Height of the tide, one value an hour."},
    )
    words = put(
        "words",
        "lao,english\nທ່າເຮືອ,port\nທະເລ,sea\n",
        {"zh": "老挝语英语词表", "en": "Lao–English word list"},
        ON_REQUEST,
        modality="TEXT",
        languages=["lo", "en"],
        industry="P",
        keywords=["词表"],
        abstract={"zh": "老挝语与英语对照词表。", "en": "Lao words with their English meaning."},
    )
    return Shelf(provider, registrar, ports, tides, words)
