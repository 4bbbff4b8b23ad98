"""Text written by people, in two languages."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from market.kit.i18n import N_, Lang


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
