"""Copy buttons, under the product's page policy."""

from playwright.sync_api import Page, expect

from tests.browser_js.small_site import small_site

BODY = '<code id="hash"> ab12 </code><button data-copy="#hash">Copy</button>'


def test_a_copy_button_copies_and_says_so_in_the_page_language(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    with small_site() as site:
        for lang, said in (("en", "Copied"), ("zh-CN", "已复制")):
            page.goto(site.page(f"/{lang}", "copy.js", BODY, lang=lang))
            page.get_by_role("button").click()
            expect(page.get_by_role("button")).to_have_text(said)
            assert page.evaluate("navigator.clipboard.readText()") == "ab12"
            expect(page.get_by_role("button")).to_have_text("Copy", timeout=10_000)
