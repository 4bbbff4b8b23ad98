"""Entitled download, data as a service, and what both leave behind in the ledger."""
