"""The stand-alone verifier as the marketplace hands it out: the very bytes, as a file to keep, with its fingerprint."""

from __future__ import annotations

import base64
import hashlib

from market.provenance.verifier_file import verifier_digest, verifier_file
from tests.builders.marketplace import Marketplace


def test_it_is_a_file_to_save_and_its_digest_is_told(small_market: Marketplace) -> None:
    web = small_market.browser()
    answer = web.get("/verify.html")
    assert answer.content == verifier_file()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="verify.html"'
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"
    told = answer.headers["repr-digest"].removeprefix("sha-256=:").removesuffix(":")
    assert base64.b64decode(told) == hashlib.sha256(answer.content).digest()


def test_the_page_of_the_verifier_shows_the_digest(small_market: Marketplace) -> None:
    for lang in ("zh", "en"):
        page = small_market.browser().get(f"/{lang}/verify").text
        assert 'href="/verify.html"' in page
        assert verifier_digest() in page
