"""Stands in for tocompose.repository until all of its readers have moved."""

from __future__ import annotations

from tocompose.repository import Repository, nothing

__all__ = ["Repository", "nothing"]
