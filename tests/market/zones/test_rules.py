"""Rule pack, negative list and grades."""

from __future__ import annotations

import hashlib
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.statement import canonical_json
from market.kit.errors import NotFound
from market.kit.i18n import translate
from market.zones import service as zones
from market.zones.errors import GradeTooLow, OnNegativeList
from market.zones.rules import GRADES
from market.zones.schemas import Harm

HARMED = ["NATIONAL_SECURITY", "ECONOMY", "SOCIAL_ORDER", "PUBLIC_INTEREST", "ORGANISATION", "PERSON"]
SEVERITY = ["NONE", "GENERAL", "SERIOUS", "EXTREME"]
harms = st.lists(
    st.builds(Harm, harmed=st.sampled_from(HARMED), severity=st.sampled_from(SEVERITY)), max_size=6
)


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


@pytest.mark.parametrize(
    ("harmed", "severity", "grade"),
    [
        ("NATIONAL_SECURITY", "EXTREME", "CORE"),
        ("NATIONAL_SECURITY", "SERIOUS", "CORE"),
        ("NATIONAL_SECURITY", "GENERAL", "IMPORTANT"),
        ("ECONOMY", "EXTREME", "CORE"),
        ("SOCIAL_ORDER", "SERIOUS", "IMPORTANT"),
        ("PUBLIC_INTEREST", "GENERAL", "G4"),
        ("ORGANISATION", "EXTREME", "G4"),
        ("PERSON", "SERIOUS", "G3"),
        ("PERSON", "GENERAL", "G2"),
        ("PERSON", "NONE", "G1"),
    ],
)
def test_the_matrix_of_grades(harmed: str, severity: str, grade: str) -> None:
    assert zones.least_grade([Harm.model_validate({"harmed": harmed, "severity": severity})]) == grade


@given(harms, harms)
def test_more_harm_never_lowers_the_grade(some: list[Harm], more: list[Harm]) -> None:
    assert GRADES.index(zones.least_grade(some + more)) >= GRADES.index(zones.least_grade(some))


@given(harms, st.sampled_from(GRADES))
def test_a_grade_below_the_harm_is_refused(stated: list[Harm], claimed: str) -> None:
    needed = zones.least_grade(stated)
    if GRADES.index(claimed) >= GRADES.index(needed):
        assert zones.check_grade(claimed, stated) == claimed
    else:
        with pytest.raises(GradeTooLow):
            zones.check_grade(claimed, stated)


def test_derived_data_takes_the_highest_grade_of_its_sources() -> None:
    for one, other in product(GRADES, GRADES):
        assert zones.highest_grade([one, other]) == GRADES[max(GRADES.index(one), GRADES.index(other))]


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"grade": "CORE"}, "N1"),
        ({"grade": "G1", "personal_info": "PERSONAL", "access": "OPEN"}, "N2"),
        ({"grade": "IMPORTANT", "access": "OPEN"}, "N3"),
        ({"grade": "G4", "personal_info": "NONE", "access": "OPEN"}, "N5"),
    ],
)
def test_what_the_negative_list_refuses(facts: dict[str, str], rule: str) -> None:
    with pytest.raises(OnNegativeList) as refused:
        zones.refuse_if_listed(facts)
    assert refused.value.params["rule"] == rule
    assert translate("zh", refused.value.detail) != refused.value.detail


@pytest.mark.parametrize(
    "facts",
    [
        {"grade": "G1", "personal_info": "NONE", "access": "OPEN"},
        {"grade": "G4", "personal_info": "NONE", "access": "REQUEST"},
        {"grade": "IMPORTANT", "personal_info": "SENSITIVE", "access": "REQUEST"},
    ],
)
def test_what_the_negative_list_lets(facts: dict[str, str]) -> None:
    zones.refuse_if_listed(facts)


def test_public_data_for_public_welfare_is_free() -> None:
    facts = {"grade": "G1", "source_kind": "AUTHORISED_PUBLIC", "purpose": "PUBLIC_WELFARE"}
    assert [rule.effect for rule in zones.rules_that_apply(facts)] == ["FREE"]
    assert zones.rules_that_apply(facts | {"purpose": "INDUSTRY"}) == []
