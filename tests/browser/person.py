"""Somebody at a browser: a session of their own, a language, perhaps a key that the browser keeps."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Download, Locator, Page, expect

from ledger.keyfile import write_key_file
from ledger.keys import SigningKey
from market.kit.i18n import Lang, translate
from tests.browser.inspection import faults_of, listen_for_complaints
from tests.builders.marketplace import PASSWORD

SCREENSHOTS = Path(__file__).parent / "screenshots"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


class Person:
    """page: what they look at. faults: everything that went wrong there, which must be nothing in the end."""

    def __init__(self, chromium: Browser, base: str, lang: Lang, name: str, *, script: bool = True) -> None:
        self.base, self.lang, self.name = base, lang, name
        locale = "zh-CN" if lang == "zh" else "en-GB"
        # Without motion, so that no picture and no measurement falls into the middle of one.
        self.context = chromium.new_context(
            locale=locale,
            viewport=WIDE,  # type: ignore[arg-type]
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        listen_for_complaints(self.page, self.faults.append)

    def open(self, path: str) -> None:
        """Go to an address below the language, or to a whole path."""
        target = path if path.startswith("/") else f"/{self.lang}/{path}"
        answer = self.page.goto(self.base + target)
        assert answer is not None
        assert answer.status == 200, f"{target} answers {answer.status}"

    def look(self, name: str, *, shot: bool = True) -> None:
        """Examine the page as it stands, and take its picture wide and narrow."""
        self.faults += faults_of(self.page)
        if shot:
            self.shoot(name)

    def shoot(self, name: str, *, dark: bool = False) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        if dark:
            self.page.emulate_media(color_scheme="dark")
        for size in (NARROW, WIDE):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            tone = "-dark" if dark else ""
            path = SCREENSHOTS / f"{name}-{self.lang}-{size['width']}{tone}.png"
            self.page.screenshot(path=path, full_page=True)
        if dark:
            self.page.emulate_media(color_scheme="light")

    def keep_picture(self, name: str, png: bytes) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        (SCREENSHOTS / f"{name}-{self.lang}.png").write_bytes(png)

    def sign_in(self, email: str) -> None:
        self.open(f"signin?next=/{self.lang}/account")
        self.field("E-mail address").fill(email)
        self.field("Password").fill(PASSWORD)
        self.press("Sign in")
        expect(self.page.get_by_role("navigation")).to_have_count(2)

    def bring_key(self, org_id: object, key: SigningKey, folder: Path) -> None:
        """Restore the organisation's key into this browser from its recovery file."""
        file = folder / f"{key.public.thumbprint.hex()[:12]}.key"
        if not file.exists():
            write_key_file(file, key, label=self.name)
        self.open(f"orgs/{org_id}/keys")
        self.choose(self.field("Restore from a recovery file"), file)
        expect(self.page.locator("[data-key-id]")).to_have_text(key.public.thumbprint.hex())

    def make_key(self, org_id: object, folder: Path) -> Path:
        """Make the organisation's key in this browser and register it. Returns its recovery file."""
        self.open(f"orgs/{org_id}/keys")
        self.press("Make a key")
        button = self.main.get_by_role("button", name=self.say("Save the recovery file"))
        recovery = self.save(button, folder)
        recovery.chmod(0o600)
        self.press("Register this key")
        self.reads("waits for its ledger entry")
        return recovery

    def save(self, link: Locator, folder: Path) -> Path:
        """Follow a link or press a button that hands out a file, and keep it."""
        with self.page.expect_download() as started:
            link.click()
        download: Download = started.value
        path = folder / download.suggested_filename
        download.save_as(path)
        return path

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def say(self, sentence: str, **values: object) -> str:
        """A sentence of the product in this person's language."""
        return translate(self.lang, sentence, **values)

    def field(self, label: str) -> Locator:
        return self.main.get_by_label(self.say(label))

    def press(self, button: str) -> None:
        self.main.get_by_role("button", name=self.say(button), exact=True).click()

    def choose(self, field: Locator, *files: Path) -> None:
        """Choose files in a field that a script listens to; until it does, the field is disabled."""
        expect(field).to_be_enabled()
        field.set_input_files(list(files))

    def follow(self, link: str) -> None:
        self.main.get_by_role("link", name=self.say(link), exact=True).first.click()

    def reads(self, sentence: str, *, wait: float = 15, **values: object) -> None:
        """The page says so, after `wait` seconds at the latest."""
        expect(self.main).to_contain_text(self.say(sentence, **values), timeout=1000 * wait)

    def refused(self, sentence: str, *, field: str, again: bool = False) -> None:
        """The summary of errors has the focus (not any more if `again`), and leads to the field, which says the same."""
        said, prefix = self.say(sentence), self.say("Error:")
        expect(self.page).to_have_title(re.compile(f"^{re.escape(prefix)} "))
        summary = self.main.locator(".error-summary")
        if not again:
            expect(summary).to_be_focused()
        summary.get_by_role("link", name=said).first.click()
        control = self.page.locator(f"#f-{field}")
        expect(control).to_be_focused()
        expect(self.page.locator(f"#f-{field}-error")).to_contain_text(f"{prefix} {said}")

    def forgive(self, complaint: str) -> None:
        """Take back one complaint that the test itself brought about; it must be there."""
        [caused] = [fault for fault in self.faults if complaint in fault]
        self.faults.remove(caused)

    def leave(self) -> None:
        self.context.close()
        assert not self.faults, "\n".join(self.faults)
