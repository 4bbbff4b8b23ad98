"""How the locked-down process says no: a reason, a place, and what belongs into the sentence."""

from __future__ import annotations


class Refusal(Exception):
    """``reason`` is a key of ``errors.REASONS``; ``where`` names line, byte or column."""

    def __init__(self, reason: str, where: str = "", **params: object) -> None:
        super().__init__(reason)
        self.reason, self.where, self.params = reason, where, params
