"""What the pages of this slice have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import Request, Response

from market.accounts import service
from market.accounts.errors import ConfirmationRequired
from market.accounts.words import LEGAL_KIND_WORDS, ROLE_WORDS, SCOPE_WORDS, STATE_WORDS
from market.kit.auth import HUB
from market.kit.csrf import set_session_cookie
from market.kit.errors import Fault
from market.kit.forms import fault_errors
from market.kit.i18n import Lang, translate
from market.kit.pages import redirect
from market.kit.ports import ports_of

if TYPE_CHECKING:
    from sqlmodel import Session

WORDS: dict[str, Any] = {
    "role_words": ROLE_WORDS,
    "legal_kind_words": LEGAL_KIND_WORDS,
    "scope_words": SCOPE_WORDS,
    "state_words": STATE_WORDS,
}


def signed_in(request: Request, token: str, address: str, *, flash: str = "") -> Response:
    """Go on to `address` with the session's (new) cookie."""
    response = redirect(address, flash=flash)
    set_session_cookie(response, ports_of(request), token)
    return response


def organisation_choices(session: Session, lang: Lang) -> dict[str, Any]:
    """The lists that a form about an organisation offers."""
    zones = [(zone.adcode or HUB, zone.name.best(lang)) for zone in service.zone_orgs(session)]
    return {
        "legal_kinds": [(kind.value, translate(lang, words)) for kind, words in LEGAL_KIND_WORDS.items()],
        "industries": [(code, f"{code} {name.best(lang)}") for code, name in service.INDUSTRIES.items()],
        "zones": zones or [(HUB, HUB)],
    }


def carried_out(
    request: Request,
    work: Callable[[Session], object],
    *,
    back: str,
    flash: str,
    refused: Callable[[dict[str, str], int], Response],
) -> Response:
    """Do `work` in a transaction and go `back`; ask for the password first, or show what was refused."""
    lang: Lang = request.path_params["lang"]
    try:
        with ports_of(request).db.writing() as session:
            work(session)
    except ConfirmationRequired:
        return confirm_first(lang, back)
    except Fault as fault:
        return refused(fault_errors(fault, lang), int(fault.kind))
    return redirect(back, flash=flash)


def confirm_first(lang: Lang, back: str) -> Response:
    return redirect(f"/{lang}/account/confirm?next={quote(back, safe='')}")
