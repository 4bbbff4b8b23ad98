"""Help and glossary: what a newcomer needs, in words."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from market.kit.auth import Principal
from market.kit.guards import BROWSE, page_guard
from market.kit.pages import LangPath, page_router
from market.kit.ports import ports_of
from market.kit.templating import render
from market.provenance.gateway import Ledger
from market.shelf.words import GLOSSARY

router = page_router("shelf")
Visitor = Annotated[Principal, Depends(page_guard(BROWSE))]


@router.get("/help")
def help_page(request: Request, lang: LangPath, actor: Visitor) -> Response:
    ledger = ports_of(request).get(Ledger)
    return render(request, "shelf/help.html", origin=ledger.origin, fingerprint=ledger.fingerprint)


@router.get("/glossary")
def glossary(request: Request, lang: LangPath, actor: Visitor) -> Response:
    return render(request, "shelf/glossary.html", terms=GLOSSARY)
