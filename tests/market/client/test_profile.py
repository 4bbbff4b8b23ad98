"""Keys and settings on the user's machine: readable by nobody else, and whole after a crash."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from market.client.errors import ClientError
from market.client.profile import Profile, default_folder, load_profile


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_profile_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "me"
    Profile(folder, server="http://127.0.0.1:1", api_key="dwk_live_secret").save()
    assert mode(folder) == 0o700
    assert mode(folder / "profile.json") == 0o600


def test_saving_again_keeps_the_mode_and_the_rest(tmp_path: Path) -> None:
    Profile(tmp_path, server="http://127.0.0.1:1", api_key="first", email="a@example.com").save()
    load_profile(tmp_path).changed(api_key="second").save()
    again = load_profile(tmp_path)
    assert (again.api_key, again.email) == ("second", "a@example.com")
    assert mode(tmp_path / "profile.json") == 0o600


def test_the_secret_is_not_in_the_repr(tmp_path: Path) -> None:
    assert "dwk_live_secret" not in repr(Profile(tmp_path, api_key="dwk_live_secret"))


@pytest.mark.parametrize("text", ["{", '{"unknown": 1}', "[]"])
def test_a_damaged_profile_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "profile.json").write_text(text)
    with pytest.raises(ClientError, match="Remove it and log in again"):
        load_profile(tmp_path)


def test_the_folder_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAWHARF_PROFILE", str(tmp_path / "other"))
    assert default_folder() == tmp_path / "other"
    assert load_profile() == Profile(tmp_path / "other")
