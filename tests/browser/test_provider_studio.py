"""A provider without a terminal: describes data, signs and sends them from the browser, and asks for a certificate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Request, Route, expect

from ledger.keyfile import read_key_file
from ledger.manifest import hash_file
from ledger.statement import parse_statement
from market.catalog.schemas import EXAMPLE_METADATA
from market.kit.i18n import Lang
from tests.browser.conftest import Enter
from tests.browser.person import Person
from tests.browser.running import RunningMarket
from tests.builders.marketplace import PASSWORD

TITLES = {"zh": "防城港逐时潮位", "en": "Hourly tides at Fangchenggang"}
CHOICES = {
    "kind": "RESOURCE", "dataset_class": "INDUSTRY_GENERAL", "modality": "TABULAR", "industry": "G", "adcode": "450600",
    "grade": "G1", "personal_info": "NONE", "source_kind": "COLLECTED", "right_origin": "SELF_PRODUCED",
    "licence": "CC-BY-4.0", "update_freq": "ONCE",
}  # fmt: skip
# More than one piece of an upload, so that a line that breaks leaves something to go on with.
ROWS = 900_000


def _sign_up(person: Person, folder: Path) -> Path:
    """An account, an organisation, and a key that is made in the browser. Returns the recovery file."""
    person.open("signup")
    person.look("sign-up")
    person.field("Your name").fill("李梅")
    person.field("E-mail address").fill(f"tides-{person.lang}@example.com")
    person.field("Password").fill(PASSWORD)
    person.field("Name in Chinese").fill("北部湾潮汐数据公司")
    person.field("Name in English").fill("Beibu Gulf Tides Ltd")
    person.page.locator("#f-zone").select_option("450600")
    person.press("Sign up")
    person.reads("Your account is ready. Sign in with your password.")
    person.look("sign-in")
    person.sign_in(f"tides-{person.lang}@example.com")
    person.look("account")
    person.main.get_by_role("link", name="潮汐" if person.lang == "zh" else "Tides").click()
    expect(person.page).to_have_url(re.compile("/orgs/"))
    person.look("organisation")
    org_id = person.page.url.rsplit("/", 1)[1]
    recovery = person.make_key(org_id, folder)
    person.look("signing-keys")
    return recovery


def _describe(person: Person) -> None:
    """The form of a new asset: once with two things wrong, then right."""
    person.open("studio")
    person.look("studio-empty")
    person.follow("Describe a data asset")
    person.look("asset-form")
    person.page.eval_on_selector(
        "form[method=post]:has(#f-title_zh)", "(form) => { form.noValidate = true; }"
    )
    person.page.locator("#f-title_zh").fill(TITLES["zh"])
    for lang, text in (("zh", "潮高，每小时一值。"), ("en", "Height of the tide, one value an hour.")):
        person.page.locator(f"#f-abstract_{lang}").fill(text)
    for name, code in CHOICES.items():
        if name != "licence":
            person.page.locator(f"#f-{name}").select_option(code)
    for value in ("zh", "USE"):
        person.page.locator(f"input[value={value}]").check()
    person.press("Save")
    person.refused("Write this in Chinese and in English.", field="title_en")
    assert person.main.locator(".error-summary li").count() == 2
    expect(person.page.locator("#f-abstract_en")).to_have_value("Height of the tide, one value an hour.")
    person.refused("This must be filled in.", field="licence", again=True)
    person.look("asset-form-errors")
    person.page.locator("#f-title_en").fill(TITLES["en"])
    person.page.locator("#f-licence").select_option(CHOICES["licence"])
    person.press("Save")
    person.reads("The draft was saved. Nothing is public yet.")
    person.look("asset-draft")


def _break_the_line_once(person: Person) -> list[str]:
    """The second piece of an upload does not get through. Returns what was asked of the server, in order."""
    asked: list[str] = []

    def pass_on(route: Route, request: Request) -> None:
        asked.append(request.method)
        if asked.count("PATCH") == 2 and request.method == "PATCH":
            route.abort("connectionreset")
        else:
            route.continue_()

    person.page.route(re.compile("/studio/uploads"), pass_on)
    return asked


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_data_are_described_signed_sent_and_registered_in_the_browser(
    market: RunningMarket, enter: Enter, folder: Path, lang: Lang
) -> None:
    market.found("450600")
    person = enter("provider", lang)
    recovery = _sign_up(person, folder)
    market.drain()
    _describe(person)

    data = folder / "tides.csv"
    data.write_text(
        "hour,height\n" + "".join(f"{hour},{hour % 97 / 10}\n" for hour in range(ROWS)), encoding="utf-8"
    )
    note = folder / "说明.txt"
    note.write_text(f"逐时潮位 {lang}\n", encoding="utf-8")
    person.follow("Add a version")
    person.page.locator("#f-version").fill("1.0.0")
    person.choose(person.page.locator("#f-files"), data, note)
    expect(person.page.locator("[data-file-list] li")).to_have_count(2)
    person.look("version-form")
    person.press("Save and continue")
    person.look("version-draft")

    # What is signed is shown first; then the line breaks in the middle, and the same button goes on from there.
    asked = _break_the_line_once(person)
    person.choose(person.page.locator("#f-files"), data, note)
    person.main.locator("summary").first.click()
    expect(person.page.locator('[data-shown="payload"]')).to_contain_text("registration/v1")
    person.press("Sign, send and register")
    expect(person.page).to_have_url(re.compile("/studio/versions/"))
    person.reads("See it in the ledger", wait=60)
    assert asked.count("PATCH") >= 3
    assert "HEAD" in asked, "the browser asked where to go on"
    person.forgive("net::ERR_CONNECTION_RESET")
    market.drain()
    person.page.reload()
    person.look("version-registered")

    # The ledger holds what this browser signed, about exactly these files.
    leaf = person.page.locator("dd code.hash").last.get_attribute("title")
    visitor = market.visitor()
    statement = parse_statement(visitor.api.get_bytes(f"/api/v1/statements/{leaf}/cose"))
    statement.verify(read_key_file(recovery).public)
    version = visitor.version(person.page.url.rsplit("/", 1)[1])
    assert {file["sha256"] for file in version["files"]} == {
        hash_file(path).row.sha256.hex() for path in (data, note)
    }
    person.follow("See it in the ledger")
    person.look("ledger-entry-registration")
    person.page.go_back()
    person.press("Apply for a certificate")
    person.reads("The application was handed in.")
    person.look("application-submitted")
    person.open("studio")
    person.look("studio")
    person.open("studio/assets")
    person.look("studio-assets")
    person.open("studio/registrations")
    person.look("studio-registrations")


def test_other_files_than_the_signed_ones_are_not_sent(
    market: RunningMarket, enter: Enter, folder: Path
) -> None:
    provider = market.party("careful")
    person = enter("provider", "zh")
    person.sign_in("careful@example.com")
    person.bring_key(provider.org_id, provider.key, folder)
    file = folder / "a.csv"
    file.write_text("a\n1\n", encoding="utf-8")
    asset = provider.create_asset(EXAMPLE_METADATA)
    person.open(f"studio/assets/{asset['id']}/versions/new")
    person.page.locator("#f-version").fill("1.0.0")
    person.choose(person.page.locator("#f-files"), file)
    person.press("Save and continue")
    file.write_text("a\n2\n", encoding="utf-8")
    person.choose(person.page.locator("#f-files"), file)
    expect(person.page.locator("[data-status]")).to_contain_text("所选文件与声明不符")
    expect(person.main.get_by_role("button", name=person.say("Sign, send and register"))).to_be_disabled()
    person.look("version-other-files")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_offer_is_signed_in_the_browser_and_the_gates_of_a_listing_are_named(
    market: RunningMarket, enter: Enter, folder: Path, lang: Lang
) -> None:
    provider, registrar = (
        market.party(f"quay-{lang}"),
        market.registrar("450100" if lang == "zh" else "450200"),
    )
    adcode = "450100" if lang == "zh" else "450200"
    version = market.registered(provider, folder / "data", adcode=adcode)
    person = enter("provider", lang)
    person.sign_in(f"quay-{lang}@example.com")
    person.bring_key(provider.org_id, provider.key, folder)

    # Without a certificate and an offer the asset does not go on show, and the page says what is missing.
    person.open(f"studio/assets/{version['asset_id']}")
    person.follow("Listing")
    expect(person.main.locator(".steps li.failed")).to_have_count(2)
    person.look("listing-gates")
    person.press("Put on show")
    expect(person.page).to_have_title(re.compile(f"^{person.say('Error:')} "))
    person.look("listing-refused")

    application = provider.apply(version["id"])
    for decision in ("accepted", "formal-review", "issued"):
        application = registrar.decide(application["id"], decision)
    person.open(f"studio/assets/{version['asset_id']}")
    person.follow("New offer")
    expect(person.page.locator("#f-asset_id")).to_have_value(version["asset_id"])
    person.page.locator("input[name=kind][value=PAID]").check()
    person.page.locator("#f-licence").select_option("CC-BY-4.0")
    person.press("Go on to sign")
    expect(person.main.locator(".error-summary")).to_be_focused()
    person.look("offer-form-errors")
    person.page.locator("#f-price").fill("12000")
    person.press("Go on to sign")
    expect(person.page).to_have_url(re.compile("/studio/offers/drafts/"))
    expect(person.main.get_by_role("button", name=person.say("Sign and publish"))).to_be_enabled()
    person.look("offer-sign")
    person.press("Sign and publish")
    expect(person.page).to_have_url(re.compile("/offers/[0-9a-f-]{36}$"))
    person.look("offer-own")
    person.open("studio/offers")
    person.look("studio-offers")
    market.drain()
    person.open(f"studio/listings/{version['asset_id']}")
    expect(person.main.locator(".steps li.failed")).to_have_count(0)
    person.press("Put on show")
    person.reads("The asset is on show.")
    person.look("listing")
    for page in ("requests", "licences", "deliveries"):
        person.open(f"studio/{page}")
        person.look(f"studio-{page}")
