"""Terms under which data may be used: offers, access requests, contracts that both sides sign, entitlements."""
