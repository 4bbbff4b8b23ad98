"""Pages: Jinja2 with autoescape, undefined names are errors, and every sentence through gettext."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from markupsafe import Markup
from starlette.responses import HTMLResponse

from market.kit.auth import ANONYMOUS, Principal, Resource, allowed
from market.kit.csrf import csrf_token, keep_pre_session
from market.kit.i18n import (
    LANGS,
    Lang,
    format_day,
    format_short_size,
    format_size,
    format_when,
    local_text,
    translations,
)
from market.kit.money import format_money
from market.kit.ports import ports_of

MARKET = Path(__file__).parent.parent
STATIC = MARKET / "static"
FLASH = "dw_flash"


def template_folder() -> Path:
    """In the wheel the templates lie inside the package; in a checkout they lie beside it."""
    inside = MARKET / "templates"
    return inside if inside.is_dir() else MARKET.parent / "templates"


@cache
def static_digest() -> str:
    """One digest over all static files: a module and what it imports always come from the same release."""
    total = hashlib.sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        total.update(
            f"{path.relative_to(STATIC).as_posix()}\n{path.stat().st_size}\n".encode() + path.read_bytes()
        )
    return total.hexdigest()[:12]


def static_url(name: str) -> str:
    """The address of a static file, with the release's digest in it so that it can be cached for ever."""
    if not (STATIC / name).is_file():
        raise FileNotFoundError(f"there is no static file {name}")
    return f"/static/{static_digest()}/{name}"


@cache
def environment(lang: Lang) -> jinja2.Environment:
    """The templates of one language. `comma` and `colon` set the parts of a list, and a label from its value, apart."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env.install_gettext_translations(translations(lang), newstyle=True)  # type: ignore[attr-defined]
    env.filters.update(
        when=lambda moment: format_when(moment, lang),
        day=lambda moment: format_day(moment, lang),
        iso=lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        size=lambda count: format_size(count, lang),
        short_size=lambda count: format_short_size(count, lang),
        money=lambda money: format_money(money, lang),
        number=lambda value: f"{value:,}",
        text=lambda text: local_text(text, lang),
        short=lambda digest: f"{digest[:8]}…{digest[-8:]}" if len(digest) > 20 else digest,
        markdown=render_markdown,
    )
    env.globals.update(
        static=static_url,
        lang=lang,
        other_lang=next(other for other in LANGS if other != lang),
        comma="、" if lang == "zh" else ", ",
        colon="：" if lang == "zh" else ": ",
    )
    return env


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("js-default")


def render_markdown(source: str) -> Markup:
    """People's Markdown as safe HTML: no raw HTML, no images, links marked as theirs."""
    import nh3

    html = nh3.clean(
        _markdown().render(source),
        tags={
            "p",
            "ul",
            "ol",
            "li",
            "strong",
            "em",
            "code",
            "pre",
            "a",
            "blockquote",
            "h3",
            "h4",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "br",
        },
        attributes={"a": {"href"}},
        url_schemes={"https", "http", "mailto"},
        link_rel="nofollow noopener noreferrer",
    )
    return Markup(html)  # noqa: S704  cleaned just above


def qr_code(text: str) -> Markup:
    """A QR code as inline SVG, error correction M, with the quiet zone of four modules that scanners need."""
    import segno

    svg = segno.make(text, error="m").svg_inline(border=4, svgclass="qr", lineclass=None, omitsize=True)
    return Markup(svg)  # noqa: S704  drawn by segno from modules, holds no text


ContextMaker = Callable[[Request], dict[str, Any]]


def render(
    request: Request, template: str, *, status: int = 200, lang: Lang | None = None, **context: Any
) -> HTMLResponse:
    """A page. The template gets, besides `context`: request, actor, csrf, flash, alternates, may(verb, resource), now, and
    whatever the makers in app.state.page_context give (a slice registers one in create_app).
    """
    language: Lang = lang or request.path_params.get("lang", "en")
    actor: Principal = getattr(request.state, "actor", ANONYMOUS)
    shared: dict[str, Any] = {}
    for maker in request.app.state.page_context:
        shared |= maker(request)
    html = (
        environment(language)
        .get_template(template)
        .render(
            request=request,
            actor=actor,
            csrf=csrf_token(request),
            flash=translations(language).gettext(_flash(request)) if request.cookies.get(FLASH) else "",
            alternates=_alternates(request),
            may=lambda verb, resource=None: allowed(actor, verb, resource or Resource()),
            now=ports_of(request).clock.now(),
            **(shared | context),
        )
    )
    response = HTMLResponse(html, status_code=status, headers={"Content-Language": language})
    response.headers["Cache-Control"] = "no-store" if actor.signed_in else "no-cache"
    keep_pre_session(request, response)
    if request.cookies.get(FLASH):
        response.delete_cookie(FLASH, path="/")
    return response


def _flash(request: Request) -> str:
    """The sentence that `redirect` put into the cookie; escaped like any other text, as the browser could send anything."""
    try:
        return base64.urlsafe_b64decode(request.cookies[FLASH]).decode()
    except (ValueError, UnicodeDecodeError):
        return ""


def _alternates(request: Request) -> dict[str, str]:
    """The same page in each language, by language."""
    parts = request.scope["path"].split("/")
    query = f"?{request.url.query}" if request.url.query else ""
    if len(parts) < 2 or parts[1] not in LANGS:
        return {lang: f"/{lang}/" for lang in LANGS}
    return {lang: "/".join(["", lang, *parts[2:]]) + query for lang in LANGS}


def as_drawing(svg: str) -> Markup:
    """SVG that our own code wrote; every text inside is escaped already. The one way for markup past a template."""
    return Markup(svg)  # noqa: S704
