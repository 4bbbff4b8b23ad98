"""The browser's modules, run under node against vectors that the ledger package makes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser_js import write_words
from tests.browser_js.write_vectors import write_vectors

HERE = Path(__file__).parent
OLDEST_NODE = (20, 19)  # the first of its line that takes a .js file with imports for a module
TESTS = sorted(HERE.glob("*.test.mjs"))


@pytest.fixture(scope="module")
def node() -> str:
    """Path of a node that is new enough; the tests that need it are skipped where there is none."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node on this machine (Debian: apt-get install nodejs)")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(int(part) for part in version.strip().lstrip("v").split(".")[:2]) < OLDEST_NODE:
        pytest.skip(f"node {version.strip()} is older than 20.19")
    return found


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vectors")
    write_vectors(folder)
    return folder


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_module(node: str, vectors: Path, path: Path) -> None:
    command = [node, "--no-warnings", "--test", "--test-reporter=tap", str(path)]
    environment = os.environ | {"VECTORS": str(vectors)}
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=environment, errors="replace"
    )
    passed = [line for line in run.stdout.splitlines() if line.strip().startswith("ok ")]
    assert run.returncode == 0, run.stdout + run.stderr
    assert passed, "node ran no test"


@pytest.mark.parametrize("name", write_words.modules())
def test_both_verifiers_use_the_same_words(name: str) -> None:
    written = (write_words.FOLDER / name).read_text(encoding="utf-8")
    assert written == write_words.modules()[name], "run python -m tests.browser_js.write_words"
