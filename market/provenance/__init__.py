"""Records statements, hands out receipts, keeps the directory of signing keys, and serves the log."""
