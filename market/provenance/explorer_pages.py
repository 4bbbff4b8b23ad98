"""Pages for whoever wants to see that the ledger keeps its word: its witnesses, two of its states compared, histories."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Query, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from market.kit.auth import Principal
from market.kit.errors import InvalidInput
from market.kit.guards import page_guard
from market.kit.i18n import N_, Lang, translate
from market.kit.pages import LangPath, page_router
from market.kit.ports import ports_of
from market.kit.ratelimit import limited
from market.kit.templating import render
from market.provenance import histories, service
from market.provenance.comparing import compare, published_before, published_from
from market.provenance.gateway import Ledger
from market.provenance.indexing import HISTORIES
from market.provenance.schemas import ConsistencyView
from market.provenance.tree_drawing import draw_consistency
from market.provenance.verbs import READ_LOG
from market.provenance.watching import watched

router = page_router("provenance")
Visitor = Annotated[Principal, Depends(page_guard(READ_LOG))]
SizeText = Annotated[str | None, Query(max_length=30)]
HISTORY_PAGE = 25


@router.get("/ledger/witnesses")
def witnesses_page(request: Request, lang: LangPath, actor: Visitor) -> Response:
    """Who cosigns the log, what each last cosigned, and whether the newest checkpoint has enough of them."""
    ledger = ports_of(request).get(Ledger)
    return render(
        request,
        "provenance/witnesses.html",
        origin=ledger.origin,
        fingerprint=ledger.fingerprint,
        watch=watched(ledger),
    )


@router.get("/ledger/consistency")
def consistency_page(
    request: Request,
    lang: LangPath,
    actor: Visitor,
    old: Annotated[SizeText, Query(alias="from")] = None,
    new: Annotated[SizeText, Query(alias="to")] = None,
) -> Response:
    """The proof that one state of the log continues another, drawn; at first of the last two published ones."""
    ledger = ports_of(request).get(Ledger)
    newest = service.head(ledger).size
    later = str(newest) if new is None else new
    earlier = str(published_before(ledger, newest) or newest) if old is None else old
    proof, errors = None, {}
    try:
        proof = compare(ledger, _size(earlier, "from", newest), _size(later, "to", newest))
    except InvalidInput as error:
        errors = {error.where: _told(lang, error)}
    return render(
        request,
        "provenance/consistency.html",
        status=422 if errors else 200,
        origin=ledger.origin,
        base=ports_of(request).base_url,
        newest=newest,
        asked={"from": earlier, "to": later},
        chosen=old is not None or new is not None,
        errors=errors,
        proof=proof,
        drawing=_drawn(lang, proof) if proof else None,
        unsigned=_unsigned(ledger, proof) if proof else [],
    )


def _size(text: str, field: str, newest: int) -> int:
    bare = text.strip().replace(",", "").replace("，", "")
    if not (bare.isascii() and bare.isdigit() and len(bare) < 16):
        raise InvalidInput(
            N_("This is no number of entries."),
            hint=N_("Enter a number from 1 to %(last)s."),
            where=field,
            last=newest,
        )
    return int(bare)


def _told(lang: Lang, error: InvalidInput) -> str:
    """What is wrong, and what to do."""
    parts = [translate(lang, sentence, **error.params) for sentence in (error.detail, error.hint) if sentence]
    return ("" if lang == "zh" else " ").join(parts)


def _drawn(lang: Lang, proof: ConsistencyView) -> Markup:
    sizes = {"old": f"{proof.old.size:,}", "new": f"{proof.new.size:,}"}
    return draw_consistency(
        proof,
        translate(
            lang,
            N_(
                "The tree of %(new)s entries and the tree of %(old)s entries are put together from the same subtrees, "
                "which the table below lists."
            ),
            **sizes,
        ),
        (_root_of(lang, proof.new.size), _root_of(lang, proof.old.size)),
    )


def _root_of(lang: Lang, size: int) -> str:
    return translate(lang, N_("Root of %(size)s"), size=f"{size:,}")


def _unsigned(ledger: Ledger, proof: ConsistencyView) -> list[tuple[str, int, list[int]]]:
    """Which of the two states was never signed as a checkpoint, with the sizes next to it that were."""
    return [
        (field, state.size, [near for near in _near(ledger, state.size) if near])
        for field, state in (("from", proof.old), ("to", proof.new))
        if state.checkpoint is None
    ]


def _near(ledger: Ledger, size: int) -> tuple[int | None, int | None]:
    return published_before(ledger, size), published_from(ledger, size)


@router.get("/ledger/history", dependencies=[Depends(limited(HISTORIES, "histories"))])
def history_page(
    request: Request,
    lang: LangPath,
    actor: Visitor,
    key: Annotated[str, Query(max_length=2048)] = "",
    about: Annotated[str, Query(max_length=20)] = "",
    name: Annotated[str, Query(max_length=2048)] = "",
    first: Annotated[int, Query(ge=0, lt=2**53)] = 0,
) -> Response:
    """Every entry that names something, with the proof that none is left out; its absence, proved, if none does."""
    ports = ports_of(request)
    ledger, errors, found = ports.get(Ledger), {}, None
    if about and not key:
        try:
            key = histories.key_for(about, name)
            return RedirectResponse(f"/{lang}/ledger/history?key={quote(key, safe=':')}", status_code=303)
        except InvalidInput as error:
            errors = {error.where: _told(lang, error)}
    elif key:
        found = histories.history(ledger, key, first, HISTORY_PAGE)
    return render(
        request,
        "provenance/history.html",
        status=422 if errors else 200,
        origin=ledger.origin,
        base=ports.base_url,
        head=service.head(ledger),
        asked={"about": about, "name": name},
        errors=errors,
        key=key,
        found=found,
        step=HISTORY_PAGE,
    )
