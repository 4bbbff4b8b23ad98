"""Forms: what a page was sent, checked by a schema; on failure the page shows the values again with what is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from market.kit.csrf import FIELD
from market.kit.errors import Fault
from market.kit.i18n import N_, Lang, translate

Schema = TypeVar("Schema", bound=BaseModel)

# pydantic's error type -> our sentence. Others fall back to the last one.
_SENTENCES: dict[str, str] = {
    "missing": N_("This must be filled in."),
    "string_too_short": N_("This is too short: at least %(min_length)s characters."),
    "string_too_long": N_("This is too long: at most %(max_length)s characters."),
    "string_pattern_mismatch": N_("This is not in the expected form."),
    "extra_forbidden": N_("This field is not known here."),
    "enum": N_("Choose one of the offered values."),
    "literal_error": N_("Choose one of the offered values."),
    "greater_than_equal": N_("This must be at least %(ge)s."),
    "less_than_equal": N_("This must be at most %(le)s."),
    "int_parsing": N_("This must be a whole number."),
    "uuid_parsing": N_("This is not an identifier."),
}
_OTHERWISE = N_("This value cannot be used.")


def sentence_for(error: Mapping[str, object], lang: Lang) -> str:
    """One pydantic error as a sentence. A ValueError raised by a validator speaks for itself (its message is a msgid)."""
    context = error.get("ctx")
    params = context if isinstance(context, dict) else {}
    if error.get("type") == "value_error" and "error" in params:
        return translate(lang, str(params["error"]))
    return translate(lang, _SENTENCES.get(str(error.get("type")), _OTHERWISE), **params)


def in_words(fault: Fault, lang: Lang) -> str:
    """A refusal as a page says it: what is the case, and what to do."""
    said = (
        translate(lang, text, **fault.params) for text in (fault.detail or fault.title, fault.hint) if text
    )
    return " ".join(said)


def fault_errors(fault: Fault, lang: Lang, field_of: Callable[[str], str] = str) -> dict[str, str]:
    """A refusal for the error summary: by the field at fault, else for the whole form.

    field_of: the form's field of a place that the fault names.
    """
    return {field_of(fault.where) or "form": in_words(fault, lang)}


@dataclass
class Submitted:
    """The fields of a form as they came: text, or a list of texts where a name was repeated."""

    values: dict[str, str | list[str]] = field(default_factory=dict)
    files: dict[str, UploadFile] = field(default_factory=dict)

    def only(self, *names: str) -> Submitted:
        """The same form with just these fields."""
        return Submitted({name: value for name, value in self.values.items() if name in names})

    def read(self, schema: type[Schema], lang: Lang) -> tuple[Schema | None, dict[str, str]]:
        """The checked form and no errors, or None and {field: sentence}. Empty texts count as left out."""
        given = {name: value for name, value in self.values.items() if value not in ("", [])}
        try:
            return schema.model_validate(given), {}
        except ValidationError as error:
            return None, {
                ".".join(str(part) for part in item["loc"]) or "form": sentence_for(item, lang)
                for item in error.errors()
            }


async def submitted(request: Request) -> AsyncIterator[Submitted]:
    """Dependency: the form of this request. Field names that end in [] are always lists.

    Files that came with it are closed when the answer is out.
    """
    form = await request.form()
    try:
        yield _read(form)
    finally:
        await form.close()


def _read(form: FormData) -> Submitted:
    result = Submitted()
    for name in form:
        if name == FIELD:
            continue
        entries = form.getlist(name)
        texts = [entry for entry in entries if isinstance(entry, str)]
        uploads = [entry for entry in entries if isinstance(entry, UploadFile)]
        if uploads:
            result.files[name] = uploads[0]
        elif name.endswith("[]"):
            result.values[name[:-2]] = [text for text in texts if text]
        else:
            result.values[name] = texts[0] if len(texts) == 1 else texts
    return result


SubmittedDep = Annotated[Submitted, Depends(submitted)]
