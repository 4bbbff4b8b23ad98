"""What people install: the Python SDK and the `datawharf` command. Needs no database and no web framework.

from market.client import Datawharf
with Datawharf("https://…", api_key="dwk_…") as market:
    for hit in market.search("港口"): …
"""

from market.client.errors import ClientError, Problem
from market.client.sdk import Datawharf

__all__ = ["ClientError", "Datawharf", "Problem"]
