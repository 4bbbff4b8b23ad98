"""The verifier as one file: an HTML page with all of its modules inside, which works from a disk and without a network.

    python -m market.provenance.verifier_file > verify.html

The modules are those of market/static/js, as the marketplace's own pages load them. Each becomes a function that gives
back what the module exports; only the lines that import and export are written anew, so that one can read in the file what
runs. The same sources give the same bytes. The page's policy allows exactly this script and this style, by their hashes,
and no connection at all.
"""

from __future__ import annotations

import base64
import re
import sys
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

MODULES = Path(__file__).parents[1] / "static" / "js"
PAGE = Path(__file__).with_name("verifier_page.html")
STYLE = Path(__file__).with_name("verifier_page.css")
ENTRY = "verify_alone.js"
WORKER = "verify_worker.js"
# A worker needs an address to load from: this file makes one for a script that it carries as text.
INSTEAD = {"file_hasher.js": "file_hasher_alone.js"}

_POLICY = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; form-action 'none'; base-uri 'none'; "
    "worker-src blob:; require-trusted-types-for 'script'; trusted-types datawharf-worker"
)
_IMPORT = re.compile(r'^import (?:(\{[^}]*\}|\* as \w+) from )?"\./([a-z0-9_]+\.js)";$', re.MULTILINE)
_NAMED = re.compile(r'"\./([a-z0-9_]+\.js)"')
_EXPORT = re.compile(r"^export (?=(?:const|(?:async )?function|class) (\w+))", re.MULTILINE)
_OURS = re.compile(r"\$(?:modules|load)\b")
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*|import\.meta|</script|<!--", re.MULTILINE | re.IGNORECASE)


class UnreadableModule(Exception):
    """A module is written in a way that this small builder does not follow."""


@lru_cache(maxsize=1)
def verifier_file() -> bytes:
    """The whole file, UTF-8."""
    script, style = f"\n{bundle(ENTRY)}", f"\n{_text(STYLE)}"
    policy = _POLICY.format(script=_source_hash(script), style=_source_hash(style))
    page = _text(PAGE)
    worker = f"\n{bundle(WORKER)}"
    for name, value in (("policy", policy), ("style", style), ("worker", worker), ("script", script)):
        before, mark, after = page.partition(f"@{name}@")
        if not mark:
            raise UnreadableModule(f"{PAGE.name} has no place for its {name}")
        page = before + value + after
    return page.encode()


def verifier_digest() -> str:
    """Its SHA-256 in hex, which people compare before they rely on it."""
    return sha256(verifier_file()).hexdigest()


def bundle(entry: str) -> str:
    """One script of the module `entry` and of everything that it loads, in the order in which a browser would run them."""
    order: list[str] = []
    _visit(entry, order, ())
    parts = [_as_function(name, _text(MODULES / name)) for name in order]
    return (
        "const $modules = {};\n// A module that is loaded when it is needed is there already.\n"
        "const $load = async (name) => $modules[name];\n\n" + "\n".join(parts)
    )


def _visit(name: str, order: list[str], above: tuple[str, ...]) -> None:
    if name in above:
        raise UnreadableModule(f"modules load each other in a circle: {' → '.join((*above, name))}")
    if name in order:
        return
    for found in _NAMED.findall(_text(MODULES / name)):
        _visit(INSTEAD.get(found, found), order, (*above, name))
    order.append(name)


def _as_function(name: str, source: str) -> str:
    """$modules["./x.js"] = (() => { …; return { its exports }; })();"""
    if _OURS.search(source):
        raise UnreadableModule(f"{name} uses a name that the file itself needs")
    exports = _EXPORT.findall(source)
    body = _EXPORT.sub("", _IMPORT.sub(_imported, source))
    body = _NAMED.sub(lambda found: f'"./{INSTEAD.get(found[1], found[1])}"', body).replace(
        "import(", "$load("
    )
    if left := _LEFT_OVER.search(body):
        raise UnreadableModule(f"{name} has what cannot stand in one file: {left[0]!r}")
    given = f"return {{ {', '.join(exports)} }};\n" if exports else ""
    return f'// ---- {name}\n$modules["./{name}"] = (() => {{\n{body}{given}}})();\n'


def _imported(found: re.Match[str]) -> str:
    what, name = found[1], INSTEAD.get(found[2], found[2])
    if what is None:
        return f'// runs "./{name}" first'
    names = what.removeprefix("* as ").replace(" as ", ": ")
    return f'const {names} = $modules["./{name}"];'


def _source_hash(text: str) -> str:
    return f"sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}"


def _text(path: Path) -> str:
    return path.read_bytes().decode().replace("\r\n", "\n")


if __name__ == "__main__":
    sys.stdout.buffer.write(verifier_file())
