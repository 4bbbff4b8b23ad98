"""A stand-in for Stripe that runs on this machine: real HTTP, strict parameters, signed webhooks, no money.

Start it with `python -m market.stripe_simulator --port N --webhook-url … --webhook-secret …`, or serve what
create_app() returns. Drive it with the official client, StripeClient(key, base_addresses={"api": address}).

/v1      checkout sessions, payment intents, charges, refunds, events, webhook endpoints
/pay/…   the page where a customer pays, is declined, pays asynchronously or cancels
/_sim    GET: overview. POST JSON: knobs (see Knobs), clock {"seconds"}, settled {"within"},
         sessions/{id}/{pay|decline|pay_later|fail_later|expire|settle|bounce}, events/{id}/resend, reset;
         GET deliveries: every attempt to deliver a webhook

What Stripe takes but this does not play is refused with the code simulator_unsupported, never ignored.
"""

from market.stripe_simulator.app import create_app
from market.stripe_simulator.knobs import DEMO, Knobs

__all__ = ["DEMO", "Knobs", "create_app"]
