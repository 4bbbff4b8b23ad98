"""The counters behind registration codes."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class RegistrationSerial(SQLModel, table=True):
    """last: the serial given out most recently in this zone, kind and month."""

    __tablename__ = "registration_serial"
    __table_args__ = (CheckConstraint("last BETWEEN 1 AND 999999", name="last"),)

    adcode: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    month: str = Field(primary_key=True)
    last: int
