"""Code lists are complete, bilingual and agree with what statements require."""

from __future__ import annotations

from typing import Any

import pytest

from market.kit.errors import Fault
from market.statements.metadata import REQUIRED
from market.zones import service as zones
from market.zones.code_lists import METADATA_LISTS
from market.zones.errors import UnknownCode

METADATA: dict[str, Any] = {
    "kind": "PRODUCT",
    "dataset_class": "INDUSTRY_EXPERT",
    "grade": "G2",
    "industry": "G",
    "adcode": "450700",
    "modality": "TABULAR",
    "languages": ["lo", "zh-Hans"],
    "licence": "CC-BY-4.0",
    "source_kind": "COLLECTED",
    "rights": [{"right": "HOLD", "origin": "PUBLIC_SOURCE"}],
    "personal_info": "NONE",
    "update_freq": "ONCE",
}


def test_the_hub_and_fourteen_cities() -> None:
    codes = [city.adcode for city in zones.cities()]
    assert codes[0] == "450000"
    assert codes[1:] == [f"45{number:02d}00" for number in range(1, 15)]
    assert {city.en for city in zones.cities()} >= {"Nanning", "Qinzhou", "Chongzuo"}


def test_every_code_has_words_in_both_languages() -> None:
    for name, entries in zones.code_lists().items():
        assert entries, name
        for code, words in entries.items():
            assert words.zh, (name, code)
            assert words.en, (name, code)


def test_industry_sections_are_a_to_t() -> None:
    assert "".join(zones.industries()) == "ABCDEFGHIJKLMNOPQRST"


def test_the_languages_of_asean_are_offered() -> None:
    assert zones.code_list("language").keys() >= {
        "vi", "th", "lo", "km", "my", "id", "ms", "fil", "tl", "en", "zh", "ta", "pt", "tet"
    }  # fmt: skip


def test_classes_have_their_final_and_their_draft_words() -> None:
    assert zones.label("dataset_class", "INDUSTRY_EXPERT", "zh") == "行业专识数据集"
    assert zones.label("dataset_class_draft", "INDUSTRY_EXPERT", "zh") == "行业专用类"


def test_each_licence_says_in_words_what_one_may_and_must() -> None:
    for licence_id in zones.licences():
        for lang in ("zh", "en"):
            words = zones.licence_in_words(licence_id, lang)
            assert words is not None
            assert words.name
            assert words.may
            assert all([*words.may, *words.must, *words.must_not])
    bought = zones.licence_in_words("LicenseRef-Datawharf-Commercial-1.0", "en")
    assert bought is not None
    assert any("unchanged" in sentence for sentence in bought.must_not)
    assert zones.licence_in_words("LicenseRef-Of-Mine", "en") is None


def test_a_licence_never_both_lets_and_forbids() -> None:
    for licence in zones.licences().values():
        assert not set(licence.may) & set(licence.must_not), licence.id


def test_every_list_that_metadata_uses_is_a_field_of_the_registration() -> None:
    assert METADATA_LISTS.keys() <= set(REQUIRED)
    zones.check_metadata(METADATA)


@pytest.mark.parametrize("field", sorted(METADATA_LISTS))
def test_an_unknown_code_is_refused_at_its_field(field: str) -> None:
    with pytest.raises(UnknownCode) as refused:
        zones.check_metadata(METADATA | {field: "NO_SUCH"})
    assert refused.value.where == field


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"licence": "MADE-UP-1.0"}, "licence"),
        ({"languages": ["zh", "xx"]}, "languages/1"),
        ({"rights": [{"right": "OWN", "origin": "PURCHASED"}]}, "rights/0/right"),
        ({"rights": [{"right": "USE", "origin": "STOLEN"}]}, "rights/0/origin"),
    ],
)
def test_unknown_values_in_lists_are_refused_at_their_place(change: dict[str, Any], where: str) -> None:
    with pytest.raises(Fault) as refused:
        zones.check_metadata(METADATA | change)
    assert refused.value.where == where


def test_a_provider_may_name_a_licence_of_his_own() -> None:
    zones.check_metadata(METADATA | {"licence": "LicenseRef-Of-Mine"})
