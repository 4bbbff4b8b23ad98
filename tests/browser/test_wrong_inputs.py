"""Wrong inputs in the forms of provider and registrar: the message stands at its field, and what was typed stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from market.catalog.schemas import EXAMPLE_METADATA
from market.kit.i18n import Lang
from tests.browser.conftest import Enter
from tests.browser.person import Person
from tests.browser.running import RunningMarket


def _holds(person: Person, **values: str) -> None:
    for name, value in values.items():
        expect(person.page.locator(f"#f-{name}")).to_have_value(value)


def _without_the_browsers_own_checks(person: Person) -> None:
    person.page.eval_on_selector_all(
        "main form", "(forms) => forms.forEach((form) => { form.noValidate = true; })"
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_version_without_a_proper_number_or_source(
    market: RunningMarket, enter: Enter, folder: Path, lang: Lang
) -> None:
    provider = market.party(f"numbers-{lang}")
    asset = provider.create_asset(EXAMPLE_METADATA)
    person = enter("provider", lang)
    person.sign_in(f"numbers-{lang}@example.com")
    person.open(f"studio/assets/{asset['id']}/versions/new")
    file = folder / "a.csv"
    file.write_text("a\n1\n", encoding="utf-8")
    for name, text in (("version", "one"), ("notes_zh", "首版"), ("derived_from", "nonsense")):
        person.page.locator(f"#f-{name}").fill(text)
    person.page.locator("#f-reference_url").fill("http://files.example.com/")
    person.choose(person.page.locator("#f-files"), file)
    _without_the_browsers_own_checks(person)
    person.press("Save and continue")
    expect(person.main.locator(".error-summary")).to_be_focused()
    for name in ("version", "derived_from"):
        expect(person.page.locator(f"#f-{name}-error")).to_be_visible()
    _holds(
        person,
        version="one",
        notes_zh="首版",
        derived_from="nonsense",
        reference_url="http://files.example.com/",
    )
    person.look("version-form-errors")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_offer_with_a_price_and_a_term_that_cannot_be(
    market: RunningMarket, enter: Enter, folder: Path, lang: Lang
) -> None:
    provider = market.party(f"prices-{lang}")
    version = market.registered(provider, folder / "data")
    person = enter("provider", lang)
    person.sign_in(f"prices-{lang}@example.com")
    person.open(f"studio/offers/new?asset={version['asset_id']}")
    person.page.locator("input[name=kind][value=PAID]").check()
    for name, text in (("price", "12,00"), ("term_days", "0"), ("quota_rows", "many")):
        person.page.locator(f"#f-{name}").fill(text)
    person.page.locator("#f-questions_zh").fill("由谁使用？")
    person.press("Go on to sign")
    expect(person.main.locator(".error-summary")).to_be_focused()
    for name in ("price", "term_days", "quota_rows", "licence"):
        expect(person.page.locator(f"#f-{name}-error")).to_be_visible()
    person.refused("This must be filled in.", field="licence", again=True)
    person.refused("This must be a whole number.", field="quota_rows", again=True)
    _holds(person, price="12,00", term_days="0", quota_rows="many", questions_zh="由谁使用？")
    expect(person.page.locator("input[name=kind][value=PAID]")).to_be_checked()
    person.look("offer-form-wrong")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_decision_that_is_not_chosen_or_not_explained(
    market: RunningMarket, enter: Enter, folder: Path, lang: Lang
) -> None:
    adcode = "450300" if lang == "zh" else "450400"
    registrar = market.registrar(adcode)
    provider = market.party(f"applicant-{lang}", zone=adcode)
    version = market.registered(provider, folder / "data", adcode=adcode)
    application = provider.apply(version["id"])
    person = enter("registrar", lang)
    person.sign_in(f"registrar-{adcode}@example.com")
    person.bring_key(registrar.org_id, registrar.key, folder)
    person.open(f"registry/applications/{application['id']}")
    _without_the_browsers_own_checks(person)
    person.page.locator("#f-reasons_en").fill("Name the period.")
    person.press("Go on to sign")
    person.refused("This must be filled in.", field="decision")
    _holds(person, reasons_en="Name the period.")
    person.look("decision-not-chosen")
    person.page.locator("#f-reasons_en").fill("")
    person.field("Return for correction").check()
    person.press("Go on to sign")
    person.refused("Say why, in Chinese or English, so that the applicant can act on it.", field="reasons_zh")
    expect(person.field("Return for correction")).to_be_checked()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_api_key_that_cannot_be(market: RunningMarket, enter: Enter, lang: Lang) -> None:
    owner = market.party(f"keys-{lang}", with_key=False)
    person = enter("owner", lang)
    person.sign_in(f"keys-{lang}@example.com")
    person.open(f"orgs/{owner.org_id}/api-keys")
    person.page.locator("#f-label").fill("nightly")
    person.page.locator("#f-days").fill("9999")
    person.press("Make the key")
    expect(person.main.locator(".error-summary")).to_be_focused()
    expect(person.page.locator("#f-days-error")).to_be_visible()
    _holds(person, label="nightly", days="9999")
    person.look("api-keys-errors")
