"""The misfortunes that can be asked for, each of which happens to real integrations."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Knobs(BaseModel):
    """Set through the constructor, or through /_sim/knobs while it runs. Seconds are real ones.

    Probabilities are drawn from one generator seeded with `seed`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    duplicate: int = Field(default=0, ge=0, le=10, description="Further copies of every event")
    reorder: int = Field(
        default=0, ge=0, le=100, description="Hold back up to so many events and send them last first"
    )
    reorder_hold: float = Field(
        default=0.3, gt=0, le=60, description="Send held events after so long at the latest"
    )
    delay: float = Field(default=0, ge=0, le=600, description="Seconds before the first attempt")
    drop: float = Field(default=0, ge=0, le=1, description="Share of events that are never sent, only listed")
    bad_signature: float = Field(
        default=0, ge=0, le=1, description="Share of attempts signed with a wrong secret"
    )
    old_timestamp: float = Field(default=0, ge=0, le=1, description="Share of attempts signed an hour ago")
    max_attempts: int = Field(default=6, ge=1, le=20, description="Attempts until an event is given up")
    backoff: float = Field(
        default=1, gt=0, le=600, description="Seconds before the second attempt; doubles from there"
    )
    backoff_limit: float = Field(default=60, gt=0, le=3600, description="Longest pause between attempts")
    timeout: float = Field(
        default=10, gt=0, le=60, description="Seconds until an unanswered attempt has failed"
    )
    seed: int = 0

    async_delay: int = Field(
        default=5, ge=0, le=10**6, description="Simulated seconds until an asynchronous payment settles"
    )

    api_latency: float = Field(default=0, ge=0, le=30, description="Seconds that each API call takes")
    api_errors: int = Field(
        default=0, ge=0, description="So many of the next API calls fail with 500 before they run"
    )
    lose_replies: int = Field(
        default=0, ge=0, description="So many of the next POSTs run, but are answered 502"
    )


# What a demonstration shows by itself: every event comes twice, as it may from Stripe.
DEMO = Knobs(duplicate=1)
