"""Small private records of the log's writer: ASCII lines, one fact a line, one accepted form.

    name of the record LF || field LF …

They stay in the operator's stores; only the entries of an index log, which need no more, are published like this.
"""

from collections.abc import Sequence

from ledger.errors import Malformed


def format_record(name: str, fields: Sequence[str]) -> bytes:
    """Bytes of a record; ValueError if a field holds a line feed."""
    if any("\n" in field for field in fields):
        raise ValueError(f"A field of a {name} record has a line feed.")
    return "".join(f"{line}\n" for line in (name, *fields)).encode()


def parse_record(data: bytes, name: str, count: int) -> list[str]:
    """The `count` fields of a record called `name`; Malformed for anything else."""
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError:
        lines = []
    if len(lines) != count + 2 or lines[0] != name or lines[-1]:
        raise Malformed(f"The record is not a {name} with {count} fields.")
    return lines[1:-1]
