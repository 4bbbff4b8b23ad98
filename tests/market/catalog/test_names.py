"""Hostile file names: refused with a reason, or stored where no name can reach."""

from __future__ import annotations

import random
import unicodedata
from hashlib import sha256
from typing import Any

import pytest

from ledger.hashing import leaf_hash, root_of
from ledger.statement import canonical_json
from tests.market.catalog.conftest import Shop, b64

DATA = b"the same few bytes"


def raw_manifest(paths: list[str], **changes: Any) -> str:
    """A manifest as anybody could write it: no rule about names is asked."""
    rows = [
        {"path": path, "size": len(DATA), "sha256": sha256(DATA).hexdigest(), "mediaType": "text/plain"}
        | changes
        for path in sorted(paths, key=lambda path: path.encode("utf-8", "surrogatepass"))
    ]
    root = root_of(leaf_hash(canonical_json(row)) for row in rows)
    return b64(canonical_json({"contentRoot": root.hex(), "files": rows, "version": 1}))


def hostile_names() -> list[str]:
    """300 names that have broken somebody's system."""
    rng = random.Random(20)
    fixed = [
        "",
        ".",
        "..",
        "/",
        "//",
        "/etc/passwd",
        "../../etc/passwd",
        "a/../../b",
        "a/./b",
        "a//b",
        "a/",
        "C:\\windows\\win.ini",
        "C:evil",
        "\\\\server\\share",
        "..\\..\\x",
        "~/.ssh/id_rsa",
        "-rf",
        "a\x00.csv",
        "a\r\nSet-Cookie: x=1",
        'a"; filename="b',
        "con",
        "NUL.txt",
        "com1.csv",
        "LPT9",
        "aux.tar.gz",
        "a.",
        "a ",
        " a",
        "invoice\u202egnp.exe",
        "\u2066a\u2069",
        "a\u200bb.csv",
        "cafe\u0301.csv",
        "e\u0301\u0302",
        "\ufeffa",
        "\uffff",
        "a\u2028b",
        "x" * 256,
        "é" * 128,
        "/".join(["d"] * 600),
        "a" * 1025,
        "a|b",
        "a<b>",
        "a?b*",
        "a:b:$DATA",
        "$(reboot)",
        "`reboot`",
        "${jndi:ldap://x}",
        "%2e%2e%2fetc",
        "<script>alert(1)</script>.html",
        ".htaccess",
        ".git/config",
    ]
    parts = [
        "..",
        ".",
        "/",
        "\\",
        "a",
        "CON",
        "\u202e",
        "\x07",
        "é",
        "e\u0301",
        " ",
        ":",
        "港",
        "\u0430",
        "ﬁ",
        "Ａ",
    ]
    made = ["".join(rng.choices(parts, k=rng.randint(2, 7))) for _ in range(300 - len(fixed))]
    return [*fixed, *made]


def test_hostile_names_are_refused_or_harmless(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    asset = provider.asset()["id"]
    names = hostile_names()
    assert len(names) == 300
    taken = refused = 0
    for number, name in enumerate(names):
        body = {"version": f"1.0.{number}", "manifest": raw_manifest([name])}
        answer = provider("POST", f"/assets/{asset}/versions", body)
        if answer.status_code == 422:
            assert (answer.json()["slug"], answer.json()["where"]) == ("manifest-unusable", "manifest")
            assert answer.json()["hint"]
            refused += 1
            continue
        assert answer.status_code == 201, (name, answer.text)
        assert unicodedata.is_normalized("NFC", name)
        assert not {"..", ".", ""} & set(name.split("/"))
        assert provider.upload(answer.json()["id"], name, DATA)["path"] == name
        taken += 1
    assert taken > 5
    assert refused > 200
    stored = [path for path in small_shop.blobs.rglob("*") if path.is_file()]
    assert [path.relative_to(small_shop.blobs).parts[0] for path in stored] == ["sha256"]
    assert small_shop.kept() == [sha256(DATA).hexdigest()]


@pytest.mark.parametrize(
    "pair",
    [
        ("a.csv", "A.csv"),
        ("ports.csv", "p\u043erts.csv"),
        ("a.csv", "a\u200b.csv"),
        ("data", "data/a.csv"),
        ("ﬁ.csv", "fi.csv"),
        ("a.csv", "a.csv"),
    ],
)
def test_two_names_too_alike_are_refused_together(small_shop: Shop, pair: tuple[str, str]) -> None:
    provider = small_shop.org("provider")
    body = {"version": "1.0.0", "manifest": raw_manifest(list(pair))}
    answer = provider("POST", f"/assets/{provider.asset()['id']}/versions", body)
    assert (answer.status_code, answer.json()["slug"]) == (422, "manifest-unusable")


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "!",
        b64(b"{}"),
        b64(b"\xff"),
        raw_manifest([]),
        raw_manifest(["a"], size=-1),
        raw_manifest(["a"], size=17 * 2**20),
        raw_manifest(["a"], chunks="00" * 32),
        raw_manifest(["a"], sha256="00"),
        raw_manifest(["a"], mediaType="nonsense"),
        raw_manifest(["a"], colour="red"),
        raw_manifest(["a"])[:-8],
        b64(b" " * (2**20 + 1)),
    ],
    ids=lambda text: text[:12] or "empty",
)
def test_a_manifest_that_is_none_is_refused(small_shop: Shop, manifest: str) -> None:
    provider = small_shop.org("provider")
    asset = provider.asset()["id"]
    answer = provider("POST", f"/assets/{asset}/versions", {"version": "1.0.0", "manifest": manifest})
    assert (answer.status_code, answer.json()["slug"]) == (422, "manifest-unusable")
    assert provider("GET", f"/assets/{asset}/versions").json()["items"] == []
