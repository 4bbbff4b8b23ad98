"""Which bytes a request wants (RFC 9110 sections 13.1, 13.2 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from market.delivery.errors import RangeUnsatisfiable
from market.kit.i18n import N_

MAX_RANGES = 8
_SPEC = re.compile(r"([0-9]{1,30})-([0-9]{0,30})|-([0-9]{1,30})")
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


@dataclass(frozen=True)
class Span:
    """Bytes [start, stop) of a file."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


def parse_range(header: str, size: int) -> list[Span] | None:
    """The spans that a Range header asks of a file of `size` bytes; None for all of it.

    Another unit than bytes is passed over, as the standard says. Overlapping and adjacent spans are merged, so that
    nobody gets more bytes than the file has; the spans ascend. Raises RangeUnsatisfiable for ranges that are
    malformed, inverted, all beyond the end, or more than eight.
    """
    unit, equals, wanted = header.partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    specs = [spec.strip() for spec in wanted.split(",")]
    specs = [spec for spec in specs if spec]
    if not specs or len(specs) > MAX_RANGES:
        raise _unsatisfiable(
            N_("Ask for one to %(most)s ranges, such as bytes=0-999."), size, most=MAX_RANGES
        )
    spans = [span for spec in specs if (span := _span(spec, size)) is not None]
    if not spans:
        if size == 0 and all(spec.startswith("-") and spec.strip("-0") for spec in specs):
            return None  # the last n bytes of an empty file are the empty file
        raise _unsatisfiable(N_("The file has %(size)s bytes."), size)
    return _merged(spans)


def names_tag(header: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of entity tags (If-Match, If-None-Match) names `etag`; weak: W/ makes no difference."""
    if header.strip() == "*":
        return True
    found: list[str] = _TAG.findall(header)
    return etag in ([tag.removeprefix("W/") for tag in found] if weak else found)


def _span(spec: str, size: int) -> Span | None:
    """One range, cut to the file; None if it lies beyond the end."""
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise _unsatisfiable(N_("%(spec)s is not a range of bytes."), size, spec=spec[:60])
    first, last, suffix = match.groups()
    if suffix is not None:
        start = max(0, size - int(suffix))
        return Span(start, size) if start < size else None
    if last and int(last) < int(first):
        raise _unsatisfiable(N_("The range %(spec)s ends before it starts."), size, spec=spec[:60])
    if int(first) >= size:
        return None
    return Span(int(first), min(int(last) + 1, size) if last else size)


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start):
        if merged and span.start <= merged[-1].stop:
            merged[-1] = Span(merged[-1].start, max(merged[-1].stop, span.stop))
        else:
            merged.append(span)
    return merged


def _unsatisfiable(detail: str, size: int, **params: object) -> RangeUnsatisfiable:
    params.pop("size", None)
    return RangeUnsatisfiable(
        detail,
        hint=N_("Ask for bytes that the file has, or leave the Range header out."),
        where="Range",
        retry_after=None,
        size=size,
        **params,
    )
