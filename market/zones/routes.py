"""/api/v1: zones, code lists and rules, all public."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from market.kit.auth import Principal
from market.kit.guards import api_guard
from market.kit.paging import Page
from market.kit.ports import ports_of
from market.zones import service
from market.zones.schemas import CodeLists, NegativeList, RulePack, ZoneView
from market.zones.verbs import READ_CODES

router = APIRouter(prefix="/api/v1", tags=["zones"])
Anyone = Annotated[Principal, Depends(api_guard(READ_CODES))]


@router.get("/zones", summary="The hub and the city zones", response_model=Page[ZoneView])
def list_zones(_: Anyone, request: Request) -> Page[ZoneView]:
    with ports_of(request).db.reading() as session:
        return Page(items=service.zones(session))


@router.get("/codes", summary="Code lists, and licences in words", response_model=CodeLists)
def read_codes(_: Anyone) -> CodeLists:
    return service.all_codes()


@router.get("/rule-packs/{pack_id}", summary="A rule pack with its digest", response_model=RulePack)
def read_rule_pack(pack_id: str, _: Anyone) -> RulePack:
    """The digest is the SHA-256 of the pack's canonical JSON (RFC 8785) without the digest; the ledger holds it."""
    return service.rule_pack(pack_id)


@router.get("/negative-list", summary="The negative list in force", response_model=NegativeList)
def read_negative_list(_: Anyone) -> NegativeList:
    return service.negative_list()
