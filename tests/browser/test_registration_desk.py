"""The registrar's day: what waits, a return with reasons, the review, and a certificate signed in the browser."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from market.client import Datawharf
from market.kit.i18n import Lang
from tests.browser.conftest import Enter
from tests.browser.person import Person
from tests.browser.running import RunningMarket

A4_AT_96_DPI = {"width": 794, "height": 1123}


@pytest.fixture(scope="module")
def registrar(market: RunningMarket) -> Datawharf:
    return market.registrar()


@pytest.fixture(scope="module")
def provider(market: RunningMarket) -> Datawharf:
    return market.party("harbour")


def _at_the_desk(enter: Enter, registrar: Datawharf, lang: Lang, folder: Path) -> Person:
    person = enter("registrar", lang)
    person.sign_in("registrar-450700@example.com")
    person.bring_key(registrar.org_id, registrar.key, folder)
    return person


def _decide(person: Person, decision: str, *, picture: str = "", **reasons: str) -> None:
    """Choose, go on to the page that says what becomes public, sign there."""
    person.field(decision).check()
    for field, text in reasons.items():
        person.page.locator(f"#f-{field}").fill(text)
    person.press("Go on to sign")
    person.reads("Sign the decision")
    if picture:
        person.look(picture)
    person.press("Sign and record")
    person.reads("Your decision was recorded.")


def _qr_codes(picture: bytes) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(Image.open(BytesIO(picture)))]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_application_is_returned_mended_reviewed_and_certified(
    market: RunningMarket, registrar: Datawharf, provider: Datawharf, enter: Enter, folder: Path, lang: Lang
) -> None:
    title = {"zh": f"钦州港泊位 {lang}", "en": f"Berths of Qinzhou {lang}"}
    version = market.registered(provider, folder / "data", title=title)
    application = provider.apply(version["id"])
    person = _at_the_desk(enter, registrar, lang, folder)

    person.open("registry/queue")
    person.look("registrar-queue")
    person.main.get_by_role("link", name=title[lang]).click()
    person.look("registrar-application")
    # A return without a reason is refused before anything is signed.
    person.field("Return for correction").check()
    person.press("Go on to sign")
    person.refused("Say why, in Chinese or English, so that the applicant can act on it.", field="reasons_zh")
    person.look("registrar-refused")
    _decide(person, "Return for correction", reasons_zh="摘要未说明时间范围。", reasons_en="Name the period.")
    person.reads("Returned for correction")

    # The provider reads why, mends the description and hands the application in again.
    applicant = enter("provider", lang)
    applicant.sign_in("harbour@example.com")
    applicant.open("studio/registrations")
    applicant.main.get_by_role("link", name=title[lang]).click()
    expect(applicant.main).to_contain_text("摘要未说明时间范围。" if lang == "zh" else "Name the period.")
    applicant.look("application-returned")
    assert provider.apply(version["id"])["state"] == "SUBMITTED"

    person.open(f"registry/applications/{application['id']}")
    _decide(person, "Accept for review")
    _decide(person, "Begin the formal review")
    _decide(person, "Pass and issue the certificate", picture="registrar-issue")
    market.drain()
    person.look("registrar-issued")
    person.follow("See the certificate")
    code = re.fullmatch(r".*/c/([A-Z2-9-]{14})", person.page.url)
    assert code is not None
    person.reads("Valid")
    person.look("certificate")
    person.shoot("certificate", dark=True)

    # What is printed is one sheet, and its code leads back here.
    address = f"{market.base}/c/{code[1]}"
    assert _qr_codes(person.page.screenshot(full_page=True)) == [address]
    paper = person.page.pdf(format="A4", print_background=False)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    person.page.emulate_media(media="print")
    person.page.set_viewport_size(A4_AT_96_DPI)  # type: ignore[arg-type]
    sheet = person.page.screenshot(full_page=True)
    assert _qr_codes(sheet) == [address]
    person.keep_picture("certificate-on-paper", sheet)
    person.page.emulate_media(media="screen")
    assert person.page.goto(address) is not None
    assert person.page.url == f"{market.base}/{lang}/c/{code[1]}"


def test_another_zone_s_application_is_not_there(
    market: RunningMarket, provider: Datawharf, enter: Enter, folder: Path
) -> None:
    version = market.registered(provider, folder / "data", title={"zh": "外区", "en": "Elsewhere"})
    application = provider.apply(version["id"])
    stranger = market.registrar("450100")
    person = enter("registrar of Nanning", "zh")
    person.sign_in("registrar-450100@example.com")
    person.open("registry/queue")
    person.reads("Nothing waits here. New applications appear as providers hand them in.")
    person.look("registrar-queue-empty")
    answer = person.page.goto(f"{market.base}/zh/registry/applications/{application['id']}")
    assert answer is not None
    assert answer.status == 404
    assert stranger.org_id is not None
    person.look("not-found")
