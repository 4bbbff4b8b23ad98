"""What can go wrong on the client's side, and what the server refused."""

from __future__ import annotations

from typing import Any, Literal

Lang = Literal["zh", "en"]


class ClientError(Exception):
    """A sentence that says what is wrong and what to do: in English with {fields}, as str() gives it filled."""

    def __init__(self, sentence: str = "", **fields: object) -> None:
        super().__init__(sentence.format(**fields) if fields else sentence)
        self.english, self.fields = sentence, fields


class Unreachable(ClientError):
    """The server did not answer."""


class Interrupted(ClientError):
    """A transfer stopped half-way; it can be resumed."""


class Corrupt(ClientError):
    """Bytes that came are not the registered ones. They were not kept."""


class Problem(ClientError):
    """A refusal by the server (RFC 9457). slug: the stable name of the fact."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status, self.body = status, body
        self.slug = str(body.get("slug", ""))
        self.title, self.detail = str(body.get("title", "")), str(body.get("detail", ""))
        self.hint, self.where = str(body.get("hint", "")), str(body.get("where", ""))
        sentence = self.detail or self.title or f"the server answered {status}"
        super().__init__(" ".join(part for part in (sentence, self.hint) if part) + self._each_value())

    def _each_value(self) -> str:
        """One line per value that was refused."""
        errors = [error for error in self.body.get("errors", []) if isinstance(error, dict)]
        return "".join(f"\n  {error.get('where', '')}: {error.get('detail', '')}" for error in errors)
