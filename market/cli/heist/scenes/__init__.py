"""The scenes, in the order in which they are played."""

from __future__ import annotations

from collections.abc import Callable

from market.cli.demo.play import Play
from market.cli.heist.case import Case, keep_evidence, open_case
from market.cli.heist.ending import tell_limits
from market.cli.heist.scenes import backdated, hidden_refusal, rewritten_terms, swapped_byte, two_histories

Scene = Callable[[Case], None]
SCENES: tuple[Scene, ...] = (
    swapped_byte.play,
    rewritten_terms.play,
    two_histories.play,
    backdated.play,
    hidden_refusal.play,
)


def play_scenes(play: Play, key: str = "sea-corridor") -> None:
    """All scenes on a play that is under way, about one of its assets."""
    keep_evidence(play, key)
    case = open_case(play.tell, play.folders.root)
    for scene in SCENES:
        scene(case)
    tell_limits(play.tell)


__all__ = ["SCENES", "Scene", "play_scenes"]
