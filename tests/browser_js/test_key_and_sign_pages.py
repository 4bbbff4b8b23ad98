"""Keys and signatures made by a real browser, under the product's page policy, checked by the ledger package."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ledger.encoding import canonical_json
from ledger.keyfile import parse_key_file
from ledger.keys import PublicKey
from ledger.manifest import Manifest, hash_file, parse_manifest
from ledger.statement import assemble_statement, commitment, in_toto, statement_to_sign
from tests.browser_js.format_vectors import KEY, ORIGIN, claims, document
from tests.browser_js.small_site import SmallSite, small_site

ORG = claims().iss
KEY_FORM = f"""
<form method="post" action="/sent" data-key data-org="{ORG}" data-origin="{ORIGIN}" data-label="Port data">
  <input type="hidden" name="key"><input type="hidden" name="possession">
  <output data-key-id></output><p data-status role="status"></p>
  <button type="button" data-do="make">Make</button><button type="button" data-do="download">Download</button>
  <button type="button" data-do="forget">Forget</button><label>Restore <input type="file" data-do="restore"></label>
  <button>Register</button>
</form>"""


@pytest.fixture
def site() -> Iterator[SmallSite]:
    with small_site() as running:
        yield running


def _sign_form(payload: dict[str, object], *, shown: str = "", openings: bytes = b"") -> str:
    parts = statement_to_sign(payload, claims(), KEY.public.thumbprint)
    return f"""
<form method="post" action="/sent" data-sign data-org="{ORG}" data-origin="{ORIGIN}">
  <input type="hidden" name="protected" value="{b64encode(parts.protected).decode()}">
  <input type="hidden" name="payload" value="{b64encode(parts.payload).decode()}">
  <input type="hidden" name="openings" value="{b64encode(openings).decode()}">
  <input type="hidden" name="signature">
  <pre data-shown="header"></pre><pre data-shown="payload">{shown}</pre><pre data-shown="openings"></pre>
  <p data-status role="status"></p><button>Sign</button>
</form>"""


def _restore(page: Page, site: SmallSite, tmp_path: Path) -> None:
    recovery = tmp_path / "recovery.json"
    seed = b64encode(KEY.seed).decode()
    kid = KEY.public.thumbprint.hex()
    recovery.write_text(json.dumps({"datawharf": "signing-key/v1", "kid": kid, "label": "x", "seed": seed}))
    page.goto(site.page("/key", "key_page.js", KEY_FORM))
    page.get_by_label("Restore").set_input_files(recovery)
    expect(page.get_by_role("status").last).to_have_text(f"Key {kid[:16]} is restored.")


def test_a_key_is_made_saved_and_registered_with_proof_of_possession(
    page: Page, site: SmallSite, tmp_path: Path
) -> None:
    page.goto(site.page("/key", "key_page.js", KEY_FORM))
    expect(page.get_by_text("This browser holds no key")).to_be_visible()
    register = page.get_by_role("button", name="Register")
    page.get_by_role("button", name="Make").click()
    expect(page.get_by_text("Save its recovery file now")).to_be_visible()
    expect(register).to_be_disabled()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    saved = tmp_path / "key.json"
    download.value.save_as(saved)
    key = parse_key_file(saved.read_bytes())
    expect(page.locator("[data-key-id]")).to_have_text(key.public.thumbprint.hex())
    register.click()
    page.wait_for_selector("#sent")
    [sent] = site.posted
    assert sent["key"] == key.public.raw.hex()
    message = canonical_json({"aud": ORIGIN, "key": sent["key"], "org": ORG})
    PublicKey.parse(bytes.fromhex(sent["key"])).verify(
        b"datawharf/key-possession/v1\n" + message, bytes.fromhex(sent["possession"])
    )


def test_the_kept_key_outlives_the_page_and_cannot_be_read_out(
    page: Page, site: SmallSite, tmp_path: Path
) -> None:
    _restore(page, site, tmp_path)
    page.reload()
    expect(page.get_by_text("This browser holds key")).to_be_visible()
    exported = page.evaluate(
        """async (org) => {
          const { loadKey } = await import("/static/js/keystore.js");
          const key = await loadKey(org);
          const out = await crypto.subtle.exportKey("pkcs8", key.privateKey).then(() => "exported", (error) => error.name);
          return [out, Object.keys(key).sort()];
        }""",
        ORG,
    )
    assert exported == ["InvalidAccessError", ["kid", "label", "org", "privateKey", "publicKey"]]
    page.get_by_role("button", name="Make").click()
    expect(page.get_by_text("already holds key")).to_be_visible()
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_text("The key is removed")).to_be_visible()
    page.reload()
    expect(page.get_by_text("This browser holds no key")).to_be_visible()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"datawharf":"signing-key/v2"}', "{"])
def test_what_is_no_recovery_file_restores_nothing(
    page: Page, site: SmallSite, tmp_path: Path, content: str
) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(content)
    page.goto(site.page("/key", "key_page.js", KEY_FORM))
    page.get_by_label("Restore").set_input_files(wrong)
    expect(page.get_by_text("Nothing was restored")).to_be_visible()


def test_the_browser_signs_what_it_shows(page: Page, site: SmallSite, tmp_path: Path) -> None:
    _restore(page, site, tmp_path)
    salt, content = b"s" * 32, canonical_json({"title": "港口"})
    payload = document()
    payload["predicate"]["metadata"] = commitment(salt, content).hex()
    opening = [{"name": "metadata", "salt": b64encode(salt).decode(), "content": b64encode(content).decode()}]
    page.goto(
        site.page(
            "/sign", "sign_page.js", _sign_form(payload, openings=canonical_json(opening)), lang="zh-CN"
        )
    )
    expect(page.get_by_text("可以用密钥")).to_be_visible()
    expect(page.locator('[data-shown="payload"]')).to_contain_text('"title": "港口 ports"')
    expect(page.locator('[data-shown="openings"]')).to_contain_text('"title": "港口"')
    expect(page.locator('[data-shown="header"]')).to_contain_text(ORG)
    page.get_by_role("button").click()
    page.wait_for_selector("#sent")
    [sent] = site.posted
    parts = [b64decode(sent[name]) for name in ("protected", "payload", "signature")]
    assemble_statement(*parts).verify(KEY.public)


def test_nothing_is_signed_when_the_page_shows_something_else(
    page: Page, site: SmallSite, tmp_path: Path
) -> None:
    _restore(page, site, tmp_path)
    shown = json.dumps(document() | {"predicateType": "urn:datawharf:predicate/other/v1"})
    page.goto(site.page("/sign", "sign_page.js", _sign_form(document(), shown=shown)))
    expect(page.get_by_text("what is shown is not what would be signed")).to_be_visible()
    expect(page.get_by_role("button")).to_be_disabled()

    wrong = canonical_json([{"name": "title", "salt": b64encode(b"s" * 32).decode(), "content": "e30="}])
    page.goto(site.page("/open", "sign_page.js", _sign_form(document(), openings=wrong)))
    expect(page.get_by_text("is not what the statement commits to")).to_be_visible()
    expect(page.get_by_role("button")).to_be_disabled()

    page.goto(
        site.page("/org", "sign_page.js", _sign_form(document()).replace(f'data-org="{ORG}"', 'data-org="x"'))
    )
    expect(page.get_by_text("not this organisation and this ledger")).to_be_visible()

    page.goto(site.page("/late", "sign_page.js", _sign_form(document())))
    expect(page.get_by_text("Ready to sign")).to_be_visible()
    other = statement_to_sign(document() | {"predicate": {}}, claims(), KEY.public.thumbprint)
    page.eval_on_selector(
        "[name=payload]", "(field, value) => (field.value = value)", b64encode(other.payload).decode()
    )
    page.get_by_role("button").click()
    expect(page.get_by_text("the form changed after it was shown")).to_be_visible()
    assert not site.posted


def test_without_the_key_the_page_says_what_to_do(page: Page, site: SmallSite) -> None:
    page.goto(site.page("/sign", "sign_page.js", _sign_form(document())))
    expect(page.get_by_text("Restore it from its recovery file first")).to_be_visible()
    expect(page.get_by_role("button")).to_be_disabled()


def _register_form(*, prepared_for: bytes | None = None) -> str:
    """A form that leaves the statement to the browser, or one that the server prepared for a manifest's digest."""
    prepared: dict[str, Any] = {
        "predicateType": "urn:datawharf:predicate/registration/v1",
        "predicate": {"version": "1.0.0"},
    }
    own = claims()
    asked = {"iss": own.iss, "sub": own.sub, "aud": own.aud, "iat": own.iat}
    values = dict.fromkeys(("manifest", "protected", "payload", "signature"), "")
    if prepared_for is None:
        values |= {
            "claims": b64encode(canonical_json(asked)).decode(),
            "statement": b64encode(canonical_json(prepared)).decode(),
        }
    else:
        payload = in_toto(
            prepared["predicateType"], "manifest.json", {"sha256": prepared_for.hex()}, prepared["predicate"]
        )
        parts = statement_to_sign(payload, own, KEY.public.thumbprint)
        values |= {
            "protected": b64encode(parts.protected).decode(),
            "payload": b64encode(parts.payload).decode(),
        }
    hidden = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in values.items())
    return f"""
<form method="post" action="/sent" data-register data-org="{ORG}" data-origin="{ORIGIN}" data-upload="/uploads"
  data-version="v1">{hidden}
  <label>Files <input type="file" multiple></label><progress hidden></progress><p data-status role="status"></p>
  <output data-content-root></output><ul data-file-list></ul>
  <pre data-shown="header"></pre><pre data-shown="payload"></pre>
  <button type="button" data-do="cancel">Cancel</button><button>Register</button>
</form>"""


@pytest.mark.parametrize("worker", [True, False], ids=["in the worker", "in the page"])
def test_files_are_hashed_signed_and_sent_from_the_browser(
    page: Page, page_faults: list[str], site: SmallSite, tmp_path: Path, worker: bool
) -> None:
    _restore(page, site, tmp_path)
    if not worker:
        site.policy = site.policy.replace("trusted-types datawharf-worker", "trusted-types 'none'")
    table = (b"port,teu\n" + b"Qinzhou,5\n" * 300_000)[:2_900_001]
    (tmp_path / "ports.csv").write_bytes(table)
    (tmp_path / "说明.txt").write_text("北部湾港口")
    page.goto(site.page("/register", "register_page.js", _register_form()))
    page.get_by_label("Files").set_input_files([tmp_path / "ports.csv", tmp_path / "说明.txt"])
    expect(page.get_by_text("2 files ready")).to_be_visible()
    assert (("GET", "/static/js/verify_worker.js") in site.requests) == worker
    site.drop_next_chunk = True
    page.get_by_role("button", name="Register").click()
    page.wait_for_selector("#sent")
    [sent] = site.posted
    manifest = parse_manifest(b64decode(sent["manifest"]))
    parts = [b64decode(sent[name]) for name in ("protected", "payload", "signature")]
    statement = assemble_statement(*parts)
    statement.verify(KEY.public)
    assert statement.document["subject"] == [
        {"name": "manifest.json", "digest": {"sha256": manifest.digest.hex()}}
    ]
    assert statement.predicate["contentRoot"] == manifest.content_root.hex()
    assert site.uploads[manifest.rows[0].sha256.hex()[:16]] == table
    assert sum(verb == "HEAD" for verb, _ in site.requests) == 1
    if not worker:
        page_faults.clear()  # the refused worker is reported; hashing goes on without it


def test_a_prepared_statement_is_signed_only_for_the_very_files_that_it_is_about(
    page: Page, site: SmallSite, tmp_path: Path
) -> None:
    _restore(page, site, tmp_path)
    file = tmp_path / "ports.csv"
    file.write_text("port,teu\n")
    manifest = Manifest([hash_file(file, media_type="text/csv").row])
    page.goto(site.page("/one", "register_page.js", _register_form(prepared_for=b"x" * 32)))
    page.get_by_label("Files").set_input_files(file)
    expect(page.get_by_text("These are not the files that the statement is about")).to_be_visible()
    expect(page.get_by_role("button", name="Register")).to_be_disabled()

    page.goto(site.page("/two", "register_page.js", _register_form(prepared_for=manifest.digest)))
    page.get_by_label("Files").set_input_files(file)
    page.get_by_role("button", name="Register").click()
    page.wait_for_selector("#sent")
    [sent] = site.posted
    parts = [b64decode(sent[name]) for name in ("protected", "payload", "signature")]
    assemble_statement(*parts).verify(KEY.public)
    assert b64decode(sent["manifest"]) == manifest.canonical


def test_a_manifest_alone_needs_no_key(page: Page, site: SmallSite, tmp_path: Path) -> None:
    file = tmp_path / "ports.csv"
    file.write_text("port,teu\n")
    form = _register_form(prepared_for=b"x" * 32).replace("data-register", 'data-register="manifest"')
    page.goto(site.page("/one", "register_page.js", form))
    page.get_by_label("Files").set_input_files(file)
    page.get_by_role("button", name="Register").click()
    page.wait_for_selector("#sent")
    assert parse_manifest(b64decode(site.posted[0]["manifest"])).rows[0].path == "ports.csv"
    assert not site.uploads


def test_two_statements_of_one_form_are_both_shown_and_signed(
    page: Page, site: SmallSite, tmp_path: Path
) -> None:
    _restore(page, site, tmp_path)
    second = document() | {"predicateType": "urn:datawharf:predicate/second/v1"}
    parts = statement_to_sign(second, claims(), KEY.public.thumbprint)
    more = f"""
<input type="hidden" name="also_protected" value="{b64encode(parts.protected).decode()}">
<input type="hidden" name="also_payload" value="{b64encode(parts.payload).decode()}">
<input type="hidden" name="also_signature">
<div data-part="also_"><pre data-shown="header"></pre><pre data-shown="payload"></pre></div><p data-status"""
    form = _sign_form(document()).replace("data-sign ", 'data-sign data-also="also_" ')
    page.goto(site.page("/two", "sign_page.js", form.replace("<p data-status", more)))
    expect(page.locator('[data-part] [data-shown="payload"]')).to_contain_text("predicate/second/v1")
    expect(page.locator('[data-shown="payload"]').first).to_contain_text("predicate/test/v1")
    page.get_by_role("button").click()
    page.wait_for_selector("#sent")
    [sent] = site.posted
    for prefix, payload in (("", document()), ("also_", second)):
        parts_of = [b64decode(sent[prefix + name]) for name in ("protected", "payload", "signature")]
        signed = assemble_statement(*parts_of)
        signed.verify(KEY.public)
        assert signed.document == payload
