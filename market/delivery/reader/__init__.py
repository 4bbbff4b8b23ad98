"""Reads customers' tables row by row, in a separate process that can do nothing else."""

from __future__ import annotations

from market.delivery.reader.shapes import Column, Filter, ReaderLimits, RowPage, RowQuery, TableSummary

__all__ = ["Column", "Filter", "ReaderLimits", "RowPage", "RowQuery", "TableSummary"]
