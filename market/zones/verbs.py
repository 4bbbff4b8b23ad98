"""What one can do here: read; the lists are public."""

from __future__ import annotations

from market.kit.auth import Reach, Verb

READ_CODES = Verb("read_codes", Reach.ANYONE, writes=False)
