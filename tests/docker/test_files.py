"""The image, the compose file and the proxy's settings, as far as they can be checked without an engine."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from market.app import MAX_BODY, MAX_UPLOAD_PART
from market.cli.operator import COMMANDS
from market.signers import INDEX_SOCKET
from tests.docker.proxy import write_settings

ROOT = Path(__file__).parent.parent.parent
DOCKER = ROOT / "docker"
BUILT_HERE = "datawharf:0.1.0"
SERVICES = {"proxy", "app1", "app2", "worker", "signer", "init", "database", "store"}


class _Compose(yaml.SafeLoader):
    """Reads `!override`, a tag of compose's own."""


_Compose.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))


def compose(name: str = "compose.yaml") -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((DOCKER / name).read_text(), _Compose)
    return loaded


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE)
    joined = text.replace("\\\n", " ")
    return [
        (name.upper(), rest.strip())
        for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line)
    ]


def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for name, rest in instructions():
        if name == "FROM":
            found.append([])
        found[-1].append((name, rest))
    return found


def test_what_the_image_copies_exists_and_reaches_the_build() -> None:
    passes = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [rest.split() for name, rest in stages()[0] if name == "COPY"]
    sources = [source for words in copied for source in words[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source in passes


@pytest.mark.slow
def test_what_the_image_copies_is_enough_to_build_from(tmp_path: Path) -> None:
    copied = [rest.split() for name, rest in stages()[0] if name == "COPY"]
    ignored = shutil.ignore_patterns("__pycache__")
    for *sources, _ in copied:
        for source in map(Path, sources):
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, tmp_path / "src" / source, ignore=ignored)
            else:
                (tmp_path / "src" / source).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, tmp_path / "src" / source)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", tmp_path / "out"]
    command = [sys.executable, "-m", "pip", "wheel", *options, tmp_path / "src"]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = (tmp_path / "out").glob("datawharf-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"market/app.py", "ledger/log.py", "market/templates/layouts/base.html"} <= names


def test_the_image_holds_only_what_the_second_stage_takes() -> None:
    build, final = stages()
    assert [rest for name, rest in final if name == "COPY"] == ["--from=build /opt/datawharf /opt/datawharf"]
    assert build[0][1].removesuffix(" AS build") == final[0][1]


def test_the_image_runs_as_a_user_of_its_own_and_looks_after_its_health() -> None:
    final = dict(stages()[1])
    user = final["USER"].split(":")[0]
    assert user.isdecimal()
    assert int(user) >= 1000
    assert "/healthz" in final["HEALTHCHECK"]
    assert final["ENTRYPOINT"].startswith("[")  # no shell in between, which would keep SIGTERM to itself


def test_everything_from_a_registry_is_pinned_by_hash() -> None:
    installs = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert len(installs) == 2
    for line in installs:
        words = shlex.split(line)
        assert "--no-deps" in words
        assert "--require-hashes" in words or words[-1] == "."
        assert "--require-hashes" in words or "--no-build-isolation" in words
    assert "--hash=sha256:" in (ROOT / "requirements" / "server.txt").read_text()


def test_every_service_is_there_with_a_health_check_and_an_image_that_stays_the_same() -> None:
    services = compose()["services"]
    assert set(services) == SERVICES
    for name, service in services.items():
        tag = service["image"].rpartition(":")[2]
        assert re.match(r"\d+\.\d+|\d+-", tag), f"{name}: {service['image']}"
        checked = "test" in service["healthcheck"]
        assert checked or name == "init", name
        assert ("build" in service) == (service["image"] == BUILT_HERE)
    assert services["init"]["restart"] == "no"


def test_our_containers_may_nothing_that_they_need_not() -> None:
    for name, service in compose()["services"].items():
        if service["image"] == BUILT_HERE or name == "proxy":
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
    for app in ("app1", "app2"):
        assert "home:/var/lib/datawharf:ro" in compose()["services"][app]["volumes"]


def test_only_the_signer_and_the_one_shot_service_have_the_log_keys_and_only_the_worker_asks_for_signatures() -> (
    None
):
    services = compose()["services"]

    def with_volume(name: str) -> set[str]:
        return {
            service
            for service, made in services.items()
            if any(volume.startswith(f"{name}:") for volume in made.get("volumes", ()))
        }

    assert with_volume("signer") == {"signer", "init"}
    assert with_volume("sockets") == {"signer", "worker"}
    assert services["signer"]["network_mode"] == "none"
    assert "networks" not in services["signer"]
    told = services["init"]["command"]
    mounted = {volume.split(":")[0]: volume.split(":")[1] for volume in services["signer"]["volumes"]}
    assert f"--signer-home={mounted['signer']}" in told
    assert f"--signer-sockets={mounted['sockets']}" in told
    assert services["signer"]["healthcheck"]["test"][-1] == f"{mounted['sockets']}/{INDEX_SOCKET}"
    (made,) = (rest for name, rest in stages()[1] if name == "RUN")
    assert set(mounted.values()) <= set(made.split())


def test_only_the_proxy_can_be_reached_and_the_database_reaches_nothing() -> None:
    made = compose()
    assert [name for name, service in made["services"].items() if "ports" in service] == ["proxy"]
    assert made["networks"]["back"] == {"internal": True}
    for name in ("database", "store"):
        assert made["services"][name]["networks"] == ["back"]
    (config,) = made["networks"]["front"]["ipam"]["config"]
    assert f"--proxy={config['subnet']}" in made["services"]["init"]["command"]


def _settings(service: dict[str, Any]) -> Iterator[str]:
    """Everything that a service is told: NAME=value of its environment, and its command word by word."""
    yield from (f"{name}={value}" for name, value in service.get("environment", {}).items())
    for word in service.get("command", []):
        yield from shlex.split(word.replace("$$", "$")) if "\n" in word else [word]


def test_no_secret_has_a_default() -> None:
    seen = 0
    for service in compose()["services"].values():
        for setting in _settings(service):
            if re.search(r"passw|secret|token|database=", setting, re.IGNORECASE):
                seen += 1
                assert "/run/secrets/" in setting, setting
                assert ":-" not in setting, setting
    assert seen >= 5
    for secret in compose()["secrets"].values():
        assert secret["file"].startswith("secrets/")
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"docker/secrets/", "docker/tls/"} <= set(ignored)


def test_the_commands_and_options_are_those_of_the_program() -> None:
    known = {str(command.name): command for command in COMMANDS}
    services = compose()["services"]
    final = dict(stages()[1])
    calls = [services["init"]["command"], services["worker"]["command"], yaml.safe_load(final["CMD"])]
    calls.append(services["signer"]["command"])
    calls.append(services["worker"]["healthcheck"]["test"][2:])
    for name, *arguments in calls:
        command: click.Command = known[name]
        if isinstance(command, click.Group):
            found = command.get_command(click.Context(command), arguments.pop(0))
            assert found is not None
            command = found
        options = {
            text for parameter in command.params for text in (*parameter.opts, *parameter.secondary_opts)
        }
        used = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
        assert used <= options, name


def test_secrets_are_made_once_and_lie_in_a_closed_folder(tmp_path: Path) -> None:
    script = shutil.copy(DOCKER / "make-secrets", tmp_path)
    subprocess.run([script], check=True, capture_output=True)
    folder = tmp_path / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    made = {path.name: path.read_text().strip() for path in folder.iterdir()}
    assert set(made) == {secret["file"].removeprefix("secrets/") for secret in compose()["secrets"].values()}
    assert f":{made['database_password']}@database:" in made["database_url"]
    random = [made[name] for name in ("database_password", "s3_secret", "operator_password")]
    assert all(re.fullmatch("[0-9a-f]{48}", value) for value in random)
    assert len(set(random)) == 3
    again = subprocess.run([script], capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert {path.name: path.read_text().strip() for path in folder.iterdir()} == made


def test_the_proxy_takes_what_the_servers_take() -> None:
    settings, rest = (
        (DOCKER / "proxy" / "nginx.conf").read_text(),
        (DOCKER / "proxy" / "market.conf").read_text(),
    )
    assert f"client_max_body_size {MAX_BODY >> 20}m;" in settings
    uploads = rest.partition("uploads")[2].partition("}")[0]
    assert f"client_max_body_size {MAX_UPLOAD_PART >> 20}m;" in uploads
    assert "proxy_request_buffering off;" in uploads
    assert re.search(r"client_header_timeout 10s;", settings)
    assert rest.count("X-Forwarded-For") == 1
    assert "X-Forwarded-For $remote_addr;" in rest


@pytest.mark.skipif(
    shutil.which("nginx") is None, reason="with nginx installed, it reads the proxy's settings"
)
@pytest.mark.parametrize("server", ["plain", "tls"])
def test_nginx_takes_the_settings(server: str, tmp_path: Path, free_port: int) -> None:
    settings = write_settings(tmp_path, server, apps=("127.0.0.1:8001", "127.0.0.1:8002"), port=free_port)
    if server == "tls":
        _make_certificate(tmp_path)
    done = subprocess.run(["nginx", "-t", "-c", settings], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


def _make_certificate(folder: Path) -> None:
    subject = ["-subj", "/CN=market.example", "-days", "1", "-nodes", "-newkey", "ec"]
    subject += ["-pkeyopt", "ec_paramgen_curve:P-256"]
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    subprocess.run(["openssl", "req", "-x509", *subject, *files], check=True, capture_output=True)


def test_the_variant_with_tls_changes_the_proxy_only() -> None:
    made = compose("compose.tls.yaml")
    assert set(made["services"]) == {"proxy"}
    assert made["services"]["proxy"]["ports"] == ["443:8443"]
    for volume in made["services"]["proxy"]["volumes"]:
        source = volume.split(":")[0]
        assert source == "./tls" or (DOCKER / source).exists()
