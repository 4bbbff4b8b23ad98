"""Every template is rendered, in both languages, for everybody who may see it: none of them misses a name, none says None.

Undefined names are errors in templates (StrictUndefined), so a page with one answers 500.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import jinja2
import pytest
from httpx import Response

from market.accounts import service as accounts
from market.catalog.schemas import EXAMPLE_METADATA
from market.kit.i18n import LANGS, Lang
from market.kit.templating import environment, template_folder
from tests.market.authorisation.calling import SAME_ORIGIN, Caller, routes
from tests.market.authorisation.world import ZONE, Someone

pytestmark = [pytest.mark.xdist_group("authorisation"), pytest.mark.slow]
PEOPLE = ("anonymous", "owner", "member", "operator", f"reviewer of {ZONE}", "removed member")
TITLE = re.compile(r"<title>\s*(\S.*?) · (?:数港|Datawharf)\s*</title>", re.DOTALL)
NOTHING = re.compile(r">\s*None\s*<|=\"None\"|/None\b")
EXTENDS = re.compile(r'{%-? extends "([^"]+)"')

Rendered = dict[Lang, set[str]]


def _noting(names: set[str]) -> type[jinja2.Template]:
    """Templates that note their names when they, or what they import or include, get a context."""

    class Noting(jinja2.Template):
        def new_context(self, *args: Any, **more: Any) -> jinja2.runtime.Context:
            names.add(self.name or "")
            return super().new_context(*args, **more)

    return Noting


@pytest.fixture
def rendered() -> Iterator[Rendered]:
    """The templates that are rendered from now on, by language."""
    found: Rendered = {lang: set() for lang in LANGS}
    kept = {lang: environment(lang).template_class for lang in LANGS}
    for lang in LANGS:
        _use(environment(lang), _noting(found[lang]))
    yield found
    for lang in LANGS:
        _use(environment(lang), kept[lang])


def _use(env: jinja2.Environment, templates: type[jinja2.Template]) -> None:
    env.template_class = templates
    assert env.cache is not None
    env.cache.clear()


class Reader:
    """Reads pages as somebody, and notes what is wrong with them."""

    def __init__(self, caller: Caller, lang: Lang) -> None:
        self.caller, self.lang = caller, lang
        self.wrong: list[str] = []

    def get(self, person: Someone, path: str) -> Response:
        self.caller.wear(person)
        return self._examined(person, self.caller.web.get(f"/{self.lang}{path}"))

    def post(self, person: Someone, path: str, fields: dict[str, str]) -> Response:
        headers = SAME_ORIGIN | {"X-CSRF-Token": self.caller.token(person)}
        self.caller.wear(person)
        answer = self.caller.web.post(f"/{self.lang}{path}", data=fields, headers=headers)
        return self._examined(person, answer)

    def _examined(self, person: Someone, answer: Response) -> Response:
        where = f"{answer.request.method} {answer.request.url.path} as {person.name}"
        if answer.status_code >= 500:
            self.wrong.append(f"{where}: {answer.status_code}")
        elif answer.headers.get("content-type", "").startswith("text/html"):
            if not TITLE.search(answer.text):
                self.wrong.append(f"{where}: no title")
            self.wrong += [f"{where}: {found}" for found in NOTHING.findall(answer.text)]
        return answer


def _every_address(reader: Reader) -> None:
    world = reader.caller.world
    for route in routes(world):
        if route.page and route.method == "GET":
            address = route.address(world.own).removeprefix("/en")
            for name in PEOPLE:
                reader.get(world.people[name], address)


def _in_special_states(reader: Reader, folder: Path) -> None:
    """Pages that show something only after something was done; the world is put back afterwards."""
    world, caller = reader.caller.world, reader.caller
    owner, reviewer = world.people["owner"], world.people[f"reviewer of {ZONE}"]
    application = f"/registry/applications/{world.own['application_id']}"
    assert reader.post(reviewer, f"{application}/prepare", {"decision": "accepted"}).status_code == 200

    order = _as_owner(caller, "GET", f"/orders/{world.own['bought.order_id']}")
    assert reader.get(owner, f"/checkout/{order['contract_id']}/pay").status_code == 200
    removed, anonymous = world.people["removed member"], world.people["anonymous"]
    body = {"email": "removed@example.org", "roles": ["member"]}
    invite = _as_owner(caller, "POST", f"/organisations/{world.own['org_id']}/invites", body)
    assert reader.get(removed, f"/invites/{invite['token']}").status_code == 200
    with world.market.ports.db.writing() as session:
        link = accounts.create_signin_link(session, "owner@example.org", 1, now=world.market.clock.now())
    assert reader.get(anonymous, link.removeprefix("/en")).status_code == 200

    file = folder / f"{reader.lang}.csv"
    file.write_text(f"a\n{reader.lang}\n", encoding="utf-8")
    late = world.market.party(f"late-{reader.lang}")
    world.market.drain()
    leaf = late.register([file], metadata=EXAMPLE_METADATA)["leaf"]
    assert reader.get(owner, f"/receipts/{leaf}").status_code == 202

    listed = world.own["listed.asset_id"]
    _as_owner(caller, "DELETE", f"/assets/{listed}/listing")
    assert reader.get(anonymous, f"/assets/{listed}").status_code == 410


def _as_owner(caller: Caller, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    key = caller.world.people["owner"].key
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid4())}
    answer = caller.web.request(method, f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code in (200, 201, 204), answer.text
    return dict(answer.json()) if answer.content else {}


@pytest.mark.parametrize("lang", LANGS)
def test_every_template_is_rendered_and_none_misses_a_name(
    caller: Caller, rendered: Rendered, tmp_path: Path, lang: Lang
) -> None:
    folder = template_folder()
    every = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    reader = Reader(caller, lang)
    try:
        _every_address(reader)
        _in_special_states(reader, tmp_path)
    finally:
        caller.restore()
    extended = {
        found for name in rendered[lang] for found in EXTENDS.findall((folder / name).read_text("utf-8"))
    }
    assert reader.wrong == [], "\n".join(reader.wrong)
    assert every - rendered[lang] - extended == set()


def test_the_test_sees_a_name_that_is_missing(rendered: Rendered) -> None:
    """What it relies on: a name that a page was not given is an error, also as part of something."""
    broken: dict[str, Callable[[], str]] = {
        "a name": lambda: environment("en").from_string("{{ asset }}").render(),
        "a part": lambda: (
            environment("en").from_string("{{ actor.org_name.best('en') }}").render(actor=Nobody)
        ),
    }
    for render in broken.values():
        with pytest.raises(jinja2.UndefinedError):
            render()
    assert NOTHING.search(environment("en").from_string("<p>{{ actor.org_name }}</p>").render(actor=Nobody))


class Nobody:
    org_name = None
