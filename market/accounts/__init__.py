"""Organisations, their members and roles, sessions and API keys."""
