"""python -m market.stripe_simulator, as an operator starts it."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import httpx
import pytest
import stripe

from tests.stripe_simulator.orders import open_session

COMMAND = [sys.executable, "-m", "market.stripe_simulator"]


def wait_for_overview(process: subprocess.Popen[bytes], base: str) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return httpx.get(f"{base}/_sim", trust_env=False).json()
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the simulator did not start")


def test_it_serves_the_official_client_and_stops_when_told(free_port: int) -> None:
    receiver = ["--webhook-url", f"http://127.0.0.1:{free_port}/none", "--webhook-secret", "whsec_1"]
    process = subprocess.Popen([*COMMAND, "--port", str(free_port), *receiver, "--secret-key", "sk_test_1"])
    try:
        base = f"http://127.0.0.1:{free_port}"
        knobs = wait_for_overview(process, base)["knobs"]
        assert knobs["duplicate"] == 1
        client = stripe.StripeClient("sk_test_1", base_addresses={"api": base}, max_network_retries=0)
        assert open_session(client).status == "open"
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize(
    "wrong", [["--secret-key", "sk_live_1"], ["--webhook-url", "https://example.com/"], ["--port", "70000"]]
)
def test_live_keys_and_addresses_elsewhere_are_refused(wrong: list[str]) -> None:
    right = ["--port", "0", "--webhook-url", "http://127.0.0.1:1/", "--webhook-secret", "whsec_1"]
    done = subprocess.run([*COMMAND, *right, *wrong], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "Error" in done.stderr
