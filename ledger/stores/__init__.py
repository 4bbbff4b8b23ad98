"""Implementations of the ports in `ledger.storage`: memory, local files, SQL (lock only) and S3 (objects only)."""
