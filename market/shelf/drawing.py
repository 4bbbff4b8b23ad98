"""Pictures of the shelf: numbers and words in, SVG out. Only attributes and classes, as the page's policy asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from market.kit.i18n import N_, Lang, translate
from market.kit.texts import LocalText

# The cities of Guangxi as they lie, west to east and north to south; a dot is a gap.
TILES = (
    (None, None, None, "450300"),
    (None, "451200", "450200", "451100"),
    ("451000", None, "451300", "450400"),
    ("451400", "450100", "450800", "450900"),
    ("450600", "450700", "450500", None),
)
HUB = "450000"
TILE_WIDTH, TILE_HEIGHT, GAP, BAR = 84, 50, 6, 40
_LONG = 10

BOX_WIDTH, BOX_HEIGHT, COLUMN_GAP, ROW_GAP = 168, 52, 72, 20
MOST_NODES = 40


def draw_cities(names: Mapping[str, LocalText], counts: Mapping[str, int], lang: Lang) -> str:
    """The fourteen cities as a map of tiles below a bar for the hub; each leads to its zone."""
    width = 4 * TILE_WIDTH + 3 * GAP
    height = BAR + GAP + 5 * (TILE_HEIGHT + GAP) - GAP
    title = escape(translate(lang, N_("The data zones of Guangxi and its fourteen cities")))
    parts = [
        f'<svg class="drawing cities" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="group" aria-label="{title}" xmlns="http://www.w3.org/2000/svg">',
        _tile(HUB, names, counts, lang, 0, 0, width, BAR),
    ]
    for row, places in enumerate(TILES):
        for column, adcode in enumerate(places):
            if adcode is not None:
                x, y = column * (TILE_WIDTH + GAP), BAR + GAP + row * (TILE_HEIGHT + GAP)
                parts.append(_tile(adcode, names, counts, lang, x, y, TILE_WIDTH, TILE_HEIGHT))
    return "".join([*parts, "</svg>"])


def _tile(
    adcode: str,
    names: Mapping[str, LocalText],
    counts: Mapping[str, int],
    lang: Lang,
    x: int,
    y: int,
    width: int,
    height: int,
) -> str:
    name, count = names[adcode].best(lang), counts.get(adcode, 0)
    label = translate(lang, N_("%(city)s: %(count)s on show"), city=name, count=count)
    kind = "tile" if count else "tile none"
    middle = x + width // 2
    if adcode == HUB:
        lines = [f'<text x="{middle}" y="{y + 25}" text-anchor="middle">{escape(name)} · {count}</text>']
    else:
        first, second = (name[:9] + "-", name[9:]) if len(name) > _LONG else (name, str(count))
        lines = [
            f'<text x="{middle}" y="{y + 21}" text-anchor="middle">{escape(first)}</text>',
            f'<text class="count" x="{middle}" y="{y + 39}" text-anchor="middle">'
            f"{escape(second)}{f' {count}' if second != str(count) else ''}</text>",
        ]
    return (
        f'<a href="/{lang}/zones/{adcode}" aria-label="{escape(label)}">'
        f'<rect class="{kind}" x="{x + 1}" y="{y + 1}" width="{width - 2}" height="{height - 2}" rx="5"/>'
        f"{''.join(lines)}</a>"
    )


@dataclass(frozen=True)
class Node:
    """A version in the lineage graph. proved: its registration is in the ledger."""

    key: str
    title: str
    subtitle: str
    address: str
    proved: bool
    own: bool


def draw_lineage(nodes: Sequence[Node], edges: Sequence[tuple[str, str]], description: str) -> str:
    """From left to right: what it was made from, the versions, what was made from them. edges: (source, made)."""
    columns = _ordered(_layers([node.key for node in nodes], edges), edges)
    by_key = {node.key: node for node in nodes}
    tallest = max(len(column) for column in columns)
    width = len(columns) * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP
    height = tallest * (BOX_HEIGHT + ROW_GAP) - ROW_GAP
    places = {}
    for number, column in enumerate(columns):
        top = (height - (len(column) * (BOX_HEIGHT + ROW_GAP) - ROW_GAP)) // 2
        for row, key in enumerate(column):
            places[key] = (number * (BOX_WIDTH + COLUMN_GAP), top + row * (BOX_HEIGHT + ROW_GAP))
    parts = [
        f'<svg class="drawing lineage" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="group" aria-label="{escape(description)}" xmlns="http://www.w3.org/2000/svg">'
    ]
    parts += [_edge(places[source], places[made]) for source, made in edges]
    parts += [_box(by_key[key], *place) for key, place in places.items()]
    return "".join([*parts, "</svg>"])


def _layers(keys: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Each node as far right as its longest way from a source."""
    rank = dict.fromkeys(keys, 0)
    for _ in keys:
        moved = False
        for source, made in edges:
            if rank[made] < rank[source] + 1 <= len(keys):
                rank[made], moved = rank[source] + 1, True
        if not moved:
            break
    columns: list[list[str]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for key in keys:
        columns[rank[key]].append(key)
    return [column for column in columns if column]


def _ordered(columns: list[list[str]], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Two sweeps that put each node level with the middle of its neighbours, so that few edges cross."""
    for sweep in (range(1, len(columns)), range(len(columns) - 2, -1, -1)):
        for number in sweep:
            beside = columns[number - 1] if sweep.step > 0 else columns[number + 1]
            at = {key: row for row, key in enumerate(beside)}
            middle = {}
            for row, key in enumerate(columns[number]):
                near = [at[source] for source, made in edges if made == key and source in at]
                near += [at[made] for source, made in edges if source == key and made in at]
                middle[key] = sum(near) / len(near) if near else float(row)
            columns[number].sort(key=lambda key: middle[key])
    return columns


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + BOX_HEIGHT // 2
    bend = (x2 - x1) // 2
    return f'<path class="edge" d="M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"/>'


def _box(node: Node, x: int, y: int) -> str:
    kind = "root" if node.own else "box" if node.proved else "sibling"
    return (
        f'<a href="{escape(node.address)}">'
        f'<rect class="{kind}" x="{x + 1}" y="{y + 1}" width="{BOX_WIDTH - 2}" height="{BOX_HEIGHT - 2}" rx="5"/>'
        f'<text x="{x + 10}" y="{y + 22}">{escape(_cut(node.title))}</text>'
        f'<text class="count" x="{x + 10}" y="{y + 40}">{escape(node.subtitle)}</text></a>'
    )


def _cut(text: str) -> str:
    """As much of a title as fits the box; Han characters are twice as wide."""
    room, kept = 20, ""
    for character in text:
        room -= 2 if ord(character) > 0x2E7F else 1
        if room < 0:
            return kept + "…"
        kept += character
    return kept
