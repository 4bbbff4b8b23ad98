"""A stand-in for Stripe that runs on this machine: real HTTP, strict parameters, signed webhooks, no money.

Drive it with the official client: StripeClient(key, base_addresses={"api": "http://127.0.0.1:PORT"}).
"""

from market.stripe_simulator.app import create_app
from market.stripe_simulator.knobs import DEMO, Knobs

__all__ = ["DEMO", "Knobs", "create_app"]
