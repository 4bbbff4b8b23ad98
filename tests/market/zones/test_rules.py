"""Rule pack and negative list."""

from __future__ import annotations

import hashlib

import pytest

from ledger.statement import canonical_json
from market.kit.errors import NotFound
from market.kit.i18n import translate
from market.zones import service as zones
from market.zones.errors import OnNegativeList
from market.zones.rules import Access


def test_the_default_pack_holds_the_national_values() -> None:
    pack = zones.default_rule_pack()
    assert (pack.days.review, pack.days.publicity, pack.day_kind) == (20, 10, "working")
    assert (pack.validity_years, pack.renew_window_days, pack.renew_years, pack.keep_years) == (3, 60, 3, 30)
    assert "CORE_DATA" in pack.refuse
    assert zones.rule_pack(pack.id) == pack
    with pytest.raises(NotFound):
        zones.rule_pack("../../../etc/passwd")


@pytest.mark.parametrize(
    "document", [zones.default_rule_pack(), zones.negative_list()], ids=lambda each: each.id
)
def test_the_digest_can_be_recomputed_from_what_the_service_gives_out(document: object) -> None:
    given_out = document.model_dump(mode="json", exclude_unset=True)  # type: ignore[attr-defined]
    digest = given_out.pop("digest")
    assert hashlib.sha256(canonical_json(given_out)).hexdigest() == digest


PLAIN = {"grade": "G1", "personal_info": "NONE", "source_kind": "ORIGINAL"}
PUBLIC = PLAIN | {"source_kind": "AUTHORISED_PUBLIC"}


@pytest.mark.parametrize(
    ("metadata", "access", "purposes", "rule"),
    [
        (PLAIN | {"grade": "CORE"}, "REQUEST", [], "N1"),
        (PLAIN | {"personal_info": "PERSONAL"}, "OPEN", [], "N2"),
        (PLAIN | {"personal_info": "PERSONAL"}, "PAID", [], "N2"),
        (PLAIN | {"personal_info": "SENSITIVE"}, "PAID", ["RESEARCH"], "N2"),
        (PLAIN | {"grade": "IMPORTANT"}, "OPEN", [], "N3"),
        (PLAIN | {"grade": "G4"}, "OPEN", [], "N5"),
        (PLAIN | {"grade": "G4"}, "PAID", [], "N5"),
        (PUBLIC, "PAID", ["INDUSTRY", "PUBLIC_WELFARE"], "N6"),
        (PUBLIC | {"grade": "G4"}, "PAID", ["PUBLIC_WELFARE"], "N5"),
    ],
)
def test_what_the_negative_list_refuses(
    metadata: dict[str, object], access: Access, purposes: list[str], rule: str
) -> None:
    with pytest.raises(OnNegativeList) as refused:
        zones.refuse_if_listed(metadata, access, purposes)
    assert refused.value.params["rule"] == rule
    assert translate("zh", refused.value.detail) != refused.value.detail


@pytest.mark.parametrize(
    ("metadata", "access", "purposes"),
    [
        (PLAIN, "OPEN", []),
        (PLAIN, "PAID", ["PUBLIC_WELFARE"]),
        (PLAIN | {"grade": "G4"}, "REQUEST", []),
        (PLAIN | {"grade": "IMPORTANT", "personal_info": "SENSITIVE"}, "REQUEST", []),
        (PUBLIC, "OPEN", ["PUBLIC_WELFARE"]),
        (PUBLIC, "PAID", ["INDUSTRY"]),
    ],
)
def test_what_the_negative_list_lets(
    metadata: dict[str, object], access: Access, purposes: list[str]
) -> None:
    zones.refuse_if_listed(metadata, access, purposes)


def test_without_an_offer_only_what_is_forbidden_in_any_way_is_named() -> None:
    assert zones.rule_against(PLAIN | {"grade": "IMPORTANT"}) is None
    core = zones.rule_against(PLAIN | {"grade": "CORE"})
    assert core is not None
    assert core.id == "N1"
