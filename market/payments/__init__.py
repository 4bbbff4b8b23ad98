"""How money reaches the market: gateways and their events."""
