"""Journeys of people at a browser: a real server, a real Chromium, both languages."""
