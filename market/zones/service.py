"""Zones in verbs; this is what doors and other slices use."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from market.accounts import service as accounts
from market.kit.i18n import CHINA
from market.zones import repository
from market.zones.code_lists import (
    check_code,
    check_licence,
    check_metadata,
    cities,
    code_list,
    code_lists,
    industries,
    label,
    licence_in_words,
    licence_name,
    licences,
)
from market.zones.registration_code import format_registration_code, is_registration_code
from market.zones.rules import (
    default_rule_pack,
    negative_list,
    refuse_if_listed,
    rule_against,
    rule_pack,
)
from market.zones.schemas import CodeLists, ZoneView

if TYPE_CHECKING:
    from sqlmodel import Session


def zones(session: Session) -> list[ZoneView]:
    """The hub and the cities, with their registrars where these are founded."""
    registrars = {org.adcode: org.id for org in accounts.zone_orgs(session)}
    return [
        ZoneView(adcode=city.adcode, name=city.name, organisation=registrars.get(city.adcode))
        for city in cities()
    ]


def all_codes() -> CodeLists:
    return CodeLists(lists=code_lists(), licences=list(licences().values()))


def next_registration_code(session: Session, *, adcode: str, kind: str, now: datetime) -> str:
    """A code that no other registration has. kind: RESOURCE, PRODUCT, SERVICE or TOOL. Months are China's."""
    month = f"{now.astimezone(CHINA):%Y%m}"
    return format_registration_code(adcode, kind, month, repository.next_serial(session, adcode, kind, month))


__all__ = [
    "all_codes",
    "check_code",
    "check_licence",
    "check_metadata",
    "cities",
    "code_list",
    "code_lists",
    "default_rule_pack",
    "industries",
    "is_registration_code",
    "label",
    "licence_in_words",
    "licence_name",
    "licences",
    "negative_list",
    "next_registration_code",
    "refuse_if_listed",
    "rule_against",
    "rule_pack",
    "zones",
]
