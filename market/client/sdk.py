"""The SDK: one marketplace, its verbs as methods. What is signed is signed here, with a key that never leaves."""

from __future__ import annotations

from market.client.attesting import Attesting
from market.client.buying import Buying
from market.client.providing import Providing


class Datawharf(Providing, Buying, Attesting):
    """A marketplace as one party sees it. Use it in a `with` block, or call `close`.

    api_key: as `log_in` gives it. signing_key: the organisation's Ed25519 key, for the verbs that sign.
    """
