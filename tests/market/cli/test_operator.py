"""What an operator may mistype when a market is made or served: refused in a sentence, before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from market.client.cli.main import main
from market.config import ConfigError, check_public_url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:abc",
        "http://127.0.0.1:99999",
        "127.0.0.1:8000",
        "ftp://127.0.0.1",
        "https://",
        "",
        "http://data.example.cn",
        "http://localhost.example.cn",
    ],
)
def test_an_address_that_cannot_be_the_public_one_makes_no_home(tmp_path: Path, url: str) -> None:
    home = tmp_path / "home"
    done = CliRunner().invoke(main, ["init", "--home", str(home), "--public-url", url])
    assert done.exit_code == 1
    assert "public_url" in done.output
    assert "For example: https://" in done.output
    assert not home.exists()


@pytest.mark.parametrize("witness", ["w1 nonsense https://witness.example", "w1", ""])
def test_a_witness_that_cannot_be_makes_no_home(tmp_path: Path, witness: str) -> None:
    home = tmp_path / "home"
    done = CliRunner().invoke(main, ["init", "--home", str(home), "--witness", witness])
    assert done.exit_code == 1
    assert "The witnesses make no trust file: Line 2" in done.output
    assert not home.exists()


@pytest.mark.parametrize(
    "url", ["https://data.example.cn", "http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000/"]
)
def test_an_address_that_can(url: str) -> None:
    check_public_url(url)
    with pytest.raises(ConfigError):
        check_public_url(url.replace("http", "gopher"))


@pytest.mark.parametrize("command", ["serve", "demo"])
@pytest.mark.parametrize("port", ["65536", "-1", "abc"])
def test_a_port_that_is_none_is_refused_by_its_name(tmp_path: Path, command: str, port: str) -> None:
    done = CliRunner().invoke(main, [command, "--home", str(tmp_path / "home"), "--port", port])
    assert done.exit_code == 2
    assert "'--port'" in done.output
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--operator-password", "eight grey seagulls"),
        ("--database", "postgresql+psycopg://datawharf:eight-grey@127.0.0.1/datawharf"),
        ("--s3", "secret_access_key=eight-grey"),
        ("--s3", "session_token=eight-grey"),
    ],
)
def test_a_secret_on_the_command_line_makes_no_home(tmp_path: Path, option: str, value: str) -> None:
    """Everybody on the machine could have read it in the list of processes by then."""
    home = tmp_path / "home"
    done = CliRunner().invoke(main, ["init", "--home", str(home), option, value])
    assert done.exit_code == 1
    assert "on this machine could" in done.output
    assert "@file" in done.output
    assert "eight" not in done.output
    assert not home.exists()
