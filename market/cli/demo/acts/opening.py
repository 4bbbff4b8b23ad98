"""The operator opens the market: keys, database, ledger; the server, a stand-in for Stripe, and the zones' registrars."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from market.cli.demo import parties
from market.cli.demo.acts import witnessing
from market.cli.demo.play import Play
from market.cli.demo.processes import datawharf, free_port, until_answering, until_said
from market.cli.setup import NewHome, initialise
from market.cli.zone import add_zone
from market.kit.clock import SystemClock
from market.signers import index_vkey

_STRIPE_KEY = "sk_test_demonstration"


def open_market(play: Play) -> None:
    tell, folders = play.tell, play.folders
    tell.begin("The operator opens the market")
    port, stripe_port = free_port(play.port), free_port()
    play.server, play.simulator = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{stripe_port}"
    if port != play.port:
        tell.say("Port %(taken)s is taken; the market uses %(port)s.", taken=play.port, port=port)
    webhook_secret = f"whsec_{secrets.token_urlsafe(24)}"
    witnesses = witnessing.start_witnesses(play)
    with tell.working("making keys, database and ledger"):
        made = initialise(
            NewHome(
                folders.market, public_url=play.server, demo=True, witnesses=witnesses, quorum=len(witnesses)
            ),
            stripe={
                "secret_key": _STRIPE_KEY,
                "webhook_secret": webhook_secret,
                "api_base": play.simulator,
                "pay_origin": play.simulator,
            },
        )
    play.settings, play.operator_email, play.fingerprint = (
        made.settings,
        made.operator_email,
        made.fingerprint,
    )
    play.trust = made.settings.trust_file.read_bytes()
    tell.say(
        "Ledger %(origin)s begins with two entries: its own rules and keys, and the rules of registration.",
        origin=made.settings.origin,
    )
    tell.say(
        "Trust file %(path)s, fingerprint %(fingerprint)s.",
        path=made.settings.trust_file,
        fingerprint=made.fingerprint,
    )
    witnessing.introduce_log(play, made.settings.trust_file, index_vkey(made.settings))
    _start_stripe(play, stripe_port, webhook_secret)
    _start_server(play, port)
    tell.say("The market is open at %(address)s.", address=play.server)
    tell.say(
        "A stand-in for Stripe answers at %(address)s. It sends every notice twice, as Stripe may.",
        address=play.simulator,
    )


def _start_stripe(play: Play, port: int, webhook_secret: str) -> None:
    secrets_of_it = {
        "STRIPE_SIMULATOR_WEBHOOK_SECRET": webhook_secret,
        "STRIPE_SIMULATOR_SECRET_KEY": _STRIPE_KEY,
    }
    webhook = f"{play.server}/webhooks/stripe"
    module = [sys.executable, "-m", "market.stripe_simulator"]
    running = play.processes.start(
        "stripe", [*module, "--port", str(port), "--webhook-url", webhook], secrets_of_it
    )
    with play.tell.working("starting the stand-in for Stripe"):
        until_answering(running, f"{play.simulator}/_sim")


def _start_server(play: Play, port: int) -> None:
    home = str(play.folders.market)
    running = play.processes.start("server", datawharf("serve", "--home", home, "--port", str(port)))
    with play.tell.working("starting the server"):
        until_said(running, f":{port}/")
        until_answering(running, f"{play.server}/api/v1/ledger/head")


def appoint_registrars(play: Play, adcodes: list[str]) -> None:
    """Found the zones in which the assets will be registered. Each registrar makes its key on its own machine."""
    tell = play.tell
    tell.begin("The operator founds data zones; each gets a registrar with a key of its own")
    for adcode in adcodes:
        role, password = f"registrar-{adcode}", parties.new_password()
        added = add_zone(
            play.operator,
            adcode,
            email=f"{role}@example.com",
            name=f"Registrar {adcode}",
            password=password,
            now=SystemClock().now(),
        )
        registrar = _log_in(play, role, added.email, password)
        parties.make_key(registrar)
        play.zones[adcode] = registrar
        tell.say(
            "%(name)s (%(adcode)s), key %(kid)s",
            name=tell.text(registrar.name),
            adcode=adcode,
            kid=_short_kid(registrar),
        )


def _log_in(play: Play, role: str, email: str, password: str) -> parties.Party:
    return parties.log_in(
        play.server, play.folders.of(role), role, email, password, trust=play.trust, lang=play.tell.lang
    )


def _short_kid(party: parties.Party) -> str:
    return party.market.key.public.thumbprint.hex()[:16]


def parties_sign_up(play: Play) -> None:
    """Provider and buyer, each with a folder of its own as if it were another machine."""
    tell = play.tell
    tell.begin("A provider and a buyer sign up; each makes its signing key on its own machine")
    for role, organisation, person in CAST:
        party = parties.sign_up(
            play.server,
            play.folders.of(role),
            role,
            organisation,
            person,
            trust=play.trust,
            lang=tell.lang,
        )
        kid = parties.make_key(party)
        play.parties[role] = party
        index = _binding_index(party, kid)
        tell.say(
            "%(name)s: key %(kid)s, bound by ledger entry %(index)s. The private half stays in %(path)s.",
            name=tell.text(party.name),
            kid=kid[:16],
            index=index,
            path=_relative(party.profile.signing_key),
        )


def _binding_index(party: parties.Party, kid: str) -> int | None:
    """Where the ledger holds the binding of a key, once it does."""
    return party.market.wait_for_key(kid)["bound_index"]  # type: ignore[no-any-return]


def _relative(path: Path) -> Path:
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path


CAST = (
    (
        "provider",
        {
            "name": {"zh": "北部湾数据服务公司", "en": "Beibu Gulf Data Services"},
            "legal_kind": "ENTERPRISE",
            "adcode": "450100",
            "industry": "I",
        },
        "Liang Mei",
    ),
    (
        "buyer",
        {
            "name": {"zh": "东盟语言与物流模型实验室", "en": "ASEAN Language and Logistics Model Lab"},
            "legal_kind": "INSTITUTION",
            "adcode": "450300",
            "industry": "M",
        },
        "Khamla S.",
    ),
)
