"""Which acts make a play, in which order, and what becomes of one that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import httpx
from click import ClickException

from ledger.errors import LedgerError
from market.cli.demo.acts import (
    auditing,
    finding,
    leaving,
    licensing,
    listing,
    opening,
    receiving,
    registering,
    reviewing,
)
from market.cli.demo.play import Play
from market.cli.demo.processes import DidNotStart
from market.cli.demo_assets import DataPackagesUnavailable
from market.client import ClientError
from market.config import ConfigError
from market.kit.errors import Fault

Act = Callable[[Play], None]
# What can go wrong in an act and is told in its own words; anything else is a fault of the program.
TELLABLE = (
    ClientError,
    ClickException,
    ConfigError,
    DataPackagesUnavailable,
    DidNotStart,
    Fault,
    LedgerError,
    OSError,
    RuntimeError,
    httpx.HTTPError,
)


class Failed(Exception):
    """An act failed. step: which, in the words of the play."""

    def __init__(self, step: str, why: BaseException) -> None:
        super().__init__(f"{step}: {why}")
        self.step, self.why = step, why


def _bring_data(play: Play) -> None:
    play.facts["built"] = registering.bring_data(play)


def _appoint(play: Play) -> None:
    adcodes = [asset.facts.adcode for asset in play.facts["built"]]
    # Most assets are registered in the first one; its registrar is the one to look in on.
    opening.appoint_registrars(play, sorted(set(adcodes), key=lambda code: (-adcodes.count(code), code)))


def _register(play: Play) -> None:
    registering.register_all(play, play.facts["built"])


WHOLE: tuple[Act, ...] = (
    opening.open_market,
    _bring_data,
    _appoint,
    opening.parties_sign_up,
    _register,
    reviewing.review_all,
    registering.register_corrected,
    registering.register_derived,
    reviewing.review_all,
    listing.offer_all,
    finding.search_all,
    finding.look_at_asset,
    licensing.start_countersigning,
    licensing.take_open,
    licensing.request_restricted,
    licensing.buy_paid,
    receiving.download_large,
    receiving.download,
    receiving.fetch_with_curl,
    receiving.read_rows,
    receiving.be_refused,
    auditing.check_offline,
    auditing.check_forgeries,
)
LAST: tuple[Act, ...] = (leaving.show_links,)


def short(key: str) -> tuple[Act, ...]:
    """One small asset from its registration to the heist: the quickest play that has every party in it."""
    from market.cli.heist.scenes import play_scenes

    def bring_one(play: Play) -> None:
        play.facts["built"] = (registering.bring_one(play, key),)

    return (
        opening.open_market,
        bring_one,
        _appoint,
        opening.parties_sign_up,
        _register,
        lambda play: reviewing.ask_back(play, key),
        reviewing.review_all,
        listing.offer_all,
        licensing.start_countersigning,
        lambda play: licensing.take_open(play, key),
        lambda play: receiving.download(play, key),
        lambda play: play_scenes(play, key),
    )


def perform(play: Play, acts: Sequence[Act]) -> None:
    """The acts, one after the other. Raises Failed at the first that does not go as it must."""
    for act in acts:
        try:
            act(play)
        except TELLABLE as error:
            raise Failed(play.tell.step, error) from error
