"""Which entries a history names, one a line: what the step on completeness means by the entries named here."""

from collections.abc import Iterator
from itertools import islice

from ledger.check_words import Language
from ledger.errors import Malformed
from ledger.index.check import HistoryReport
from ledger.index.words import LISTED
from ledger.names import origin_id, parse_urn
from ledger.report import render_value
from ledger.statement import Claims, parse_statement

MOST_LISTED = 50

_PREFIX = "urn:datawharf:predicate/"
_LONGEST = 100


def entry_lines(report: HistoryReport, lang: Language = "en") -> Iterator[str]:
    """The entries, if the list of them is shown to be complete: each with its kind and issuer where it is proved too."""
    history = report.history
    if history is None or report.step("map").outcome != "passed":
        return
    proved = all(report.step(code).outcome == "passed" for code in ("entries", "mapped"))
    entries = history.entries if proved else None
    for at, index in enumerate(islice(history.indices, MOST_LISTED)):
        if entries is None:
            yield _line("number", lang, entry=index)
        else:
            yield _described(index, entries[at].entry, lang)
    more = len(history.indices) - MOST_LISTED
    if more > 0:
        yield _line("more", lang, more=more)


def _described(index: int, entry: bytes, lang: Language) -> str:
    try:
        statement = parse_statement(entry)
    except Malformed:
        return _line("unreadable", lang, entry=index)
    kind, issuer = statement.predicate_type.removeprefix(_PREFIX), _issuer(statement.claims)
    if len(issuer) > _LONGEST:
        return _line("kind", lang, entry=index, kind=kind[:_LONGEST])
    return _line("issued", lang, entry=index, kind=kind[:_LONGEST], issuer=issuer)


def _issuer(claims: Claims) -> str:
    """As the index's keys have it, if it is named by the platform of the log; else in full."""
    try:
        name = parse_urn(claims.iss)
    except Malformed:
        return claims.iss
    return f"{name.kind}:{name.uuid}" if name.origin_id == origin_id(claims.aud) else claims.iss


def _line(form: str, lang: Language, **values: object) -> str:
    words = LISTED[form][0 if lang == "en" else 1]
    return "  " + words.format_map({name: render_value(name, value) for name, value in values.items()})
