"""Stands in for tocompose.languages until all of its readers have moved."""

from __future__ import annotations

from tocompose.languages.language import Library as Dependency

__all__ = ["Dependency"]
