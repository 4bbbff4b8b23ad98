"""Start the simulator: python -m market.stripe_simulator --port N --webhook-url … --webhook-secret …"""

from __future__ import annotations

import click
import uvicorn

from market.stripe_simulator.app import create_app
from market.stripe_simulator.faults import StripeFault
from market.stripe_simulator.knobs import DEMO, Knobs


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65_535), required=True, help="Port on 127.0.0.1; 0 takes a free one."
)
@click.option("--webhook-url", required=True, help="Where events go; an address of this machine.")
@click.option(
    "--webhook-secret",
    required=True,
    envvar="STRIPE_SIMULATOR_WEBHOOK_SECRET",
    help="Signs the events (whsec_…).",
)
@click.option(
    "--secret-key",
    default="sk_test_simulator",
    show_default=True,
    envvar="STRIPE_SIMULATOR_SECRET_KEY",
    help="The key that API calls must carry.",
)
@click.option(
    "--demo/--no-demo", default=True, show_default=True, help="Send every event twice, as Stripe may."
)
def main(port: int, webhook_url: str, webhook_secret: str, secret_key: str, demo: bool) -> None:
    """A stand-in for Stripe on this machine. It keeps everything in memory, and no money moves."""
    try:
        app = create_app(
            secret_key,
            webhook_url=webhook_url,
            webhook_secret=webhook_secret,
            knobs=DEMO if demo else Knobs(),
        )
    except (ValueError, StripeFault) as error:
        raise click.UsageError(str(error)) from None
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="info", proxy_headers=False)


if __name__ == "__main__":
    main()
