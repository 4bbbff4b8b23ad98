"""Telling an address on the web what a monitor saw: one JSON document per event, by POST."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from ledger.encoding import canonical_json
from ledger.errors import StorageFailed

TRIES = 3
TIMEOUT = 10.0


def post_json(
    address: str,
    document: Mapping[str, Any],
    *,
    client: httpx.Client | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """POST `document` until it is answered with a status below 300; `StorageFailed` after three attempts.

    The same event may arrive twice. Redirects are not followed, and the answer's body is not read.
    """
    reason = ""
    with client or httpx.Client(timeout=TIMEOUT, follow_redirects=False) as http:
        for attempt in range(TRIES):
            if attempt:
                sleep(2.0**attempt)
            try:
                with http.stream(
                    "POST",
                    address,
                    content=canonical_json(document),
                    headers={"Content-Type": "application/json"},
                ) as answer:
                    if answer.status_code < 300:
                        return
                    reason = f"it answers {answer.status_code}"
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                reason = str(error) or type(error).__name__
    raise StorageFailed(f"The webhook {address} took no notice: {reason}.")
