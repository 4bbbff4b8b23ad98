"""The hub and the city zones: codes, rule packs, grades, negative lists, registration codes."""
