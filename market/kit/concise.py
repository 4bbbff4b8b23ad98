"""Refusals as concise problem details (RFC 9290), at the addresses whose clients read CBOR.

The title is the protocol's own name for the fact, or that of the status, and is never translated; the detail is.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from ledger.scrapi import PROBLEM_TYPE, Problem, format_problem
from market.kit.errors import Fault
from market.kit.i18n import Lang, translate

_PHRASES = {413: "Content Too Large"}  # RFC 9110; older releases of Python say it otherwise
_ADDRESSES = ("/entries", "/.well-known/scitt-keys")


class ProtocolFault(Fault):
    """A refusal whose title is a name that the protocol gives."""


def speaks_concisely(path: str) -> bool:
    """Whether refusals at this address, or below it, are concise problems."""
    return any(path == address or path.startswith(f"{address}/") for address in _ADDRESSES)


def concise_problem(fault: Fault, lang: Lang, status: int) -> Response:
    """The refusal with its title, and what is wrong and what to do in one detail."""
    title = fault.title if isinstance(fault, ProtocolFault) else _phrase(status)
    said = [translate(lang, text, **fault.params) for text in (fault.detail, fault.hint) if text]
    body = format_problem(Problem(title, " ".join(said) or title))
    return Response(
        body,
        status_code=status,
        media_type=PROBLEM_TYPE,
        headers={"Content-Language": lang, "Cache-Control": "no-store"},
    )


def _phrase(status: int) -> str:
    if status in _PHRASES:
        return _PHRASES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Refused"
