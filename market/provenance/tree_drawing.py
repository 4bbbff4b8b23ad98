"""A consistency proof drawn as SVG: in the middle the subtrees that the proof names, the later tree to their left, the
earlier one to their right. Whatever the sizes, only the O(log n) subtrees of the proof are there. Attributes and classes
only, as the page's policy asks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from market.kit.templating import as_drawing
from market.provenance.drawing import shortened
from market.provenance.schemas import ConsistencyView, NodeView

BOX, HEIGHT, ROW, HEAD = 164, 38, 46, 44
SIDE, STEP = 84, 16


def draw_consistency(proof: ConsistencyView, description: str, labels: tuple[str, str]) -> Markup:
    """labels: what stands over the later and over the earlier root."""
    width, height = 2 * SIDE + BOX, HEAD + 24 + len(proof.nodes) * ROW
    parts = [
        f'<svg class="drawing" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(description)}</title>'
    ]
    parts += _tree([(node.begin, node.end) for node in proof.nodes], proof.new.size, mirrored=False)
    parts += _tree(
        [(node.begin, node.end) for node in proof.nodes if node.shared], proof.old.size, mirrored=True
    )
    half = width // 2 - 6
    parts.append(_box(0, 0, half, "root", labels[0], proof.new.root))
    parts.append(_box(width - half, 0, half, "leaf", labels[1], proof.old.root))
    parts += [_node(node, place) for place, node in enumerate(proof.nodes)]
    parts.append("</svg>")
    return as_drawing("".join(parts))


def _middle(place: int) -> int:
    """The height of the middle of a row."""
    return HEAD + 24 + place * ROW + HEIGHT // 2


def _node(node: NodeView, place: int) -> str:
    span = f"{node.begin:,}–{node.end - 1:,}" if node.end - node.begin > 1 else f"{node.begin:,}"
    kind = "leaf" if node.shared else "sibling"
    return _box(SIDE, _middle(place) - HEIGHT // 2, BOX, kind, span, node.hash)


def _box(x: int, y: int, width: int, kind: str, label: str, digest: str) -> str:
    middle = x + width // 2
    return (
        f"<g><title>{escape(label)} {digest}</title>"
        f'<rect class="{kind}" x="{x + 1}" y="{y + 1}" width="{width - 2}" height="{HEIGHT - 2}" rx="5"/>'
        f'<text x="{middle}" y="{y + 16}" text-anchor="middle">{escape(label)}</text>'
        f'<text x="{middle}" y="{y + 31}" text-anchor="middle">{shortened(digest)}</text></g>'
    )


def _tree(ranges: Sequence[tuple[int, int]], size: int, *, mirrored: bool) -> list[str]:
    """The edges of the tree over `ranges`, which lie in the first rows, up to its root above them."""
    depth = max(len(ranges) - 1, 1)
    step = max(2, min(STEP, (SIDE - 12) // depth))
    right = 2 * SIDE + BOX

    def across(at: int) -> int:
        return right - at if mirrored else at

    edges: list[str] = []

    def descend(begin: int, end: int, rows: range, x: int) -> int:
        """Draws the subtree over [begin, end) and returns the height at which it is joined."""
        if len(rows) == 1:
            edges.append(f"M{across(x)} {_middle(rows[0])} H{across(SIDE)}")
            return _middle(rows[0])
        middle = begin + (1 << ((end - begin - 1).bit_length() - 1))
        cut = next(row for row in rows if ranges[row][0] >= middle)
        upper = descend(begin, middle, range(rows.start, cut), x + step)
        lower = descend(middle, end, range(cut, rows.stop), x + step)
        edges.extend(f"M{across(x)} {y} H{across(x + step)}" for y in (upper, lower))
        edges.append(f"M{across(x)} {upper} V{lower}")
        return (upper + lower) // 2

    joined = descend(0, size, range(len(ranges)), 10)
    edges.append(f"M{across(10)} {joined} H{across(4)} V{HEIGHT}")
    kind = "edge old" if mirrored else "edge"
    return [f'<path class="{kind}" d="{" ".join(edges)}"/>']
