"""The registrars decide: formal review, one return with reasons, certificates. Each decision is signed by the zone's key."""

from __future__ import annotations

from market.cli.demo.acts.registering import FLIGHTS
from market.cli.demo.parties import Party
from market.cli.demo.play import OnShow, Play
from market.client.views import Application

STEPS = ("accepted", "formal-review", "issued")
REASONS = {
    "zh": "航班资料中的飞机表写有私人制造者的姓名，天气表有一处不可能的风速。请去除姓名、更正风速后以新版本再交。",
    "en": "The table of planes names private persons as makers, and the weather has a wind speed that cannot be. "
    "Take the names out, correct the wind, and hand the new version in.",
}

QUESTION = {
    "zh": "请说明这些测量数据由谁、在哪些年份采集，然后再次提交。",
    "en": "Say who took these measurements and in which years, then hand them in again.",
}


def review_all(play: Play) -> None:
    """Every asset is handed in. All are issued but the first version of the flights, which is returned."""
    tell = play.tell
    tell.begin("The provider applies for registration; the registrar of each zone reviews")
    for key, shown in play.shelf.items():
        if shown.certificate:
            continue
        application = play.provider.market.apply(shown.current["id"])
        registrar = play.zones[application["zone"]]
        if key == FLIGHTS and len(shown.versions) == 1:
            _give_back(play, registrar, application, shown, REASONS)
        else:
            issue(play, registrar, application, shown)


def ask_back(play: Play, key: str) -> None:
    """The first time the asset is handed in it comes back with a question."""
    shown = play.shelf[key]
    play.tell.begin("The provider applies for registration; the registrar has a question and sends it back")
    application = play.provider.market.apply(shown.current["id"])
    _give_back(play, play.zones[application["zone"]], application, shown, QUESTION)


def issue(play: Play, registrar: Party, application: Application, shown: OnShow) -> None:
    """Accept, review, issue: three signed decisions and a certificate."""
    if application["id"] not in {waiting["id"] for waiting in registrar.market.queue()}:
        raise RuntimeError("the application is not in its zone's queue")
    done = application
    for step in STEPS:
        done = registrar.market.decide(application["id"], step)
    shown.certificate = str(done["certificate_code"])
    play.tell.say(
        "%(title)s: certificate %(address)s, issued by %(registrar)s",
        title=play.tell.text(shown.title),
        address=f"{play.server}/c/{shown.certificate}",
        registrar=play.tell.text(registrar.name),
    )


def _give_back(
    play: Play, registrar: Party, application: Application, shown: OnShow, reasons: dict[str, str]
) -> None:
    tell = play.tell
    registrar.market.decide(application["id"], "accepted")
    registrar.market.decide(application["id"], "formal-review")
    done = registrar.market.decide(application["id"], "returned", reasons)
    if done["state"] != "RETURNED":
        raise RuntimeError(f"the application is in the state {done['state']}, not returned")
    tell.say(
        "%(title)s: returned by %(registrar)s:",
        title=tell.text(shown.title),
        registrar=tell.text(registrar.name),
    )
    tell.show(tell.text(reasons))
