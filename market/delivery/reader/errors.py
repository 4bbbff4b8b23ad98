"""Why a table could not be read. Each error says what is wrong, where, and what to do."""

from __future__ import annotations

from market.kit.errors import Fault, Kind
from market.kit.i18n import N_


class TableFault(Fault):
    """Anything that keeps a table from being read."""


class MalformedTable(TableFault):
    """The file is not a well-formed table of its media type; ``where`` names line, byte or column."""

    kind, slug = Kind.INVALID, "malformed-table"
    title = N_("The table is malformed")


class TableTooLarge(TableFault):
    """Reading would cross a limit: a line, the number of columns, memory, time or the answer's size."""

    kind, slug = Kind.TOO_LARGE, "table-too-large"
    title = N_("The table needs more than one reading may use")


class UnknownColumn(TableFault):
    """A column was named that the table does not have."""

    kind, slug = Kind.INVALID, "unknown-column"
    title = N_("The table has no such column")


class BadFilter(TableFault):
    """A filter cannot be applied to its column, or its value is not of the column's type."""

    kind, slug = Kind.INVALID, "bad-filter"
    title = N_("A filter cannot be applied")


class BadCursor(TableFault):
    """The cursor is not one of ours, or belongs to another file."""

    kind, slug = Kind.INVALID, "bad-cursor"
    title = N_("The cursor does not belong to this table")


class BadLimit(TableFault):
    """The number of rows asked for is not within bounds."""

    kind, slug = Kind.INVALID, "bad-limit"
    title = N_("That many rows cannot be read at once")


class UnsupportedFormat(TableFault):
    """The file is of a type, or holds a kind of column, that cannot be read row by row."""

    kind, slug = Kind.UNSUPPORTED, "unsupported-table-format"
    title = N_("This file cannot be read row by row")


class ReaderUnavailable(TableFault):
    """This machine cannot lock the reader down, or cannot start it. Nothing is ever read without the lock."""

    kind, slug = Kind.UNAVAILABLE, "table-reader-unavailable"
    title = N_("Tables cannot be read on this server at the moment")


_TAKE_WHOLE = N_("Download the file whole, or tell the provider.")
_NARROW = N_("Ask for fewer rows or columns, or download the file whole.")
_TELL_PROVIDER = N_("Tell the provider of the file; a corrected version is needed.")
_OPERATOR = N_("The operator must let the server lock its table reader; datawharf doctor says more.")

REASONS: dict[str, tuple[type[TableFault], str, str]] = {
    # reason that the reader names: (error, sentence, what to do)
    "line-too-long": (
        TableTooLarge,
        N_("A line is longer than %(limit)s bytes. Lines must end with a line feed."),
        _TELL_PROVIDER,
    ),
    "record-too-long": (
        TableTooLarge,
        N_("A record is longer than %(limit)s bytes; often a closing quotation mark is missing."),
        _TELL_PROVIDER,
    ),
    "too-many-columns": (TableTooLarge, N_("The table has more than %(limit)s columns."), _TAKE_WHOLE),
    "row-too-large": (
        TableTooLarge,
        N_("One row alone is larger than the %(limit)s bytes of an answer."),
        _NARROW,
    ),
    "answer-too-large": (TableTooLarge, N_("The answer is larger than %(limit)s bytes."), _NARROW),
    "memory": (TableTooLarge, N_("Reading needs more than %(limit)s bytes of memory."), _TAKE_WHOLE),
    "cpu": (TableTooLarge, N_("Reading took more than %(limit)s seconds of computing."), _NARROW),
    "wall": (TableTooLarge, N_("Reading took longer than %(limit)s seconds."), _NARROW),
    "not-utf-8": (MalformedTable, N_("The text is not UTF-8."), _TELL_PROVIDER),
    "other-file-type": (
        MalformedTable,
        N_("The file says it is %(expected)s but begins like %(found)s."),
        _TELL_PROVIDER,
    ),
    "nul-byte": (MalformedTable, N_("A NUL byte is in the text; this is not a text table."), _TELL_PROVIDER),
    "no-header": (MalformedTable, N_("The file has no header line."), _TELL_PROVIDER),
    "duplicate-column": (
        MalformedTable,
        N_("Two columns have the same name: %(column)s."),
        _TELL_PROVIDER,
    ),
    "field-count": (
        MalformedTable,
        N_("The record has %(found)s fields where the header has %(expected)s."),
        _TELL_PROVIDER,
    ),
    "csv-syntax": (MalformedTable, N_("The record is not well-formed CSV: %(problem)s."), _TELL_PROVIDER),
    "json-syntax": (MalformedTable, N_("The line is not well-formed JSON: %(problem)s."), _TELL_PROVIDER),
    "json-not-object": (MalformedTable, N_("The line is not a JSON object."), _TELL_PROVIDER),
    "json-duplicate-name": (
        MalformedTable,
        N_("The line has the name %(column)s twice."),
        _TELL_PROVIDER,
    ),
    "json-too-deep": (MalformedTable, N_("The line is nested too deeply."), _TELL_PROVIDER),
    "late-column": (
        MalformedTable,
        N_("The line has the field %(column)s, which the first rows lack."),
        N_("Name the columns that you want, or take the rows as JSON."),
    ),
    "parquet": (MalformedTable, N_("The Parquet file is damaged: %(problem)s."), _TELL_PROVIDER),
    "crashed": (
        MalformedTable,
        N_("The file made its reader stop (%(signal)s). Nothing else was affected."),
        _TELL_PROVIDER,
    ),
    "unknown-column": (
        UnknownColumn,
        N_("The table has no column %(column)s. It has: %(known)s."),
        N_("Check the spelling; upper and lower case differ."),
    ),
    "repeated-column": (
        UnknownColumn,
        N_("The column %(column)s is asked for twice."),
        N_("Name each column once."),
    ),
    "bad-filter-op": (
        BadFilter,
        N_("%(op)s cannot be applied to the column %(column)s, which holds %(type)s."),
        N_("The table's description names each column's type."),
    ),
    "bad-filter-value": (
        BadFilter,
        N_("%(value)s is not a value of the column %(column)s, which holds %(type)s."),
        N_("Write the value as the table does; dates as 2026-01-31."),
    ),
    "too-many-filters": (BadFilter, N_("More than %(limit)s filters are given."), N_("Use fewer filters.")),
    "bad-cursor": (
        BadCursor,
        N_("The cursor is damaged or belongs to another file or version."),
        N_("Start again without a cursor."),
    ),
    "bad-limit": (
        BadLimit,
        N_("The number of rows must be from 1 to %(limit)s."),
        N_("Ask for several pages, following the cursor."),
    ),
    "unsupported-media-type": (
        UnsupportedFormat,
        N_("Files of type %(found)s cannot be read row by row: only CSV, JSON Lines and Parquet."),
        N_("Download the file whole."),
    ),
    "unsupported-column": (
        UnsupportedFormat,
        N_("The column %(column)s holds %(type)s, which cannot be delivered in this form."),
        N_("Leave the column out, or ask for Parquet."),
    ),
    "not-a-file": (UnsupportedFormat, N_("What was to be read is not a regular file."), _TAKE_WHOLE),
    "lock": (
        ReaderUnavailable,
        N_("This machine cannot lock the table reader down (%(layer)s: %(problem)s)."),
        _OPERATOR,
    ),
    "busy": (ReaderUnavailable, N_("All table readers are busy."), N_("Try again in a few seconds.")),
    "not-started": (ReaderUnavailable, N_("The table reader did not start: %(problem)s."), _OPERATOR),
}


def fault(reason: str, where: str = "", **params: object) -> TableFault:
    """The error for a reason that the reader names."""
    error, sentence, hint = REASONS[reason]
    return error(sentence, hint=hint, where=where, retry_after=5 if reason == "busy" else None, **params)
