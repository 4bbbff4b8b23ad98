"""Small parts that all page routes share: the language in the address, redirects that say what happened."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import RedirectResponse

from market.kit.csrf import refuse_forged
from market.kit.i18n import Lang
from market.kit.templating import FLASH

LangPath = Annotated[Lang, Path(description="The language of the page.")]


def page_router(tag: str) -> APIRouter:
    """A router for pages under /{lang}: cookies only, forged forms refused, not part of the API description."""
    return APIRouter(
        prefix="/{lang}", tags=[tag], include_in_schema=False, dependencies=[Depends(refuse_forged)]
    )


def redirect(address: str, *, flash: str = "") -> RedirectResponse:
    """After a form: go to `address` of our own site and show `flash` (an English sentence, translated there) once."""
    response = RedirectResponse(address, status_code=303)
    if flash:
        sentence = base64.urlsafe_b64encode(flash.encode()).decode()
        response.set_cookie(FLASH, sentence, path="/", httponly=True, samesite="lax", max_age=60)
    return response


def safe_next(address: str | None, fallback: str) -> str:
    """An address of our own site to go on to; anything else gives the fallback."""
    if address and address.startswith("/") and not address.startswith(("//", "/\\")) and "\n" not in address:
        return address
    return fallback
