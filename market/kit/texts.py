"""Text written by people, in two languages."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from market.kit.i18n import N_, Lang

# Control characters but tab and line feed, and those that turn the direction of writing: with them one name looks like
# another.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def plain_lines(value: str) -> str:
    """The text, if nothing in it is invisible; else ValueError."""
    if _INVISIBLE.search(value):
        raise ValueError(N_("This contains an invisible control character; type it again."))
    return value


def plain_line(value: str) -> str:
    """The same for a text of one line."""
    if "\n" in value or "\t" in value:
        raise ValueError(N_("This is one line: no line breaks and no tabs."))
    return plain_lines(value)


class LocalText(BaseModel):
    """The same text in Chinese and English; one of them may be empty, not both."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    zh: str = Field(default="", max_length=20_000)
    en: str = Field(default="", max_length=20_000)

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.zh and not self.en:
            raise ValueError(N_("Write this in Chinese or in English, better in both."))
        return self

    def best(self, lang: Lang) -> str:
        """The text in `lang`, or in the other language where it is missing."""
        return (self.zh or self.en) if lang == "zh" else (self.en or self.zh)


def _name(value: LocalText) -> LocalText:
    for text in (value.zh, value.en):
        if len(text) > 200:
            raise ValueError(N_("A name has at most 200 characters."))
        plain_line(text)
    return value


Name = Annotated[LocalText, AfterValidator(_name)]
