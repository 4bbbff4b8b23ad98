"""The studio: a provider describes, uploads, signs and registers with forms, in both languages."""

from __future__ import annotations

import base64
import re
from typing import Any
from uuid import UUID

import pytest

from ledger import cose
from market.catalog.schemas import EXAMPLE_METADATA
from market.kit.i18n import translations
from tests.market.catalog.conftest import Org, Shop, b64, checksum_of, manifest_of

FORM = {
    "title_zh": "港口",
    "title_en": "Ports",
    "abstract_zh": "港口表。",
    "abstract_en": "A table of ports.",
    "languages[]": ["zh", "en"],
    "rights[]": ["HOLD", "USE"],
    "right_origin": "SELF_PRODUCED",
    "keywords": "港口, ports，sea",
} | {
    name: EXAMPLE_METADATA[name]
    for name in (
        "kind",
        "dataset_class",
        "grade",
        "industry",
        "adcode",
        "modality",
        "licence",
        "source_kind",
        "personal_info",
        "update_freq",
    )
}


class Browser:
    """A signed-in browser without JavaScript."""

    def __init__(self, org: Org) -> None:
        self.org, self.web = org, org.shop.web
        self.web.cookies.set("dw_session", org.name)

    def get(self, path: str, status: int = 200) -> str:
        answer = self.web.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path: str, form: dict[str, Any], page: str) -> Any:
        token = self.token(page)
        return self.web.post(path, data={**form, "csrf": token}, headers={"Sec-Fetch-Site": "same-origin"})

    def token(self, page: str) -> str:
        found = re.search(r'name="csrf" (?:content|value)="(\w+)"', self.get(page))
        assert found is not None
        return found[1]


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def signed(provider: Org, page: str) -> dict[str, str]:
    """What the signing module fills in."""
    form = {name: hidden(page, name) for name in ("protected", "payload", "openings")}
    to_sign = cose.bytes_to_sign(*(base64.b64decode(form[name]) for name in ("protected", "payload")))
    return form | {"signature": b64(provider.key.sign(to_sign))}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_from_an_empty_studio_to_a_registered_version(small_shop: Shop, lang: str) -> None:
    provider = small_shop.org("provider")
    browser = Browser(provider)
    assert "/studio/assets/new" in browser.get(f"/{lang}/studio")
    new = f"/{lang}/studio/assets/new"
    made = browser.post(new, FORM, new)
    assert made.status_code == 303, made.text
    asset = made.headers["location"]
    assert FORM[f"title_{lang}"] in browser.get(asset)

    files = {"ports.csv": b"port\nQinzhou\n", "empty.txt": b""}
    add = f"{asset}/versions/new"
    manifest = b64(manifest_of(files).canonical)
    drafted = browser.post(add, {"version": "1.0.0", "manifest": manifest, "notes_en": "First."}, add)
    assert drafted.status_code == 303, drafted.text
    version = drafted.headers["location"]
    assert version.rpartition("/")[2] in browser.get(f"/{lang}/studio")
    page = browser.get(version)
    assert "data-register" in page
    uploads = f"/{lang}/studio/uploads"
    headers = {"X-CSRF-Token": browser.token(version), "Sec-Fetch-Site": "same-origin"}
    for path, data in files.items():
        announced = {"version_id": version.rpartition("/")[2], "path": path, "size": len(data)}
        opened = browser.web.post(uploads, json=announced, headers=headers)
        assert opened.status_code == 201, opened.text
        if data:
            sent = browser.web.patch(
                f"{uploads}/{opened.json()['upload']}",
                content=data,
                headers=headers
                | {
                    "Content-Type": "application/offset+octet-stream",
                    "Upload-Offset": "0",
                    "Upload-Checksum": checksum_of(data),
                },
            )
            assert sent.status_code == 200, sent.text
            assert sent.headers["Upload-Offset"] == str(len(data))
            head = browser.web.head(f"{uploads}/{opened.json()['upload']}")
            assert head.headers["Upload-State"] == "complete"
    page = browser.get(version)
    assert "data-sign" in page
    done = browser.post(version, signed(provider, page), version)
    assert done.status_code == 303, done.text
    assert "data-sign" not in browser.get(version)
    assert translations(lang).gettext("registered") in browser.get(asset)  # type: ignore[arg-type]
    assert "Qinzhou" not in browser.get(asset)


def test_a_form_with_mistakes_comes_back_with_them(small_shop: Shop) -> None:
    browser = Browser(small_shop.org("provider"))
    new = "/en/studio/assets/new"
    wrong = {**FORM, "title_en": "", "grade": "G9", "rights[]": [], "licence": "Mine"}
    answer = browser.post(new, wrong, new)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert 'href="#f-title_en"' in answer.text
    assert 'href="#f-rights"' in answer.text
    assert "港口表。" in answer.text
    unknown = browser.post(new, {**FORM, "grade": "G9"}, new)
    assert unknown.status_code == 422
    assert 'href="#f-grade"' in unknown.text


def test_two_editors_do_not_overwrite_each_other(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    browser = Browser(provider)
    edit = f"/en/studio/assets/{provider.asset()['id']}/edit"
    revision = hidden(browser.get(edit), "revision")
    assert browser.post(edit, {**FORM, "revision": revision}, edit).status_code == 303
    late = browser.post(edit, {**FORM, "title_en": "Other", "revision": revision}, edit)
    assert late.status_code == 422
    assert "it is now at revision 2" in late.text


def test_a_draft_gives_way_to_other_files_of_the_same_number(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    browser = Browser(provider)
    add = f"/en/studio/assets/{provider.asset()['id']}/versions/new"
    forms = [
        {"version": "1.0.0", "manifest": b64(manifest_of({"a": data}).canonical)}
        for data in (b"1", b"1", b"2")
    ]
    first, same, other = (browser.post(add, form, add).headers["location"] for form in forms)
    assert first == same
    assert other != first
    browser.get(first, 404)
    assert 'value="1.1.0"' in browser.get(add)
    gone = browser.post(f"{other}/discard", {}, other)
    assert gone.status_code == 303
    browser.get(other, 404)


def test_a_bad_manifest_or_number_is_shown_at_its_field(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    browser = Browser(provider)
    add = f"/en/studio/assets/{provider.asset()['id']}/versions/new"
    for form, field in (
        ({"version": "1.0.0"}, "files"),
        ({"version": "1", "manifest": "e30="}, "version"),
        ({"version": "1.0.0", "manifest": "e30="}, "files"),
        ({"version": "1.0.0", "manifest": "e30=", "derived_from": "zz"}, "derived_from"),
        ({"version": "1.0.0", "manifest": "e30=", "reference_url": "http://a.example/"}, "reference_url"),
    ):
        answer = browser.post(add, form, add)
        assert answer.status_code == 422, form
        assert f'href="#f-{field}"' in answer.text, form


def test_pages_are_closed_to_strangers_and_forged_forms(small_shop: Shop) -> None:
    provider, other = small_shop.org("provider"), small_shop.org("other")
    asset = provider.asset()["id"]
    assert small_shop.web.get("/en/studio").status_code == 303
    browser = Browser(other)
    browser.get(f"/en/studio/assets/{asset}", 404)
    browser.get(f"/en/studio/assets/{asset}/edit", 404)
    forged = browser.web.post("/en/studio/assets/new", data=FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert forged.status_code == 403
    assert other("GET", "/assets").json()["items"] == []


def test_an_unsigned_form_registers_nothing(small_shop: Shop) -> None:
    provider = small_shop.org("provider")
    browser = Browser(provider)
    version = provider.version(provider.asset()["id"], {"a": b"1"})
    provider.upload(version["id"], "a", b"1")
    address = f"/en/studio/versions/{version['id']}"
    unsigned = {
        name: value for name, value in signed(provider, browser.get(address)).items() if name != "signature"
    }
    assert browser.post(address, unsigned, address).status_code == 422
    forged = signed(small_shop.org("other"), browser.get(address))
    assert browser.post(address, forged, address).status_code == 422
    assert provider("GET", f"/versions/{UUID(version['id'])}").json()["state"] == "draft"
