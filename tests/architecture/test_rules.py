"""The house keeps its rules, and each rule notices when it is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import rules
from tests.architecture.rules import Rule, Source

ROOT = Path(__file__).parent.parent.parent
LONG_FUNCTION = "def long():\n" + "    x = 1\n" * rules.FUNCTION_LINES
PAGE = Source(
    "templates/shelf/asset.html",
    '{% extends "layouts/page.html" %}{% block title %}{% endblock %}{% include "shelf/tabs.html" %}',
)
# A module of the ledger that stands on its storage belongs to the half that does I/O, whatever its name.
HEAD = Source("ledger/head.py", "from ledger.storage import LockStore\n")
TABLE = Source("market/zones/models.py", "class Zone(SQLModel, table=True):\n    id: int\n")


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    found = rules.tracked_sources(ROOT)
    assert {"ledger", "market", "tests"} <= {source.path.split("/")[0] for source in found}
    return found


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_house_keeps(rule: Rule, sources: list[Source]) -> None:
    assert [str(finding) for finding in rule(sources)] == []


BAD: list[tuple[Rule, str, str]] = [
    (rules.files_have_one_reason, "ledger/big.py", "x = 1\n" * (rules.FILE_LINES + 1)),
    (rules.functions_read_at_a_glance, "market/zones/service.py", LONG_FUNCTION),
    (rules.functions_read_at_a_glance, "market/zones/service.py", f"async {LONG_FUNCTION}"),
    (rules.modules_are_named_for_what_they_do, "market/kit/utils.py", ""),
    (rules.modules_are_named_for_what_they_do, "market/zones/zone_manager.py", ""),
    (rules.modules_are_named_for_what_they_do, "ledger/common/__init__.py", ""),
    (rules.no_host_or_machine_is_named, "Makefile", f"get:\n\tcurl files.{rules.REGISTRIES[0]}.org\n"),
    *(
        (rules.no_host_or_machine_is_named, "docs/a.md", f"see https://{host}\n")
        for word in rules.REGISTRIES
        for host in (f"{word}.org", f"proxy.{word}.com", f"repo.{word}.example.io", f"deb.{word}.net")
    ),
    (rules.no_host_or_machine_is_named, "docs/a.md", "see /wo" + "rk/main\n"),
    (rules.money_is_whole_numbers, "market/kit/money.py", "half = 0.5\n"),
    (rules.money_is_whole_numbers, "market/orders/refunds.py", "def f(x: float): ...\n"),
    (rules.money_is_whole_numbers, "market/payments/fees.py", "fee = price / 3\n"),
    (rules.tables_stay_inside, "market/zones/routes.py", "@r.get('/')\ndef f() -> list[Zone]: ...\n"),
    (rules.tables_stay_inside, "market/zones/pages.py", "@r.get('/')\ndef f(z: 'models.Zone'): ...\n"),
    (rules.tables_stay_inside, "market/zones/routes.py", "@r.get('/', response_model=Zone)\ndef f(): ...\n"),
    (rules.raw_html_has_one_home, "templates/shelf/home.html", "{{ text | safe }}"),
    (rules.raw_html_has_one_home, "templates/shelf/home.html", "{% autoescape false %}"),
    (rules.raw_html_has_one_home, "market/shelf/pages.py", "import markupsafe\n"),
    (
        rules.raw_html_has_one_home,
        "market/shelf/pages.py",
        "from markupsafe import Markup\nx = Markup('<b>')\n",
    ),
    (rules.outsiders_have_one_door, "market/orders/service.py", "import stripe\n"),
    (rules.outsiders_have_one_door, "market/orders/service.py", "def f():\n    from stripe import Event\n"),
    (rules.outsiders_have_one_door, "market/catalog/service.py", "import httpx\n"),
    (rules.outsiders_have_one_door, "market/catalog/service.py", "from urllib.request import urlopen\n"),
    (rules.outsiders_have_one_door, "market/catalog/service.py", "import socket\n"),
    (rules.outsiders_have_one_door, "market/catalog/service.py", "from fastapi import Depends\n"),
    (rules.outsiders_have_one_door, "market/catalog/routes.py", "from sqlmodel import select\n"),
    (rules.outsiders_have_one_door, "market/catalog/service.py", "from ledger.log import Log\n"),
    (rules.outsiders_have_one_door, "market/catalog/service.py", "from ledger import signer\n"),
    (rules.outsiders_have_one_door, "market/catalog/service.py", "from ledger.head import Head\n"),
    (rules.outsiders_have_one_door, "market/shelf/pages.py", "from market.client import Client\n"),
    (rules.slices_keep_their_tables, "market/shelf/service.py", "from market.zones.models import Zone\n"),
    (rules.slices_keep_their_tables, "market/shelf/service.py", "from market.zones import repository\n"),
    (rules.pages_have_a_title_and_a_layout, "templates/shelf/home.html", "{% block title %}{% endblock %}"),
    (rules.pages_have_a_title_and_a_layout, "templates/shelf/home.html", '{% extends "layouts/page.html" %}'),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD, ids=lambda value: getattr(value, "__name__", None))
def test_rule_notices(rule: Rule, path: str, text: str) -> None:
    findings = list(rule([TABLE, HEAD, PAGE, Source(path, text)]))
    assert [finding.path for finding in findings] == [path]


GOOD: list[tuple[Rule, str, str]] = [
    (rules.no_host_or_machine_is_named, "tests/a.go", 'import "golang.org/x/mod/sumdb/note"\n'),
    (rules.money_is_whole_numbers, "market/orders/service.py", "each = total // 3\n"),
    (rules.money_is_whole_numbers, "market/delivery/service.py", "share = 0.5\n"),
    (rules.tables_stay_inside, "market/zones/routes.py", "@r.get('/')\ndef f() -> ZoneOut: ...\n"),
    (rules.outsiders_have_one_door, "market/payments/gateway.py", "import stripe\n"),
    (rules.outsiders_have_one_door, "market/payments/stripe_gateway.py", "import stripe\n"),
    (rules.outsiders_have_one_door, "market/zones/repository.py", "from sqlmodel import select\n"),
    (rules.outsiders_have_one_door, "market/zones/zone_routes.py", "from fastapi import APIRouter\n"),
    (rules.outsiders_have_one_door, "market/zones/service.py", "from ledger.manifest import Manifest\n"),
    (
        rules.outsiders_have_one_door,
        "market/zones/service.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from sqlmodel import Session\n",
    ),
    (rules.outsiders_have_one_door, "market/zones/service.py", "from sqlmodel import Session\n"),
    (
        rules.outsiders_have_one_door,
        "market/catalog/blobs.py",
        "from ledger.durable import sync_file\n",
    ),
    (rules.raw_html_has_one_home, "market/zones/pages.py", "from markupsafe import Markup\n"),
    (rules.slices_keep_their_tables, "market/zones/service.py", "from market.zones.models import Zone\n"),
    (rules.slices_keep_their_tables, "market/migrations/env.py", "from market.zones.models import Zone\n"),
    (rules.pages_have_a_title_and_a_layout, "templates/layouts/page.html", "<!doctype html>"),
    (rules.pages_have_a_title_and_a_layout, "templates/shelf/tabs.html", "<nav></nav>"),
    (
        rules.pages_have_a_title_and_a_layout,
        "templates/shelf/home.html",
        '{% extends "layouts/page.html" %}{% block title %}{{ _("Home") }}{% endblock %}',
    ),
]


@pytest.mark.parametrize(("rule", "path", "text"), GOOD, ids=lambda value: getattr(value, "__name__", None))
def test_rule_lets_pass(rule: Rule, path: str, text: str) -> None:
    assert list(rule([TABLE, HEAD, PAGE, Source(path, text)])) == []
