"""All tables of all slices, so that the metadata is complete for migrations and for tests."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from sqlmodel import SQLModel

from market.app import SLICES
from market.kit import idempotency, jobs

for _name in SLICES:
    if find_spec(f"market.{_name}") and find_spec(f"market.{_name}.models"):
        import_module(f"market.{_name}.models")

metadata = SQLModel.metadata

__all__ = ["idempotency", "jobs", "metadata"]
