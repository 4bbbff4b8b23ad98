"""The house's own rules over the source tree, as far as a machine can check them.

Each rule reads text only, so `make check` runs them in a second (`python -m tests.architecture`), and the test
run repeats them beside a bad example for each. Directions between modules are import contracts in pyproject.toml;
the table of doors says which outsider comes in by which module.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path, PurePosixPath

FILE_LINES = 400
FUNCTION_LINES = 50
# A host is a registry's if one of its labels is one of these words.
REGISTRIES = ("pypi", "pythonhosted", "npmjs", "debian", "crates", "golang", "maven")
BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
MONEY_CODE = ("market.kit.money", "market.payments.*", "market.orders.*", "market.licensing.prices")
MARKUP_HOME = "market.kit.templating"
LEDGER_IO = (
    "cli",
    "fsck",
    "indexer",
    "log",
    "monitor",
    "sequencer",
    "signer",
    "storage",
    "stores",
    "witness",
)


@dataclass(frozen=True)
class Source:
    """One tracked file: its path from the root of the repository, and its text."""

    path: str
    text: str

    @property
    def module(self) -> str:
        """Dotted name; empty for what is not Python."""
        pure = PurePosixPath(self.path)
        if pure.suffix != ".py":
            return ""
        parts = pure.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def is_product(self) -> bool:
        return self.module.split(".")[0] in {"ledger", "market"}

    @property
    def is_template(self) -> bool:
        return self.path.startswith("templates/") and self.path.endswith(".html")


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


@dataclass(frozen=True)
class Door:
    """An outsider, and the only modules that may import it."""

    outsider: tuple[str, ...]
    through: tuple[str, ...]
    sentence: str
    free: tuple[str, ...] = ()
    """Names of the outsider that anyone may use."""


# The simulator plays an outsider itself, so it may use what an outsider uses.
_SIMULATOR = ("market.stripe_simulator", "market.stripe_simulator.*")
# The demonstration plays people at their browsers, the heist a burglar at the database: outsiders by profession.
_PLAYERS = ("market.cli.demo.*", "market.cli.heist.*")
_SQL = ("sqlalchemy", "sqlmodel", "alembic")
_WEB = ("fastapi", "starlette")
DOORS = (
    Door(
        ("stripe",),
        ("market.payments.gateway", "market.payments.*gateway", *_SIMULATOR),
        "the stripe client is used in the gateway of payments only",
    ),
    Door(
        ("httpx", "requests", "urllib3", "aiohttp", "urllib.request", "http.client"),
        (
            "market.kit.egress",
            "market.client",
            "market.client.*",
            "ledger.stores.http",
            "ledger.monitor.webhook",
            "ledger.witness.http",
            *_PLAYERS,
            *_SIMULATOR,
        ),
        "requests to the outside leave by market.kit.egress, by the client people install, or as reads of a log",
    ),
    Door(
        ("socket",),
        (
            "market.kit.egress",
            "market.client",
            "market.client.*",
            "market.cli",
            "market.cli.*",
            "ledger.signer_process",
            "ledger.witness.http",
        ),
        "sockets are for egress, the client, the signer (no network), and finding a free port in the commands",
    ),
    Door(
        _SQL,
        (
            "market.kit",
            "market.kit.*",
            "market.migrations",
            "market.migrations.*",
            "market.*.models",
            "market.*.models.*",
            "market.*repository",
            "market.*.repository.*",
            "market.tables",
            "market.cli.heist.*",
            "ledger.stores.sql",
        ),
        "SQL lives in models, repositories, migrations and the kit",
        free=("sqlmodel.Session",),
    ),
    Door(
        _WEB,
        (
            "market.app",
            "market.kit",
            "market.kit.*",
            "market.*routes",
            "market.*.routes.*",
            "market.*pages",
            "market.*.pages.*",
            "market.*.page_*",
            *_SIMULATOR,
        ),
        "FastAPI lives in routes, pages, the kit and app",
    ),
    Door(
        ("market.client",),
        ("market.client", "market.client.*", "market.cli", "market.cli.*"),
        "the marketplace does not use its own client; only the commands play with it",
    ),
)

LEDGER_DOOR = (
    (
        "ledger",
        "ledger.*",
        "market.provenance",
        "market.provenance.*",
        "market.compose",
        "market.signers",
        "market.cli",
        "market.cli.*",
        "market.client.cli.index",
        "market.client.cli.monitor",
        "market.client.cli.witness",
        "market.migrations",
        "market.migrations.*",
    ),
    "the half of the ledger that does I/O is for provenance, compose, signers, migrations and the commands",
)


def tracked_sources(root: Path) -> list[Source]:
    """The text files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    sources = []
    for name in sorted(set(filter(None, listed.stdout.decode().split("\0")))):
        path = root / name
        if not path.is_file():
            continue
        data = path.read_bytes()
        if b"\0" not in data:
            sources.append(Source(name, data.decode("utf-8", errors="replace")))
    return sources


Rule = Callable[[list[Source]], Iterator[Finding]]


def _is_read(source: Source) -> bool:
    """A migration is a record, written once by Alembic from the tables, and not a text to read."""
    return source.is_product and not source.path.startswith("market/migrations/versions/")


def files_have_one_reason(sources: list[Source]) -> Iterator[Finding]:
    for source in filter(_is_read, sources):
        lines = source.text.count("\n")
        if lines > FILE_LINES:
            yield Finding(source.path, lines, f"{lines} lines; split by verb before {FILE_LINES}")


def functions_read_at_a_glance(sources: list[Source]) -> Iterator[Finding]:
    for source in filter(_is_read, sources):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    yield Finding(source.path, node.lineno, f"{node.name} has {lines} lines")


def modules_are_named_for_what_they_do(sources: list[Source]) -> Iterator[Finding]:
    for source in filter(lambda each: each.is_product, sources):
        for word in BANNED_NAMES & set(re.split(r"[._]", source.module)):
            yield Finding(source.path, 1, f"“{word}” says nothing about what is inside")


def no_host_or_machine_is_named(sources: list[Source]) -> Iterator[Finding]:
    # Put together from parts, so that this file does not match itself.
    dot, slash = r"\.", "/"
    host = rf"(?:[\w-]+{dot})*(?:{'|'.join(REGISTRIES)}){dot}(?:[\w-]+{dot})*(?:org|com|io|net)\b"
    folders = f"(?:^|[^A-Za-z0-9_.]){slash}(?:wo" + "rk|fa" + f"rm){slash}|{dot}lib" + f"rary{slash}"
    # Go names its own modules by a host; such a name is no address.
    module = f"golang{dot}org{slash}x{slash}"
    pattern = re.compile(f"(?!{module}){host}|{folders}", re.MULTILINE)
    for source in sources:
        for match in pattern.finditer(source.text):
            line = source.text.count("\n", 0, match.start() + 1) + 1
            yield Finding(source.path, line, f"names a registry or a machine: {match.group().strip()!r}")


def money_is_whole_numbers(sources: list[Source]) -> Iterator[Finding]:
    for source in sources:
        if not any(fnmatchcase(source.module, pattern) for pattern in MONEY_CODE):
            continue
        uses_paths = "pathlib" in source.text
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                yield Finding(source.path, node.lineno, f"the float {node.value} in money code")
            elif isinstance(node, ast.Name) and node.id == "float":
                yield Finding(source.path, node.lineno, "float in money code")
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not uses_paths:
                yield Finding(source.path, node.lineno, "/ makes a float; split or use //")


def tables_stay_inside(sources: list[Source]) -> Iterator[Finding]:
    """No table class in a signature or response model of a route or page."""
    tables = {
        node.name
        for source in sources
        if source.is_product
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and any(keyword.arg == "table" for keyword in node.keywords)
    }
    for source in sources:
        if not source.is_product or not re.search(r"(routes|pages)(\.|$)", source.module):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
                for name in _names_in_signature(node) & tables:
                    yield Finding(
                        source.path, node.lineno, f"{node.name} shows the table {name}; use a schema"
                    )


def _names_in_signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    shown: list[ast.expr | None] = [argument.annotation for argument in arguments]
    shown += [node.returns]
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            shown += [keyword.value for keyword in decorator.keywords if keyword.arg == "response_model"]
    names = set()
    for expression in filter(None, shown):
        for part in ast.walk(expression):
            if isinstance(part, ast.Name):
                names.add(part.id)
            elif isinstance(part, ast.Attribute):
                names.add(part.attr)
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                names.update(re.findall(r"\w+", part.value))
    return names


def raw_html_has_one_home(sources: list[Source]) -> Iterator[Finding]:
    for source in sources:
        if source.is_template:
            for match in re.finditer(r"\|\s*safe\b|autoescape\s+false", source.text):
                line = source.text.count("\n", 0, match.start()) + 1
                yield Finding(source.path, line, f"templates don't switch escaping off; {MARKUP_HOME} may")
        elif source.is_product and source.module != MARKUP_HOME:
            for line, name in _imports(source.tree):
                if name in {"markupsafe", "jinja2.Template"}:
                    yield Finding(source.path, line, f"markup is made in {MARKUP_HOME} only")
            for node in ast.walk(source.tree):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id == "Markup"
                ):
                    yield Finding(source.path, node.lineno, f"markup is made in {MARKUP_HOME} only")


def outsiders_have_one_door(sources: list[Source]) -> Iterator[Finding]:
    ledger_io = Door(tuple(sorted(_ledger_io(sources))), *LEDGER_DOOR)
    for source in filter(lambda each: each.is_product, sources):
        for line, name in _imports(source.tree):
            for door in (*DOORS, ledger_io):
                comes_in = _is_part(name, door.outsider) and not _is_part(name, door.free)
                if comes_in and not any(fnmatchcase(source.module, each) for each in door.through):
                    yield Finding(source.path, line, f"imports {name}: {door.sentence}")


def _is_part(name: str, of: Iterable[str]) -> bool:
    return any(f"{name}.".startswith(f"{whole}.") for whole in of)


def _ledger_io(sources: list[Source]) -> set[str]:
    """The half of the ledger that does I/O: the named modules, and whatever of the ledger stands on them."""
    half = {f"ledger.{name}" for name in LEDGER_IO}
    waiting = {
        source.module: {name for _, name in _imports(source.tree)}
        for source in sources
        if source.module.startswith("ledger.")
    }
    while grown := {
        module
        for module, names in waiting.items()
        if module not in half and any(_is_part(name, half) for name in names)
    }:
        half |= grown
    return half


def slices_keep_their_tables(sources: list[Source]) -> Iterator[Finding]:
    """models and repository of a slice are private to it; migrations and their list of tables see all."""
    private = re.compile(r"(market\.(\w+))\.(?:models|repository|\w+_repository)(?:\.|$)")
    for source in filter(lambda each: each.is_product, sources):
        for line, name in _imports(source.tree):
            match = private.match(name)
            if match is None or match[2] == "kit":
                continue
            if not f"{source.module}.".startswith((f"{match[1]}.", "market.migrations.", "market.tables.")):
                yield Finding(
                    source.path, line, f"imports {name}: tables are private; ask the service, hold an id"
                )


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each imported name, dotted, with its line; what is only for the type checker does not count."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module or ''}.{alias.name}") for alias in node.names)
        pending.extend(ast.iter_child_nodes(node))


def pages_have_a_title_and_a_layout(sources: list[Source]) -> Iterator[Finding]:
    templates = [source for source in sources if source.is_template]
    used = re.compile(r"{%-?\s*(?:include|import|from|extends)\s+[\"']([^\"']+)[\"']")
    parts_of_pages = {name for source in templates for name in used.findall(source.text)}
    for source in templates:
        name = source.path.removeprefix("templates/")
        if name in parts_of_pages or name.startswith(("layouts/", "components/")):
            continue
        if not re.search(r"{%-?\s*extends\s+[\"']layouts/", source.text):
            yield Finding(source.path, 1, "extends no layout of templates/layouts")
        if not re.search(r"{%-?\s*block\s+title\b", source.text):
            yield Finding(source.path, 1, "has no title block")


RULES: tuple[Rule, ...] = (
    files_have_one_reason,
    functions_read_at_a_glance,
    modules_are_named_for_what_they_do,
    no_host_or_machine_is_named,
    money_is_whole_numbers,
    tables_stay_inside,
    raw_html_has_one_home,
    outsiders_have_one_door,
    slices_keep_their_tables,
    pages_have_a_title_and_a_layout,
)
