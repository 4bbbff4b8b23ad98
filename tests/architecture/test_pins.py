"""The pinned requirements are whole, and the check of them notices what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import pins

ROOT = Path(__file__).parent.parent.parent


def test_pins_are_in_step_with_the_project() -> None:
    assert pins.check(ROOT) == []


def test_every_list_pins_something() -> None:
    lists = pins.list_files(ROOT)
    assert {path.name for path in lists} >= {"server.txt", "test.txt", "second-opinion.txt"}
    assert all(pins.read_pins(path) for path in lists)


def _swap(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / name
        before = path.read_text()
        after = before.replace(old, new)
        assert after != before
        path.write_text(after)

    return change


def _append(name: str, line: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        with (root / name).open("a") as file:
            file.write(f"{line}\n")

    return change


def _pin(name: str) -> str:
    return f"{name}=={pins.read_pins(ROOT / 'requirements' / 'server.txt')[name][0]}"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_swap("pyproject.toml", '"click>=8.1"', '"click>=999"'), "click is pinned as"),
        (
            _swap("pyproject.toml", '"click>=8.1"', '"not-pinned-anywhere"'),
            "not-pinned-anywhere is not pinned",
        ),
        (_swap("requirements/server.txt", _pin("starlette"), "starlette==1.5.0"), "known holes"),
        (_swap("requirements/server.txt", _pin("click"), "click==8.1.0"), "tests another click"),
        (_append("requirements/server.txt", "zhconv==1.4.3 --hash=sha256:00"), "must not be installed"),
        (_append("requirements/test.txt", "six"), "not pinned by version and hash"),
        (_append("requirements/test.txt", "six==1.17.0"), "not pinned by version and hash"),
        (_append("requirements/test.txt", "--index-url elsewhere"), "names a place"),
        (_append("requirements/test.txt", "six @ https://example.invalid/six.whl"), "names a place"),
    ],
)
def test_check_notices(change: Callable[[Path], None], sentence: str, tmp_path: Path) -> None:
    for path in [*pins.list_files(ROOT), ROOT / "pyproject.toml"]:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    change(tmp_path)
    assert any(sentence in found for found in pins.check(tmp_path))
