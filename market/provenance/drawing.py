"""An inclusion path drawn as SVG: numbers in, markup out. Only attributes and classes, as the page's policy asks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from ledger.proofs import path_sides
from market.kit.templating import as_drawing

ROW, BOX, GAP, LABEL = 64, 150, 40, 34


def draw_path(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes, description: str
) -> Markup:
    """The way from an entry's leaf hash to the root of the tree, one row a step.

    Solid boxes are what a checker computes, dashed ones what the proof gives him. The sibling stands left or right of
    the computed hash exactly as the two are hashed together.
    """
    rows = len(path) + 1
    width, height = 2 * BOX + GAP, rows * ROW - (ROW - LABEL)
    parts = [
        (
            f'<svg class="drawing" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'xmlns="http://www.w3.org/2000/svg"><title>{escape(description)}</title>'
        )
    ]
    for step, is_left in enumerate(path_sides(index, size, len(path))):
        y = height - LABEL - step * ROW
        mine, other = (BOX + GAP, 0) if is_left else (0, BOX + GAP)
        parts.append(_edge(mine + BOX // 2, y, width // 2, y - ROW + LABEL))
        parts.append(_edge(other + BOX // 2, y, width // 2, y - ROW + LABEL))
        parts.append(
            _box(mine, y, "leaf" if step == 0 else "box", shortened(leaf.hex()) if step == 0 else "…")
        )
        parts.append(_box(other, y, "sibling", shortened(path[step].hex())))
    parts.append(_box((width - BOX) // 2 if path else 0, 0, "root", shortened(root.hex())))
    parts.append("</svg>")
    return as_drawing("".join(parts))


def _box(x: int, y: int, kind: str, text: str) -> str:
    return (
        f'<rect class="{kind}" x="{x + 1}" y="{y + 1}" width="{BOX - 2}" height="{LABEL - 2}" rx="5"/>'
        f'<text x="{x + BOX // 2}" y="{y + 22}" text-anchor="middle">{text}</text>'
    )


def _edge(x1: int, y1: int, x2: int, y2: int) -> str:
    return f'<path class="edge" d="M{x1} {y1} L{x2} {y2}"/>'


def shortened(digest: str) -> str:
    """A digest in hex as it stands in a drawing."""
    return f"{digest[:6]}…{digest[-6:]}"
