"""All tables of all slices, so that the metadata is complete for migrations and for tests."""

from __future__ import annotations

from sqlmodel import SQLModel

metadata = SQLModel.metadata
