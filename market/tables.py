"""All tables of all slices, so that the metadata is complete for migrations and for tests."""

from __future__ import annotations

import importlib.util
from importlib import import_module

from sqlmodel import SQLModel

from market.app import SLICES
from market.kit import idempotency, jobs

for _name in SLICES:
    if importlib.util.find_spec(f"market.{_name}.models") is not None:
        import_module(f"market.{_name}.models")

metadata = SQLModel.metadata

__all__ = ["idempotency", "jobs", "metadata"]
