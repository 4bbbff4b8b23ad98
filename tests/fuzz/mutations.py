"""Changed inputs: bits flipped, bytes set, pieces cut out, doubled, taken from another input, or made up."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

_EDITS = ("flip", "set", "cut", "double", "splice", "insert", "truncate")
_TELLING = b'\n|\n\n| |+|=|-|0|\x00|\xff|\x7f|"|}|true|1e400|\\ud800'.split(b"|")


@st.composite
def mutated(draw: st.DrawFn, inputs: Sequence[bytes]) -> bytes:
    """One of `inputs` with up to four changes, or any short bytes."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=80))
    data = draw(st.sampled_from(inputs))
    for _ in range(draw(st.integers(1, 4))):
        data = _edited(draw, data, inputs)
    return data


def _edited(draw: st.DrawFn, data: bytes, inputs: Sequence[bytes]) -> bytes:
    at = draw(st.integers(0, len(data)))
    end = min(len(data), at + draw(st.sampled_from((0, 1, 2, 4, 8, 33, 200))))
    match draw(st.sampled_from(_EDITS)):
        case "flip" if at < len(data):
            return data[:at] + bytes([data[at] ^ 1 << draw(st.integers(0, 7))]) + data[at + 1 :]
        case "set" if at < len(data):
            return data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
        case "cut":
            return data[:at] + data[end:]
        case "double":
            return data[:end] + data[at:]
        case "splice":
            other = draw(st.sampled_from(inputs))
            return data[:at] + other[draw(st.integers(0, len(other))) :]
        case "insert":
            return data[:at] + draw(st.sampled_from(_TELLING)) + data[at:]
    return data[:at]
