"""Registration codes: their form, their check digits, and that each is given out once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import SQLModel
from stdnum.iso7064 import mod_97_10

from market.kit.db import Database
from market.zones import service as zones
from market.zones.registration_code import format_registration_code

CITIES = [city.adcode for city in zones.cities()]
codes = st.builds(
    format_registration_code,
    st.sampled_from(CITIES),
    st.sampled_from(["RESOURCE", "PRODUCT", "SERVICE", "TOOL"]),
    st.builds("{:04d}{:02d}".format, st.integers(2025, 2099), st.integers(1, 12)),
    st.integers(1, 999_999),
)


@given(codes)
def test_a_code_checks_by_the_standard_algorithm(code: str) -> None:
    assert zones.is_registration_code(code)
    assert mod_97_10.is_valid(code.replace("-", ""))


@given(codes, st.integers(5, 28), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_found(code: str, place: int, digit: str) -> None:
    wrong = code[:place] + digit + code[place + 1 :]
    if code[place].isdigit() and wrong != code:
        assert not zones.is_registration_code(wrong)


@given(codes, st.integers(5, 27))
def test_two_swapped_digits_are_found(code: str, place: int) -> None:
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if swapped != code:
        assert not zones.is_registration_code(swapped)


@pytest.mark.parametrize(
    "text", ["", "GXDA", "gxda-450700-P-202607-000001-22", "GXDA-450700-P-202607-000001-22 "]
)
def test_what_is_no_code(text: str) -> None:
    assert not zones.is_registration_code(text)


def test_a_known_code() -> None:
    assert format_registration_code("450700", "PRODUCT", "202607", 1) == "GXDA-450700-P-202607-000001-22"


@pytest.fixture
def db(database_url: str) -> Database:
    database = Database(database_url)
    SQLModel.metadata.create_all(database.engine)
    return database


def test_codes_count_by_zone_kind_and_month_of_china(db: Database) -> None:
    late = datetime(2026, 7, 31, 17, tzinfo=UTC)  # already August in China
    early = datetime(2026, 7, 31, 15, tzinfo=UTC)
    with db.writing() as session:
        made = [
            zones.next_registration_code(session, adcode=adcode, kind=kind, now=now)
            for adcode, kind, now in (
                ("450700", "PRODUCT", early),
                ("450700", "PRODUCT", early),
                ("450700", "PRODUCT", late),
                ("450100", "PRODUCT", early),
                ("450700", "SERVICE", early),
            )
        ]
    db.close()
    assert [code[5:27] for code in made] == [
        "450700-P-202607-000001",
        "450700-P-202607-000002",
        "450700-P-202608-000001",
        "450100-P-202607-000001",
        "450700-S-202607-000001",
    ]


def test_a_number_comes_back_when_its_transaction_is_undone(db: Database) -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)

    def take(fail: bool) -> str:
        with db.writing() as session:
            code = zones.next_registration_code(session, adcode="450700", kind="TOOL", now=now)
            if fail:
                raise RuntimeError(code)
        return code

    with pytest.raises(RuntimeError) as undone:
        take(fail=True)
    assert take(fail=False) == str(undone.value)
    db.close()


def test_codes_taken_at_once_are_all_different(db: Database) -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    start = threading.Barrier(4)

    def take(_: int) -> list[str]:
        start.wait()
        made = []
        for _ in range(5):
            with db.writing() as session:
                made.append(zones.next_registration_code(session, adcode="450700", kind="PRODUCT", now=now))
        return made

    with ThreadPoolExecutor(4) as pool:
        taken = [code for codes in pool.map(take, range(4)) for code in codes]
    db.close()
    assert sorted(int(code[21:27]) for code in taken) == list(range(1, 21))
