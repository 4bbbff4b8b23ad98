"""`datawharf zone add`: a registrar for a city; the same zone again gets another person, and no second organisation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from market.accounts import service as accounts
from market.accounts.schemas import NewAccount
from market.cli.setup import NewHome, initialise
from market.client.cli.main import main
from market.config import Settings
from market.kit.db import Database


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return initialise(NewHome(tmp_path / "home")).settings


def add(settings: Settings, adcode: str, email: str, *more: str) -> tuple[int, str]:
    arguments = ["zone", "add", adcode, "--home", str(settings.home), "--registrar-email", email, *more]
    done = CliRunner().invoke(main, arguments)
    return done.exit_code, done.output


def zones(settings: Settings) -> list[tuple[str | None, str]]:
    db = Database(settings.database)
    with db.reading() as session:
        found = [(org.adcode, org.name.en) for org in accounts.zone_orgs(session)]
    db.close()
    return found


def test_a_zone_is_founded_once_and_takes_further_registrars(settings: Settings) -> None:
    status, said = add(settings, "450700", "first@example.com")
    assert status == 0
    assert "钦州数据专区 · Qinzhou data zone (450700)" in said
    assert add(settings, "450700", "second@example.com")[0] == 0
    assert add(settings, "450000", "hub@example.com")[0] == 0
    assert zones(settings) == [("450000", "Guangxi data registration hub"), ("450700", "Qinzhou data zone")]


def test_an_account_that_somebody_made_is_no_registrar_unseen(settings: Settings) -> None:
    """Sign-up proves no address: whoever was quicker with the registrar's would have become the registrar."""
    squatter = NewAccount(email="registrar@example.com", password="seven quiet harbours", name="Who knows")
    db = Database(settings.database)
    with db.writing() as session:
        accounts.sign_up(
            session,
            new=squatter,
            password_hash="-",
            origin=settings.origin,
            now=datetime(2026, 7, 1, tzinfo=UTC),
        )
    db.close()
    status, said = add(settings, "450700", "registrar@example.com")
    assert status == 1
    assert "may be anybody's" in said
    assert zones(settings) == []
    assert add(settings, "450700", "registrar@example.com", "--existing-account")[0] == 0
    # Who is a registrar here already is no stranger.
    assert add(settings, "450700", "registrar@example.com")[0] == 0


def test_the_registrars_password_comes_from_a_file_and_is_not_shown(
    settings: Settings, tmp_path: Path
) -> None:
    password = "eight grey seagulls"
    status, said = add(settings, "450700", "first@example.com", "--registrar-password", password)
    assert (status, zones(settings)) == (1, [])
    assert "on this machine could read it" in said
    (tmp_path / "password").write_text(password + "\n", "utf-8")
    given = f"@{tmp_path / 'password'}"
    status, said = add(settings, "450700", "first@example.com", "--registrar-password", given)
    assert status == 0
    assert "password as given" in said
    assert password not in said


@pytest.mark.parametrize(
    ("adcode", "email", "why"),
    [
        ("110000", "a@example.com", "is not a city with a data zone"),
        ("450700", "nobody", "not an e-mail address"),
    ],
)
def test_what_cannot_be_founded_is_named_and_nothing_done(
    settings: Settings, adcode: str, email: str, why: str
) -> None:
    status, said = add(settings, adcode, email)
    assert status == 1
    assert why in said
    assert zones(settings) == []
