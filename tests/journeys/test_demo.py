"""`datawharf demo --exit` and `datawharf heist` for real, as `make demo EXIT=1` runs them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from market.cli.demo_assets import DEFAULT_FOLDER, are_installed

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / DEFAULT_FOLDER
COMMAND = (sys.executable, "-m", "market.client")
SECONDS = 800
# What the checks say to the last two frauds.
BACKDATED = (
    "by the witness witness-",
    "! The signer's clock says",
    "signed two histories: the state of",
)
HIDDEN_REFUSAL = (
    "as the complete list for leaf:",
    "/index/v1 for the quorum witnesses",
    "The entries lead to",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1000),
    pytest.mark.skipif(not are_installed(PACKAGES), reason="the data packages are not here (make data)"),
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder to play in, with the data packages at hand."""
    (tmp_path / ".demo-data").mkdir()
    (tmp_path / ".demo-data" / "packages").symlink_to(PACKAGES)
    return tmp_path


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def still_running(place: Path) -> list[str]:
    """Processes that work on this place."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        if str(place) in words and process.pid != os.getpid():
            found.append(words)
    return found


def play(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=place,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


def test_the_demonstration_plays_to_its_end_and_its_folder_serves_for_a_heist(
    place: Path, free_port: int
) -> None:
    kept = place / "kept"
    done = play(place, "demo", "--exit", "--lang", "en", "--port", str(free_port), "--home", str(kept))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for said in (
        "The upload went on at byte",
        "It checked what it had and went on at byte",
        "returned by Nanning data zone",
        "Stripe's stand-in delivered its notice 2 times; the order was fulfilled once.",
        "rows, counted one by one",
        "refused (403, licence-needed)",
        "Changed: the checkpoint",
        "One bit of distances.csv is flipped where it is stored",
        "✗ licence: the market shows",
        "✗ witness-nanning refuses: it has cosigned another history",
        "✗ Too few witnesses for the quorum",
        *BACKDATED,
        *HIDDEN_REFUSAL,
        "What cannot be caught",
        "/en/signin/link/",
    ):
        assert said in done.stdout, f"{said!r} was not said"
    assert still_running(place) == []
    again = play(place, "heist", "--lang", "en", "--home", str(kept))
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
    for said in (
        "The byte is put back",
        "The rows are put back",
        "Too few witnesses",
        *BACKDATED,
        *HIDDEN_REFUSAL,
        "What cannot be caught",
    ):
        assert said in again.stdout, f"{said!r} was not said"
    assert still_running(place) == []


def test_the_heist_alone_plays_a_short_piece_in_chinese(place: Path) -> None:
    done = play(place, "heist", "--lang", "zh")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for said in (
        "并非登记的文件",
        "内容在登记后被改动",
        "✗ offer/termDays：市场现显示“7”",
        "✗ witness-vientiane 拒绝",
        "而 datawharf.local/",
        "签署了两份历史",
        "证明不能表明这",
        "而由条目重算得",
        "哪些是发现不了的",
    ):
        assert said in done.stdout, f"{said!r} was not said"
    assert [path.name for path in (place / ".demo-data").iterdir()] == ["packages"]
    assert still_running(place) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_play_that_is_interrupted_stops_what_it_started(place: Path, number: signal.Signals) -> None:
    log = place / "said.txt"
    with log.open("wb") as output:
        playing = subprocess.Popen(
            [*COMMAND, "heist", "--lang", "en"], cwd=place, env=environment(), stdout=output, stderr=output
        )
        try:
            deadline = time.monotonic() + 120
            while "The market is open at" not in log.read_text("utf-8") and playing.poll() is None:
                assert time.monotonic() < deadline, log.read_text("utf-8")
                time.sleep(0.1)
            assert playing.poll() is None, log.read_text("utf-8")
            assert still_running(place) != [], "there is nothing to stop"
            playing.send_signal(number)
            assert playing.wait(60) == 1
        finally:
            playing.kill()
    assert still_running(place) == []


def test_a_step_that_fails_is_named(place: Path, free_port: int) -> None:
    taken = place / "taken"
    (taken / "market").mkdir(parents=True)
    (taken / "market" / "somebody's").write_text("file")
    done = play(place, "demo", "--exit", "--lang", "en", "--home", str(taken), "--port", str(free_port))
    assert done.returncode == 1
    assert "This step failed: The operator opens the market" in done.stdout
    assert "is not empty" in done.stdout
    assert (taken / "market" / "somebody's").read_text() == "file"
