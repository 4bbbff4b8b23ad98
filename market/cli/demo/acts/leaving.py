"""The end: who may look at what, by links that sign in as each party, and how to go on by command line."""

from __future__ import annotations

from market.accounts import service as accounts
from market.accounts.schemas import NewAccount
from market.cli.demo import parties
from market.cli.demo.play import Play
from market.cli.demo.processes import command_here
from market.kit.auth import Role, system
from market.kit.clock import SystemClock
from market.kit.db import Database
from market.kit.i18n import N_

AUDITOR_EMAIL = "auditor@example.com"
_HOURS = 12
_ROLES = {
    "provider": N_("as the provider"),
    "buyer": N_("as the buyer"),
    "registrar": N_("as the registrar"),
    "auditor": N_("as the auditor"),
    "operator": N_("as the operator"),
}


def show_links(play: Play) -> None:
    """Links that sign in, reusable until they end: a demonstration's, not a market's."""
    tell = play.tell
    tell.begin("Look around: each link signs you in as that party, after one click")
    for role, address in _links(play).items():
        tell.say("%(role)s:", role=tell.words(_ROLES[role]))
        tell.show(address)
    tell.say("By command line, as the buyer for example:")
    tell.show(f"{command_here()} --profile {play.buyer.folder} licences")
    tell.say("Without an account: the catalogue, the ledger and the verifier")
    tell.show("\n".join(play.page(path) for path in ("catalogue", "ledger", "verify")))


def _links(play: Play) -> dict[str, str]:
    now, lang = SystemClock().now(), play.tell.lang
    emails = {
        "provider": play.provider.email,
        "buyer": play.buyer.email,
        "registrar": next(iter(play.zones.values())).email,
        "auditor": AUDITOR_EMAIL,
        "operator": play.operator_email,
    }
    hashed = accounts.hash_password(parties.new_password())
    db = Database(play.operator.database)
    try:
        with db.writing() as session:
            accounts.appoint(
                session,
                actor=system("operator's command"),
                org_id=accounts.platform_org(session).id,
                new=NewAccount(
                    email=AUDITOR_EMAIL, password=parties.new_password(), name="Auditor", lang=lang
                ),
                password_hash=hashed,
                roles=[Role.AUDITOR],
                now=now,
            )
            return {
                role: play.server
                + accounts.create_signin_link(session, email, _HOURS, now=now, lang=lang, reusable=True)
                for role, email in emails.items()
            }
    finally:
        db.close()
